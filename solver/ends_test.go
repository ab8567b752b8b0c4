package solver_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
	"drift/solver"
)

// TestEnds walks every solver down the usual grid of every process, where λ is
// infinite at the last level and, for cosine and flow, at the first. Every number
// must be finite, the denoiser must be asked only at levels of the process with
// Sigma > 0, and the step into Sigma = 0 must be x = D(x) to the bit.
func TestEnds(t *testing.T) {
	m := threeHills(t).mixture
	for _, p := range drift.Processes() {
		for _, s := range solver.All() {
			for _, steps := range []int{1, 2, 3, 4, 10, 40} {
				levels, err := drift.Grid(p, steps)
				if err != nil {
					t.Fatal(err)
				}
				var last *drift.Batch // the denoiser's answer so far
				d := drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
					if at.Valid() != nil || at.Sigma == 0 {
						t.Errorf("%s, %s: asked at %v, expected Sigma > 0", s.Name, p.Name, at)
					}
					if c := p.AtLambda(at.Lambda()); !(math.Abs(c.Alpha-at.Alpha)+math.Abs(c.Sigma-at.Sigma) <= 1e-9*(at.Alpha+at.Sigma)) {
						t.Errorf("%s, %s: asked at %v, expected %v on the curve", s.Name, p.Name, at, c)
					}
					err := m.Denoiser(nil).Denoise(dst, x, at)
					last = dst.Clone()
					return err
				})
				sampler := drift.Sampler{Process: p, Denoiser: d, Solver: s.New(), Levels: levels, Noise: drift.NewNoise(1, "ends test", 0)}
				x := drift.NewBatch(50, 2)
				if err := sampler.Start(x); err != nil {
					t.Fatal(err)
				}
				walk(t, sampler, x) // fails on anything not finite
				if distance(x, last) != 0 {
					t.Errorf("%s, %s, %d steps: found other samples than the last answer of the denoiser", s.Name, p.Name, steps)
				}
			}
		}
	}
}

// TestEndsAreRight follows deterministic solvers down the same grids to where a
// Gaussian's closed form says that each start must end. What the grid itself leaves
// out at Sigma/Alpha below 0.002 and above 80 is of order (0.002/s)² and (s/80)².
func TestEndsAreRight(t *testing.T) {
	problem := oneHill(t)
	for _, p := range drift.Processes() {
		for _, s := range solver.All() {
			if s.Stochastic {
				continue
			}
			off := func(steps int) float64 {
				levels, err := drift.Grid(p, steps)
				if err != nil {
					t.Fatal(err)
				}
				sampler := drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: levels, Noise: drift.NewNoise(1, "ends test", 0)}
				x := drift.NewBatch(50, 2)
				if err := sampler.Start(x); err != nil {
					t.Fatal(err)
				}
				want := problem.solve(x, levels[0], drift.Clean)
				walk(t, sampler, x)
				return distance(x, want)
			}
			few, many := off(20), off(160)
			if limit := 5 * math.Pow(8, -float64(s.Order)); many > limit*few && many > 1e-4 {
				t.Errorf("%s, %s: found an error of %.3g with 160 steps and %.3g with 20, expected it to shrink to %.3g of that", s.Name, p.Name, many, few, limit)
			}
			if many > 0.02 {
				t.Errorf("%s, %s: found an error of %.3g with 160 steps, expected less than 0.02", s.Name, p.Name, many)
			}
		}
	}
}

// TestOneStep: from pure noise, one step can only know the mean of the data.
func TestOneStep(t *testing.T) {
	mu := []float64{3, -2}
	m, err := exact.NewMixture(exact.Isotropic(1, mu, 0.5, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range solver.All() {
		x := drift.NewBatch(4, 2)
		drift.NewNoise(1, "one step", 0).Normal(x)
		walk(t, drift.Sampler{Denoiser: m.Denoiser(nil), Solver: s.New(), Levels: []drift.Level{{Sigma: 1}, drift.Clean}}, x)
		for i, v := range x.Data {
			if !(math.Abs(v-mu[i%2]) <= 1e-12) {
				t.Errorf("%s: found %v, expected the mean %v", s.Name, x.Row(i/2), mu)
			}
		}
	}
}
