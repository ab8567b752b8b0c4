package solver

import (
	"math"

	"drift"
)

// DPMSolverPP2M is DPM-Solver++(2M), the second-order multistep solver of Lu et al.
// 2022 (arXiv:2211.01095, algorithm 2). It extrapolates the denoiser linearly in λ
// from the step before, so that it costs one evaluation a step:
//
//	D̄ = D + (D - D_prev)·h/(2·h_prev), h = λ' - λ
//
// (the line's plain mean over the step) and moves as the first-order step does with D̄ for D. The first step, and any
// step that touches an infinite λ, is first order.
func DPMSolverPP2M() drift.Solver { return dpmpp2m(0) }

// DPMSolverPP2MSDE is SDE-DPM-Solver++(2M) of Lu et al. 2022 (arXiv:2211.01095,
// the method of that name): the same D̄ in the exact step of the reverse SDE, which is that of
// [DDPM].
func DPMSolverPP2MSDE() drift.Solver { return dpmpp2m(1) }

// dpmpp2m renews the share 1 - e^(-2τ²h) of the noise.
func dpmpp2m(tau2 float64) drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		var past history // of D
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			past.add(from, clean, 2)
			if finite(from, to) && len(past.at) == 2 {
				clean = combine(weights(nodes(past.at, to, drift.Level.Lambda), exponential(0)), past.value)
			}
			renew(x, clean, from, to, renewed(from, to, tau2), noise)
			return nil
		}
	}
}

// renewed is the share 1 - e^(-2τ²h) of the noise that the reverse SDE with diffusion
// τ·g exchanges over a step (Xue et al. 2023, arXiv:2309.05019, proposition 4.2).
func renewed(from, to drift.Level, tau2 float64) float64 {
	return max(0, 1-math.Pow(shrink(from, to), 2*tau2))
}
