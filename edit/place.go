package edit

import (
	"fmt"

	"drift"
	"drift/solver"
)

// Place lays one picture onto a canvas, for outpainting: its upper left corner comes to
// row top and column left, which may be negative, and what lies beyond the edges is cut
// off. picture is one sample [height, width, channels] as the denoiser sees it, canvas the
// shape of a sample with as many channels, n at least 1; a picture beyond the canvas is an
// error. The result says what every one of n samples is known to hold.
func Place(picture *drift.Batch, top, left, n int, canvas []int) (solver.Known, error) {
	p := picture.Shape
	if len(p) != 3 || len(canvas) != 3 || p[2] != canvas[2] || picture.N != 1 || n < 1 {
		return solver.Known{}, fmt.Errorf("place: found %d pictures of shape %v for %d canvases of shape %v, expected one with as many channels", picture.N, p, n, canvas)
	}
	known := solver.Known{Clean: drift.NewBatch(n, canvas...)}
	known.Mask = make([]bool, len(known.Clean.Data))
	h, w, c := canvas[0], canvas[1], canvas[2]
	covered := false
	for i := max(0, top); i < min(h, top+p[0]); i++ {
		for j := max(0, left); j < min(w, left+p[1]); j++ {
			covered = true
			for k := range c {
				value := picture.Data[((i-top)*p[1]+j-left)*c+k]
				for s := range n {
					at := s*h*w*c + (i*w+j)*c + k
					known.Clean.Data[at], known.Mask[at] = value, true
				}
			}
		}
	}
	if !covered {
		return solver.Known{}, fmt.Errorf("place: found a picture of shape %v at row %d, column %d, which lies beyond the canvas of shape %v", p, top, left, canvas)
	}
	return known, nil
}

// Keep says that n samples shall hold a picture of their shape where keep is true, one
// entry for each of its pixels, row after row, for all of its channels; the rest is to be
// made. picture is one sample [height, width, channels] as the denoiser sees it.
func Keep(picture *drift.Batch, keep []bool, n int) (solver.Known, error) {
	known, err := Place(picture, 0, 0, n, picture.Shape)
	if err != nil {
		return known, err
	}
	channels := picture.Shape[2]
	if len(keep)*channels != picture.Dim() {
		return solver.Known{}, fmt.Errorf("mask: found %d pixels, expected %d", len(keep), picture.Dim()/channels)
	}
	for i := range known.Mask {
		known.Mask[i] = keep[i/channels%len(keep)]
	}
	return known, nil
}
