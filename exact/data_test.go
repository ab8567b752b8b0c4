package exact_test

import (
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/exact"
)

// dots is n points of a dimension in three classes, in no order.
func dots(n, dim int) (*drift.Batch, []int) {
	x := drift.NewBatch(n, dim)
	drift.NewNoise(1, "dots", 0).Normal(x)
	labels := make([]int, n)
	for i := range labels {
		labels[i] = (i * i) % 7 % 3 // 0, 1 and 2 mixed up, not equally often
		x.Row(i)[0] += float64(labels[i])
	}
	return x, labels
}

func newData(t testing.TB, x *drift.Batch, labels []int) *exact.Data {
	t.Helper()
	d, err := exact.NewData(x, labels)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// plain is the posterior mean and log density in the plainest way: all logits, their
// maximum, one sum.
func plain(points *drift.Batch, labels []int, x []float64, at drift.Level, class int) (mean []float64, logP float64) {
	logits, top := make([]float64, points.N), math.Inf(-1)
	count := 0.0
	for i := range logits {
		if class >= 0 && labels[i] != class {
			logits[i] = math.Inf(-1)
			continue
		}
		count++
		for j, v := range points.Row(i) {
			logits[i] -= (x[j] - at.Alpha*v) * (x[j] - at.Alpha*v) / (2 * at.Sigma * at.Sigma)
		}
		top = max(top, logits[i])
	}
	mean = make([]float64, len(x))
	total := 0.0
	for i, l := range logits {
		w := math.Exp(l - top)
		total += w
		for j, v := range points.Row(i) {
			mean[j] += w * v
		}
	}
	for j := range mean {
		mean[j] /= total
	}
	return mean, top + math.Log(total/count) - float64(len(x))/2*math.Log(2*math.Pi*at.Sigma*at.Sigma)
}

// TestDataDenoiser compares the blocked, pruned, online softmax with the plain one.
func TestDataDenoiser(t *testing.T) {
	for _, dim := range []int{1, 2, 15, 16, 33, 100} {
		for _, n := range []int{1, 5, 700} {
			points, classes := dots(n, dim)
			if n < 5 {
				classes = []int{0}
			}
			d := newData(t, points, classes)
			const rows = 21 // more than a tile, and not a multiple
			for _, at := range []drift.Level{{Alpha: 1, Sigma: 0.01}, {Alpha: 1, Sigma: 0.3}, {Alpha: 0.6, Sigma: 0.8}, {Alpha: 1, Sigma: 80}, {Alpha: 0, Sigma: 1}} {
				x, labels := drift.NewBatch(rows, dim), make([]int, rows)
				drift.NewNoise(2, "dots", 0).Normal(x)
				for i := range x.N {
					labels[i] = i%(d.Classes()+1) - 1
					for j, v := range points.Row(i % n) {
						x.Row(i)[j] = at.Alpha*v + at.Sigma*x.Row(i)[j]
					}
				}
				got := x.Like()
				if err := d.Denoiser(labels).Denoise(got, x, at); err != nil {
					t.Fatal(err)
				}
				for i := range x.N {
					want, logP := plain(points, classes, x.Row(i), at, labels[i])
					for j, v := range got.Row(i) {
						if !near(v, want[j], 1e-11) {
							t.Fatalf("%d points of dimension %d at %v, class %d: found %v, expected %v", n, dim, at, labels[i], v, want[j])
						}
					}
					if got := d.LogDensity(x.Row(i), at, labels[i]); !near(got, logP, 1e-11) {
						t.Fatalf("%d points of dimension %d at %v, class %d: found log density %v, expected %v", n, dim, at, labels[i], got, logP)
					}
				}
			}
		}
	}
}

// TestDataIsNarrowMixture: points are hills of no width.
func TestDataIsNarrowMixture(t *testing.T) {
	points, labels := dots(30, 3)
	d := newData(t, points, labels)
	var parts []exact.Gaussian
	for i, c := range labels {
		parts = append(parts, exact.Isotropic(1, points.Row(i), 1e-7, c))
	}
	m := must(t, parts...)
	x, bound := dots(30, 3)
	for _, at := range []drift.Level{{Alpha: 1, Sigma: 0.2}, {Alpha: 0.6, Sigma: 0.8}, {Alpha: 0.1, Sigma: 1}} {
		for _, labels := range [][]int{nil, bound} {
			got, want := x.Like(), x.Like()
			if err := d.Denoiser(labels).Denoise(got, x, at); err != nil {
				t.Fatal(err)
			}
			if err := m.Denoiser(labels).Denoise(want, x, at); err != nil {
				t.Fatal(err)
			}
			for i, v := range got.Data {
				if !near(v, want.Data[i], 1e-9) {
					t.Fatalf("at %v: found %v, expected %v", at, v, want.Data[i])
				}
			}
		}
		if got, want := d.LogDensity(x.Row(0), at, 1), m.LogDensity(x.Row(0), at, 1); !near(got, want, 1e-9) {
			t.Errorf("at %v: found log density %v, expected %v", at, got, want)
		}
	}
}

// TestDataLimits: no noise leaves the nearest point, ties are shared, pure noise
// leaves the mean, and no Sigma is too small or too large.
func TestDataLimits(t *testing.T) {
	points := &drift.Batch{Data: []float64{0, 0, 2, 0, 0, 4}, N: 3, Shape: []int{2}}
	d := newData(t, points, nil)
	for _, c := range []struct {
		x    []float64
		at   drift.Level
		want []float64
	}{
		{[]float64{1.9, 0.2}, drift.Clean, []float64{2, 0}},
		{[]float64{1, 0}, drift.Clean, []float64{1, 0}},
		{[]float64{1, 0}, drift.Level{Alpha: 1, Sigma: 1e-200}, []float64{1, 0}},
		{[]float64{0.1, 3}, drift.Level{Alpha: 1, Sigma: 1e-30}, []float64{0, 4}},
		{[]float64{1e9, 3}, drift.Level{Alpha: 1, Sigma: 1e-3}, []float64{2, 0}},
		{[]float64{5, 3}, drift.Level{Alpha: 0, Sigma: 1}, []float64{2. / 3, 4. / 3}},
		{[]float64{5, 3}, drift.Level{Alpha: 1, Sigma: 1e200}, []float64{2. / 3, 4. / 3}},
	} {
		x := &drift.Batch{Data: c.x, N: 1, Shape: []int{2}}
		got := x.Like()
		if err := d.Denoiser(nil).Denoise(got, x, c.at); err != nil {
			t.Fatal(err)
		}
		for j, v := range got.Data {
			if !(math.Abs(v-c.want[j]) <= 1e-14) {
				t.Errorf("%v at %v: found %v, expected %v", c.x, c.at, got.Data, c.want)
			}
		}
	}
	if l := d.LogDensity([]float64{0, 0}, drift.Clean, -1); !math.IsNaN(l) {
		t.Errorf("density without noise: found %v, expected NaN", l)
	}
	if l := d.LogDensity([]float64{0, 0}, drift.Level{Alpha: 1, Sigma: 1}, 0); !math.IsInf(l, -1) {
		t.Errorf("density of a class of data without classes: found %v, expected -Inf", l)
	}
}

func TestDataIsDeterministic(t *testing.T) {
	points, labels := dots(5000, 10)
	d := newData(t, points, labels)
	points.Data[0] = 1e9 // the caller's own
	x, bound := dots(200, 10)
	at := drift.Level{Alpha: 0.9, Sigma: 0.4}
	want := x.Like()
	if err := d.Denoiser(bound).Denoise(want, x, at); err != nil {
		t.Fatal(err)
	}
	for _, procs := range []int{1, 3, 8} {
		before := runtime.GOMAXPROCS(procs)
		got := x.Like()
		err := d.Denoiser(bound).Denoise(got, x, at)
		runtime.GOMAXPROCS(before)
		if err != nil || !slices.Equal(got.Data, want.Data) {
			t.Errorf("%d processors: found other numbers (%v)", procs, err)
		}
	}
	got := x.Slice(3, 9).Like()
	if err := d.Denoiser(bound[3:9]).Denoise(got, x.Slice(3, 9), at); err != nil || !slices.Equal(got.Data, want.Slice(3, 9).Data) {
		t.Errorf("six rows alone: found other numbers (%v)", err)
	}
}

func TestDataRefuses(t *testing.T) {
	good, _ := dots(3, 2)
	for want, c := range map[string]struct {
		x      *drift.Batch
		labels []int
	}{
		"found 0 samples":              {drift.NewBatch(0, 2), nil},
		"found 2 labels for 3 samples": {good, []int{0, 0}},
		"found label -1 for sample 1":  {good, []int{0, -1, 0}},
		"found label 9 for sample 2":   {good, []int{0, 0, 9}},
		"found no sample of class 1":   {good, []int{0, 0, 2}},
		"holds NaN":                    {&drift.Batch{Data: []float64{0, math.NaN()}, N: 1, Shape: []int{2}}, nil},
	} {
		if _, err := exact.NewData(c.x, c.labels); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
	d := newData(t, good, []int{0, 1, 0})
	if d.Dim() != 2 || d.Len() != 3 || d.Classes() != 2 {
		t.Errorf("found dimension %d, %d points, %d classes, expected 2, 3, 2", d.Dim(), d.Len(), d.Classes())
	}
	for want, err := range map[string]error{
		"found label 2":         d.Denoiser([]int{0, 1, 2}).Denoise(good.Like(), good, drift.Clean),
		"found 0 labels":        d.Denoiser([]int{}).Denoise(good.Like(), good, drift.Clean),
		"found 1 labels":        d.Denoiser([]int{0}).Denoise(good.Like(), good, drift.Clean),
		"expected 2 values":     d.Denoiser(nil).Denoise(drift.NewBatch(1, 3), drift.NewBatch(1, 3), drift.Clean),
		"sample 0 out of reach": d.Denoiser(nil).Denoise(drift.NewBatch(1, 2), &drift.Batch{Data: []float64{1e200, 0}, N: 1, Shape: []int{2}}, drift.Level{Alpha: 1, Sigma: 1}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
}

func BenchmarkData(b *testing.B) {
	const n, rows = 100_000, 64
	for _, dim := range []int{2, 64} {
		points, _ := dots(n, dim)
		d := newData(b, points, nil)
		for _, sigma := range []float64{0.1, 1, 10} {
			x := points.Slice(0, rows).Clone()
			noise := x.Like()
			drift.NewNoise(3, "bench", 0).Normal(noise)
			for i, v := range noise.Data {
				x.Data[i] += sigma * v
			}
			y := x.Like()
			b.Run(fmt.Sprintf("points=%d/dim=%d/rows=%d/sigma=%v", n, dim, rows, sigma), func(b *testing.B) {
				for b.Loop() {
					if err := d.Denoiser(nil).Denoise(y, x, drift.Level{Alpha: 1, Sigma: sigma}); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*rows), "ns/row")
			})
		}
	}
}
