package drift_test

import (
	"math"
	"slices"
	"testing"

	"drift"
)

// Every distribution's quantile against its distribution function, written out anew:
// the chance of a level with less noise than the one at u is u.
func TestTrainLevelsAreQuantiles(t *testing.T) {
	normal := func(z float64) float64 { return math.Erfc(-z/math.Sqrt2) / 2 }
	chance := map[string]func(p drift.Process, l drift.Level, time float64) float64{
		"uniform": func(_ drift.Process, _ drift.Level, time float64) float64 { return time },
		"log-normal": func(_ drift.Process, l drift.Level, _ float64) float64 {
			return normal((math.Log(l.Ratio()) + 1.2) / 1.2)
		},
		"logit-normal": func(_ drift.Process, _ drift.Level, time float64) float64 {
			return normal(math.Log(time) - math.Log1p(-time))
		},
	}
	for _, p := range drift.Processes() {
		for _, levels := range drift.AllTrainLevels() {
			for u := 0.01; u < 1; u += 0.01 {
				l := levels.At(p, u)
				lo, hi := 0.0, 1.0 // the time of the level
				for range 100 {
					if middle := (lo + hi) / 2; p.Lambda(middle) > l.Lambda() {
						lo = middle
					} else {
						hi = middle
					}
				}
				near(t, p.Name+" "+levels.Name, chance[levels.Name](p, l, lo), u, 1e-9)
			}
			for _, u := range []float64{0, 1} {
				if err := levels.At(p, u).Valid(); err != nil {
					t.Errorf("%s, %s: at u = %v: %v", p.Name, levels.Name, u, err)
				}
			}
		}
	}
	if _, err := drift.TrainLevelsByName("nonesuch"); err == nil {
		t.Error("found training levels called nonesuch")
	}
}

func TestLossWeights(t *testing.T) {
	for snr, want := range map[float64][]float64{ // in the order of the table
		1:    {2, 1, 1, 1, 0.8},
		4:    {5, 4, 1, 4, 2},
		100:  {101, 100, 1, 5, 400. / 104},
		0.01: {1.01, 0.01, 1, 0.01, 0.04 / 4.01},
	} {
		for i, w := range drift.LossWeights() {
			near(t, w.Name, w.Of(drift.Circle(math.Log(snr)/2)), want[i], 1e-12)
			near(t, w.Name, w.Of(drift.Straight(math.Log(snr)/2)), want[i], 1e-12)
		}
	}
	for _, name := range []string{"min-snr", "soft-min-snr"} {
		w, err := drift.LossWeightByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if clean, noise := w.Of(drift.Clean), w.Of(drift.Level{Sigma: 1}); clean != []float64{5, 4}[slices.Index([]string{"min-snr", "soft-min-snr"}, name)] || noise != 0 {
			t.Errorf("%s: found %v for data and %v for noise", name, clean, noise)
		}
	}
	// The first is the error in units of what unit Gaussian data leave unknown.
	first := drift.LossWeights()[0]
	for _, k := range drift.Predictions() {
		for lambda := -5.0; lambda <= 5; lambda++ {
			at := drift.Circle(lambda)
			_, out, _, _ := k.Precond(at)
			near(t, k.Name, first.OnTarget(k, at), out*out/(at.Sigma*at.Sigma), 1e-12)
		}
	}
	if _, err := drift.LossWeightByName("nonesuch"); err == nil {
		t.Error("found a loss weight called nonesuch")
	}
}
