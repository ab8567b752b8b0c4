package exact

import (
	"math"
	"strings"
	"testing"

	"drift"
)

// TestSpectrum puts matrices together from a known spectrum and asks for it back:
// Q must have orthonormal rows and Qᵀ·diag·Q must be the matrix.
func TestSpectrum(t *testing.T) {
	r := drift.Rand(1, "spectrum test")
	for _, dim := range []int{2, 3, 10, 40} {
		for _, spread := range []float64{1, 1e3, 1e10} { // between the eigenvalues
			a := make([]float64, dim*dim)
			q := randomTurn(dim, r.NormFloat64)
			for k := range dim {
				v := math.Pow(spread, float64(k)/float64(dim-1))
				for i := range dim {
					for j := range dim {
						a[i*dim+j] += v * q[k*dim+i] * q[k*dim+j]
					}
				}
			}
			root, basis, err := spectrum(append([]float64(nil), a...), dim)
			if err != nil {
				t.Fatalf("dimension %d, spread %g: %v", dim, spread, err)
			}
			sum := 0.0
			for i := range dim {
				sum += root[i] * root[i]
				for j := range dim {
					dot, rebuilt := 0.0, 0.0
					for k := range dim {
						if basis != nil {
							dot += basis[i*dim+k] * basis[j*dim+k]
							rebuilt += root[k] * root[k] * basis[k*dim+i] * basis[k*dim+j]
						}
					}
					if basis == nil { // a spread of 1 is the identity up to rounding
						continue
					}
					one := 0.0
					if i == j {
						one = 1
					}
					if !(math.Abs(dot-one) <= 1e-13) || !(math.Abs(rebuilt-a[i*dim+j]) <= 1e-13*spread) {
						t.Fatalf("dimension %d, spread %g: found %v and %v at %d, %d, expected %v and %v", dim, spread, dot, rebuilt, i, j, one, a[i*dim+j])
					}
				}
			}
			trace := 0.0
			for i := range dim {
				trace += a[i*dim+i]
			}
			if !(math.Abs(sum-trace) <= 1e-12*trace) {
				t.Errorf("dimension %d: found eigenvalues that sum to %v, expected the trace %v", dim, sum, trace)
			}
		}
	}
}

// randomTurn has orthonormal rows: random ones, made so one after the other.
func randomTurn(dim int, draw func() float64) []float64 {
	q := make([]float64, dim*dim)
	for i := range dim {
		row := q[i*dim : (i+1)*dim]
		for j := range row {
			row[j] = draw()
		}
		for range 2 { // twice is enough for float64
			for k := range i {
				dot := 0.0
				for j := range row {
					dot += row[j] * q[k*dim+j]
				}
				for j := range row {
					row[j] -= dot * q[k*dim+j]
				}
			}
		}
		norm := 0.0
		for _, v := range row {
			norm = math.Hypot(norm, v)
		}
		for j := range row {
			row[j] /= norm
		}
	}
	return q
}

func TestSpectrumRefuses(t *testing.T) {
	for want, a := range map[string][]float64{
		"found 0.5 and 0.4 across the diagonal at row 0, column 1": {1, 0.5, 0.4, 1},
		"found variance 0 at position 1":                           {1, 0, 0, 0},
		"found variance -1 at position 0":                          {-1, 0, 0, 1},
		"found NaN at row 0, column 1":                             {1, math.NaN(), 0, 1},
		"found +Inf at row 0, column 0":                            {math.Inf(1), 0, 0, 1},
		"expected a positive definite matrix":                      {1, 2, 2, 1},
		"found eigenvalue 0 beside 2, expected":                    {1, 1, 1, 1},
	} {
		if _, _, err := spectrum(a, 2); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: found error %v, expected one that says %q", a, err, want)
		}
	}
}
