package metric_test

import (
	"math"
	"slices"
	"testing"

	"drift"
	"drift/metric"
)

// cloud is n standard Gaussian samples of a dimension.
func cloud(n, dim int, seed uint64) *drift.Batch {
	x := drift.NewBatch(n, dim)
	drift.NewNoise(seed, "metric test", 0).Normal(x)
	return x
}

// moved is scale·x + shift.
func moved(x *drift.Batch, scale float64, shift ...float64) *drift.Batch {
	y := x.Clone()
	for i := range y.N {
		for j := range shift {
			y.Row(i)[j] = scale*y.Row(i)[j] + shift[j]
		}
	}
	return y
}

// TestSlicedShift moves a cloud by v: along θ the squared distance is (θ·v)², whose
// mean over directions is |v|²/d and whose variance is |v|⁴·2(d-1)/(d²(d+2)).
func TestSlicedShift(t *testing.T) {
	const projections = 4000
	for _, dim := range []int{1, 2, 3, 7} {
		x := cloud(50, dim, 1)
		v := make([]float64, dim)
		length2 := 0.0
		for j := range v {
			v[j] = float64(j) - 1.5
			length2 += v[j] * v[j]
		}
		w := metric.SlicedWasserstein(x, moved(x, 1, v...), projections, 3)
		d := float64(dim)
		want := length2 / d
		sd := length2 * math.Sqrt(2*(d-1)/(d*d*(d+2))/projections)
		if !(math.Abs(w*w-want) <= 5*sd+1e-12) {
			t.Errorf("dimension %d: found squared distance %v, expected %v ± %v", dim, w*w, want, sd)
		}
	}
}

// TestSlicedLine compares with a brute force on the line: both samples repeated to
// a common length, sorted and paired off.
func TestSlicedLine(t *testing.T) {
	for _, n := range []int{1, 2, 5, 12, 30} {
		for _, m := range []int{1, 3, 4, 18, 30} {
			a, b := cloud(n, 1, 1), moved(cloud(m, 1, 2), 1.5, 0.3)
			pa, pb := slices.Repeat(a.Data, m), slices.Repeat(b.Data, n)
			slices.Sort(pa)
			slices.Sort(pb)
			want := 0.0
			for i := range pa {
				want += (pa[i] - pb[i]) * (pa[i] - pb[i]) / float64(n*m)
			}
			got := metric.SlicedWasserstein(a, b, 2, 0)
			if !(math.Abs(got-math.Sqrt(want)) <= 1e-12) {
				t.Errorf("%d against %d: found %v, expected %v", n, m, got, math.Sqrt(want))
			}
		}
	}
}

// TestSlicedBasics holds what every distance owes: 0 to itself in any order, the
// same both ways, growing with scale, equal for equal seeds, NaN for nonsense.
func TestSlicedBasics(t *testing.T) {
	a, b := cloud(300, 3, 1), cloud(200, 3, 2)
	back := a.Clone()
	for i := range a.N {
		copy(back.Row(i), a.Row(a.N-1-i))
	}
	if w := metric.SlicedWasserstein(a, back, 20, 0); w > 1e-15 {
		t.Errorf("a set and its reverse: found %v, expected 0", w)
	}
	w := metric.SlicedWasserstein(a, b, 20, 0)
	if back := metric.SlicedWasserstein(b, a, 20, 0); !(math.Abs(w-back) <= 1e-14) {
		t.Errorf("found %v one way and %v the other", w, back)
	}
	if far := metric.SlicedWasserstein(moved(a, 4, 1, 1, 1), moved(b, 4, 1, 1, 1), 20, 0); !(math.Abs(far-4*w) <= 1e-12) {
		t.Errorf("four times as large: found %v, expected %v", far, 4*w)
	}
	if again := metric.SlicedWasserstein(a, b, 20, 0); again != w {
		t.Errorf("the same call: found %v after %v", again, w)
	}
	if other := metric.SlicedWasserstein(a, b, 20, 1); other == w {
		t.Error("another seed: found the same directions")
	}
	for name, w := range map[string]float64{
		"empty":          metric.SlicedWasserstein(drift.NewBatch(0, 3), b, 20, 0),
		"dimensions":     metric.SlicedWasserstein(cloud(5, 2, 0), b, 20, 0),
		"no projections": metric.SlicedWasserstein(a, b, 0, 0),
		"no pairs":       metric.SlicedWassersteinFloor(nil, 0, 10, 0),
	} {
		if !math.IsNaN(w) {
			t.Errorf("%s: found %v, expected NaN", name, w)
		}
	}
}

// TestSlicedFloor checks that the floor is the mean over the pairs it promises, and
// that it falls with the number of samples as 1/√n on the line of a Gaussian.
func TestSlicedFloor(t *testing.T) {
	at := func(n int) func(i int) *drift.Batch {
		return func(i int) *drift.Batch { return cloud(n, 2, uint64(i)) }
	}
	want := 0.0
	for i := range 5 {
		want += metric.SlicedWasserstein(at(100)(2*i), at(100)(2*i+1), 30, 7) / 5
	}
	if got := metric.SlicedWassersteinFloor(at(100), 5, 30, 7); !(math.Abs(got-want) <= 1e-15) {
		t.Errorf("floor: found %v, expected %v", got, want)
	}
	few, many := metric.SlicedWassersteinFloor(at(100), 20, 30, 7), metric.SlicedWassersteinFloor(at(1600), 20, 30, 7)
	if ratio := few / many; ratio < 3 || ratio > 5.2 {
		t.Errorf("16 times the samples: found a floor %v times lower, expected about 4", ratio)
	}
}

func BenchmarkSliced(b *testing.B) {
	x, y := cloud(2000, 2, 1), cloud(2000, 2, 2)
	for b.Loop() {
		metric.SlicedWasserstein(x, y, 1000, 0)
	}
}
