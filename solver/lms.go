package solver

import "drift"

// LMS is the linear multistep method of Adams and Bashforth for steps of any size
// (Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, section
// III.5) on dy/dσ = ε with y = x/Alpha and σ = Sigma/Alpha: the polynomial
// in σ through the last order slopes, integrated exactly. It is the ρAB method of
// Zhang & Chen 2023 (arXiv:2204.13902). An order below 1 stands for 1.
func LMS(order int) drift.Solver {
	return multistep(max(1, order), func(at []drift.Level, to drift.Level) []float64 {
		return weights(nodes(at, to, drift.Level.Ratio), exponential(0))
	})
}
