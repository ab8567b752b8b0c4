package metric

import (
	"math"

	"drift"
	"drift/internal/parallel"
)

// Neighbour is a sample of a set, and how far away it is.
type Neighbour struct {
	Index  int     // in its set
	Square float64 // squared distance
}

// Nearest is, for each of x, the k nearest of to, nearest first; of equally near ones the
// first. There are fewer than k if to has fewer. Both must have one dimension.
func Nearest(x, to *drift.Batch, k int) [][]Neighbour {
	return nearest(x, to, k, func(int) int { return -1 })
}

// nearest leaves out, for sample i of x, the sample except(i) of to.
func nearest(x, to *drift.Batch, k int, except func(i int) int) [][]Neighbour {
	near := make([][]Neighbour, x.N)
	if k < 1 {
		return near
	}
	parallel.Blocks(x.N, to.N*to.Dim(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			found, row, out, bound := make([]Neighbour, 0, k+1), x.Row(i), except(i), math.Inf(1)
			for j := range to.N {
				if j == out {
					continue
				}
				d, closer := within(row, to.Row(j), bound)
				if !closer {
					continue
				}
				at := len(found) // insert in order
				found = append(found, Neighbour{})
				for ; at > 0 && found[at-1].Square > d; at-- {
					found[at] = found[at-1]
				}
				found[at] = Neighbour{j, d}
				if found = found[:min(len(found), k)]; len(found) == k {
					bound = found[k-1].Square
				}
			}
			near[i] = found
		}
	})
	return near
}

// within is |a - b|², and whether it is below bound; it gives up as soon as it is not.
func within(a, b []float64, bound float64) (float64, bool) {
	const step = 16
	sum := 0.0
	for lo := 0; lo < len(a); lo += step {
		hi := min(lo+step, len(a))
		part := b[lo:hi]
		for i, v := range a[lo:hi] {
			d := v - part[i]
			sum += d * d
		}
		if sum >= bound {
			return sum, false
		}
	}
	return sum, sum < bound
}
