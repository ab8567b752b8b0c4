package metric

import (
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/internal/parallel"
)

// Realism says how real each generated sample is: the largest, over real samples, of the
// reach of its ball (to its k-th nearest neighbour among the real ones) over its distance to
// the sample (Kynkäänniemi et al. 2019, arXiv:1904.06991, eq. 3; k = 3 there). Above 1 the
// sample is on the real manifold of [Overlap]. As there, the half of the balls that reach
// farthest, where real samples are rare, does not count. A copy has infinite realism.
func Realism(real, generated *drift.Batch, k int) ([]float64, error) {
	if real.Dim() != generated.Dim() || k < 1 || real.N <= k {
		return nil, fmt.Errorf("realism: found %d×%v real and %d×%v generated samples for %d neighbours, expected more real samples than neighbours, of one size, and at least 1 neighbour",
			real.N, real.Shape, generated.N, generated.Shape, k)
	}
	reach := balls(real, k)
	median := slices.Sorted(slices.Values(reach))[(real.N-1)/2]
	found := make([]float64, generated.N)
	parallel.Blocks(generated.N, real.N*real.Dim(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			for j, square := range reach {
				if square > median || square == 0 {
					continue
				}
				// what is farther away than square/most cannot be more real than most
				if d, near := within(generated.Row(i), real.Row(j), square/found[i]); near {
					found[i] = square / d
				}
			}
			found[i] = math.Sqrt(found[i])
		}
	})
	return found, nil
}
