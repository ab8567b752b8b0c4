package exact_test

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"drift"
	"drift/exact"
)

// TestDenoiser compares with PosteriorMean, row by row, for every way to give labels.
func TestDenoiser(t *testing.T) {
	m := five(t)
	const n = 7
	x := first(m.Draw(n, -1, 5, "denoiser"))
	for _, labels := range [][]int{nil, {0, 1, 2, 0, 1, 2, 0}, {-1, 2, -1, -1, 0, 1, 1}} {
		for _, at := range someLevels() {
			got, want := x.Like(), make([]float64, 5)
			if err := m.Denoiser(labels).Denoise(got, x, at); err != nil {
				t.Fatal(err)
			}
			for i := range n {
				class := -1
				if labels != nil {
					class = labels[i]
				}
				m.PosteriorMean(want, x.Row(i), at, class)
				if !slices.Equal(got.Row(i), want) {
					t.Fatalf("labels %v, row %d: found %v, expected %v", labels, i, got.Row(i), want)
				}
			}
		}
	}
}

// TestDenoiserIsDeterministic: equal bytes for any number of threads, alone or in
// company, and from many goroutines at once.
func TestDenoiserIsDeterministic(t *testing.T) {
	m := five(t)
	const n = 5000
	x := first(m.Draw(n, -1, 5, "denoiser"))
	at := drift.Level{Alpha: 0.6, Sigma: 0.8}
	denoise := func(x *drift.Batch) *drift.Batch {
		y := x.Like()
		if err := m.Denoiser(nil).Denoise(y, x, at); err != nil {
			t.Error(err)
		}
		return y
	}
	want := denoise(x)
	for _, procs := range []int{1, 3, 8} {
		before := runtime.GOMAXPROCS(procs)
		got := denoise(x)
		runtime.GOMAXPROCS(before)
		if !slices.Equal(got.Data, want.Data) {
			t.Errorf("%d processors: found other numbers", procs)
		}
	}
	if got := denoise(x.Slice(10, 20)); !slices.Equal(got.Data, want.Slice(10, 20).Data) {
		t.Error("ten rows alone: found other numbers")
	}
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for i := range 50 {
				m.LogDensity(x.Row(i), drift.Level{Alpha: 1, Sigma: float64(i + 1)}, -1) // another level from the same pool
				if got := denoise(x.Slice(i, i+3)); !slices.Equal(got.Data, want.Slice(i, i+3).Data) {
					t.Error("among others: found other numbers")
				}
			}
		})
	}
	wait.Wait()
}

func TestDenoiserRefuses(t *testing.T) {
	m := hills(t)
	x := drift.NewBatch(2, 2)
	labels := []int{0, 1}
	bound := m.Denoiser(labels)
	labels[1] = 99 // the caller's own
	if err := bound.Denoise(x.Like(), x, drift.Clean); err != nil {
		t.Errorf("labels changed after binding: found %v", err)
	}
	for name, c := range map[string]struct {
		d      drift.Denoiser
		dst, x *drift.Batch
		at     drift.Level
		want   string
	}{
		"label too large":  {m.Denoiser([]int{0, 2}), x.Like(), x, drift.Clean, "found label 2 for sample 1, expected -1 (any class) to 1"},
		"label too small":  {m.Denoiser([]int{-2, 0}), x.Like(), x, drift.Clean, "found label -2 for sample 0"},
		"number of labels": {m.Denoiser([]int{0}), x.Like(), x, drift.Clean, "found 1 labels for 2 samples"},
		"dimension":        {m.Denoiser(nil), drift.NewBatch(2, 3), drift.NewBatch(2, 3), drift.Clean, "expected 2 values"},
		"dst":              {m.Denoiser(nil), drift.NewBatch(1, 2), x, drift.Clean, "expected 2×[2]"},
		"level":            {m.Denoiser(nil), x.Like(), x, drift.Level{}, "level"},
	} {
		err := c.d.Denoise(c.dst, c.x, c.at)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: found error %v, expected one that says %q", name, err, c.want)
		}
	}
}

// TestImagesAreVectors: the shape of a sample is free as long as its size is right.
func TestImagesAreVectors(t *testing.T) {
	m := must(t, exact.Isotropic(1, make([]float64, 12), 1, 0))
	x := drift.NewBatch(3, 2, 2, 3)
	if err := m.Denoiser(nil).Denoise(x.Like(), x, drift.Level{Alpha: 1, Sigma: 1}); err != nil {
		t.Error(err)
	}
}

func BenchmarkDenoiser(b *testing.B) {
	for _, dim := range []int{2, 64} {
		for _, full := range []bool{false, true} {
			r := drift.Rand(1, "bench")
			var parts []exact.Gaussian
			for k := range 10 {
				mean := make([]float64, dim)
				for j := range mean {
					mean[j] = r.NormFloat64()
				}
				g := exact.Isotropic(1, mean, 0.3, k)
				if full {
					for j := range dim - 1 {
						g.Cov[j*dim+j+1], g.Cov[(j+1)*dim+j] = 0.03, 0.03
					}
				}
				parts = append(parts, g)
			}
			m := must(b, parts...)
			x := first(m.Draw(2000, -1, 1, "bench"))
			y := x.Like()
			b.Run(fmt.Sprintf("dim=%d/full=%v/parts=10/n=2000", dim, full), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if err := m.Denoiser(nil).Denoise(y, x, drift.Level{Alpha: 0.6, Sigma: 0.8}); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
