package solver

import "drift"

// SASolver is the stochastic Adams method of Xue et al. 2023 (arXiv:2309.05019,
// algorithm 1) with constant τ: its predictor through predictor answers, its
// corrector through corrector answers and the new one. τ = 0 is
// deterministic, τ = 1 the reverse SDE of DDPM. Fewer answers than one stand for one.
func SASolver(predictor, corrector int, tau float64) drift.Solver {
	return adams{predictor: max(1, predictor), corrector: max(1, corrector), tau2: tau * tau}.solver()
}
