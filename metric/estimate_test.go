package metric_test

import (
	"math"
	"testing"

	"drift"
	"drift/metric"
)

// covers counts how often a range holds the truth in repeated experiments, which for
// a range of 95 % is binomial. Five standard deviations of that are allowed, and 2 %
// for ranges that are right only for many samples.
func covers(t *testing.T, what string, trials int, truth float64, try func(i int) metric.Estimate) {
	t.Helper()
	hits, sum := 0.0, 0.0
	for i := range trials {
		e := try(i)
		if !(e.Low <= e.Value && e.Value <= e.High) {
			t.Fatalf("%s: found %v outside its own range", what, e)
		}
		sum += e.Value / float64(trials)
		if e.Low <= truth && truth <= e.High {
			hits++
		}
	}
	share := hits / float64(trials)
	if tol := 5*math.Sqrt(0.95*0.05/float64(trials)) + 0.02; !(math.Abs(share-0.95) <= tol) {
		t.Errorf("%s: found the truth %v in %v of the ranges, expected 0.95 ± %v (mean value %v)", what, truth, share, tol, sum)
	}
}

func TestRangesOfMeans(t *testing.T) {
	for _, n := range []int{2, 3, 6, 20} {
		covers(t, "mean of Gaussians", 2000, 0, func(i int) metric.Estimate { return metric.Mean(cloud(n, 1, uint64(i)).Data) })
	}
	for _, p := range []float64{0.02, 0.3, 0.9} {
		covers(t, "share", 2000, p, func(i int) metric.Estimate {
			r, hits := drift.Rand(uint64(i), "share test"), 0
			for range 200 {
				if r.Float64() < p {
					hits++
				}
			}
			return metric.Share(hits, 200)
		})
	}
	// Quantiles of Student's t from any table: 12.706, 4.303, 2.776, 2.262, 2.045.
	for nu, want := range map[int]float64{1: 12.706, 2: 4.303, 4: 2.776, 9: 2.262, 29: 2.045} {
		values := make([]float64, nu+1)
		values[0] = 1 // mean 1/n and standard deviation 1/√n, so half the range is t/n
		e := metric.Mean(values)
		if got := (e.High - e.Low) / 2 * float64(nu+1); !(math.Abs(got/want-1) <= 0.01) {
			t.Errorf("%d degrees of freedom: found quantile %v, expected %v", nu, got, want)
		}
	}
}

func TestShareEnds(t *testing.T) {
	for hits, want := range map[int]metric.Estimate{0: {Value: 0, Low: 0, High: 0.278}, 10: {Value: 1, Low: 0.722, High: 1}} {
		got := metric.Share(hits, 10)
		if got.Value != want.Value || !(math.Abs(got.Low-want.Low) <= 5e-4) || !(math.Abs(got.High-want.High) <= 5e-4) {
			t.Errorf("%d of 10: found %v, expected %v", hits, got, want)
		}
	}
	if e := metric.Share(0, 0); !math.IsNaN(e.Value) {
		t.Errorf("none of none: found %v, expected NaN", e)
	}
	if e := metric.Mean([]float64{3}); e.Value != 3 || !math.IsNaN(e.Low) {
		t.Errorf("one value: found %v, expected 3 and no range", e)
	}
	if e := metric.Mean(nil); !math.IsNaN(e.Value) {
		t.Errorf("no value: found %v, expected NaN", e)
	}
}

// TestFloor: 95 % of perfect samples come to lie in the range of the floor.
func TestFloor(t *testing.T) {
	distance := func(a, b *drift.Batch) float64 { return metric.SlicedWasserstein(a, b, 4, 0) }
	inside, trials := 0.0, 500
	for i := range trials {
		draw := func(j int) *drift.Batch { return cloud(50, 2, uint64(i*100+j)) }
		floor := metric.Floor(draw, 8, distance)
		if one := distance(draw(50), draw(51)); floor.Low <= one && one <= floor.High {
			inside++
		}
	}
	// The distance is not quite normal, so a few percent are allowed beside chance.
	if share := inside / float64(trials); !(math.Abs(share-0.95) <= 5*math.Sqrt(0.95*0.05/500)+0.02) {
		t.Errorf("found %v of perfect samples in the range of the floor, expected 0.95", share)
	}
}

// TestOverPairs: between N(0, I) and N(v, I) the distance of true means is known.
func TestOverPairs(t *testing.T) {
	shift := func(a, b *drift.Batch) float64 {
		mb, _ := metric.ClassMoments(b, make([]int, b.N), 1)
		ma, _ := metric.ClassMoments(a, make([]int, a.N), 1)
		return mb[0][0] - ma[0][0]
	}
	covers(t, "over pairs", 500, 2, func(i int) metric.Estimate {
		a := func(j int) *drift.Batch { return cloud(20, 1, uint64(1000*i+j)) }
		b := func(j int) *drift.Batch { return moved(cloud(20, 1, uint64(1000*i+500+j)), 1, 2) }
		return metric.OverPairs(a, b, 6, shift)
	})
}

// TestMeanLogDensity: for N(0, I) the mean is minus the entropy, d/2·log(2πe).
func TestMeanLogDensity(t *testing.T) {
	logDensity := func(x []float64, class int) float64 {
		l := float64(class + 1) // stands for what a class would add
		for _, v := range x {
			l -= v*v/2 + math.Log(2*math.Pi)/2
		}
		return l
	}
	covers(t, "log density", 500, -1.5*math.Log(2*math.Pi*math.E), func(i int) metric.Estimate {
		return metric.MeanLogDensity(cloud(100, 3, uint64(i)), nil, logDensity)
	})
	x := cloud(4, 3, 0)
	free, bound := metric.MeanLogDensity(x, nil, logDensity), metric.MeanLogDensity(x, []int{0, 1, 2, 3}, logDensity)
	if !(math.Abs(bound.Value-free.Value-2.5) <= 1e-12) {
		t.Errorf("with classes: found %v more, expected 2.5", bound.Value-free.Value)
	}
	if e := metric.MeanLogDensity(x, []int{0}, logDensity); !math.IsNaN(e.Value) {
		t.Errorf("one label for four: found %v, expected NaN", e)
	}
}
