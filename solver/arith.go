package solver

import (
	"math"

	"drift"
)

// move rebuilds x at level to from its clean part and the direction of its noise:
// x = to.Alpha·clean + kept·ε, with ε = (x - from.Alpha·clean)/from.Sigma.
// With kept = to.Sigma it is the deterministic first-order step that the others
// build on; with to.Sigma = 0 it is x = clean.
func move(x, clean *drift.Batch, from, to drift.Level, kept float64) {
	k := kept / from.Sigma
	c := to.Alpha - k*from.Alpha
	for i, v := range x.Data {
		x.Data[i] = c*clean.Data[i] + k*v
	}
}

// renew is move with a share of the noise's variance at level to drawn anew:
// x = to.Alpha·clean + to.Sigma·(√(1-share)·ε + √share·ξ), ξ ~ N(0, I).
func renew(x, clean *drift.Batch, from, to drift.Level, share float64, noise *drift.Noise) {
	renewBy(x, clean, from, to, share, draw(x, to.Sigma*share, noise))
}

// renewBy is renew with ξ given; nil stands for none.
func renewBy(x, clean *drift.Batch, from, to drift.Level, share float64, fresh *drift.Batch) {
	move(x, clean, from, to, to.Sigma*math.Sqrt(1-share))
	if fresh != nil {
		axpy(x, to.Sigma*math.Sqrt(share), fresh)
	}
}

// draw is a draw of N(0, I) in the shape of x, or nil where none is needed.
func draw(x *drift.Batch, need float64, noise *drift.Noise) *drift.Batch {
	if !(need > 0) {
		return nil
	}
	fresh := x.Like()
	noise.Normal(fresh)
	return fresh
}

// addNoise adds fresh Gaussian noise of a standard deviation to x, and draws none
// for 0.
func addNoise(x *drift.Batch, std float64, noise *drift.Noise) {
	if fresh := draw(x, std, noise); fresh != nil {
		axpy(x, std, fresh)
	}
}

// slide moves x along a direction of noise that is given: in y = x/Alpha it is
// y' = y + (Ratio' - Ratio)·ε. Alpha must be above 0 at both ends.
func slide(x, eps *drift.Batch, from, to drift.Level) {
	c := to.Alpha / from.Alpha
	k := to.Sigma - c*from.Sigma
	for i, v := range eps.Data {
		x.Data[i] = c*x.Data[i] + k*v
	}
}

// noiseOf is the noise that x holds if clean is its clean part.
func noiseOf(x, clean *drift.Batch, at drift.Level) *drift.Batch {
	eps := x.Like()
	for i, v := range x.Data {
		eps.Data[i] = (v - at.Alpha*clean.Data[i]) / at.Sigma
	}
	return eps
}

// shrink is Ratio'/Ratio = e^(λ-λ'), which is 0 both into Sigma' = 0 and out of
// Alpha = 0.
func shrink(from, to drift.Level) float64 {
	return to.Sigma * from.Alpha / (to.Alpha * from.Sigma)
}

// finite says that λ is finite at both ends of a step, so that methods of higher
// order are defined.
func finite(from, to drift.Level) bool {
	return from.Alpha > 0 && from.Sigma > 0 && to.Alpha > 0 && to.Sigma > 0
}

// denoise is D(x; at) in a new batch.
func denoise(d drift.Denoiser, x *drift.Batch, at drift.Level) (*drift.Batch, error) {
	clean := x.Like()
	return clean, d.Denoise(clean, x, at)
}

// axpy adds a·y to x.
func axpy(x *drift.Batch, a float64, y *drift.Batch) {
	for i, v := range y.Data {
		x.Data[i] += a * v
	}
}

// scale multiplies x by a.
func scale(x *drift.Batch, a float64) {
	for i := range x.Data {
		x.Data[i] *= a
	}
}

// combine is Σ_j weight_j·value_j.
func combine(weights []float64, values []*drift.Batch) *drift.Batch {
	sum := values[0].Like()
	for j, w := range weights {
		axpy(sum, w, values[j])
	}
	return sum
}
