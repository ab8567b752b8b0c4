package exact_test

import (
	"math"
	"testing"

	"drift"
)

// grid2 sums f over a fine grid of the square [-reach, reach]². For Gaussians the
// trapezoid rule, which this is, converges faster than any power of the spacing: with
// k points a standard deviation the error is about exp(-2π²k²) (Trefethen &
// Weideman 2014, section 3), nothing for k ≥ 1.5.
func grid2(reach, spacing float64, f func(x []float64, cell float64)) {
	n := int(math.Ceil(reach / spacing))
	for i := -n; i <= n; i++ {
		for j := -n; j <= n; j++ {
			f([]float64{float64(i) * spacing, float64(j) * spacing}, spacing*spacing)
		}
	}
}

// TestByIntegration holds density, score and posterior mean against their
// definitions, with nothing of the closed form but the density of the data:
//
//	p_t(x) = ∫ p(x_0)·N(x; Alpha·x_0, Sigma²·I) dx_0
//	E[x_0|x] = ∫ x_0·p(x_0)·N(…) dx_0 / p_t(x)
//	∇ log p_t(x) = ∫ (Alpha·x_0 - x)/Sigma²·p(x_0)·N(…) dx_0 / p_t(x)
func TestByIntegration(t *testing.T) {
	m := hills(t)
	levels := []drift.Level{{Alpha: 0.9, Sigma: 0.436}, {Alpha: 1, Sigma: 0.3}, {Alpha: 1, Sigma: 3}, {Alpha: 0.4, Sigma: 0.6}, {Alpha: 0, Sigma: 1}}
	mean, score := make([]float64, 2), make([]float64, 2)
	for class := -1; class < 2; class++ {
		for _, at := range levels {
			for _, x := range [][]float64{{0, 0}, {-1.5, 1}, {1, -0.5}} {
				var p, m0, m1, s0, s1 float64
				// The narrowest direction of the mixture has a standard deviation of 0.30.
				grid2(8, 0.06, func(x0 []float64, cell float64) {
					u, v := x[0]-at.Alpha*x0[0], x[1]-at.Alpha*x0[1]
					s2 := at.Sigma * at.Sigma
					f := cell * density2(m, x0, drift.Clean, class) * math.Exp(-(u*u+v*v)/(2*s2)) / (2 * math.Pi * s2)
					p += f
					m0, m1 = m0+f*x0[0], m1+f*x0[1]
					s0, s1 = s0-f*u/s2, s1-f*v/s2
				})
				m.PosteriorMean(mean, x, at, class)
				m.Score(score, x, at, class)
				for _, c := range []struct {
					what      string
					got, want float64
				}{
					{"log p", m.LogDensity(x, at, class), math.Log(p)},
					{"mean 1", mean[0], m0 / p}, {"mean 2", mean[1], m1 / p},
					{"score 1", score[0], s0 / p}, {"score 2", score[1], s1 / p},
				} {
					if !near(c.got, c.want, 1e-9) {
						t.Errorf("%s of class %d at %v of %v: found %v, expected %v", c.what, class, x, at, c.got, c.want)
					}
				}
			}
		}
	}
}

// TestPosteriorMeanByDraws is the same in five dimensions, where a grid is out of
// reach: the mean of x_0 weighted by N(x; Alpha·x_0, Sigma²·I), over draws of the
// mixture. It joins Draw, full covariance and many dimensions in one test. The
// weighted mean is normal about the truth with variance Σ w²(x_0 - mean)²/(Σ w)²
// (delta method); five standard deviations are allowed.
func TestPosteriorMeanByDraws(t *testing.T) {
	const n, dim = 200_000, 5
	m := five(t)
	draws, _ := m.Draw(n, -1, 3, "by draws")
	at := drift.Level{Alpha: 0.6, Sigma: 0.8}
	x := []float64{0.3, -0.2, 0.5, 0.1, -0.4}
	weight, total := make([]float64, n), 0.0
	for i := range n {
		d := 0.0
		for j, v := range draws.Row(i) {
			d += (x[j] - at.Alpha*v) * (x[j] - at.Alpha*v)
		}
		weight[i] = math.Exp(-d / (2 * at.Sigma * at.Sigma))
		total += weight[i]
	}
	got := make([]float64, dim)
	m.PosteriorMean(got, x, at, -1)
	for j := range dim {
		want, square := 0.0, 0.0
		for i, w := range weight {
			want += w / total * draws.Row(i)[j]
		}
		for i, w := range weight {
			d := w / total * (draws.Row(i)[j] - want)
			square += d * d
		}
		if sd := math.Sqrt(square); !(math.Abs(got[j]-want) <= 5*sd) {
			t.Errorf("value %d: found %v, expected %v ± %v", j, got[j], want, sd)
		}
	}
}
