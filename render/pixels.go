package render

import (
	"fmt"
	"image"
	"math"
)

// Picture is one sample of shape [height, width, channels] as a picture of its own,
// pixel by pixel: channels are grey, or red, green and blue, or these and alpha. lo is
// black and hi is full, and what lies beyond is cut off.
func Picture(row []float64, shape []int, lo, hi float64) (image.Image, error) {
	if len(shape) != 3 || shape[0] < 1 || shape[1] < 1 || len(row) != shape[0]*shape[1]*shape[2] {
		return nil, fmt.Errorf("picture: found %d values of shape %v, expected [height, width, channels]", len(row), shape)
	}
	if !(hi > lo) {
		return nil, fmt.Errorf("picture: found pixels from %v to %v, expected a range", lo, hi)
	}
	box := image.Rect(0, 0, shape[1], shape[0])
	switch shape[2] {
	case 1:
		img := image.NewGray(box)
		for i, v := range row {
			img.Pix[i] = level(v, lo, hi)
		}
		return img, nil
	case 3, 4:
		img := image.NewNRGBA(box)
		for i, v := range row {
			pixel, channel := i/shape[2], i%shape[2]
			img.Pix[4*pixel+channel] = level(v, lo, hi)
			if shape[2] == 3 {
				img.Pix[4*pixel+3] = 0xff
			}
		}
		return img, nil
	}
	return nil, fmt.Errorf("picture: found %d channels, expected 1 (grey), 3 (red, green, blue) or 4 (and alpha)", shape[2])
}

// level is a value between lo and hi in steps of 1/255; NaN is lo.
func level(v, lo, hi float64) uint8 {
	if math.IsNaN(v) {
		v = lo
	}
	return uint8(math.Round(255 * min(max((v-lo)/(hi-lo), 0), 1)))
}
