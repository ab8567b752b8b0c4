package metric

import (
	"fmt"
	"math"

	"drift"
)

// Modes says how samples spread over the hills of the truth.
type Modes struct {
	Inside    Estimate   // share of samples on any hill: their quality
	Shares    []Estimate // of each hill, among the samples on any
	Dropped   []int      // hills that hold less than a tenth of their due
	Expected  float64    // number of hills that perfect samples would drop by chance: the floor of len(Dropped)
	Variation float64    // ½·Σ|share - weight| in [0, 1]: how much is on the wrong hill; NaN if none is on any
}

// ModeCoverage counts the samples on each hill. hill(x) is the number of the hill
// that x is on, from 0, or -1 for none: see [WithinHills]. weights are the shares
// that hills are due, one for each hill; they need not sum to 1.
//
// A hill is dropped if it holds less than a tenth of its due among the samples that
// are on a hill. (Counting a hill as kept for a single sample, as Srivastava et al.
// 2017, arXiv:1705.07761, section 5, do, says more about the number of samples than
// about the model.) Ranges hold the true shares.
func ModeCoverage(x *drift.Batch, weights []float64, hill func(x []float64) int) (Modes, error) {
	total := sum(weights)
	for k, w := range weights {
		if !(w > 0) || math.IsInf(total, 0) {
			return Modes{}, fmt.Errorf("mode coverage: found weight %v for hill %d, expected a finite number above 0", w, k)
		}
	}
	if x.N == 0 || len(weights) == 0 {
		return Modes{}, fmt.Errorf("mode coverage: found %d samples and %d hills, expected at least 1 of each", x.N, len(weights))
	}
	count, on := make([]int, len(weights)), 0
	for i := range x.N {
		k := hill(x.Row(i))
		if k < -1 || k >= len(weights) {
			return Modes{}, fmt.Errorf("mode coverage: found hill %d for sample %d, expected -1 (none) to %d", k, i, len(weights)-1)
		}
		if k >= 0 {
			count[k]++
			on++
		}
	}
	m := Modes{Inside: Share(on, x.N)}
	for k, n := range count {
		due := weights[k] / total
		m.Shares = append(m.Shares, Share(n, on))
		const exact = 1 - 1e-12 // a tenth is enough, whatever the rounding
		least := max(1, int(math.Ceil(due*float64(on)/10*exact)))
		if n < least {
			m.Dropped = append(m.Dropped, k)
		}
		m.Expected += binomialBelow(least, on, due)
		m.Variation += math.Abs(m.Shares[k].Value-due) / 2
	}
	return m, nil
}

// WithinHills makes the hill function of round hills: the nearest centre in units of
// its standard deviation, if it is within reach of those. In the plane, 3 leaves out
// exp(-9/2) = 1.1 % of a Gaussian hill.
func WithinHills(centres [][]float64, std []float64, reach float64) (func(x []float64) int, error) {
	if len(centres) == 0 || len(centres) != len(std) {
		return nil, fmt.Errorf("hills: found %d centres and %d standard deviations, expected as many and at least 1", len(centres), len(std))
	}
	for k, s := range std {
		if !(s > 0) || len(centres[k]) != len(centres[0]) {
			return nil, fmt.Errorf("hills: found standard deviation %v and %d values for hill %d, expected more than 0 and %d values", s, len(centres[k]), k, len(centres[0]))
		}
	}
	return func(x []float64) int {
		best, at := math.Inf(1), -1
		if len(x) != len(centres[0]) {
			return at
		}
		for k, c := range centres {
			if d := math.Sqrt(squaredDistance(x, c)) / std[k]; d < best {
				best, at = d, k
			}
		}
		if !(best <= reach) {
			return -1
		}
		return at
	}, nil
}

// binomialBelow is the probability of fewer than k hits in n tries of probability p.
func binomialBelow(k, n int, p float64) float64 {
	if k > n {
		return 1
	}
	below := 0.0
	all, _ := math.Lgamma(float64(n) + 1)
	for i := range k {
		a, _ := math.Lgamma(float64(i) + 1)
		b, _ := math.Lgamma(float64(n-i) + 1)
		below += math.Exp(all - a - b + float64(i)*math.Log(p) + float64(n-i)*math.Log1p(-p))
	}
	return below
}
