package solver

import "drift"

// UniPC is the unified predictor-corrector of Zhao et al. 2023 (arXiv:2302.04867)
// for p = 1, 2, 3, in data prediction (their appendix A.2): UniP-p (algorithm 2)
// followed by UniC-p (algorithm 1), of order p + 1 together.
//
// Their linear systems (eq. 5 and 9) ask that the weights be right for each power of
// v up to the number of nodes: the exact integral of the polynomial through them,
// whatever B(h). With two nodes they take ½ instead (appendix F), and so does this.
func UniPC(p int) drift.Solver {
	return adams{predictor: p, corrector: p, halves: true}.solver()
}
