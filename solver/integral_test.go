package solver

import (
	"math"
	"testing"

	"drift"
)

// TestIntegral holds the series and the recurrence against Simpson's rule, on both
// sides of where they take over from each other, for steps down and up in noise.
func TestIntegral(t *testing.T) {
	for _, z := range []float64{-30, -5, -1.001, -1, -0.999, -0.1, -1e-6, 1e-9, 0.01, 0.5, 0.999, 1, 1.001, 4, 20} {
		for m := range 5 {
			want := 0.0
			for i := range 50 { // 50 pieces, each by 64 pairs of intervals
				a, b := float64(i)/50, float64(i+1)/50
				want += simpson(a, b, func(v float64) float64 { return z * math.Exp(-z*(1-v)) * math.Pow(v, float64(m)) })
			}
			if got := integral(m, z); !(math.Abs(got-want) <= 1e-11*math.Abs(want)) {
				t.Errorf("z = %v, m = %d: found %.15g, expected %.15g", z, m, got, want)
			}
		}
	}
	for m := range 5 {
		if got, want := exponential(0)(m), 1/float64(m+1); got != want {
			t.Errorf("z = 0, m = %d: found %v, expected %v", m, got, want)
		}
	}
}

// TestWeights: polynomials of a degree below the number of nodes have exactly their mean.
func TestWeights(t *testing.T) {
	nodes := []float64{0, -0.7, -1.1, -3, 1}
	for n := 1; n <= len(nodes); n++ {
		for _, z := range []float64{-2, 0, 0.3, 5} {
			w := weights(nodes[:n], exponential(z))
			for m := range n {
				sum := 0.0
				for j, v := range nodes[:n] {
					sum += w[j] * math.Pow(v, float64(m))
				}
				if want := exponential(z)(m); !(math.Abs(sum-want) <= 1e-12) {
					t.Errorf("%d nodes, z = %v: found %v for v^%d, expected %v", n, z, sum, m, want)
				}
			}
		}
	}
}

// TestHistory: it keeps the newest, and forgets everything at an infinite λ.
func TestHistory(t *testing.T) {
	var h history
	for i := range 5 {
		h.add(drift.Circle(float64(i)), drift.NewBatch(i+1, 1), 3)
	}
	if len(h.at) != 3 || h.at[0] != drift.Circle(4) || h.at[2] != drift.Circle(2) || h.value[0].N != 5 || h.value[2].N != 3 {
		t.Errorf("found %v, expected the last three, newest first", h.at)
	}
	for _, end := range []drift.Level{drift.Clean, {Sigma: 1}} {
		h.add(drift.Circle(0), drift.NewBatch(1, 1), 3)
		if h.add(end, drift.NewBatch(1, 1), 3); len(h.at) != 0 || len(h.value) != 0 {
			t.Errorf("found %v after %v, expected nothing", h.at, end)
		}
	}
}
