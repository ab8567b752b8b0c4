package exact_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
)

// TestMoments compares with integrals of the density over the plane.
func TestMoments(t *testing.T) {
	m := hills(t)
	for class := -1; class < 2; class++ {
		for _, at := range []drift.Level{drift.Clean, {Alpha: 0.6, Sigma: 0.8}, {Alpha: 1, Sigma: 2}} {
			var mean [2]float64
			var second [4]float64
			grid2(16, 0.1, func(x []float64, cell float64) {
				f := cell * density2(m, x, at, class)
				for i := range 2 {
					mean[i] += f * x[i]
					for j := range 2 {
						second[i*2+j] += f * x[i] * x[j]
					}
				}
			})
			gotMean, gotCov := m.Moments(at, class)
			for i := range 2 {
				if !near(gotMean[i], mean[i], 1e-9) {
					t.Errorf("class %d at %v: found mean %v, expected %v", class, at, gotMean, mean)
				}
				for j := range 2 {
					if want := second[i*2+j] - mean[i]*mean[j]; !near(gotCov[i*2+j], want, 1e-9) {
						t.Errorf("class %d at %v: found covariance %v at %d, %d, expected %v", class, at, gotCov[i*2+j], i, j, want)
					}
				}
			}
		}
	}
}

// article is two round hills at (10, 20) and (5, 25), of standard deviation 1, in
// the standardised units in which they are diffused.
func article(t testing.TB) *exact.Mixture {
	t.Helper()
	m := must(t, exact.Isotropic(1, []float64{10, 20}, 1, 0), exact.Isotropic(1, []float64{5, 25}, 1, 1))
	mean, cov := m.Moments(drift.Clean, -1)
	return m.Affine(mean, []float64{math.Sqrt(cov[0]), math.Sqrt(cov[3])})
}

// TestTerminalKL states how far each process leaves the article's hills from the
// noise that sampling starts with, in nats. By hand: the standardised hills have
// |μ|² = 2·6.25/7.25 = 1.7241 and v = 1/7.25, so the bound is ½·ρ²·1.7241 + ½·Σ(ρ²v)²/2 …
// with ρ² = 4.32e-5 for vp (Alpha² = exp(-10.05)) and 1/6400 for edm.
func TestTerminalKL(t *testing.T) {
	m := article(t)
	want := map[string]float64{"vp": 3.723e-5, "cosine": 0, "edm": 1.347e-4, "flow": 0}
	for _, p := range drift.Processes() {
		stated, ok := want[p.Name]
		if !ok {
			continue
		}
		got := m.TerminalKL(p.Last())
		if !(math.Abs(got-stated) <= 1e-3*stated) {
			t.Errorf("%s: found KL ≤ %v nats at t = 1, stated %v", p.Name, got, stated)
		}
		truth := klToNoise(m, p.Last())
		if truth > got+1e-12 {
			t.Errorf("%s: found the bound %v, below the KL %v itself", p.Name, got, truth)
		}
		t.Logf("%s: KL(p_T ‖ N(0, %.4g²·I)) = %.3g nats, bound %.4g", p.Name, p.Last().Sigma, max(truth, 0), got)
	}
}

// TestKLBound compares with the integral at levels where the two are far apart from
// 0: above it for a mixture, equal for one Gaussian.
func TestKLBound(t *testing.T) {
	one := must(t, exact.Gaussian{Weight: 1, Mean: []float64{0.5, -0.3}, Cov: []float64{0.4, 0.25, 0.25, 0.3}})
	for _, at := range []drift.Level{{Alpha: 0.8, Sigma: 0.6}, {Alpha: 0.5, Sigma: 0.5}, {Alpha: 1, Sigma: 2}, {Alpha: 0.1, Sigma: 1}} {
		if got, want := one.TerminalKL(at), klToNoise(one, at); !near(got, want, 1e-8) {
			t.Errorf("one Gaussian at %v: found %v, expected %v", at, got, want)
		}
		m := article(t)
		if got, truth := m.TerminalKL(at), klToNoise(m, at); !(got > truth && truth > 0) {
			t.Errorf("two hills at %v: found the bound %v for a KL of %v", at, got, truth)
		}
	}
	if kl := one.TerminalKL(drift.Clean); !math.IsInf(kl, 1) {
		t.Errorf("no noise at all: found %v, expected +Inf", kl)
	}
	if kl := one.TerminalKL(drift.Level{Sigma: 3}); kl != 0 {
		t.Errorf("no signal at all: found %v, expected 0", kl)
	}
}

// klToNoise integrates p·log(p/q) over the plane, q = N(0, Sigma²·I).
func klToNoise(m *exact.Mixture, at drift.Level) float64 {
	_, cov := m.Moments(at, -1)
	s := math.Sqrt(max(cov[0], cov[3]))
	kl := 0.0
	grid2(9*s, s/16, func(x []float64, cell float64) {
		p := density2(m, x, at, -1)
		if p == 0 {
			return
		}
		logQ := -(x[0]*x[0]+x[1]*x[1])/(2*at.Sigma*at.Sigma) - math.Log(2*math.Pi*at.Sigma*at.Sigma)
		kl += cell * p * (math.Log(p) - logQ)
	})
	return kl
}

// TestAffine moves a mixture to other units: the density gains the determinant, the
// moments move, and coming back gives the first mixture.
func TestAffine(t *testing.T) {
	m := hills(t)
	mean, std := []float64{3, -1}, []float64{2, 0.5}
	a := m.Affine(mean, std)
	for _, x := range points {
		y := []float64{(x[0] - 3) / 2, (x[1] + 1) / 0.5}
		for class := -1; class < 2; class++ {
			got, want := a.LogDensity(y, drift.Clean, class), m.LogDensity(x, drift.Clean, class)+math.Log(2*0.5)
			if !near(got, want, 1e-12) {
				t.Errorf("density at %v, class %d: found %v, expected %v", y, class, got, want)
			}
		}
	}
	back := a.Affine([]float64{-1.5, 2}, []float64{0.5, 2})
	for k, g := range back.Parts() {
		for j, v := range m.Parts()[k].Cov {
			if !near(g.Cov[j], v, 1e-14) {
				t.Errorf("and back: found covariance %v in part %d, expected %v", g.Cov, k, m.Parts()[k].Cov)
			}
		}
		for j, v := range m.Parts()[k].Mean {
			if !near(g.Mean[j], v, 1e-14) {
				t.Errorf("and back: found mean %v in part %d, expected %v", g.Mean, k, m.Parts()[k].Mean)
			}
		}
	}
	if m.Affine(nil, nil) == nil {
		t.Error("found nil for no change at all")
	}
	for _, bad := range [][2][]float64{{{0}, {1, 1}}, {{0, 0}, {1}}, {{0, 0}, {1, 0}}, {{0, 0}, {1, -1}}, {{0, 0}, {1, math.NaN()}}, {{math.NaN(), 0}, {1, 1}}} {
		if m.Affine(bad[0], bad[1]) != nil {
			t.Errorf("mean %v, std %v: found a mixture, expected nil", bad[0], bad[1])
		}
	}
}
