package drift

import (
	"fmt"
	"math"
)

// MaxSteps bounds the steps of one walk; more is surely a mistake.
const MaxSteps = 100_000

// Grid is the usual grid of a walk: steps+1 levels of the process from its
// noisiest to [Clean] noise (Sigma = 0), spaced by Karras et al. 2022 (eq. 5,
// ρ = 7) in the ratio Sigma/Alpha between 0.002 and at most 80. A process that
// is noisier than 80 at t = 1 begins there and joins the ramp with its first step.
func Grid(p Process, steps int) ([]Level, error) {
	if steps < 1 || steps > MaxSteps {
		return nil, fmt.Errorf("steps: found %d, expected 1 to %d", steps, MaxSteps)
	}
	const smallest, largest, r = 0.002, 80, 7
	last := p.Last()
	top := min(last.Ratio(), largest)
	levels := make([]Level, 0, steps+1)
	for i := range steps {
		t := 1.0
		if steps > 1 {
			t = 1 - float64(i)/float64(steps-1)
		}
		levels = append(levels, p.AtLambda(-math.Log(rho(smallest, top, r, t))))
	}
	levels[0] = last
	return append(levels, p.AtLambda(math.Inf(1))), nil
}
