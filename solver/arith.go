package solver

import "drift"

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

// axpy adds a·y to x.
func axpy(x *drift.Batch, a float64, y *drift.Batch) {
	for i, v := range y.Data {
		x.Data[i] += a * v
	}
}
