package solver

import (
	"math"

	"drift"
)

// Churn says how much a walk is stirred (Karras et al. 2022, arXiv:2206.00364,
// algorithm 2): where Low ≤ Ratio ≤ High, each step first raises Ratio by the share
// Gain (their γ = min(S_churn/N, √2 - 1)) with noise of Inflate (their S_noise) times
// the right size.
type Churn struct{ Gain, Low, High, Inflate float64 }

// ChurnedHeun is algorithm 2 of Karras et al. 2022: noise is added (line 6), then a
// step of [Heun] goes from the raised level all the way down (lines 7-11).
func ChurnedHeun(c Churn) drift.Solver {
	return func(p drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			if r := from.Ratio(); c.Gain > 0 && from.Alpha > 0 && r >= c.Low && r <= c.High {
				raised := p.AtLambda(from.Lambda() - math.Log1p(c.Gain))
				scale(x, raised.Alpha/from.Alpha)
				addNoise(x, c.Inflate*raised.Alpha*r*math.Sqrt(c.Gain*(2+c.Gain)), noise)
				from = raised
			}
			return heun(d, x, from, to)
		}
	}
}
