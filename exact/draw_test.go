package exact_test

import (
	"math"
	"slices"
	"testing"

	"drift"
	"drift/exact"
)

// five is a mixture in five dimensions with covariances that are nothing special:
// B·Bᵀ + 0.1·I with random B.
func five(t testing.TB) *exact.Mixture {
	t.Helper()
	const dim = 5
	r := drift.Rand(1, "five")
	var parts []exact.Gaussian
	for k := range 3 {
		b, cov, mean := make([]float64, dim*dim), make([]float64, dim*dim), make([]float64, dim)
		for i := range b {
			b[i] = 0.5 * r.NormFloat64()
		}
		for i := range dim {
			mean[i] = r.NormFloat64()
			for j := range dim {
				for l := range dim {
					cov[i*dim+j] += b[i*dim+l] * b[j*dim+l]
				}
			}
			cov[i*dim+i] += 0.1
		}
		parts = append(parts, exact.Gaussian{Weight: float64(k + 1), Mean: mean, Cov: cov, Class: k})
	}
	return must(t, parts...)
}

// TestDrawMoments compares the mean and covariance of many draws with Moments.
// Means of n draws are normal about the truth with the variance of what is averaged
// over n, which the draws themselves estimate; five standard deviations are allowed.
func TestDrawMoments(t *testing.T) {
	drawMoments(t, five(t), []float64{1. / 6, 2. / 6, 3. / 6})
	drawMoments(t, hills(t), []float64{2. / 6, 4. / 6}) // a class of two parts
}

func drawMoments(t *testing.T, m *exact.Mixture, weights []float64) {
	const n = 100_000
	d := m.Dim()
	for class := -1; class < m.Classes(); class++ {
		x, labels := m.Draw(n, class, 7, "moments")
		mean, cov := m.Moments(drift.Clean, class)
		check := func(what string, want float64, f func(x []float64) float64) {
			t.Helper()
			sum, square := 0.0, 0.0
			for i := range n {
				v := f(x.Row(i))
				sum += v / n
				square += v * v / n
			}
			if sd := math.Sqrt((square - sum*sum) / n); !(math.Abs(sum-want) <= 5*sd) {
				t.Errorf("class %d, %s: found %v, expected %v ± %v", class, what, sum, want, sd)
			}
		}
		for i := range d {
			check("mean", mean[i], func(x []float64) float64 { return x[i] })
			for j := range i + 1 {
				check("covariance", cov[i*d+j], func(x []float64) float64 { return (x[i] - mean[i]) * (x[j] - mean[j]) })
			}
		}
		count := make([]float64, m.Classes())
		for _, c := range labels {
			count[c]++
		}
		for c, w := range weights {
			if class >= 0 {
				w = map[bool]float64{true: 1}[c == class]
			}
			if !(math.Abs(count[c]/n-w) <= 5*math.Sqrt(w*(1-w)/n)) {
				t.Errorf("class %d: found share %v of class %d, expected %v", class, count[c]/n, c, w)
			}
		}
	}
}

// TestDrawIsKeyed: a sample depends on seed, purpose and index, not on how many are drawn.
func TestDrawIsKeyed(t *testing.T) {
	m := five(t)
	many, labels := m.Draw(100, -1, 1, "a")
	few, fewLabels := m.Draw(10, -1, 1, "a")
	if !slices.Equal(few.Data, many.Slice(0, 10).Data) || !slices.Equal(fewLabels, labels[:10]) {
		t.Error("found other samples in a smaller draw, expected the first of the larger")
	}
	for name, other := range map[string]*drift.Batch{"seed": first(m.Draw(10, -1, 2, "a")), "purpose": first(m.Draw(10, -1, 1, "b"))} {
		for i, v := range other.Data {
			if v == few.Data[i] {
				t.Errorf("another %s: found the same value at %d", name, i)
			}
		}
	}
	for name, x := range map[string]*drift.Batch{"class 3": first(m.Draw(5, 3, 1, "a")), "class -2": first(m.Draw(5, -2, 1, "a")), "n = -1": first(m.Draw(-1, 0, 1, "a"))} {
		if x.N != 0 || len(x.Data) != 0 {
			t.Errorf("%s: found %d samples, expected none", name, x.N)
		}
	}
}

func first(x *drift.Batch, _ []int) *drift.Batch { return x }
