package metric_test

import (
	"math"
	"testing"

	"drift"
	"drift/metric"
)

// gaussianMMD is the squared MMD between N(0, I) and N(v, s²·I) with bandwidth h. For
// X - Y ~ N(u, q·I), E exp(-|X-Y|²/(2h²)) = (h²/(h²+q))^(d/2)·exp(-|u|²/(2(h²+q))).
func gaussianMMD(v []float64, s, h float64) float64 {
	d, length2 := float64(len(v)), 0.0
	for _, c := range v {
		length2 += c * c
	}
	e := func(u2, q float64) float64 { return math.Pow(h*h/(h*h+q), d/2) * math.Exp(-u2/(2*(h*h+q))) }
	return e(0, 2) + e(0, 2*s*s) - 2*e(length2, 1+s*s)
}

// gaussianEnergy is the energy distance on the line between N(0, 1) and N(v, s²): the
// mean of |Z| for Z ~ N(u, q) is √(2q/π)·exp(-u²/2q) + u·erf(u/√(2q)).
func gaussianEnergy(v, s float64) float64 {
	e := func(u, q float64) float64 {
		return math.Sqrt(2*q/math.Pi)*math.Exp(-u*u/(2*q)) + u*math.Erf(u/math.Sqrt(2*q))
	}
	return 2*e(v, 1+s*s) - e(0, 2) - e(0, 2*s*s)
}

// TestKernelDistances checks, against closed forms and over many repetitions, that
// the ranges hold the truth and that there is no bias: the mean of the repetitions is
// within five standard errors.
func TestKernelDistances(t *testing.T) {
	const trials = 300
	for _, c := range []struct {
		n, m int
		v    []float64
		s    float64
	}{{60, 60, []float64{1}, 1}, {40, 80, []float64{0.5, -1, 0}, 1.5}, {30, 30, []float64{0, 0}, 1}} {
		try := func(i int) (a, b *drift.Batch) {
			return cloud(c.n, len(c.v), uint64(2*i)), moved(cloud(c.m, len(c.v), uint64(2*i+1)), c.s, c.v...)
		}
		for what, measure := range map[string]func(i int) metric.Estimate{
			"mmd":    func(i int) metric.Estimate { a, b := try(i); return metric.MMD(a, b, 1.3) },
			"energy": func(i int) metric.Estimate { a, b := try(i); return metric.Energy(a, b) },
		} {
			truth := gaussianMMD(c.v, c.s, 1.3)
			if what == "energy" {
				if len(c.v) > 1 && truth > 1e-9 {
					continue // a closed form on the line only, and 0 everywhere
				}
				truth = 0
				if len(c.v) == 1 {
					truth = gaussianEnergy(c.v[0], c.s)
				}
			}
			var values []float64
			for i := range trials {
				values = append(values, measure(i).Value)
			}
			mean, sd := 0.0, 0.0
			for _, v := range values {
				mean += v / trials
			}
			for _, v := range values {
				sd += (v - mean) * (v - mean) / trials
			}
			if off := math.Abs(mean - truth); !(off <= 5*math.Sqrt(sd/trials)) {
				t.Errorf("%s, %v: found %v on average, expected %v ± %v", what, c, mean, truth, math.Sqrt(sd/trials))
			}
			if truth > 1e-9 { // at 0 the distance is not normal and the range only a guide
				covers(t, what, trials, truth, measure)
			}
		}
	}
}

// TestKernelBasics: symmetric, unmoved by a common shift, NaN for nonsense.
func TestKernelBasics(t *testing.T) {
	a, b := cloud(30, 2, 1), moved(cloud(20, 2, 2), 1.5, 1, 0)
	for what, d := range map[string]func(a, b *drift.Batch) metric.Estimate{
		"mmd":    func(a, b *drift.Batch) metric.Estimate { return metric.MMD(a, b, 0) },
		"energy": metric.Energy,
	} {
		e, back, far := d(a, b), d(b, a), d(moved(a, 1, 7, 7), moved(b, 1, 7, 7))
		if !(math.Abs(e.Value-back.Value) <= 1e-12) || !(math.Abs(e.High-back.High) <= 1e-12) || !(math.Abs(e.Value-far.Value) <= 1e-12) {
			t.Errorf("%s: found %v, back %v, elsewhere %v, expected the same", what, e, back, far)
		}
		for name, bad := range map[string]metric.Estimate{"few": d(a.Slice(0, 2), b), "dimensions": d(a, cloud(30, 3, 1))} {
			if !math.IsNaN(bad.Value) {
				t.Errorf("%s, %s: found %v, expected NaN", what, name, bad)
			}
		}
	}
	if e := metric.MMD(a, b, -1); !math.IsNaN(e.Value) {
		t.Errorf("bandwidth -1: found %v, expected NaN", e)
	}
}

func TestMedianDistance(t *testing.T) {
	x := &drift.Batch{Data: []float64{0, 1, 3}, N: 3, Shape: []int{1}} // distances 1, 2, 3
	y := &drift.Batch{Data: []float64{10}, N: 1, Shape: []int{1}}      // and 10, 9, 7
	if got := metric.MedianDistance(x); got != 2 {
		t.Errorf("found %v, expected 2", got)
	}
	if got := metric.MedianDistance(x, y); got != 5 {
		t.Errorf("of two sets: found %v, expected 5, between 3 and 7", got)
	}
	if got := metric.MedianDistance(y); !math.IsNaN(got) {
		t.Errorf("of one sample: found %v, expected NaN", got)
	}
	// On the line of N(0, 1), differences are N(0, 2), whose absolute median is 0.6745·√2.
	if got, want := metric.MedianDistance(cloud(5000, 1, 1)), 0.674490*math.Sqrt2; !(math.Abs(got-want) <= 0.05) {
		t.Errorf("of a Gaussian: found %v, expected %v", got, want)
	}
}
