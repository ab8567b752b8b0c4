package exact_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
)

// TestNeverNaN walks to the edges of what a level and a point can be.
func TestNeverNaN(t *testing.T) {
	sizes := []float64{0, 1e-200, 1e-30, 1e-12, 1e-6, 1, 1e6, 1e12, 1e30, 1e200}
	for name, m := range map[string]*exact.Mixture{"hills": hills(t), "five": five(t)} {
		dst := make([]float64, m.Dim())
		for _, alpha := range []float64{0, 1e-200, 1e-12, 0.5, 1, 1e12} {
			for _, sigma := range sizes {
				at := drift.Level{Alpha: alpha, Sigma: sigma}
				if at.Valid() != nil || alpha < 1e-100 && sigma < 1e-100 {
					continue // noise and signal so small that their densities exceed all floats
				}
				for _, size := range []float64{0, 1e-200, 1e-12, 1, 1e6, 1e100} {
					x := make([]float64, m.Dim())
					for j := range x {
						x[j] = size * float64(j+1) * math.Pow(-1, float64(j))
					}
					if l := m.LogDensity(x, at, -1); math.IsNaN(l) || math.IsInf(l, 1) {
						t.Fatalf("%s: log p at %v of %v: found %v", name, x, at, l)
					}
					m.Score(dst, x, at, -1)
					noNaN(t, dst, name, "score", x, at)
					m.PosteriorMean(dst, x, at, -1)
					noNaN(t, dst, name, "posterior mean", x, at)
				}
			}
		}
	}
}

func noNaN(t *testing.T, v []float64, name, what string, x []float64, at drift.Level) {
	t.Helper()
	for _, f := range v {
		if math.IsNaN(f) {
			t.Fatalf("%s: %s at %v of %v: found %v", name, what, x, at, v)
		}
	}
}

// TestPosteriorMeanLimits: pure noise says nothing, so the answer is the mean of the
// class; no noise says all, so it is x/Alpha; and both are approached on the way.
func TestPosteriorMeanLimits(t *testing.T) {
	m := five(t)
	got := make([]float64, 5)
	x := []float64{0.3, -1, 2, 0.1, 0.7}
	for class := -1; class < 3; class++ {
		mean, _ := m.Moments(drift.Clean, class)
		for _, c := range []struct {
			at  drift.Level
			tol float64
		}{
			{drift.Level{Alpha: 0, Sigma: 1}, 1e-14},
			{drift.Level{Alpha: 0, Sigma: 1e9}, 1e-14},
			{drift.Level{Alpha: 1e-9, Sigma: 1}, 1e-7},
			{drift.Level{Alpha: 1, Sigma: 1e9}, 1e-7},
		} {
			m.PosteriorMean(got, x, c.at, class)
			for j, v := range got {
				if !(math.Abs(v-mean[j]) <= c.tol) {
					t.Errorf("class %d at %v: found %v, expected the mean %v", class, c.at, v, mean[j])
				}
			}
		}
		for _, at := range []drift.Level{drift.Clean, {Alpha: 0.5}, {Alpha: 1, Sigma: 1e-9}, {Alpha: 2, Sigma: 1e-200}} {
			m.PosteriorMean(got, x, at, class)
			for j, v := range got {
				if !(math.Abs(v-x[j]/at.Alpha) <= 1e-13) {
					t.Errorf("class %d at %v: found %v, expected %v", class, at, v, x[j]/at.Alpha)
				}
			}
		}
	}
}

// TestFarOut: where every density underflows, the part that is nearest in its own
// standard deviations decides, as it does just before.
func TestFarOut(t *testing.T) {
	m := must(t, exact.Isotropic(1, []float64{0}, 1, 0), exact.Isotropic(1, []float64{5}, 2, 0))
	for _, x := range []float64{1e3, 1e150, 1e160} {
		got := make([]float64, 1)
		m.Score(got, []float64{x}, drift.Clean, -1)
		if want := -(x - 5) / 4; !near(got[0], want, 1e-12) {
			t.Errorf("score at %v: found %v, expected %v of the wider part", x, got[0], want)
		}
	}
}

// TestNoAnswer: what has no answer is NaN, or a density of 0, and never a panic.
func TestNoAnswer(t *testing.T) {
	m := hills(t)
	dst := []float64{0, 0}
	if l := m.LogDensity([]float64{0, 0}, drift.Clean, 2); !math.IsInf(l, -1) {
		t.Errorf("class 2 of 2: found log density %v, expected -Inf", l)
	}
	if l := m.LogDensity([]float64{0}, drift.Clean, -1); !math.IsNaN(l) {
		t.Errorf("one value in the plane: found log density %v, expected NaN", l)
	}
	for name, call := range map[string]func(){
		"score, class 2":             func() { m.Score(dst, []float64{0, 0}, drift.Clean, 2) },
		"score, class -2":            func() { m.Score(dst, []float64{0, 0}, drift.Clean, -2) },
		"posterior mean, class 2":    func() { m.PosteriorMean(dst, []float64{0, 0}, drift.Clean, 2) },
		"posterior mean, short x":    func() { m.PosteriorMean(dst, []float64{0}, drift.Clean, -1) },
		"moments of a missing class": func() { dst, _ = m.Moments(drift.Clean, 2) },
	} {
		dst = []float64{0, 0}
		if call(); !math.IsNaN(dst[0]) || !math.IsNaN(dst[1]) {
			t.Errorf("%s: found %v, expected NaN", name, dst)
		}
	}
}
