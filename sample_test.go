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
