package figure_test

import (
	"image/color"
	"testing"

	"drift"
	"drift/feature"
	"drift/figure"
	"drift/metric"
)

// The nearest come first, each beside its neighbours, and others follow.
func TestNeighbours(t *testing.T) {
	learned := drift.NewBatch(2, 1, 1, 3) // a red and a blue pixel
	copy(learned.Data, []float64{1, 0, 0, 0, 0, 1})
	found := &feature.Nearest{Generated: drift.RowsOf(drift.NewBatch(40, 1, 1, 3)), Learned: drift.RowsOf(learned)}
	for i := range found.Generated.N {
		copy(found.Generated.Row(i), []float64{0, 1, 0})
		found.Nearest = append(found.Nearest, []metric.Neighbour{{Index: i % 2, Square: float64(100 - i)}, {Index: 1 - i%2, Square: 200}})
	}
	picture, err := figure.Neighbours(found, []float64{0, 1})
	if err != nil {
		t.Fatal(err)
	}
	seen := map[color.NRGBA]int{}
	var first color.NRGBA // of the learned ones, from the top
	for y := range picture.Bounds().Dy() {
		for x := range picture.Bounds().Dx() {
			c := color.NRGBAModel.Convert(picture.At(x, y)).(color.NRGBA)
			seen[c]++
			if (c == color.NRGBA{255, 0, 0, 255} || c == color.NRGBA{0, 0, 255, 255}) && first == (color.NRGBA{}) {
				first = c
			}
		}
	}
	red, green, blue := seen[color.NRGBA{255, 0, 0, 255}], seen[color.NRGBA{0, 255, 0, 255}], seen[color.NRGBA{0, 0, 255, 255}]
	if green == 0 || red != green || blue != green {
		t.Errorf("found %d red, %d green and %d blue points, expected as many of each", red, green, blue)
	}
	if first != (color.NRGBA{0, 0, 255, 255}) { // of number 39
		t.Errorf("found %v first, expected the neighbour of the nearest", first)
	}
	if _, err := figure.Neighbours(found, nil); err == nil {
		t.Error("points: found no error")
	}
}
