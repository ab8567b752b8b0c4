package render

import (
	"image"
	"testing"

	"drift"
)

// Scans with levels of their own are ink on paper; grey of 8 bits is light, and
// colours are what they are.
func TestGreyPictures(t *testing.T) {
	for _, test := range []struct {
		hi, value float64
		channels  int
		want      uint8
	}{{16, 16, 1, 0}, {16, 0, 1, 255}, {255, 255, 1, 255}, {255, 0, 1, 0}, {255, 51, 3, 51}, {16, 16, 3, 255}} {
		x := drift.NewBatch(1, 4, 4, test.channels)
		for i := range x.Data {
			x.Data[i] = test.value
		}
		img, err := Pictures(x, 1, 0, test.hi, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := img.(*image.RGBA).RGBAAt(2*(16+24), 2*(16+24)); got.R != test.want || got.G != test.want || got.B != test.want {
			t.Errorf("%v: found %v", test, got)
		}
	}
}
