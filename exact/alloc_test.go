//go:build !race

package exact_test

import (
	"testing"

	"drift"
)

// TestNoAllocation: a point costs no memory (under the race detector a pool forgets
// on purpose, so this is not asked there).
func TestNoAllocation(t *testing.T) {
	m := five(t)
	x, dst := make([]float64, 5), make([]float64, 5)
	at := drift.Level{Alpha: 0.6, Sigma: 0.8}
	for name, call := range map[string]func(){
		"log density":    func() { m.LogDensity(x, at, -1) },
		"score":          func() { m.Score(dst, x, at, 1) },
		"posterior mean": func() { m.PosteriorMean(dst, x, at, -1) },
	} {
		if n := testing.AllocsPerRun(1000, call); n > 0 {
			t.Errorf("%s: found %v allocations a point, expected none", name, n)
		}
	}
}
