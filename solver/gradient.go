package solver

import "drift"

// GradientEstimation is the second-order sampler of Permenter & Yuan 2024
// (arXiv:2306.04848, by gradient estimation): ε̄ = γ·ε + (1-γ)·ε_prev, where they find γ = 2
// best. It leaps further than accuracy in the step size asks, so its order is 1.
func GradientEstimation(gamma float64) drift.Solver {
	return multistep(2, func(at []drift.Level, _ drift.Level) []float64 {
		if len(at) == 1 {
			return []float64{1}
		}
		return []float64{gamma, 1 - gamma}
	})
}
