package solver

import (
	"math"
	"slices"

	"drift"
)

// A step from λ to λ' = λ + h replaces an unknown curve by the polynomial through
// the values that are known, and integrates that exactly. In v, which runs from 0
// to 1 along the step, every method here is one mean
//
//	∫₀¹ e^{-z(1-v)}·f(v) dv / ∫₀¹ e^{-z(1-v)} dv
//
// with another f and z: the denoiser with z = h gives the data-prediction ODE
// (Lu et al. 2022, arXiv:2211.01095, proposition 4.1), with z = (1 + τ²)·h its SDE
// (Xue et al. 2023, arXiv:2309.05019, proposition 4.2), the noise with z = -h the
// noise-prediction ODE (Lu et al. 2022, arXiv:2206.00927, eq. 3.4), and the noise
// with v linear in Ratio and z = 0 the ODE of Karras et al.

// exponential gives that mean of v^m for each m (the φ-functions of exponential
// integrators, Hochbruck & Ostermann 2010, section 2.1, up to factors of z and m!).
// It is 1/(m+1) at z = 0.
func exponential(z float64) func(m int) float64 {
	return func(m int) float64 {
		if z == 0 {
			return 1 / float64(m+1)
		}
		return integral(m, z) / integral(0, z)
	}
}

// integral is z·∫₀¹ e^{-z(1-v)}·v^m dv, by parts for large z and by its power series,
// Σ_n (-1)^{n+1}·z^n·m!/(m+n)!, for small.
func integral(m int, z float64) float64 {
	if math.Abs(z) >= 1 {
		w := -math.Expm1(-z)
		for k := 1; k <= m; k++ {
			w = 1 - float64(k)/z*w
		}
		return w
	}
	sum, term := 0.0, -1.0
	for n := 1; math.Abs(term) > 1e-18*math.Abs(sum); n++ {
		term *= -z / float64(m+n)
		sum += term
	}
	return sum
}

// weights are those that values at the given nodes (in v) have in the mean of the
// polynomial through them: the means of Lagrange's polynomials, where moment(m) is
// the mean of v^m. They sum to 1.
func weights(nodes []float64, moment func(m int) float64) []float64 {
	w := make([]float64, len(nodes))
	for j, at := range nodes {
		poly, scale := []float64{1}, 1.0 // Π_{i≠j} (v - v_i), lowest power first
		for i, v := range nodes {
			if i == j {
				continue
			}
			scale *= at - v
			next := make([]float64, len(poly)+1)
			for m, c := range poly {
				next[m] -= v * c
				next[m+1] += c
			}
			poly = next
		}
		for m, c := range poly {
			w[j] += c * moment(m) / scale
		}
	}
	return w
}

// history is what a multistep solver remembers, newest first.
type history struct {
	at    []drift.Level
	value []*drift.Batch
}

// add remembers a value and forgets all but the newest keep; at an infinite λ it
// forgets everything.
func (h *history) add(at drift.Level, value *drift.Batch, keep int) {
	if math.IsInf(at.Lambda(), 0) {
		*h = history{}
		return
	}
	h.at = slices.Insert(h.at, 0, at)
	h.value = slices.Insert(h.value, 0, value)
	n := min(keep, len(h.at))
	h.at, h.value = h.at[:n], h.value[:n]
}

// nodes are the places of levels in v, the share of the way from the first of them
// to level to as coordinate measures it.
func nodes(at []drift.Level, to drift.Level, coordinate func(drift.Level) float64) []float64 {
	first := coordinate(at[0])
	step := coordinate(to) - first
	v := make([]float64, len(at))
	for j, l := range at {
		v[j] = (coordinate(l) - first) / step
	}
	return v
}
