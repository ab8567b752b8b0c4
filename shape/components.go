package shape

import (
	"math"

	"drift"
	"drift/internal/parallel"

	"gonum.org/v1/gonum/mat"
)

// tiny is the variance below which rows do not differ but for rounding.
const tiny = 1e-12

// sampled is how many rows, spread over all, the components of a set come from.
const sampled = 4000

// components writes, for every row of x, how far it lies from the mean along the
// directions in which rows differ most, to as many columns of a batch from a given one on.
// Each is divided by the root of its deviation: so the first count for more than the others,
// but not alone. Directions in which rows do not differ are 0. The rows are scaled so that
// their root mean square distance from the mean is as given.
func components(to *drift.Batch, from, n int, x *drift.Batch, distance float64) {
	dim := x.Dim()
	mean := make([]float64, dim)
	for i := range x.N {
		for j, v := range x.Row(i) {
			mean[j] += v / float64(x.N)
		}
	}
	some := drift.Evenly(x.N, min(sampled, x.N))
	apart := mat.NewDense(dim, len(some), nil)
	for k, i := range some {
		for j, v := range x.Row(i) {
			apart.Set(j, k, v-mean[j])
		}
	}
	var covariance mat.SymDense
	covariance.SymOuterK(1/float64(len(some)), apart)
	var eigen mat.EigenSym
	if !eigen.Factorize(&covariance, true) {
		return // not of finite numbers
	}
	values := eigen.Values(nil) // rising
	var all mat.Dense
	eigen.VectorsTo(&all)
	kept, square := 0, 0.0
	for ; kept < min(n, dim) && values[dim-1-kept] > max(tiny, 1e-9*values[dim-1]); kept++ {
		square += math.Sqrt(values[dim-1-kept]) // its variance after the division
	}
	directions := make([]float64, kept*dim)
	for k := range kept {
		scale := distance / math.Sqrt(square) / math.Pow(values[dim-1-k], 0.25)
		for j := range dim {
			directions[k*dim+j] = scale * all.At(j, dim-1-k)
		}
	}
	parallel.Blocks(x.N, kept*dim, func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for k := range kept {
				sum := 0.0
				for j, v := range x.Row(i) {
					sum += (v - mean[j]) * directions[k*dim+j]
				}
				to.Row(i)[from+k] = sum
			}
		}
	})
}
