package metric_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/metric"
)

func TestModeCoverage(t *testing.T) {
	centres := [][]float64{{0, 0}, {10, 0}, {0, 10}, {10, 10}}
	hill, err := metric.WithinHills(centres, []float64{1, 1, 1, 1}, 3)
	if err != nil {
		t.Fatal(err)
	}
	// 100 samples on hill 0, 60 on 1, 3 on 2, none on 3, 7 nowhere.
	x := drift.NewBatch(170, 2)
	for i := range x.N {
		switch {
		case i < 100:
		case i < 160:
			x.Row(i)[0] = 10 + 2.9*math.Cos(float64(i))
			x.Row(i)[1] = 2.9 * math.Sin(float64(i))
		case i < 163:
			x.Row(i)[1] = 7.1
		default:
			x.Row(i)[0] = 50
		}
	}
	m, err := metric.ModeCoverage(x, []float64{1, 1, 1, 1}, hill)
	if err != nil {
		t.Fatal(err)
	}
	if m.Inside.Value != 163.0/170 || !slices.Equal(m.Dropped, []int{2, 3}) { // due 40.75, a tenth is 4.1
		t.Errorf("found %v inside, dropped %v, expected %v and hills 2 and 3", m.Inside, m.Dropped, 163.0/170)
	}
	for k, n := range []float64{100, 60, 3, 0} {
		if !(math.Abs(m.Shares[k].Value-n/163) <= 1e-15) {
			t.Errorf("hill %d: found share %v, expected %v", k, m.Shares[k], n/163)
		}
	}
	if want := (100.0+60)/163 - 0.5; !(math.Abs(m.Variation-want) <= 1e-12) {
		t.Errorf("found variation %v, expected %v", m.Variation, want)
	}
	if m.Expected > 1e-6 {
		t.Errorf("found %v hills dropped by chance, expected next to none", m.Expected)
	}
}

// TestModeKept: a hill is kept by a tenth of its due, but not by nothing.
func TestModeKept(t *testing.T) {
	on := func(counts ...int) *drift.Batch {
		x := drift.NewBatch(0, 1)
		for k, n := range counts {
			for range n {
				x.Data = append(x.Data, float64(k))
			}
			x.N += n
		}
		return x
	}
	for _, c := range []struct {
		x    *drift.Batch
		want []int
	}{
		{on(9, 1), nil},            // due 5: a tenth is half a sample, and there is one
		{on(10, 0), []int{1}},      // none is never enough
		{on(190, 10), nil},         // due 100: a tenth is 10, and there are 10
		{on(191, 9), []int{1}},     // one less
		{on(2, 2, 0, 2), []int{2}}, // in the middle
	} {
		hills := max(2, int(c.x.Data[c.x.N-1])+1)
		m, err := metric.ModeCoverage(c.x, slices.Repeat([]float64{3}, hills), func(x []float64) int { return int(x[0]) })
		if err != nil || !slices.Equal(m.Dropped, c.want) {
			t.Errorf("found dropped %v of shares %v (%v), expected %v", m.Dropped, m.Shares, err, c.want)
		}
	}
}

// TestModesDroppedByChance compares the floor with how many hills perfect samples
// drop in fact. The number is a mean over trials of a count with a spread of its own.
func TestModesDroppedByChance(t *testing.T) {
	weights := []float64{1, 1, 1, 1, 0.02, 0.03} // 40 samples: less than one on each of the last two
	const n, trials = 40, 4000
	sum, square, expected := 0.0, 0.0, 0.0
	for i := range trials {
		r, x := drift.Rand(uint64(i), "modes test"), drift.NewBatch(n, 1)
		for j := range x.Data {
			u := r.Float64() * 4.05
			for u >= weights[int(x.Data[j])] {
				u -= weights[int(x.Data[j])]
				x.Data[j]++
			}
		}
		m, err := metric.ModeCoverage(x, weights, func(x []float64) int { return int(x[0]) })
		if err != nil {
			t.Fatal(err)
		}
		d := float64(len(m.Dropped))
		sum, square, expected = sum+d/trials, square+d*d/trials, m.Expected
	}
	if sd := math.Sqrt((square - sum*sum) / trials); !(math.Abs(sum-expected) <= 5*sd) {
		t.Errorf("found %v hills dropped on average, expected %v ± %v", sum, expected, sd)
	}
	if expected < 1 {
		t.Errorf("found %v hills expected to drop, the test wants some", expected)
	}
}

func TestModesRefuse(t *testing.T) {
	x := cloud(3, 2, 0)
	none := func([]float64) int { return -1 }
	if m, err := metric.ModeCoverage(x, []float64{1, 1}, none); err != nil || len(m.Dropped) != 2 || m.Inside.Value != 0 {
		t.Errorf("all astray: found %v, %v, expected both hills dropped", m, err)
	}
	for want, call := range map[string]func() error{
		"found weight 0 for hill 1":   func() error { _, err := metric.ModeCoverage(x, []float64{1, 0}, none); return err },
		"found 3 samples and 0 hills": func() error { _, err := metric.ModeCoverage(x, nil, none); return err },
		"found 0 samples":             func() error { _, err := metric.ModeCoverage(drift.NewBatch(0, 2), []float64{1}, none); return err },
		"found hill 5 for sample 0": func() error {
			_, err := metric.ModeCoverage(x, []float64{1}, func([]float64) int { return 5 })
			return err
		},
		"found 0 centres":                func() error { _, err := metric.WithinHills(nil, nil, 3); return err },
		"found standard deviation 0":     func() error { _, err := metric.WithinHills([][]float64{{1}}, []float64{0}, 3); return err },
		"and 2 values for hill 1":        func() error { _, err := metric.WithinHills([][]float64{{1}, {1, 2}}, []float64{1, 1}, 3); return err },
		"1 centres and 2 standard devia": func() error { _, err := metric.WithinHills([][]float64{{1}}, []float64{1, 1}, 3); return err },
	} {
		if err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
}
