package metric

import (
	"fmt"
	"math"

	"drift"
	"drift/internal/parallel"
)

// Manifolds says how two sets of features cover one another. Each set's manifold is the
// union of balls around its samples that reach to their k-th nearest neighbour in the same
// set, border included.
type Manifolds struct {
	Precision Estimate // share of generated samples on the real manifold: are they real?
	Recall    Estimate // share of real samples on the generated manifold: is everything there?
	Density   Estimate // real balls around a generated sample, in units of k: 1 for perfect samples, may be above
	Coverage  Estimate // share of real balls that hold a generated sample
}

// Overlap measures precision and recall (Kynkäänniemi et al. 2019, arXiv:1904.06991,
// eqs. 1 and 2; k = 3 there), density and coverage (Naeem et al. 2020, arXiv:2002.09797,
// eqs. 5 and 7; k = 5 there) between two sets. All of them depend on the number of samples
// and on k, so compare sets of one size with [Floor].
//
// Ranges hold what fresh samples of the judged side would give on average with the balls as
// they are: of a share as by [Share], of density as by [Mean].
func Overlap(real, generated *drift.Batch, k int) (Manifolds, error) {
	if real.Dim() != generated.Dim() || k < 1 || real.N <= k || generated.N <= k {
		return Manifolds{}, fmt.Errorf("overlap: found %d×%v real and %d×%v generated samples for %d neighbours, expected more samples than neighbours, of one size, and at least 1 neighbour",
			real.N, real.Shape, generated.N, generated.Shape, k)
	}
	ofReal, within := balls(real, k), balls(generated, k)
	around, holds := inBalls(generated, real, ofReal)
	back, _ := inBalls(real, generated, within)
	density := make([]float64, generated.N)
	for i, n := range around {
		density[i] = float64(n) / float64(k)
	}
	return Manifolds{
		Precision: Share(positive(around), generated.N),
		Recall:    Share(positive(back), real.N),
		Density:   Mean(density),
		Coverage:  Share(positive(holds), real.N),
	}, nil
}

// balls is the squared distance of each sample to its k-th nearest neighbour among the others.
func balls(x *drift.Batch, k int) []float64 {
	squares := make([]float64, x.N)
	for i, near := range nearest(x, x, k, func(i int) int { return i }) {
		squares[i] = math.Inf(1)
		if len(near) == k {
			squares[i] = near[k-1].Square
		}
	}
	return squares
}

// inBalls counts, for each of x, the balls around the centres that hold it, and for each
// ball the samples that it holds.
func inBalls(x, centres *drift.Batch, squares []float64) (around, holds []int) {
	around, holds = make([]int, x.N), make([]int, centres.N)
	count := func(to []int, a, b *drift.Batch, square func(i, j int) float64) {
		parallel.Blocks(a.N, b.N*b.Dim(), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				for j := range b.N {
					if _, in := within(a.Row(i), b.Row(j), math.Nextafter(square(i, j), math.Inf(1))); in {
						to[i]++
					}
				}
			}
		})
	}
	count(around, x, centres, func(_, j int) float64 { return squares[j] })
	count(holds, centres, x, func(i, _ int) float64 { return squares[i] })
	return around, holds
}

// positive counts the numbers above 0.
func positive(v []int) (n int) {
	for _, x := range v {
		if x > 0 {
			n++
		}
	}
	return n
}
