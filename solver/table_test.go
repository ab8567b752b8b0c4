package solver_test

import (
	"slices"
	"testing"

	"drift"
	"drift/solver"
)

// TestTableTellsTheTruth holds what each row says of its solver against what the
// solver does between two finite λ: how often a step asks the denoiser, and whether
// other noise leads elsewhere.
func TestTableTellsTheTruth(t *testing.T) {
	const steps = 10
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	problem := threeHills(t)
	levels := uniform(p, [2]float64{-2, 2}, steps)
	start := problem.start(levels[0])
	for _, s := range solver.All() {
		calls := 0
		counted := drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
			calls++
			return problem.mixture.Denoiser(nil).Denoise(dst, x, at)
		})
		end := func(seed uint64) *drift.Batch {
			x := start.Clone()
			walk(t, drift.Sampler{Process: p, Denoiser: counted, Solver: s.New(), Levels: levels, Noise: drift.NewNoise(seed, "table test", 0)}, x)
			return x
		}
		one := end(1)
		if calls != steps*s.NFE {
			t.Errorf("%s: found %d evaluations in %d steps, expected %d a step", s.Name, calls, steps, s.NFE)
		}
		if distance(one, end(1)) != 0 {
			t.Errorf("%s: found two ends from one start with the same noise", s.Name)
		}
		if other := distance(one, end(2)) > 0; other != s.Stochastic {
			t.Errorf("%s: found that other noise leads elsewhere: %v, expected %v", s.Name, other, s.Stochastic)
		}
		if s.Stochastic != (s.Order == 0) || s.Source == "" {
			t.Errorf("%s: found order %d, stochastic %v, source %q, expected an order for deterministic solvers alone, and a source", s.Name, s.Order, s.Stochastic, s.Source)
		}
		if found, err := solver.ByName(s.Name); err != nil || found.Name != s.Name {
			t.Errorf("%s: found %q by its name (%v)", s.Name, found.Name, err)
		}
	}
	if _, err := solver.ByName("nonesuch"); err == nil {
		t.Error("found a solver called nonesuch")
	}
}

// TestNeighboursDoNotMatter: a sample comes to the same place, to the bit, whoever
// shares its batch, with every solver from pure noise to data.
func TestNeighboursDoNotMatter(t *testing.T) {
	m := threeHills(t).mixture
	for _, name := range []string{"flow", "edm"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		levels, err := drift.Grid(p, 12)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range solver.All() {
			end := func(first, n int) *drift.Batch {
				x := drift.NewBatch(n, 2)
				sampler := drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: s.New(), Levels: levels, Noise: drift.NewNoise(6, "neighbours", first)}
				if err := sampler.Start(x); err != nil {
					t.Fatal(err)
				}
				walk(t, sampler, x)
				return x
			}
			all := end(0, 7)
			for i := range 7 {
				if alone := end(i, 1); !slices.Equal(alone.Data, all.Row(i)) {
					t.Errorf("%s, %s: sample %d: found %v alone and %v in a batch", s.Name, name, i, alone.Data, all.Row(i))
				}
			}
		}
	}
}
