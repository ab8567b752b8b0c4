package figure

import (
	"context"
	"math"

	"drift"
)

// turning are the levels of an animation: with Alpha = cos θ and Sigma = sin θ up to
// scale, θ falls in equal steps, so that what is seen changes evenly.
func turning(p drift.Process, steps int) []drift.Level {
	levels := []drift.Level{p.Last()}
	for i := 1; i < steps; i++ {
		theta := math.Pi / 2 * (1 - float64(i)/float64(steps))
		if at := p.AtLambda(-math.Log(math.Tan(theta))); at.Lambda() > levels[len(levels)-1].Lambda() {
			levels = append(levels, at)
		}
	}
	return append(levels, p.AtLambda(math.Inf(1)))
}

// path walks x over levels and keeps where it stood at each of them.
func path(ctx context.Context, p drift.Process, d drift.Denoiser, s drift.Solver, levels []drift.Level, x *drift.Batch, noise *drift.Noise) ([]*drift.Batch, error) {
	var all []*drift.Batch
	for at, err := range (drift.Sampler{Process: p, Denoiser: d, Solver: s, Levels: levels, Noise: noise}).Walk(ctx, x) {
		if err != nil {
			return nil, err
		}
		all = append(all, at.X.Clone())
	}
	return all, nil
}

// started is noise at the first of levels.
func started(at drift.Level, n int, shape []int, seed uint64, purpose string) (*drift.Batch, *drift.Noise) {
	x, noise := drift.NewBatch(n, shape...), drift.NewNoise(seed, purpose, 0)
	noise.Normal(x)
	for i := range x.Data {
		x.Data[i] *= at.Sigma
	}
	return x, noise
}
