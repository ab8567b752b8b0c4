package solver_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
	"drift/solver"
)

// TestAncestralMoments compares mean and covariance of many samples with what the
// chain must give for Gaussian data, exactly, whatever the number of steps.
//
// In a direction in which the data are N(μ, s²), the exact denoiser is linear,
// D(x) = μ + g·(x - Alpha·μ) with g = Alpha·s²/(Alpha²·s² + Sigma²), so samples stay
// Gaussian from N(0, Sigma_T²) to the end and each step x' = a·x + b·D + c·ξ takes
// mean m and variance v to
//
//	m' = a·m + b·(μ + g·(m - Alpha·μ)),   v' = (a + b·g)²·v + c².
//
// All that is left is chance: with n samples the mean is N(m, v/n), the variance has
// a standard deviation of v·√(2/(n-1)), and the covariance of two independent
// directions one of √(v₁·v₂/(n-1)). Five of each are allowed; the test makes some
// hundred comparisons, and one in 1.7 million fails by chance.
func TestAncestralMoments(t *testing.T) {
	const n = 20_000
	h := newTilted(t)
	for _, p := range drift.Processes() {
		for _, eta := range []float64{1, 0.4} {
			for _, steps := range []int{1, 2, 5, 12} {
				levels, err := drift.Grid(p, steps)
				if err != nil {
					t.Fatal(err)
				}
				s := drift.Sampler{Process: p, Denoiser: h.mixture.Denoiser(nil), Solver: solver.DDIM(eta), Levels: levels, Noise: drift.NewNoise(3, "moments test", 0)}
				if eta == 1 {
					s.Solver = solver.DDPM()
				}
				x := drift.NewBatch(n, 3)
				if err := s.Start(x); err != nil {
					t.Fatal(err)
				}
				walk(t, s, x)
				mean, cov := h.moments(x)
				var want, v [3]float64
				for i := range 3 {
					want[i], v[i] = chain(levels, eta, h.mu[i], h.std[i])
				}
				for i := range 3 {
					if off := math.Abs(mean[i] - want[i]); !(off <= 5*math.Sqrt(v[i]/n)+1e-9) {
						t.Errorf("%s, η %v, %d steps, direction %d: found mean %v, expected %v ± %v", p.Name, eta, steps, i, mean[i], want[i], math.Sqrt(v[i]/n))
					}
					for j := range i + 1 {
						c, sd := 0.0, math.Sqrt(v[i]*v[j]/(n-1))
						if i == j {
							c, sd = v[i], sd*math.Sqrt2
						}
						if !(math.Abs(cov[i][j]-c) <= 5*sd+1e-9) {
							t.Errorf("%s, η %v, %d steps, directions %d and %d: found covariance %v, expected %v ± %v", p.Name, eta, steps, i, j, cov[i][j], c, sd)
						}
					}
				}
			}
		}
	}
}

// TestChainReachesData: with many steps the recursion itself must come to the data,
// or the test above would hold samples against a wrong goal. What is left with 1000
// steps is the error of the grid's own ends and of first order in the steps, and what
// comes of starting at mean 0 and not at Alpha_T·μ, which a deterministic walk would
// scale with the spread, by s/Sigma_T.
func TestChainReachesData(t *testing.T) {
	for _, p := range drift.Processes() {
		for _, eta := range []float64{1, 0.4} {
			levels, err := drift.Grid(p, 1000)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range []float64{0.3, 1, 2} {
				m, v := chain(levels, eta, 0.7, s)
				if !(math.Abs(m-0.7) <= 0.01*s+0.7*s/p.Last().Ratio()) || !(math.Abs(math.Sqrt(v)/s-1) <= 0.02) {
					t.Errorf("%s, η %v: found N(%v, %v²), expected N(0.7, %v²)", p.Name, eta, m, math.Sqrt(v), s)
				}
			}
		}
	}
}

// chain is the recursion of TestAncestralMoments along the levels. Its coefficients
// are those of the papers, not of the code: for η = 1 the posterior q(x'|x, x_0) as
// Kingma et al. 2021 (arXiv:2107.00630, appendix A) have it on any curve, with
// w² = Sigma² - (Alpha/Alpha')²·Sigma'² the noise that lies between the two levels,
//
//	x' = Alpha/Alpha'·Sigma'²/Sigma²·x + Alpha'·w²/Sigma²·D + Sigma'·w/Sigma·ξ,
//
// and for other η that of Song et al. 2021 (arXiv:2010.02502, eq. 12) with
// c = η·Sigma'·w/Sigma: x' = Alpha'·D + √(Sigma'² - c²)·(x - Alpha·D)/Sigma + c·ξ.
func chain(levels []drift.Level, eta, mu, s float64) (m, v float64) {
	m, v = 0, levels[0].Sigma*levels[0].Sigma
	for i, to := range levels[1:] {
		from := levels[i]
		ratio := from.Alpha / to.Alpha
		w := math.Sqrt(max(0, from.Sigma*from.Sigma-ratio*ratio*to.Sigma*to.Sigma))
		var a, b, c float64
		if eta == 1 {
			a = ratio * to.Sigma * to.Sigma / (from.Sigma * from.Sigma)
			b = to.Alpha * w * w / (from.Sigma * from.Sigma)
			c = to.Sigma * w / from.Sigma
		} else {
			c = eta * to.Sigma * w / from.Sigma
			a = math.Sqrt(to.Sigma*to.Sigma-c*c) / from.Sigma
			b = to.Alpha - a*from.Alpha
		}
		g := from.Alpha * s * s / (from.Alpha*from.Alpha*s*s + from.Sigma*from.Sigma)
		m = a*m + b*(mu+g*(m-from.Alpha*mu))
		v = (a+b*g)*(a+b*g)*v + c*c
	}
	return m, v
}

// tilted is a Gaussian in space whose axes are turned away from those of the
// coordinates: mean Σ_i mu_i·axis_i, variance std_i² along axis_i.
type tilted struct {
	mixture *exact.Mixture
	axis    [3][3]float64
	mu, std [3]float64
}

func newTilted(t *testing.T) tilted {
	h := tilted{
		axis: [3][3]float64{{2. / 3, 2. / 3, 1. / 3}, {-2. / 3, 1. / 3, 2. / 3}, {1. / 3, -2. / 3, 2. / 3}},
		mu:   [3]float64{1, -0.5, 2}, std: [3]float64{0.3, 1, 2},
	}
	mean, cov := make([]float64, 3), make([]float64, 9)
	for k, axis := range h.axis {
		for i := range 3 {
			mean[i] += h.mu[k] * axis[i]
			for j := range 3 {
				cov[i*3+j] += h.std[k] * h.std[k] * axis[i] * axis[j]
			}
		}
	}
	var err error
	if h.mixture, err = exact.NewMixture(exact.Gaussian{Weight: 1, Mean: mean, Cov: cov}); err != nil {
		t.Fatal(err)
	}
	return h
}

// moments are the mean and the unbiased covariance of the samples along the axes.
func (h tilted) moments(x *drift.Batch) (mean [3]float64, cov [3][3]float64) {
	along := func(i, k int) (sum float64) {
		for j, v := range x.Row(i) {
			sum += v * h.axis[k][j]
		}
		return sum
	}
	n := float64(x.N)
	for i := range x.N {
		for k := range 3 {
			mean[k] += along(i, k) / n
		}
	}
	for i := range x.N {
		for k := range 3 {
			for l := range 3 {
				cov[k][l] += (along(i, k) - mean[k]) * (along(i, l) - mean[l]) / (n - 1)
			}
		}
	}
	return mean, cov
}
