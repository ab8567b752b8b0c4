package metric

import (
	"math"

	"drift"
	"drift/internal/parallel"
)

// SlicedWasserstein is the sliced 2-Wasserstein distance between two sets of
// samples, in their own units: the root of the mean, over directions θ uniform on
// the sphere, of the squared one-dimensional distance W₂² of the projections θ·a and
// θ·b (Bonneel et al. 2015, "Sliced and Radon Wasserstein Barycenters of Measures",
// with the integral over the sphere replaced by a mean over random directions).
//
// The directions depend on seed and dimension alone, so that numbers can be
// compared. It is NaN if a or b is empty, their dimensions differ, or projections
// is below 1.
func SlicedWasserstein(a, b *drift.Batch, projections int, seed uint64) float64 {
	dim := a.Dim()
	if a.N == 0 || b.N == 0 || dim != b.Dim() || projections < 1 {
		return math.NaN()
	}
	squared := make([]float64, projections)
	parallel.Blocks(projections, 1<<18, func(lo, hi int) {
		theta, pa, pb := make([]float64, dim), make([]float64, a.N), make([]float64, b.N)
		keys, tmp := make([]uint64, max(a.N, b.N)), make([]uint64, max(a.N, b.N))
		for i := lo; i < hi; i++ {
			direction(theta, seed, i)
			project(pa, a, theta)
			project(pb, b, theta)
			sortFloats(pa, keys[:a.N], tmp[:a.N])
			sortFloats(pb, keys[:b.N], tmp[:b.N])
			squared[i] = squaredW2(pa, pb)
		}
	})
	return math.Sqrt(mean(squared))
}

// SlicedWassersteinFloor is the distance that perfect samples would have on average:
// the value of [Floor] for [SlicedWasserstein]. It is NaN if pairs is below 1.
func SlicedWassersteinFloor(draw func(i int) *drift.Batch, pairs, projections int, seed uint64) float64 {
	return Floor(draw, pairs, func(a, b *drift.Batch) float64 {
		return SlicedWasserstein(a, b, projections, seed)
	}).Value
}

// direction fills theta with direction number i, uniform on the unit sphere: a
// standard Gaussian vector divided by its length.
func direction(theta []float64, seed uint64, i int) {
	r := drift.Rand(seed, "metric: sliced wasserstein", uint64(i))
	for length := 0.0; length == 0; {
		for j := range theta {
			theta[j] = r.NormFloat64()
			length = math.Hypot(length, theta[j])
		}
		for j := range theta {
			theta[j] /= length
		}
	}
}

// project fills dst with θ·x for each sample.
func project(dst []float64, x *drift.Batch, theta []float64) {
	dim := len(theta)
	for i := range dst {
		dot := 0.0
		for j, v := range x.Data[i*dim : (i+1)*dim] {
			dot += v * theta[j]
		}
		dst[i] = dot
	}
}

// squaredW2 is the squared 2-Wasserstein distance of two sorted samples on the line,
// ∫₀¹ (F⁻¹(u) - G⁻¹(u))² du (Villani 2003, Topics in Optimal Transportation, theorem
// 2.18). The quantile functions F⁻¹ and G⁻¹ are steps that change at multiples of
// 1/len(a) and 1/len(b); both are counted here in units of 1/(len(a)·len(b)).
func squaredW2(a, b []float64) float64 {
	n, m := len(a), len(b)
	sum, at := 0.0, 0
	for i, j := 0, 0; i < n && j < m; {
		endA, endB := (i+1)*m, (j+1)*n
		end := min(endA, endB)
		d := a[i] - b[j]
		sum += float64(end-at) * d * d
		at = end
		if end == endA {
			i++
		}
		if end == endB {
			j++
		}
	}
	return sum / (float64(n) * float64(m))
}
