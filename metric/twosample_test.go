package metric_test

import (
	"math"
	"strings"
	"testing"

	"drift"
	"drift/metric"
)

// TestTwoSampleSame: when nothing tells the sets apart, P is at most α in at most a
// share α of experiments, up to chance, and accuracy lies in the floor's range.
func TestTwoSampleSame(t *testing.T) {
	const trials = 300
	low, inside := map[float64]float64{0.05: 0, 0.3: 0}, 0.0
	for i := range trials {
		r, err := metric.TwoSampleTest(cloud(40, 2, uint64(2*i)), cloud(40, 2, uint64(2*i+1)), 5, 99, uint64(i))
		if err != nil {
			t.Fatal(err)
		}
		for alpha := range low {
			if r.P <= alpha {
				low[alpha]++
			}
		}
		if r.Floor.Low <= r.Accuracy && r.Accuracy <= r.Floor.High {
			inside++
		}
		if !(math.Abs(r.Floor.Value-0.5) <= 0.08) {
			t.Fatalf("found a floor of %v, expected about ½", r.Floor)
		}
	}
	for alpha, n := range low {
		if sd := math.Sqrt(alpha * (1 - alpha) / trials); n/trials > alpha+5*sd || n/trials < alpha/2-5*sd {
			t.Errorf("found P ≤ %v in %v of experiments, expected as many or fewer", alpha, n/trials)
		}
	}
	if share := inside / trials; share < 0.95-5*math.Sqrt(0.95*0.05/trials)-0.02 {
		t.Errorf("found %v of experiments in the floor's range, expected 0.95", share)
	}
}

// TestTwoSampleApart: between N(0, 1) and N(v, 1) the best guess is right with
// probability Φ(v/2), which many neighbours come close to.
func TestTwoSampleApart(t *testing.T) {
	const n = 2000
	for _, v := range []float64{1, 2, 20} {
		r, err := metric.TwoSampleTest(cloud(n, 1, 1), moved(cloud(n, 1, 2), 1, v), 0, 50, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := (1 + math.Erf(v/2/math.Sqrt2)) / 2
		if tol := 5*math.Sqrt(want*(1-want)/(2*n)) + 0.01; !(math.Abs(r.Accuracy-want) <= tol) {
			t.Errorf("apart by %v: found accuracy %v, expected %v ± %v", v, r.Accuracy, want, tol)
		}
		if r.P != 1.0/51 {
			t.Errorf("apart by %v: found P = %v, expected the least there is, 1/51", v, r.P)
		}
	}
}

// TestTwoSampleNeighbours: four points by hand, one neighbour each. a = {0, 1},
// b = {1.4, 9}: 0 → 1 right, 1 → 1.4 wrong, 1.4 → 1 wrong, 9 → 1.4 right.
func TestTwoSampleNeighbours(t *testing.T) {
	a := &drift.Batch{Data: []float64{0, 1}, N: 2, Shape: []int{1}}
	b := &drift.Batch{Data: []float64{1.4, 9}, N: 2, Shape: []int{1}}
	if r, err := metric.TwoSampleTest(a, b, 1, 1, 0); err != nil || r.Accuracy != 0.5 {
		t.Errorf("found accuracy %v (%v), expected ½", r.Accuracy, err)
	}
	// Three neighbours are all the others: always one of the own and two of the rest.
	// So are they however the sources are shuffled, and nothing is surprising.
	if r, err := metric.TwoSampleTest(a, b, 3, 9, 0); err != nil || r.Accuracy != 0 || r.P != 1 || r.Floor.Value != 0 {
		t.Errorf("found %+v (%v), expected accuracy 0 as always, P = 1", r, err)
	}
}

func TestTwoSampleRefuses(t *testing.T) {
	a := cloud(10, 2, 0)
	for want, call := range map[string]func() (metric.TwoSample, error){
		"equally many samples":      func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, cloud(9, 2, 0), 1, 9, 0) },
		"of one size":               func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, cloud(10, 3, 0), 1, 9, 0) },
		"at least 2":                func() (metric.TwoSample, error) { return metric.TwoSampleTest(a.Slice(0, 1), a.Slice(0, 1), 1, 9, 0) },
		"found k = 2 neighbours":    func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, a, 2, 9, 0) },
		"found k = 21 neighbours":   func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, a, 21, 9, 0) },
		"found k = -1 neighbours":   func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, a, -1, 9, 0) },
		"found 0 shuffles, expecte": func() (metric.TwoSample, error) { return metric.TwoSampleTest(a, a, 1, 0, 0) },
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
}
