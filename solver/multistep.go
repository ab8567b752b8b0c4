package solver

import "drift"

// multistep is the frame of methods that go by the noise of the last few steps:
// ε̄ = Σ_j w_j·ε_j moves x in place of the newest ε. weigh gives the weights for
// levels that are known, newest first, on the way to the next.
func multistep(keep int, weigh func(at []drift.Level, to drift.Level) []float64) drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		var past history // of ε
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			past.add(from, noiseOf(x, clean, from), keep)
			if !finite(from, to) {
				move(x, clean, from, to, to.Sigma)
				return nil
			}
			slide(x, combine(weigh(past.at, to), past.value), from, to)
			return nil
		}
	}
}
