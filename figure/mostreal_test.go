package figure_test

import (
	"image/color"
	"testing"

	"drift"
	"drift/figure"
)

// Of each class the most real come first, and no others.
func TestMostReal(t *testing.T) {
	x := drift.NewBatch(6, 1, 1, 3)
	for i := range x.N {
		copy(x.Row(i), []float64{float64(i+1) / 10, 0, 0})
	}
	labels, realism := []int{0, 1, 0, 1, 0, 1}, []float64{0.1, 0.2, 0.9, 0.4, 0.5, 0.3}
	picture, err := figure.MostReal(drift.RowsOf(x), labels, []string{"cat", "dog"}, realism, 2, []float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	var order []uint8 // of reds as they first appear, from the top and the left
	seen := map[uint8]bool{}
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			if c.R > 0 && c.R < 160 && c.G == 0 && c.B == 0 && c.A == 255 && !seen[c.R] {
				seen[c.R], order = true, append(order, c.R)
			}
		}
	}
	want := []uint8{76, 128, 102, 153} // numbers 2 and 4 of cats, 3 and 5 of dogs, as 0.3, 0.5, 0.4 and 0.6
	if len(order) < 4 {
		t.Fatalf("found reds %v, expected %v", order, want)
	}
	for k, red := range want {
		if int(order[k]) < int(red)-2 || int(order[k]) > int(red)+2 {
			t.Errorf("found reds %v, expected %v", order, want)
			break
		}
	}
	if _, err := figure.MostReal(drift.RowsOf(x), labels, nil, realism[:3], 2, []float64{0, 1}); err == nil {
		t.Error("realism of half of them: found no error")
	}
}
