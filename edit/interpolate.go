package edit

import (
	"fmt"
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

// Mixed answers for sample i what lies the share i of the way from a to b: so a walk
// goes from one class to another.
func Mixed(a, b drift.Denoiser, share []float64) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		if len(share) != x.N {
			return fmt.Errorf("mixed: found %d shares, expected %d", len(share), x.N)
		}
		if err := a.Denoise(dst, x, at); err != nil {
			return err
		}
		other := x.Like()
		if err := b.Denoise(other, x, at); err != nil {
			return err
		}
		for i, part := range share {
			row := dst.Row(i)
			for j, v := range other.Row(i) {
				row[j] = (1-part)*row[j] + part*v
			}
		}
		return nil
	})
}
