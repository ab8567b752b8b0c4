package exact_test

import (
	"math"
	"strings"
	"testing"

	"drift"
	"drift/exact"
)

// hills is the mixture most tests use: the plane, three parts of two classes, one
// covariance of each kind (isotropic, diagonal, full).
func hills(t testing.TB) *exact.Mixture {
	t.Helper()
	return must(t,
		exact.Gaussian{Weight: 2, Mean: []float64{-2, 1}, Cov: []float64{0.25, 0, 0, 0.25}, Class: 0},
		exact.Gaussian{Weight: 1, Mean: []float64{1.5, 0.5}, Cov: []float64{0.5, 0, 0, 0.1}, Class: 1},
		exact.Gaussian{Weight: 3, Mean: []float64{0, -1}, Cov: []float64{0.4, 0.25, 0.25, 0.3}, Class: 1},
	)
}

func must(t testing.TB, parts ...exact.Gaussian) *exact.Mixture {
	t.Helper()
	m, err := exact.NewMixture(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// someLevels are levels of every process from almost clean to the very end.
func someLevels() []drift.Level {
	levels := []drift.Level{drift.Clean}
	for _, p := range drift.Processes() {
		for _, t := range []float64{0.01, 0.2, 0.5, 0.9, 1} {
			levels = append(levels, p.At(t))
		}
	}
	return levels
}

// points lie around the mixture and far from it.
var points = [][]float64{{0, 0}, {-2, 1}, {1.7, 0.3}, {0.5, -2}, {4, 4}, {-9, 7}}

// TestDensity compares p_t(x) with the density written out for the plane, where the
// inverse and determinant of a covariance are elementary.
func TestDensity(t *testing.T) {
	m := hills(t)
	for _, at := range someLevels() {
		for _, x := range points {
			for class := -1; class < 2; class++ {
				got, want := m.LogDensity(x, at, class), math.Log(density2(m, x, at, class))
				if math.IsInf(want, -1) {
					continue // the elementary form underflows
				}
				if !near(got, want, 1e-9) {
					t.Fatalf("log p at %v of %v, class %d: got %v, want %v", x, at, class, got, want)
				}
			}
		}
	}
}

func density2(m *exact.Mixture, x []float64, at drift.Level, class int) float64 {
	p, total := 0.0, 0.0
	for _, g := range m.Parts() {
		if class >= 0 && g.Class != class {
			continue
		}
		a2, s2 := at.Alpha*at.Alpha, at.Sigma*at.Sigma
		a, b, c := a2*g.Cov[0]+s2, a2*g.Cov[1], a2*g.Cov[3]+s2
		u, v := x[0]-at.Alpha*g.Mean[0], x[1]-at.Alpha*g.Mean[1]
		det := a*c - b*b
		p += g.Weight * math.Exp(-(c*u*u-2*b*u*v+a*v*v)/(2*det)) / (2 * math.Pi * math.Sqrt(det))
		total += g.Weight
	}
	return p / total
}

// TestScoreIsSlope holds the score against central differences of the log density.
func TestScoreIsSlope(t *testing.T) {
	m := hills(t)
	got := make([]float64, 2)
	for _, at := range someLevels() {
		// The error of the difference is h²/6 times the third derivative, which is of the
		// order of the narrowest standard deviation to the power -3, plus rounding over h.
		width := math.Hypot(at.Alpha*0.2, at.Sigma)
		h := 1e-4 * width
		for _, x := range points {
			for class := -1; class < 2; class++ {
				m.Score(got, x, at, class)
				for j := range x {
					up, down := []float64{x[0], x[1]}, []float64{x[0], x[1]}
					up[j] += h
					down[j] -= h
					lp, ln := m.LogDensity(up, at, class), m.LogDensity(down, at, class)
					want := (lp - ln) / (2 * h)
					tol := 1e-6/width + 1e-14*math.Abs(lp)/h + 1e-7*math.Abs(want)
					if !(math.Abs(got[j]-want) <= tol) {
						t.Fatalf("score at %v of %v, class %d: got %v, want %v", x, at, class, got[j], want)
					}
				}
			}
		}
	}
}

// TestPosteriorMeanIsTweedie holds two separately written formulas together:
// E[x_0|x_t] = (x + Sigma²·∇ log p_t)/Alpha.
func TestPosteriorMeanIsTweedie(t *testing.T) {
	m := hills(t)
	score, mean := make([]float64, 2), make([]float64, 2)
	for _, at := range someLevels() {
		if at.Alpha == 0 {
			continue
		}
		for _, x := range points {
			m.Score(score, x, at, -1)
			m.PosteriorMean(mean, x, at, -1)
			for j := range x {
				want := (x[j] + at.Sigma*at.Sigma*score[j]) / at.Alpha
				tol := 1e-12 * (1 + (math.Abs(x[j])+at.Sigma*at.Sigma*math.Abs(score[j]))/at.Alpha)
				if !(math.Abs(mean[j]-want) <= tol) {
					t.Fatalf("posterior mean at %v of %v: got %v, want %v", x, at, mean[j], want)
				}
			}
		}
	}
}

func near(a, b, tol float64) bool { return math.Abs(a-b) <= tol*(1+math.Abs(b)) }

func TestNewMixtureRefuses(t *testing.T) {
	plane := func(change func(g *exact.Gaussian)) []exact.Gaussian {
		g := exact.Isotropic(1, []float64{0, 0}, 1, 0)
		h := exact.Isotropic(1, []float64{1, 1}, 1, 0)
		change(&h)
		return []exact.Gaussian{g, h}
	}
	for want, parts := range map[string][]exact.Gaussian{
		"no parts":                          nil,
		"dimension 0":                       {{Weight: 1}},
		"part 1: weight: found 0":           plane(func(g *exact.Gaussian) { g.Weight = 0 }),
		"part 1: weight: found NaN":         plane(func(g *exact.Gaussian) { g.Weight = math.NaN() }),
		"part 1: weight: found +Inf":        plane(func(g *exact.Gaussian) { g.Weight = math.Inf(1) }),
		"part 1: mean: found 1 values":      plane(func(g *exact.Gaussian) { g.Mean = g.Mean[:1] }),
		"part 1: mean: found -Inf":          plane(func(g *exact.Gaussian) { g.Mean[1] = math.Inf(-1) }),
		"part 1: cov: found 3 values":       plane(func(g *exact.Gaussian) { g.Cov = g.Cov[:3] }),
		"part 1: cov: found variance 0":     plane(func(g *exact.Gaussian) { g.Cov[3] = 0 }),
		"part 1: class: found -1":           plane(func(g *exact.Gaussian) { g.Class = -1 }),
		"found class 1000000 among 2 parts": plane(func(g *exact.Gaussian) { g.Class = 1000000 }),
		"found no part of class 0":          {exact.Isotropic(1, []float64{0}, 1, 1), exact.Isotropic(1, []float64{0}, 1, 1)},
		"sum to +Inf":                       {exact.Isotropic(1e308, []float64{0}, 1, 0), exact.Isotropic(1e308, []float64{0}, 1, 0)},
	} {
		if _, err := exact.NewMixture(parts...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
}

// TestMixtureIsImmutable: it keeps nothing of the caller's and gives nothing of its own.
func TestMixtureIsImmutable(t *testing.T) {
	g := exact.Isotropic(5, []float64{1, 2}, 1, 0)
	m := must(t, g)
	want := m.LogDensity([]float64{0, 0}, drift.Clean, -1)
	g.Mean[0], g.Cov[0] = 9, 9
	p := m.Parts()[0]
	if p.Weight != 1 || p.Mean[0] != 1 || p.Cov[0] != 1 {
		t.Errorf("found part %v, expected weight 1 and the numbers given", p)
	}
	p.Mean[0], p.Cov[0] = 9, 9
	if got := m.LogDensity([]float64{0, 0}, drift.Clean, -1); got != want {
		t.Errorf("found %v after meddling, expected %v", got, want)
	}
}
