package metric_test

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"

	"drift"
	"drift/metric"
)

// features is what make_features.py calls so.
func features(n, dim, start int) *drift.Batch {
	x := drift.NewBatch(n, dim)
	for i := range n {
		for j := range dim {
			_, u := math.Modf(float64(i+1+start)*math.Sqrt(float64(2+3*j)) + 0.1*float64(start)*float64(j))
			x.Row(i)[j] = (u-0.5)*(1+0.3*float64(j)) + 0.7*float64(i%3)*float64(j%2) + 0.05*float64(start)
		}
	}
	return x
}

// FID, KID, precision, recall, density and coverage are those of numpy and scipy, with fewer
// samples than dimensions too.
func TestFeatureDistancesAreNumpys(t *testing.T) {
	data, err := os.ReadFile("testdata/features.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		N, M, Dim, K                                   int
		FID, KID, Precision, Recall, Density, Coverage float64
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		a, b := features(c.N, c.Dim, 0), features(c.M, c.Dim, 7)
		m, err := metric.Overlap(a, b, c.K)
		if err != nil {
			t.Fatal(err)
		}
		for name, v := range map[string][2]float64{
			"FID": {metric.FID(a, b).Value, c.FID}, "FID, the other way": {metric.FID(b, a).Value, c.FID}, "FID alone": {metric.FIDValue(a, b), c.FID},
			"KID": {metric.KID(a, b).Value, c.KID}, "KID, the other way": {metric.KID(b, a).Value, c.KID},
			"precision": {m.Precision.Value, c.Precision}, "recall": {m.Recall.Value, c.Recall},
			"density": {m.Density.Value, c.Density}, "coverage": {m.Coverage.Value, c.Coverage},
		} {
			if !(math.Abs(v[0]-v[1]) <= 1e-10*math.Abs(v[1])) {
				t.Errorf("%d and %d of dimension %d: %s: found %.14g, expected %.14g", c.N, c.M, c.Dim, name, v[0], v[1])
			}
		}
	}
	if len(cases) != 4 {
		t.Errorf("found %d cases, expected 4", len(cases))
	}
}

// A symmetric positive map S moves a Gaussian to another along straight lines, so the
// distance is E|S·x + v - x|²: here for stretched axes, turned by a reflection, which must
// change nothing.
func TestFIDOfAMap(t *testing.T) {
	const dim = 6
	for _, n := range []int{4, 6, 7, 60} { // up to dim samples have flat covariances
		a := cloud(n, dim, 1)
		b, want, mean, around := a.Clone(), 0.0, make([]float64, dim), 0.0
		for j := range dim {
			stretch, shift := 0.5+0.4*float64(j), 0.3*float64(j)-1
			for i := range n {
				b.Row(i)[j] = stretch*a.Row(i)[j] + shift
				mean[j] += (b.Row(i)[j] - a.Row(i)[j]) / float64(n)
			}
			want += mean[j] * mean[j]
		}
		for i := range n {
			for j := range dim {
				d := b.Row(i)[j] - a.Row(i)[j] - mean[j]
				around += d * d / float64(n-1)
			}
		}
		want += around
		for _, turned := range []bool{false, true} {
			x, y := a, b
			if turned {
				x, y = reflected(a), reflected(b)
			}
			if got := metric.FIDValue(x, y); !(math.Abs(got-want) <= 1e-11*want) {
				t.Errorf("%d samples, turned %v: found %v, expected %v", n, turned, got, want)
			}
			if got := metric.FIDValue(x, x); got > 1e-12 {
				t.Errorf("%d equal samples: found %v, expected 0", n, got)
			}
		}
		if one, two := metric.FIDValue(a, b), metric.FIDValue(reflected(a), reflected(b)); !(math.Abs(one-two) <= 1e-11*one) {
			t.Errorf("%d samples: found %v, and %v when turned", n, one, two)
		}
	}
}

// reflected is x mirrored at a plane: all distances and angles stay.
func reflected(x *drift.Batch) *drift.Batch {
	y, dim := x.Clone(), x.Dim()
	for i := range y.N {
		row, dot := y.Row(i), 0.0
		for j, v := range row {
			dot += v * float64(j+1)
		}
		square := float64(dim*(dim+1)*(2*dim+1)) / 6 // of the normal (1, 2, …)
		for j := range row {
			row[j] -= 2 * dot / square * float64(j+1)
		}
	}
	return y
}

// The range holds what sets of this size have on average.
func TestFIDRange(t *testing.T) {
	const n, trials = 150, 400
	try := func(i int) metric.Estimate {
		return metric.FID(cloud(n, 3, uint64(2*i)), moved(cloud(n+50, 3, uint64(2*i+1)), 1.6, 0.5, 0, 0))
	}
	mean := 0.0
	for i := range trials {
		mean += try(-1-i).Value / trials
	}
	covers(t, "FID", trials, mean, try)
}

// Its bias is what FIDBias says, to a tenth where samples are many.
func TestFIDBias(t *testing.T) {
	const n, dim = 400, 8
	floor := metric.Floor(func(i int) *drift.Batch { return cloud(n, dim, uint64(i)) }, 60, metric.FIDValue)
	if want := dim * metric.FIDBias(n, dim); !(math.Abs(floor.Value/want-1) <= 0.1) {
		t.Errorf("found %v, expected %v", floor.Value, want)
	}
	for n, says := range map[int]string{8: "mostly bias", 9: "few", 79: "few", 80: ""} {
		if got := metric.FIDWarning(n, dim); !strings.Contains(got, says) || (says == "") != (got == "") {
			t.Errorf("%d samples: found warning %q, expected one of %q", n, got, says)
		}
	}
}

func TestFIDOfNonsenseIsNaN(t *testing.T) {
	bad := cloud(9, 3, 0)
	bad.Data[4] = math.Inf(1)
	for name, pair := range map[string][2]*drift.Batch{
		"one sample": {cloud(1, 3, 0), cloud(9, 3, 0)}, "dimensions": {cloud(9, 3, 0), cloud(9, 4, 0)},
		"none": {cloud(9, 0, 0), cloud(9, 0, 0)}, "infinite": {bad, cloud(9, 3, 0)}, "huge": {moved(bad.Slice(2, 9), 1e200, 0, 0, 0), cloud(9, 3, 0)},
	} {
		if a, b := metric.FID(pair[0], pair[1]).Value, metric.FIDValue(pair[1], pair[0]); !math.IsNaN(a) || !math.IsNaN(b) {
			t.Errorf("%s: found %v and %v, expected NaN", name, a, b)
		}
	}
	same := drift.NewBatch(5, 3) // no variance at all
	if e := metric.FID(same, moved(same, 1, 2, 0, 0)); e.Value != 4 {
		t.Errorf("two points: found %v, expected 4", e)
	}
}

// KID of one source is 0 on average, and its range holds the truth.
func TestKID(t *testing.T) {
	covers(t, "KID", 300, kidOfShift(0.5), func(i int) metric.Estimate {
		return metric.KID(cloud(200, 1, uint64(2*i)), moved(cloud(150, 1, uint64(2*i+1)), 1, 0.5))
	})
	floor := metric.Floor(func(i int) *drift.Batch { return cloud(50, 4, uint64(i)) }, 200, func(a, b *drift.Batch) float64 { return metric.KID(a, b).Value })
	if half := (floor.High - floor.Low) / 2 / math.Sqrt(200); !(math.Abs(floor.Value) <= 2.5*half) {
		t.Errorf("one source: found %v ± %v, expected 0", floor.Value, half)
	}
	if e := metric.KID(cloud(2, 3, 0), cloud(9, 3, 1)); !math.IsNaN(e.Value) {
		t.Errorf("two samples: found %v, expected NaN", e)
	}
}

// kidOfShift is the truth between N(0, 1) and N(v, 1): (xy + 1)³ = x³y³ + 3x²y² + 3xy + 1, so the
// squared distance is Δ₃² + 3Δ₂² + 3Δ₁² with the differences of the moments: v, v² and v³ + 3v.
func kidOfShift(v float64) float64 {
	d1, d2, d3 := v, v*v, v*v*v+3*v
	return d3*d3 + 3*d2*d2 + 3*d1*d1
}
