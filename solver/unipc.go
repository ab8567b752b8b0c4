package solver

import "drift"

// UniPC is the unified predictor-corrector of Zhao et al. 2023 (arXiv:2302.04867)
// for p = 1, 2, 3 (below 1 stands for 1), in data prediction: UniP-p (algorithm 2) followed by UniC-p
// (algorithm 1), of order p + 1 together.
//
// Their linear system R_p(h)·a_p·B(h) = φ_p(h) (theorem 3.1) asks that the weights be
// right for each power of v up to the number of nodes: the exact integral of the
// polynomial through them, whatever B(h). With two nodes they take a = ½ instead of
// solving it, and so does this.
func UniPC(p int) drift.Solver {
	p = max(1, p)
	return adams{predictor: p, corrector: p, halves: true}.solver()
}
