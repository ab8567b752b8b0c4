package train

import (
	"fmt"

	"drift"
)

// CheckUpscale refuses a factor by which pictures of a shape cannot be made smaller.
func CheckUpscale(shape []int, k int) error {
	switch {
	case len(shape) != 3:
		return fmt.Errorf("upscale: found samples of shape %v, expected pictures [height, width, channels]", shape)
	case k < 2 || shape[0]%k != 0 || shape[1]%k != 0:
		return fmt.Errorf("upscale: found %d, expected a factor from 2 that divides both sides of pictures of %d×%d", k, shape[0], shape[1])
	}
	return nil
}

// Shrink makes pictures [H, W, C] k times smaller: every pixel is the mean of k×k.
func Shrink(x *drift.Batch, k int) *drift.Batch {
	y := drift.NewBatch(x.N, x.Shape[0]/k, x.Shape[1]/k, x.Shape[2])
	for i := range x.N {
		shrink(y.Row(i), x.Row(i), x.Shape, k)
	}
	return y
}

// Enlarge makes pictures [H, W, C] k times larger, linearly between the centres of
// their pixels. Together with [Shrink] it makes what a run with an upscaling begins
// with; both keep a standardised picture's mean.
func Enlarge(x *drift.Batch, k int) *drift.Batch {
	y := drift.NewBatch(x.N, x.Shape[0]*k, x.Shape[1]*k, x.Shape[2])
	for i := range x.N {
		enlarge(y.Row(i), x.Row(i), x.Shape, k)
	}
	return y
}

// upscaled is a picture made k times smaller and larger again.
func upscaled(dst, x []float64, shape []int, k int) {
	small := make([]float64, len(x)/(k*k))
	shrink(small, x, shape, k)
	enlarge(dst, small, []int{shape[0] / k, shape[1] / k, shape[2]}, k)
}

func shrink(dst, x []float64, shape []int, k int) {
	w, c := shape[1], shape[2]
	clear(dst)
	for i, v := range x {
		row, col, channel := i/(w*c), i/c%w, i%c
		dst[(row/k*(w/k)+col/k)*c+channel] += v / float64(k*k)
	}
}

func enlarge(dst, x []float64, shape []int, k int) {
	h, w, c := shape[0], shape[1], shape[2]
	for row := range h * k {
		above, below, down := between(row, k, h)
		for col := range w * k {
			left, right, along := between(col, k, w)
			for channel := range c {
				at := func(i, j int) float64 { return x[(i*w+j)*c+channel] }
				upper := at(above, left) + along*(at(above, right)-at(above, left))
				lower := at(below, left) + along*(at(below, right)-at(below, left))
				dst[(row*w*k+col)*c+channel] = upper + down*(lower-upper)
			}
		}
	}
}

// between is the two of n pixels between whose centres pixel i of one k times finer
// lies, and how far along; the border's pixels go on outwards.
func between(i, k, n int) (lo, hi int, share float64) {
	at := (float64(i)+0.5)/float64(k) - 0.5
	at = min(max(at, 0), float64(n-1))
	lo = int(at)
	return lo, min(lo+1, n-1), at - float64(lo)
}
