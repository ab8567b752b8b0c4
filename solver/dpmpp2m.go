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
// and moves as the first-order step does with D̄ for D. The first step, and any
// step that touches an infinite λ, is first order.
func DPMSolverPP2M() drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		var before *drift.Batch // D of the step before
		var hBefore float64
		return func(x *drift.Batch, from, to drift.Level) error {
			clean := x.Like()
			if err := d.Denoise(clean, x, from); err != nil {
				return err
			}
			h := to.Lambda() - from.Lambda()
			finite := !math.IsInf(h, 0)
			used := clean
			if before != nil && finite {
				used = clean.Clone()
				r := h / (2 * hBefore)
				for i, v := range before.Data {
					used.Data[i] += r * (clean.Data[i] - v)
				}
			}
			move(x, used, from, to, to.Sigma)
			before, hBefore = clean, h
			if !finite {
				before = nil
			}
			return nil
		}
	}
}
