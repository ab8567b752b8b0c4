package edit

import (
	"fmt"
	"math"

	"drift"
)

// Vary starts a walk that keeps something of samples (SDEdit: Meng et al. 2022,
// arXiv:2108.01073, algorithm 1): strength 1 is all of the levels, which keeps nothing,
// and less, above 0, only their last share, of at least one step. It returns the levels that are left, and takes x,
// clean samples, to the first of them: x_t = Alpha·x_0 + Sigma·ε.
func Vary(x *drift.Batch, levels []drift.Level, strength float64, noise *drift.Noise) ([]drift.Level, error) {
	if !(strength > 0) || strength > 1 {
		return nil, fmt.Errorf("strength: found %v, expected above 0 and at most 1", strength)
	}
	steps := len(levels) - 1
	if steps < 1 {
		return nil, fmt.Errorf("levels: found %d, expected at least 2", len(levels))
	}
	left := levels[steps-max(1, int(math.Round(strength*float64(steps)))):]
	at, eps := left[0], x.Like()
	noise.Normal(eps)
	for i, v := range eps.Data {
		x.Data[i] = at.Alpha*x.Data[i] + at.Sigma*v
	}
	return left, nil
}
