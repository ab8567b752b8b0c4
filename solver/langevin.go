package solver

import (
	"math"

	"drift"
)

// Langevin is predictor-corrector sampling (Song et al. 2021, arXiv:2011.13456,
// algorithms 2-3): a step of [DDPM], then at the new level one step of Langevin
// dynamics along the score,
//
//	x + e·(Alpha·D - x)/Sigma² + √(2e)·ξ,   e = 2·(ratio·Sigma)².
//
// They take e = 2·(ratio·|ξ|/|score|)² with means over the batch (algorithm 5). A
// sample must not depend on its neighbours, so here both norms are what they are
// expected to be where noise dominates, √dim and √dim/Sigma; e ∝ Sigma² is also the
// annealing of Song & Ermon 2019 (arXiv:1907.05600, algorithm 1).
func Langevin(ratio float64) drift.Solver {
	return func(p drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		predict := DDPM()(p, d, noise)
		return func(x *drift.Batch, from, to drift.Level) error {
			if err := predict(x, from, to); err != nil || to.Sigma == 0 {
				return err
			}
			clean, err := denoise(d, x, to)
			if err != nil {
				return err
			}
			e := 2 * ratio * ratio // times Sigma²
			scale(x, 1-e)
			axpy(x, e*to.Alpha, clean)
			addNoise(x, to.Sigma*math.Sqrt(2*e), noise)
			return nil
		}
	}
}
