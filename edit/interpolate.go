package edit

import (
	"math"

	"drift"
)

// Slerp writes the noise that lies the share of the way from a to b on the great circle
// through both (Shoemake 1985, section 3.3; for latent noise: White 2016,
// arXiv:1609.04468): for each sample, with θ the angle between its two,
//
//	sin((1-share)·θ)/sin θ·a + sin(share·θ)/sin θ·b.
//
// A straight line would pass through points that are too small to be Gaussian noise.
// Directions that are the same or opposite, between which no great circle leads, are
// mixed on the line.
func Slerp(dst, a, b *drift.Batch, share float64) error {
	if err := drift.SameShape(a, b); err != nil {
		return err
	}
	if err := drift.SameShape(dst, a); err != nil {
		return err
	}
	for i := range a.N {
		x, y := a.Row(i), b.Row(i)
		var xx, yy, xy float64
		for j := range x {
			xx, yy, xy = xx+x[j]*x[j], yy+y[j]*y[j], xy+x[j]*y[j]
		}
		onX, onY := 1-share, share
		if angle := math.Acos(min(max(xy/math.Sqrt(xx*yy), -1), 1)); math.Sin(angle) > 1e-9 {
			onX, onY = math.Sin((1-share)*angle)/math.Sin(angle), math.Sin(share*angle)/math.Sin(angle)
		}
		row := dst.Row(i)
		for j := range row {
			row[j] = onX*x[j] + onY*y[j]
		}
	}
	return nil
}
