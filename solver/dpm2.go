package solver

import (
	"math"

	"drift"
)

// DPM2 is DPM-Solver-2 of Lu et al. 2022 (arXiv:2206.00927, algorithm 1 with
// r_1 = ½): the noise found halfway in λ, where a first-order step leads (their u_i),
// serves the whole step. It is also the midpoint method that Karras et al.
// 2022 tried (arXiv:2206.00364, appendix D.2).
func DPM2() drift.Solver {
	return func(p drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error { return dpm2(p, d, x, from, to) }
	}
}

// DPM2Ancestral takes the step of [DPM2] beyond its goal and comes back with fresh
// noise, as ancestral sampling does: in Ratio, down to Ratio'²/Ratio, and up by
// √(Ratio'² - (Ratio'²/Ratio)²) (Song et al. 2021, arXiv:2010.02502, eq. 16 with
// η = 1). In λ that is as far again as the step itself.
func DPM2Ancestral() drift.Solver {
	return func(p drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			if !finite(from, to) {
				return DDPM()(p, d, noise)(x, from, to)
			}
			down, k := p.AtLambda(2*to.Lambda()-from.Lambda()), shrink(from, to)
			if err := dpm2(p, d, x, from, down); err != nil {
				return err
			}
			scale(x, to.Alpha/down.Alpha)
			addNoise(x, to.Sigma*math.Sqrt(max(0, 1-k*k)), noise)
			return nil
		}
	}
}

func dpm2(p drift.Process, d drift.Denoiser, x *drift.Batch, from, to drift.Level) error {
	clean, err := denoise(d, x, from)
	if err != nil {
		return err
	}
	if !finite(from, to) {
		move(x, clean, from, to, to.Sigma)
		return nil
	}
	half, middle := x.Clone(), p.AtLambda((from.Lambda()+to.Lambda())/2)
	move(half, clean, from, middle, middle.Sigma)
	if clean, err = denoise(d, half, middle); err != nil {
		return err
	}
	slide(x, noiseOf(half, clean, middle), from, to)
	return nil
}
