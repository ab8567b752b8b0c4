package solver

import (
	"math"

	"drift"
)

// DDPMLarge is ancestral sampling with the larger of the two variances that Ho et al. 2020
// (arXiv:2006.11239, section 3.2) tried, β_t in place of the posterior's: the mean is that
// of [DDPM], and what is added has the variance of q(x_from | x_to), on the scale of x_to,
//
//	Sigma²·(1 - (Ratio'/Ratio)²)·(Alpha'² + Sigma'²)/(Alpha² + Sigma²),
//
// which is right for data that are themselves N(0, I), where the posterior's is right for a
// single point. The last factor is 1 on their curve, and makes every other one the same walk
// but for its scale. Nothing is added on the way into Sigma' = 0.
func DDPMLarge() drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			k := shrink(from, to)
			move(x, clean, from, to, to.Sigma*k)
			if to.Sigma > 0 {
				scale := math.Hypot(to.Alpha, to.Sigma) / math.Hypot(from.Alpha, from.Sigma)
				addNoise(x, from.Sigma*math.Sqrt(max(0, 1-k*k))*scale, noise)
			}
			return nil
		}
	}
}
