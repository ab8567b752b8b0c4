package drift

import (
	"fmt"
	"math"
)

// trainTimes is how many training steps a process of discrete time has unless it says
// otherwise (Ho et al. 2020, arXiv:2006.11239, section 4).
const trainTimes = 1000

// times is the number of training steps of the process.
func (p Process) times() int {
	if p.Steps > 0 {
		return p.Steps
	}
	return trainTimes
}

// Discrete is the variance-preserving process of a table: lambdas[i] is λ at training
// step i of n, which is time (i+1)/n. Between two steps λ is linear in time; before the
// first it rises to +Inf at t = 0 as -½·log t does, the way of a constant β. The last λ
// may be -Inf.
func Discrete(lambdas []float64) (Process, error) {
	n := len(lambdas)
	if n < 2 || n > MaxSteps {
		return Process{}, fmt.Errorf("schedule: found %d training steps, expected 2 to %d", n, MaxSteps)
	}
	for i, l := range lambdas {
		finite := !math.IsNaN(l) && !math.IsInf(l, 0)
		if !finite && !(i == n-1 && math.IsInf(l, -1)) {
			return Process{}, fmt.Errorf("schedule: found λ = %v at training step %d of %d, expected a finite number", l, i, n)
		}
		if i > 0 && !(l < lambdas[i-1]) {
			return Process{}, fmt.Errorf("schedule: found λ = %v at training step %d of %d, expected less than the %v before it", l, i, n, lambdas[i-1])
		}
	}
	return Process{
		Name:    "discrete",
		Formula: fmt.Sprintf("λ of each of %d training steps, linear between them, Alpha = 1/√(1+exp(-2λ)), Sigma = √(1-Alpha²)", n),
		Source:  "Ho et al. 2020, arXiv:2006.11239, section 2",
		Curve:   Circle,
		Steps:   n,
		Lambda:  func(t float64) float64 { return tableLambda(lambdas, t*float64(n)-1) },
	}, nil
}

// tableLambda is λ at a training step, which may be a fraction.
func tableLambda(lambdas []float64, step float64) float64 {
	if step <= 0 {
		return lambdas[0] - 0.5*math.Log1p(max(step, -1))
	}
	i := min(int(step), len(lambdas)-2)
	share := step - float64(i)
	from, to := lambdas[i], lambdas[i+1]
	switch {
	case share >= 1:
		return to
	case math.IsInf(to, -1): // a way to -Inf that is finite until there
		return from + math.Log1p(-share)
	}
	return from + share*(to-from)
}

// Time is the time at which the process has λ: what [Process.At] undoes. A λ that the
// process never has is that of its nearest end.
func (p Process) Time(lambda float64) float64 {
	lo, hi := 0.0, 1.0
	if lambda >= p.Lambda(0) {
		return 0
	}
	if lambda <= p.Lambda(1) {
		return 1
	}
	for range 60 {
		if middle := (lo + hi) / 2; p.Lambda(middle) > lambda {
			lo = middle
		} else {
			hi = middle
		}
	}
	return (lo + hi) / 2
}
