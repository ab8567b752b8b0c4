package metric_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/metric"
)

// Realism is that of two plain loops over the half of the balls that reach least far, and
// above 1 only on the real manifold.
func TestRealism(t *testing.T) {
	const k = 3
	real, generated := cloud(41, 20, 1), cloud(25, 20, 2)
	copy(generated.Row(7), real.Row(5))
	square := func(a, b []float64) (sum float64) {
		for i := range a {
			sum += (a[i] - b[i]) * (a[i] - b[i])
		}
		return sum
	}
	reach := make([]float64, real.N)
	for i := range reach {
		var others []float64
		for j := range real.N {
			if j != i {
				others = append(others, square(real.Row(i), real.Row(j)))
			}
		}
		slices.Sort(others)
		reach[i] = others[k-1]
	}
	median := slices.Sorted(slices.Values(reach))[20]
	found, err := metric.Realism(real, generated, k)
	if err != nil {
		t.Fatal(err)
	}
	for i, got := range found {
		want := 0.0
		for j := range reach {
			if reach[j] <= median {
				want = max(want, math.Sqrt(reach[j]/square(generated.Row(i), real.Row(j))))
			}
		}
		if !(got == want || math.Abs(got-want) <= 1e-12*want) {
			t.Errorf("sample %d: found %v, expected %v", i, got, want)
		}
	}
	if copied := slices.Max(found); reach[5] <= median && !math.IsInf(copied, 1) {
		t.Errorf("a copy: found realism %v, expected no end", copied)
	}
	_, err = metric.Realism(real, cloud(3, 2, 1), k)
	if err == nil || !strings.Contains(err.Error(), "of one size") {
		t.Errorf("other sizes: found error %v", err)
	}
}

// The middle of a hill is more real than its rim, and far away nothing is.
func TestRealismFalls(t *testing.T) {
	real := cloud(400, 2, 3)
	at := &drift.Batch{Data: []float64{0, 0, 2.5, 0, 50, 0}, N: 3, Shape: []int{2}}
	found, err := metric.Realism(real, at, 5)
	if err != nil || !(found[0] > 1 && found[0] > found[1] && found[1] > found[2] && found[2] < 0.02) {
		t.Errorf("found %v (%v), expected a fall from above 1 to nearly 0", found, err)
	}
}
