//go:build unix

package dense

import (
	"fmt"
	"math"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// The benchmarks run on one thread and on DRIFT_CPU_THREADS or two.
func threads() []int {
	if n, err := strconv.Atoi(os.Getenv("DRIFT_CPU_THREADS")); err == nil {
		return []int{n}
	}
	return []int{1, 2}
}

// measure reports the best of many runs in GFLOP/s and its share of the peak of all
// threads, measured at the same time; and the share by the time that the processors
// gave, which other programs disturb less but which does not count what waits.
func measure(b *testing.B, name string, flops float64, workspace int, run func(pl *pool.Pool, work []float32)) {
	work := make([]float32, workspace)
	for _, n := range threads() {
		b.Run(fmt.Sprintf("%s/threads=%d", name, n), func(b *testing.B) {
			pl := pool.New(n)
			defer pl.Close()
			shortest, least, peak := time.Duration(math.MaxInt64), time.Duration(math.MaxInt64), 0.0
			for b.Loop() {
				start, used := time.Now(), used()
				run(pl, work)
				shortest = min(shortest, time.Since(start))
				least = min(least, usedSince(used))
			}
			for range 4 {
				peak = max(peak, kernel.Peak(tile.Set))
			}
			rate := flops / float64(shortest.Nanoseconds())
			b.ReportMetric(rate, "GFLOP/s")
			b.ReportMetric(100*rate/(peak*float64(n)), "%peak")
			b.ReportMetric(100*flops/float64(least.Nanoseconds())/peak, "%used")
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(float64(shortest.Microseconds()), "µs")
		})
	}
}

// used is the time that the processors have given to the program.
func used() time.Duration {
	var u syscall.Rusage
	if syscall.Getrusage(syscall.RUSAGE_SELF, &u) != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func usedSince(then time.Duration) time.Duration { return max(time.Microsecond, used()-then) }

func BenchmarkProduct(b *testing.B) {
	for _, p := range []Product{
		{M: 1024, N: 1024, K: 1024, Batch: 1},
		{M: 1024, N: 1024, K: 1024, Batch: 1, TransA: true},
		{M: 1024, N: 1024, K: 1024, Batch: 1, TransB: true},
		{M: 64, N: 64, K: 64, Batch: 1},
		{M: 64, N: 64, K: 64, Batch: 1, TransA: true},
		{M: 128, N: 128, K: 128, Batch: 1},
		{M: 256, N: 256, K: 256, Batch: 1},
		{M: 512, N: 512, K: 512, Batch: 1},
		{M: 2048, N: 64, K: 64, Batch: 1},
		{M: 64, N: 2048, K: 64, Batch: 1},
		{M: 64, N: 64, K: 2048, Batch: 1},
		{M: 64, N: 2048, K: 2048, Batch: 1},
		{M: 2048, N: 2048, K: 128, Batch: 1},
		{M: 512, N: 256, K: 256, Batch: 1},
		{M: 512, N: 256, K: 256, Batch: 1, TransB: true},
		{M: 256, N: 256, K: 512, Batch: 1, TransA: true},
		{M: 512, N: 128, K: 128, Batch: 1}, // a step of bench's MLP
		{M: 128, N: 128, K: 512, Batch: 1, TransA: true},
		{M: 512, N: 128, K: 34, Batch: 1},
		{M: 34, N: 128, K: 512, Batch: 1, TransA: true},
		{M: 512, N: 2, K: 128, Batch: 1},
		{M: 512, N: 128, K: 2, Batch: 1, TransB: true},
		{M: 2, N: 128, K: 512, Batch: 1, TransA: true},
		{M: 128, N: 384, K: 4096, Batch: 1, TransA: true}, // of attention in a U-Net
		{M: 192, N: 64, K: 16384, Batch: 1, TransA: true},
		{M: 256, N: 128, K: 256, Batch: 16, TransA: true, TransB: true},
		{M: 16, N: 256, K: 256, Batch: 1},
		{M: 1, N: 512, K: 512, Batch: 1},
		{M: 256, N: 256, K: 64, Batch: 64, TransB: true},
		{M: 256, N: 64, K: 256, Batch: 64},
		{M: 64, N: 64, K: 32, Batch: 64, TransB: true},
	} {
		c, x, y := make([]float32, p.Batch*p.M*p.N), make([]float32, p.Batch*p.M*p.K), make([]float32, p.Batch*p.K*p.N)
		name := fmt.Sprintf("%dx%dx%dx%d", p.Batch, p.M, p.N, p.K)
		if p.TransA {
			name += "T"
		}
		if p.TransB {
			name += "t"
		}
		measure(b, name, p.FLOPs(), p.Workspace(), func(pl *pool.Pool, work []float32) { p.Run(pl, work, c, x, y) })
		if h := p; bf16s() != nil {
			if h.BF16 = true; h.bf16() {
				measure(b, name+"/bf16", h.FLOPs(), h.Workspace(), func(pl *pool.Pool, work []float32) { h.Run(pl, work, c, x, y) })
			}
		}
	}
}

// Sizes between which any product should keep its speed.
func BenchmarkSizes(b *testing.B) {
	sizes := []int{64, 96, 200, 512, 1024, 2048}
	for _, m := range sizes {
		for _, n := range sizes {
			for _, k := range sizes {
				for i, kind := range []string{"", "T", "t"} {
					p := Product{M: m, N: n, K: k, Batch: 1, TransA: i == 1, TransB: i == 2}
					c, x, y := make([]float32, m*n), make([]float32, m*k), make([]float32, k*n)
					measure(b, fmt.Sprintf("%dx%dx%d%s", m, n, k, kind), p.FLOPs(), p.Workspace(), func(pl *pool.Pool, work []float32) { p.Run(pl, work, c, x, y) })
				}
			}
		}
	}
}

func BenchmarkConv(b *testing.B) {
	for _, s := range []struct{ n, hw, in, out, k, stride int }{
		{16, 32, 32, 32, 3, 1},
		{16, 32, 64, 64, 3, 1},
		{16, 16, 128, 128, 3, 1},
		{1, 16, 128, 128, 3, 1}, // of one picture: the kernel's transform counts
		{16, 16, 192, 128, 3, 1},
		{16, 16, 256, 128, 3, 1},
		{16, 32, 128, 128, 3, 1},
		{16, 8, 256, 256, 3, 1},
		{16, 32, 64, 64, 1, 1},
		{16, 16, 256, 128, 1, 1},
		{16, 32, 64, 64, 3, 2},
		{16, 32, 3, 64, 3, 1},
		{16, 32, 64, 3, 3, 1},
	} {
		c := Conv{N: s.n, H: s.hw, W: s.hw, In: s.in, Out: s.out, KH: s.k, KW: s.k, StrideH: s.stride, StrideW: s.stride, DilationH: 1, DilationW: 1, PadTop: s.k / 2, PadBottom: s.k / 2, PadLeft: s.k / 2, PadRight: s.k / 2}
		name := fmt.Sprintf("%dx%dx%dx%d-%d_k%d_s%d", s.n, s.hw, s.hw, s.in, s.out, s.k, s.stride)
		x, w, y := make([]float32, c.xs()), make([]float32, c.ws()), make([]float32, c.ys())
		measure(b, name+"/forward", c.FLOPs(), c.ForwardWorkspace(), func(pl *pool.Pool, work []float32) { c.Forward(pl, work, y, x, w) })
		measure(b, name+"/dx", c.FLOPs(), c.GradInputWorkspace(), func(pl *pool.Pool, work []float32) { c.GradInput(pl, work, x, y, w) })
		if f := c; s.k == 3 && s.stride == 1 {
			f.Fast = true
			measure(b, name+"/fastforward", c.FLOPs(), f.ForwardWorkspace(), func(pl *pool.Pool, work []float32) { f.Forward(pl, work, y, x, w) })
			measure(b, name+"/fastdx", c.FLOPs(), f.GradInputWorkspace(), func(pl *pool.Pool, work []float32) { f.GradInput(pl, work, x, y, w) })
			measure(b, name+"/fastdw", c.FLOPs(), f.GradKernelWorkspace(), func(pl *pool.Pool, work []float32) { f.GradKernel(pl, work, w, x, y) })
		}
		if h := c; bf16s() != nil {
			if h.BF16 = true; h.bf16() {
				measure(b, name+"/bf16forward", c.FLOPs(), h.ForwardWorkspace(), func(pl *pool.Pool, work []float32) { h.Forward(pl, work, y, x, w) })
				measure(b, name+"/bf16dx", c.FLOPs(), h.GradInputWorkspace(), func(pl *pool.Pool, work []float32) { h.GradInput(pl, work, x, y, w) })
				measure(b, name+"/bf16dw", c.FLOPs(), h.GradKernelWorkspace(), func(pl *pool.Pool, work []float32) { h.GradKernel(pl, work, w, x, y) })
			}
		}
		measure(b, name+"/dw", c.FLOPs(), c.GradKernelWorkspace(), func(pl *pool.Pool, work []float32) { c.GradKernel(pl, work, w, x, y) })
	}
}
