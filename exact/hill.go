package exact

import (
	"math"

	"drift"
)

// Hill is the number of the part on whose hill x lies, or -1 for none: the nearest in
// its own standard deviations, if x lies within the ellipsoid that holds a share of it, a
// number between 0 and 1. It is -1 for an x of another size than Dim.
//
// |u|² of the whitened u = Q·(x - μ)/root is χ² with Dim degrees of freedom; its quantile
// is taken to be Dim·(1 - c + z·√c)³ with c = 2/(9·Dim) and z that of N(0, 1) (Wilson &
// Hilferty 1931), within 1 % for a share of 0.99.
func (m *Mixture) Hill(x []float64, share float64) int {
	if len(x) != m.dim {
		return -1
	}
	s := m.scratch.take(m, drift.Clean)
	defer m.scratch.give(s)
	c := 2 / (9 * float64(m.dim))
	z := math.Sqrt2 * math.Erfinv(2*share-1)
	best, at := float64(m.dim)*math.Pow(1-c+z*math.Sqrt(c), 3), -1
	for k := range m.parts {
		if square := s.whiten(m, k, x); square <= best {
			best, at = square, k
		}
	}
	return at
}
