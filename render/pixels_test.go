package render

import (
	"image/color"
	"math"
	"testing"
)

func TestPicture(t *testing.T) {
	grey, err := Picture([]float64{0, 8, 16, math.NaN(), -5, 99}, []int{2, 3, 1}, 0, 16)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []uint8{0, 128, 255, 0, 0, 255} {
		if got := grey.At(i%3, i/3).(color.Gray).Y; got != want {
			t.Errorf("pixel %d: found %d, want %d", i, got, want)
		}
	}
	rgb, err := Picture([]float64{-1, 0, 1, 1, -1, 1}, []int{1, 2, 3}, -1, 1)
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []color.NRGBA{{0, 128, 255, 255}, {255, 0, 255, 255}} {
		if got := rgb.At(i, 0); got != want {
			t.Errorf("pixel %d: found %v, want %v", i, got, want)
		}
	}
	alpha, err := Picture([]float64{1, 0, 0, 0.2}, []int{1, 1, 4}, 0, 1)
	if err != nil || alpha.At(0, 0) != (color.NRGBA{255, 0, 0, 51}) {
		t.Errorf("with alpha: %v, %v", alpha, err)
	}
	for _, shape := range [][]int{{2, 3}, {2, 2, 1}, {1, 3, 2}, {0, 6, 1}} {
		if _, err := Picture(make([]float64, 6), shape, 0, 1); err == nil {
			t.Errorf("shape %v: no error", shape)
		}
	}
	if _, err := Picture(make([]float64, 6), []int{2, 3, 1}, 1, 1); err == nil {
		t.Error("no range: no error")
	}
}
