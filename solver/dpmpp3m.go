package solver

import "drift"

// DPMSolverPP3M is the third-order multistep member of DPM-Solver++: the exact
// solution of Lu et al. 2022 (arXiv:2211.01095, proposition 4.1) with D the parabola
// in λ through its last three answers, as algorithm 2 has the line through two. With v the share of the
// step, D ≈ D + d₁·v + d₂·v², and the step is that of first order with the mean
//
//	D̄ = D + M₁·d₁ + M₂·d₂,   M_m the mean of v^m with weight e^(-h(1-v)).
//
// The first two steps have fewer answers to go by, and lower order.
func DPMSolverPP3M() drift.Solver { return dpmpp3m(0, 1) }

// DPMSolverPP3MCompat is the 3M update of k-diffusion and diffusers. They take
// φ₃·h² for the integral of v², which is twice that, so half of M₂·d₂ is missing and
// the order is 2.
func DPMSolverPP3MCompat() drift.Solver { return dpmpp3m(0, 0.5) }

// DPMSolverPP3MSDE puts the same parabola into the exact step of the reverse SDE,
// whose weight is e^(-2h(1-v)) (Xue et al. 2023, arXiv:2309.05019, proposition 4.2 with
// τ = 1).
func DPMSolverPP3MSDE() drift.Solver { return dpmpp3m(1, 1) }

// DPMSolverPP3MSDECompat is the 3M-SDE update of k-diffusion, with half of M₂·d₂.
func DPMSolverPP3MSDECompat() drift.Solver { return dpmpp3m(1, 0.5) }

func dpmpp3m(tau2, curvature float64) drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		var past history // of D
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			past.add(from, clean, 3)
			if finite(from, to) && len(past.at) > 1 {
				moment := exponential((1 + tau2) * (to.Lambda() - from.Lambda()))
				v := nodes(past.at, to, drift.Level.Lambda)
				w := weights(v, moment)
				if len(v) == 3 {
					// M₂ times the weights with which d₂, the second divided difference, is made.
					less := (1 - curvature) * moment(2)
					for j := range v {
						w[j] -= less / ((v[j] - v[(j+1)%3]) * (v[j] - v[(j+2)%3]))
					}
				}
				clean = combine(w, past.value)
			}
			renew(x, clean, from, to, renewed(from, to, tau2), noise)
			return nil
		}
	}
}
