package metric_test

import (
	"math"
	"strings"
	"testing"

	"drift"
	"drift/metric"
)

// Of one source, density is 1 on average, and a ball is empty if none of the k nearest of all
// others is generated: coverage is 1 - Π (n-i)/(m+n-i) (Naeem et al. 2020, appendix B).
func TestOverlapOfOneSource(t *testing.T) {
	const n, m, k, trials = 60, 40, 5, 150
	var density, coverage []float64
	for i := range uint64(trials) {
		found, err := metric.Overlap(cloud(n, 3, 2*i), cloud(m, 3, 2*i+1), k)
		if err != nil {
			t.Fatal(err)
		}
		density, coverage = append(density, found.Density.Value), append(coverage, found.Coverage.Value)
	}
	empty := 1.0
	for i := 1; i <= k; i++ {
		empty *= float64(n-i) / float64(m+n-i)
	}
	for name, c := range map[string]struct {
		found metric.Estimate
		want  float64
	}{"density": {metric.Mean(density), 1}, "coverage": {metric.Mean(coverage), 1 - empty}} {
		if half := c.found.High - c.found.Value; !(math.Abs(c.found.Value-c.want) <= 2.5*half) {
			t.Errorf("%s: found %v, expected %v", name, c.found, c.want)
		}
	}
}

// Two of three hills: all is real, a third is missing. Noise: nothing is real. Borders count.
func TestOverlapByHand(t *testing.T) {
	real, two := drift.NewBatch(90, 2), drift.NewBatch(60, 2)
	drift.NewNoise(1, "hills", 0).Normal(real)
	drift.NewNoise(2, "hills", 0).Normal(two)
	for i := range real.N {
		real.Row(i)[0] += float64(i%3) * 100
	}
	for i := range two.N {
		two.Row(i)[0] = two.Row(i)[0]/4 + float64(i%2)*100
		two.Row(i)[1] /= 4
	}
	m, err := metric.Overlap(real, two, 5)
	if err != nil || m.Precision.Value != 1 || !(m.Recall.Value < 2./3) || !(m.Coverage.Value > 0.3 && m.Coverage.Value <= 2./3) {
		t.Errorf("found %+v (%v), expected precision 1 and no more than two thirds of the rest", m, err)
	}
	far, err := metric.Overlap(real, moved(two, 1, 5e3, 0), 3)
	if err != nil || far.Precision.Value+far.Recall.Value+far.Density.Value+far.Coverage.Value != 0 {
		t.Errorf("far away: found %+v (%v), expected zeros", far, err)
	}
	line := &drift.Batch{Data: []float64{0, 1, 2, 4}, N: 4, Shape: []int{1}}
	at := &drift.Batch{Data: []float64{3, 6}, N: 2, Shape: []int{1}} // balls of reach 1, 1, 1, 2 and 3, 3
	m, err = metric.Overlap(line, at, 1)
	if err != nil || m.Precision.Value != 1 || m.Recall.Value != 1 || m.Density.Value != 1.5 || m.Coverage.Value != 0.5 {
		t.Errorf("found %+v (%v), expected precision 1, recall 1, density 1.5, coverage ½", m, err)
	}
	for _, bad := range []struct {
		x *drift.Batch
		k int
	}{{line, 0}, {line, 4}, {cloud(9, 2, 1), 1}} {
		if _, err := metric.Overlap(line, bad.x, bad.k); err == nil || !strings.Contains(err.Error(), "expected more samples than neighbours") {
			t.Errorf("k = %d: found error %v", bad.k, err)
		}
	}
}

// Nearest neighbours are those of a plain loop, in any dimension, equal ones by number.
func TestNearest(t *testing.T) {
	for _, dim := range []int{1, 5, 16, 50} {
		x, to := cloud(9, dim, 1), cloud(30, dim, 2)
		copy(to.Row(20), x.Row(3)) // two copies
		copy(to.Row(10), x.Row(3))
		near := metric.Nearest(x, to, 4)
		for i := range x.N {
			taken, last := map[int]bool{}, 0.0
			for _, found := range near[i] {
				best, at := math.Inf(1), -1
				for j := range to.N {
					d := 0.0
					for k, v := range x.Row(i) {
						d += (v - to.Row(j)[k]) * (v - to.Row(j)[k])
					}
					if d < best && !taken[j] {
						best, at = d, j
					}
				}
				taken[at] = true
				if found.Index != at || !(math.Abs(found.Square-best) <= 1e-12) || found.Square < last {
					t.Errorf("dimension %d: sample %d: found %+v, expected %d at %v", dim, i, found, at, best)
				}
				last = found.Square
			}
			if len(near[i]) != 4 {
				t.Errorf("found %d neighbours, expected 4", len(near[i]))
			}
		}
	}
	if near := metric.Nearest(cloud(2, 1, 1), cloud(3, 1, 2), 9); len(near[0]) != 3 {
		t.Errorf("found %d neighbours among 3", len(near[0]))
	}
}

// Copies among new samples are counted and named; new samples are flagged as often as unseen ones.
func TestCopies(t *testing.T) {
	const dim = 4
	learned, unseen, fresh := cloud(300, dim, 1), cloud(400, dim, 2), cloud(200, dim, 3)
	c, err := metric.Copies(fresh, unseen, learned, 0.05, 2)
	if err != nil || !(c.Found.Low < 0.05 && c.Found.High > 0.05) || !(c.Floor.Low < 0.05 && c.Floor.High > 0.05) {
		t.Fatalf("fresh samples: found %+v and %+v (%v), expected 0.05 in both ranges", c.Found, c.Floor, err)
	}
	before := c.Found.Value
	flagged := 0
	for i := range fresh.N {
		if math.Sqrt(c.Nearest[i][0].Square) < c.Bound {
			flagged++
		}
	}
	if float64(flagged)/200 != before {
		t.Errorf("found a share of %v, but %d of 200 below the bound", before, flagged)
	}
	for i := range 40 { // a fifth are copies, hardly changed
		copy(fresh.Row(5*i), learned.Row(7*i))
		fresh.Row(5 * i)[0] += 1e-3
	}
	c, err = metric.Copies(fresh, unseen, learned, 0.05, 2)
	if err != nil || !(c.Found.Value >= 0.2) || !(c.Found.Low > c.Floor.High) {
		t.Errorf("a fifth copied: found %+v, floor %+v (%v)", c.Found, c.Floor, err)
	}
	for i := range 40 {
		if near := c.Nearest[5*i][0]; near.Index != 7*i || !(math.Abs(near.Square-1e-6) <= 1e-9) {
			t.Errorf("sample %d: found nearest %+v, expected %d", 5*i, near, 7*i)
		}
	}
	// Where unseen samples are learned ones too, what is equal is still flagged, of both.
	c, err = metric.Copies(learned, learned, learned, 0.05, 1)
	if err != nil || c.Bound != 0 || c.Found.Value != 1 || c.Floor.Value != 1 {
		t.Errorf("equal ones: found %v, floor %v, bound %v, %v", c.Found, c.Floor, c.Bound, err)
	}
	if _, err := metric.Copies(fresh, unseen.Slice(0, 3), learned, 0.05, 1); err == nil {
		t.Error("three unseen samples: found no error")
	}
}
