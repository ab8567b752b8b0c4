package solver

import "drift"

// DDIM is the step of Song et al. 2021 (arXiv:2010.02502, eq. 12) for any η ≥ 0: 0
// is deterministic and of first order, 1 is DDPM's ancestral step.
//
// With D = D(x; from), x holds the noise ε = (x - Alpha·D)/Sigma. The step brings
// in s of new noise and keeps √(Sigma'² - s²) of the old, where s² is η² times the
// variance of the posterior q(x_to | x_from, x_0). Their eq. 16 is, on any curve,
//
//	s² = η²·Sigma'²·(1 - (Ratio'/Ratio)²).
func DDIM(eta float64) drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			k := shrink(from, to)
			renew(x, clean, from, to, min(1, eta*eta*max(0, 1-k*k)), noise)
			return nil
		}
	}
}

// DDPM is ancestral sampling (Ho et al. 2020, arXiv:2006.11239, eq. 6-7): each step
// draws from the posterior q(x_to | x_from, x_0 = D), which is DDIM with η = 1.
func DDPM() drift.Solver { return DDIM(1) }

// DDIMFree is deterministic [DDIM] on a denoiser that is [drift.Held] within bounds, as
// diffusers has it: bounds hold x_0 alone, and the noise stays that which the free answer
// leaves, so x = Alpha'·hold(D) + Sigma'·(x - Alpha·D)/Sigma. DDIM itself takes the noise
// that the held answer leaves, as the GLIDE of Nichol et al. 2021 (arXiv:2112.10741) did.
func DDIMFree() drift.Solver {
	return func(p drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		held, ok := d.(drift.Held)
		if !ok {
			return DDIM(0)(p, d, noise)
		}
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(held.Free, x, from)
			if err != nil {
				return err
			}
			eps := noiseOf(x, clean, from)
			held.Hold(clean)
			for i, v := range eps.Data {
				x.Data[i] = to.Alpha*clean.Data[i] + to.Sigma*v
			}
			return nil
		}
	}
}
