package exact

import (
	"math"

	"drift"
)

// Moments are the mean (Dim values) and covariance (Dim × Dim, row-major) of the
// diffused class, or of all classes for class -1:
//
//	mean = Alpha·Σ_k w_k·μ_k
//	cov  = Alpha²·Σ_k w_k·[Σ_k + (μ_k - μ)(μ_k - μ)ᵀ] + Sigma²·I, μ = Σ_k w_k·μ_k
//
// by the laws of total expectation and variance. A class that is not there gives NaN.
func (m *Mixture) Moments(at drift.Level, class int) (mean, cov []float64) {
	d, total := m.dim, m.classWeight(class)
	mean, cov = make([]float64, d), make([]float64, d*d)
	for k := range m.parts {
		if p := &m.parts[k]; p.of(class) {
			for i := range mean {
				mean[i] += p.Weight * p.Mean[i]
			}
		}
	}
	for i := range mean {
		mean[i] /= total
	}
	for k := range m.parts {
		p := &m.parts[k]
		if !p.of(class) {
			continue
		}
		w := p.Weight / total * at.Alpha * at.Alpha
		for i := range d {
			for j := range d {
				cov[i*d+j] += w * (p.Cov[i*d+j] + (p.Mean[i]-mean[i])*(p.Mean[j]-mean[j]))
			}
		}
	}
	for i := range d {
		mean[i] *= at.Alpha
		cov[i*d+i] += at.Sigma * at.Sigma
	}
	if total == 0 {
		for i := range cov {
			cov[i] = math.NaN()
		}
	}
	return mean, cov
}

// TerminalKL bounds from above, in nats, how far the diffused mixture is from the
// noise that sampling starts with, KL(p_T ‖ N(0, Sigma²·I)), at the last level of a
// process. KL is convex in its first argument, so it is at most the weighted mean
// over the parts, each of which is a KL between Gaussians:
//
//	KL(N(Alpha·μ, Alpha²·Σ + Sigma²·I) ‖ N(0, Sigma²·I))
//	  = ½·[tr C/Sigma² - Dim + |Alpha·μ|²/Sigma² - log det(C/Sigma²)], C = Alpha²·Σ + Sigma²·I
//	  = ½·Σ_j [ρ²·(v_j + μ_j²) - log(1 + ρ²·v_j)], ρ = Alpha/Sigma, v_j the eigenvalues of Σ.
//
// For one part the bound is the KL itself. It is 0 where Alpha = 0 and +Inf where
// Sigma = 0.
func (m *Mixture) TerminalKL(at drift.Level) float64 {
	if at.Sigma == 0 {
		return math.Inf(1)
	}
	rho, kl := at.Alpha/at.Sigma, 0.0
	for k := range m.parts {
		p := &m.parts[k]
		sum := 0.0
		for j, root := range p.root {
			v, mu := rho*root, rho*p.Mean[j]
			sum += mu*mu + v*v - math.Log1p(v*v)
		}
		kl += p.Weight / 2 * sum
	}
	return max(kl, 0)
}
