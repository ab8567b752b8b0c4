package solver

import "drift"

// adamsBashforth are the classical coefficients for equal steps, newest slope first
// (Hairer, Nørsett & Wanner, Solving Ordinary Differential Equations I, section
// III.1).
var adamsBashforth = [][]float64{
	{1},
	{3. / 2, -1. / 2},
	{23. / 12, -16. / 12, 5. / 12},
	{55. / 24, -59. / 24, 37. / 24, -9. / 24},
}

// IPNDM is the improved pseudo linear multistep method of Zhang & Chen 2023
// (arXiv:2204.13902), which is the multistep part of PNDM (Liu et al. 2022,
// arXiv:2202.09778) with Euler's step and lower orders to begin with:
// ε̄ by the coefficients of Adams and Bashforth for equal steps, whatever the steps.
// Its order is 4 where levels are equally far
// apart in Sigma/Alpha, and 2 on any other smooth grid.
func IPNDM() drift.Solver {
	return multistep(4, func(at []drift.Level, _ drift.Level) []float64 { return adamsBashforth[len(at)-1] })
}
