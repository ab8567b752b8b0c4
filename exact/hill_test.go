package exact_test

import (
	"math"
	"testing"

	"drift/exact"
)

// Each hill holds the share of its own samples that it was asked to, whatever its
// dimension and however it leans: within 5 standard errors of n draws and the 1 % by
// which the bound on |u|² may be off, which moves the share by less than 0.001.
func TestHill(t *testing.T) {
	const n, share = 20_000, 0.99
	for _, dim := range []int{1, 2, 64} {
		lean := exact.Isotropic(1, make([]float64, dim), 0.5, 0)
		far := exact.Isotropic(3, make([]float64, dim), 2, 1)
		for i := range dim {
			far.Mean[i] = 1000
			for j := range dim {
				lean.Cov[i*dim+j] = 0.25 * math.Pow(0.8, math.Abs(float64(i-j)))
			}
		}
		m := must(t, lean, far)
		for k := range 2 {
			x, _ := m.Draw(n, k, 1, "hill")
			on := 0.0
			for i := range x.N {
				switch m.Hill(x.Row(i), share) {
				case k:
					on += 1. / n
				case 1 - k:
					t.Fatalf("dimension %d: a sample of hill %d lies on the other", dim, k)
				}
			}
			if off := math.Abs(on - share); off > 5*math.Sqrt(share*(1-share)/n)+0.001 {
				t.Errorf("dimension %d, hill %d: found %v of its samples on it, expected %v", dim, k, on, share)
			}
		}
		if k := m.Hill(make([]float64, dim+1), share); k != -1 {
			t.Errorf("a point of another size: found hill %d, expected -1", k)
		}
	}
}
