package solver

import "drift"

// Heun is the second-order solver of Karras et al. 2022 (arXiv:2206.00364,
// algorithm 1): an Euler step of the probability-flow ODE, corrected by the slope
// at its end.
//
// In y = x/Alpha and σ = Sigma/Alpha the ODE is dy/dσ = (y - D)/σ (eq. 4 with their
// schedule σ(t) = t); the step is σ' - σ times the mean of its slopes at both ends,
// and each slope is the noise ε that D leaves.
// A step with an infinite λ at either end stays first order.
func Heun() drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error { return heun(d, x, from, to) }
	}
}

func heun(d drift.Denoiser, x *drift.Batch, from, to drift.Level) error {
	clean, err := denoise(d, x, from)
	if err != nil {
		return err
	}
	if !finite(from, to) {
		move(x, clean, from, to, to.Sigma)
		return nil
	}
	end, eps := x.Clone(), noiseOf(x, clean, from)
	move(end, clean, from, to, to.Sigma)
	if clean, err = denoise(d, end, to); err != nil {
		return err
	}
	slide(x, combine([]float64{0.5, 0.5}, []*drift.Batch{eps, noiseOf(end, clean, to)}), from, to)
	return nil
}
