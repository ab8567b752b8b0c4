package solver

import "drift"

// Heun is the second-order solver of Karras et al. 2022 (arXiv:2206.00364,
// algorithm 1): an Euler step of the probability-flow ODE, corrected by the slope
// at its end.
//
// In y = x/Alpha and σ = Sigma/Alpha the ODE is dy/dσ = (y - D)/σ (eq. 4 with their
// schedule σ(t) = t); the step is σ' - σ times the mean of its slopes at both ends.
// A step with an infinite λ at either end stays first order.
func Heun() drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			start, clean := x.Clone(), x.Like()
			if err := d.Denoise(clean, x, from); err != nil {
				return err
			}
			move(x, clean, from, to, to.Sigma)
			if to.Sigma == 0 || from.Alpha == 0 || to.Alpha == 0 {
				return nil
			}
			end := x.Like()
			if err := d.Denoise(end, x, to); err != nil {
				return err
			}
			// y' = y + (σ'-σ)·½·[(y-D)/σ + (y₁-D')/σ'] with y = x/Alpha.
			s, e := from.Ratio(), to.Ratio()
			for i, x0 := range start.Data {
				y, y1 := x0/from.Alpha, x.Data[i]/to.Alpha
				slope := ((y-clean.Data[i])/s + (y1-end.Data[i])/e) / 2
				x.Data[i] = to.Alpha * (y + (e-s)*slope)
			}
			return nil
		}
	}
}
