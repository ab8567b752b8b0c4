package drift_test

import (
	"context"
	"math"
	"strings"
	"testing"

	"drift"
	"drift/solver"
)

// A walk says what is wrong with its levels before it asks anything of a denoiser.
func TestWalkRefusesLevels(t *testing.T) {
	never := drift.DenoiserFunc(func(_, _ *drift.Batch, at drift.Level) error {
		t.Errorf("asked at %v", at)
		return nil
	})
	for want, levels := range map[string][]drift.Level{
		"found 0":                 nil,
		"found 1":                 {{Sigma: 1}},
		"at 0 of 1":               {drift.Clean, {Alpha: 1, Sigma: 1}},
		"at 1 of 2":               {{Sigma: 1}, drift.Clean, drift.Clean},
		"(α=NaN, σ=1) at 1 of 1":  {{Sigma: 1}, {Alpha: math.NaN(), Sigma: 1}},
		"(α=-1, σ=1) at 0 of 1":   {{Alpha: -1, Sigma: 1}, drift.Clean},
		"(α=1, σ=+Inf) at 0 of 1": {{Alpha: 1, Sigma: math.Inf(1)}, drift.Clean},
	} {
		failed := false
		for _, err := range (drift.Sampler{Denoiser: never, Solver: solver.Heun(), Levels: levels}).Walk(context.Background(), drift.NewBatch(1, 1)) {
			if failed = err != nil && strings.Contains(err.Error(), want); !failed {
				t.Errorf("found error %v, expected one that says %q", err, want)
			}
			break
		}
		if !failed {
			t.Errorf("%v: found no error", levels)
		}
	}
}

// What a sampler lacks is named, noise only where it is asked for.
func TestSamplersLackNothing(t *testing.T) {
	p := drift.Processes()[0]
	zero := drift.DenoiserFunc(func(dst, _ *drift.Batch, _ drift.Level) error { clear(dst.Data); return nil })
	whole := drift.Sampler{Process: p, Denoiser: zero, Solver: solver.Heun(), Levels: []drift.Level{{Alpha: 0.6, Sigma: 0.8}, {Alpha: 0.8, Sigma: 0.6}, drift.Clean}, Noise: drift.NewNoise(1, "test", 0)}
	walk := func(s drift.Sampler) (last error) {
		for _, err := range s.Walk(context.Background(), drift.NewBatch(1, 1)) {
			last = err
		}
		return last
	}
	for want, change := range map[string]func(*drift.Sampler){
		"process": func(s *drift.Sampler) { s.Process = drift.Process{} }, "denoiser": func(s *drift.Sampler) { s.Denoiser = nil },
		"solver": func(s *drift.Sampler) { s.Solver = nil }, "noise": func(s *drift.Sampler) { s.Solver, s.Noise = solver.DDPM(), nil },
	} {
		s := whole
		change(&s)
		if err := walk(s); err == nil || !strings.Contains(err.Error(), want+": found none") {
			t.Errorf("%s: found error %v, expected one that names it", want, err)
		}
	}
	whole.Noise = nil
	if err := walk(whole); err != nil {
		t.Errorf("a solver that adds no noise: %v", err)
	}
	if err := whole.Start(drift.NewBatch(1, 1)); err == nil || !strings.Contains(err.Error(), "noise: found none") {
		t.Errorf("a start without noise: found error %v", err)
	}
}
