package exact

import (
	"math"

	"drift"
)

// SpreadKL is how far diffused data are from the noise that sampling starts with, as
// far as mean and covariance go, in nats: the KL of [Mixture.TerminalKL] for the Gaussian
// with the mean μ and the covariance of the samples x,
//
//	½·Σ_j [ρ²·(v_j + μ_j²) - log(1 + ρ²·v_j)], ρ = Alpha/Sigma, v_j the eigenvalues.
//
// strongest is the share of the direction in which the samples spread most, without the
// mean. It costs min(N, Dim)³ operations; with fewer samples than dimensions the spread
// that they show lies in fewer directions than that of the data, and the KL is larger.
func SpreadKL(x *drift.Batch, at drift.Level) (total, strongest float64) {
	if at.Sigma == 0 {
		return math.Inf(1), math.Inf(1)
	}
	rho2 := at.Alpha / at.Sigma * at.Alpha / at.Sigma
	mean, centred := make([]float64, x.Dim()), x.Clone()
	for i := range x.N {
		for j, v := range x.Row(i) {
			mean[j] += v / float64(x.N)
		}
	}
	for j, m := range mean {
		total += rho2 * m * m / 2
		for i := range x.N {
			centred.Row(i)[j] -= m
		}
	}
	for _, v := range variances(centred) {
		kl := (rho2*v - math.Log1p(rho2*v)) / 2
		total, strongest = total+kl, max(strongest, kl)
	}
	return total, strongest
}

// variances is the eigenvalues of the covariance of centred samples, those that are 0
// left out: of XᵀX/N or of XXᵀ/N, which have the same, whichever is smaller.
func variances(x *drift.Batch) []float64 {
	n, dim := x.N, x.Dim()
	at := func(i, k int) float64 { return x.Data[i*dim+k] }
	side, inner := n, dim
	if dim < n {
		side, inner = dim, n
		at = func(i, k int) float64 { return x.Data[k*dim+i] }
	}
	a := make([]float64, side*side)
	for i := range side {
		for j := range i + 1 {
			var sum float64
			for k := range inner {
				sum += at(i, k) * at(j, k)
			}
			a[i*side+j], a[j*side+i] = sum/float64(n), sum/float64(n)
		}
	}
	jacobi(a, side)
	all := make([]float64, side)
	for i := range all {
		all[i] = max(a[i*side+i], 0)
	}
	return all
}
