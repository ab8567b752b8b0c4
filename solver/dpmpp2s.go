package solver

import "drift"

// DPMSolverPP2S is DPM-Solver++(2S), the single-step solver of Lu et al. 2022
// (arXiv:2211.01095, algorithm 1 with r = ½): the denoiser's answer halfway in λ,
// where a first-order step leads (their u_i), serves the whole step.
func DPMSolverPP2S() drift.Solver {
	return func(p drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			if finite(from, to) {
				half, middle := x.Clone(), p.AtLambda((from.Lambda()+to.Lambda())/2)
				move(half, clean, from, middle, middle.Sigma)
				if clean, err = denoise(d, half, middle); err != nil {
					return err
				}
			}
			move(x, clean, from, to, to.Sigma)
			return nil
		}
	}
}
