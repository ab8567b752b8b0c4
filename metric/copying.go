package metric

import (
	"fmt"
	"math"

	"drift"
)

// Copying tells samples that were copied from the data from new ones (Meehan, Chaudhuri
// & Dasgupta 2020, arXiv:2004.05675, section 3.1): it is the probability that a sample
// lies nearer to the data that were learned than an unseen sample of the truth does,
// each measured to its nearest of the learned ones. Copies make it 1; samples that are
// as good as fresh ones make it ½; samples that stray from the data make it less. Ties
// count half.
//
// The range of found holds the true probability for these learned data (± 1.96 standard
// errors: DeLong, DeLong & Clarke-Pearson 1988); floor is ½ with the range in which 95 % of
// fresh samples would come to lie (Mann & Whitney 1947: variance (n+m+1)/(12·n·m)).
func Copying(samples, unseen, learned *drift.Batch) (found, floor Estimate, err error) {
	if samples.N < 2 || unseen.N < 2 || learned.N < 1 || samples.Dim() != learned.Dim() || unseen.Dim() != learned.Dim() {
		return found, floor, fmt.Errorf("copying: found %d×%v samples, %d×%v unseen and %d×%v learned, expected at least 2, 2 and 1 of one size",
			samples.N, samples.Shape, unseen.N, unseen.Shape, learned.N, learned.Shape)
	}
	a, b := nearestSquares(samples, learned), nearestSquares(unseen, learned)
	n, m := float64(samples.N), float64(unseen.N)
	won, lost := make([]float64, samples.N), make([]float64, unseen.N) // wins of each sample, and against each unseen one
	for i, x := range a {
		for j, y := range b {
			w := 0.5
			if x != y {
				w = 0
				if x < y {
					w = 1
				}
			}
			won[i] += w
			lost[j] += w
		}
	}
	for i := range won {
		won[i] /= m
	}
	for j := range lost {
		lost[j] /= n
	}
	// Wins are means over the other side, and their spread on each side is the variance of the
	// means on each side.
	mean, sdWon := meanAndSD(won)
	_, sdLost := meanAndSD(lost)
	found = around(mean, normal95*math.Sqrt(sdWon*sdWon/n+sdLost*sdLost/m))
	return found, around(0.5, normal95*math.Sqrt((n+m+1)/(12*n*m))), nil
}

// nearestSquares is the squared distance from each of x to the nearest of to.
func nearestSquares(x, to *drift.Batch) []float64 {
	least := make([]float64, x.N)
	for i, near := range Nearest(x, to, 1) {
		least[i] = math.Inf(1)
		if len(near) > 0 {
			least[i] = near[0].Square
		}
	}
	return least
}
