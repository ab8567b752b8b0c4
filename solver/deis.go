package solver

import "drift"

// DEIS is the multistep exponential integrator tAB-DEIS of Zhang & Chen 2023
// (arXiv:2204.13902, section 3) with λ for their t: the polynomial in λ through the
// last order values of ε, integrated exactly over dσ = -e^(-λ)·dλ. An order below 1 stands
// for 1.
func DEIS(order int) drift.Solver {
	return multistep(max(1, order), func(at []drift.Level, to drift.Level) []float64 {
		return weights(nodes(at, to, drift.Level.Lambda), exponential(at[0].Lambda()-to.Lambda()))
	})
}
