package solver

import "drift"

// adams is the frame of predictor-corrector methods in λ. The predictor lays a
// polynomial through the denoiser's last predictor answers, integrates it exactly
// over the step of the reverse SDE with noise τ, and at its end the denoiser answers
// anew. The corrector takes the same step again, with the same noise, the new answer
// and the corrector answers before it; its x goes on, with no further evaluation.
//
// A mean over two nodes may be the plain one (halves), which is as good in order.
type adams struct {
	predictor, corrector int
	tau2                 float64
	halves               bool
}

func (a adams) solver() drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		var past history              // of D
		var start, fresh *drift.Batch // x before the last step, and its noise
		var reach int                 // answers that the corrector may use
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			if start != nil {
				last, n := past.at[0], min(reach, len(past.at))
				levels, values := append(past.at[:n:n], from), append(past.value[:n:n], clean)
				copy(x.Data, start.Data)
				renewBy(x, a.mean(levels, values, last, from), last, from, renewed(last, from, a.tau2), fresh)
				start = nil
			}
			past.add(from, clean, max(a.predictor, a.corrector))
			share, used := renewed(from, to, a.tau2), clean
			fresh = draw(x, to.Sigma*share, noise)
			if finite(from, to) {
				n := min(a.predictor, len(past.at))
				start, reach = x.Clone(), min(a.corrector, len(past.at))
				used = a.mean(past.at[:n], past.value[:n], from, to)
			}
			renewBy(x, used, from, to, share, fresh)
			return nil
		}
	}
}

// mean is that of the polynomial through values at levels, over the step of the SDE.
func (a adams) mean(levels []drift.Level, values []*drift.Batch, from, to drift.Level) *drift.Batch {
	z := (1 + a.tau2) * (to.Lambda() - from.Lambda())
	if a.halves && len(levels) == 2 {
		z = 0
	}
	return combine(weights(nodes(levels, to, drift.Level.Lambda), exponential(z)), values)
}
