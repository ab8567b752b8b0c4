package solver_test

import (
	"math"
	"slices"
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
	type grid struct {
		spacing drift.Spacing
		steps   int
	}
	var grids []grid
	for i, spacing := range drift.Spacings() {
		for _, steps := range []int{1, 2, 3, 4, 10, 40} {
			if i == 0 || steps == 3 || steps == 10 {
				grids = append(grids, grid{spacing, steps})
			}
		}
	}
	for _, p := range drift.Processes() {
		for _, s := range solver.All() {
			for _, grid := range grids {
				steps := grid.steps
				levels, err := grid.spacing.Levels(p, steps)
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
					t.Errorf("%s, %s, %s of %d steps: found other samples than the last answer of the denoiser", s.Name, p.Name, grid.spacing.Name, steps)
				}
			}
		}
	}
}

// TestInversionEnds walks from little noise up the usual grid to the last level, where
// λ may be -Inf: for Gaussian data the samples must come to where the flow carries them.
func TestInversionEnds(t *testing.T) {
	problem := oneHill(t)
	for _, p := range drift.Processes() {
		levels, err := drift.Grid(p, 201)
		if err != nil {
			t.Fatal(err)
		}
		levels = levels[:201]
		slices.Reverse(levels)
		for _, s := range solver.All() {
			if s.Stochastic {
				continue
			}
			x := problem.start(levels[0])
			want := problem.solve(x, levels[0], levels[200])
			walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: levels}, x)
			// Of first order, the best ends within some percent of the last Sigma.
			if off := distance(x, want) / levels[200].Sigma; !(off <= 0.1) || s.Order > 1 && !(off <= 0.02) {
				t.Errorf("%s, %s: found an error of %.3g times Sigma", s.Name, p.Name, off)
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
		walk(t, drift.Sampler{Process: drift.Processes()[0], Denoiser: m.Denoiser(nil), Solver: s.New(), Levels: []drift.Level{{Sigma: 1}, drift.Clean}, Noise: drift.NewNoise(1, "one step, on the way", 0)}, x)
		for i, v := range x.Data {
			if !(math.Abs(v-mu[i%2]) <= 1e-12) {
				t.Errorf("%s: found %v, expected the mean %v", s.Name, x.Row(i/2), mu)
			}
		}
	}
}
