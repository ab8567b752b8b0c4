package metric_test

import (
	"math"
	"testing"

	"drift"
	"drift/metric"
)

// Fresh samples come out at a half, copies at 1, those that stray below; and the number
// is the share of pairs, counted plainly.
func TestCopying(t *testing.T) {
	truth, _, learned, unseen := source(t, 400)
	fresh, _ := truth.Draw(300, -1, 5, "fresh")
	found, floor, err := metric.Copying(fresh, unseen, learned)
	if err != nil {
		t.Fatal(err)
	}
	if floor.Value != 0.5 || !(found.Value > floor.Low && found.Value < floor.High) {
		t.Errorf("fresh samples: found %v, expected one within %v", found, floor)
	}
	nearest := func(x []float64) float64 {
		least := math.Inf(1)
		for i := range learned.N {
			square := 0.0
			for j, v := range learned.Row(i) {
				square += (v - x[j]) * (v - x[j])
			}
			least = min(least, square)
		}
		return least
	}
	pairs := 0.0
	for i := range 21 { // enough to count plainly
		for j := range unseen.N {
			if nearest(fresh.Row(i)) < nearest(unseen.Row(j)) {
				pairs++
			}
		}
	}
	few, _, err := metric.Copying(fresh.Slice(0, 21), unseen, learned)
	if want := pairs / float64(21*unseen.N); err != nil || math.Abs(few.Value-want) > 1e-12 {
		t.Errorf("found %v (%v), expected %v", few.Value, err, want)
	}
	if found, _, _ := metric.Copying(learned.Slice(0, 50), unseen, learned); found.Value != 1 {
		t.Errorf("copies: found %v, expected 1", found)
	}
	away := fresh.Clone()
	for i := range away.Data {
		away.Data[i] *= 3
	}
	if found, floor, _ := metric.Copying(away, unseen, learned); !(found.High < floor.Low) {
		t.Errorf("strays: found %v, expected less than %v", found, floor)
	}
	same := drift.NewBatch(3, 4)
	if found, _, _ := metric.Copying(same, same, learned); found.Value != 0.5 {
		t.Errorf("ties: found %v, expected a half", found)
	}
	if _, _, err := metric.Copying(fresh, drift.NewBatch(3, 2), learned); err == nil {
		t.Error("other dimensions: found no error")
	}
}

// The ranges hold what they say they hold: of 200 fresh sets, the floor's range holds
// 95 %, so that 10 are outside on average and 23 or more with probability below 1e-3.
func TestCopyingFloorHolds95Percent(t *testing.T) {
	truth, _, _, _ := source(t, 3)
	outside := 0
	for k := range 200 {
		learned, _ := truth.Draw(60, -1, uint64(k), "learned")
		unseen, _ := truth.Draw(40, -1, uint64(k), "unseen")
		fresh, _ := truth.Draw(50, -1, uint64(k), "fresh")
		found, floor, err := metric.Copying(fresh, unseen, learned)
		if err != nil {
			t.Fatal(err)
		}
		if found.Value < floor.Low || found.Value > floor.High {
			outside++
		}
	}
	if outside > 22 || outside == 0 {
		t.Errorf("found %d of 200 outside the floor's range, expected about 10", outside)
	}
}
