package dense

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// eachBF16 runs f with the kernels of bfloat16 in Go, and with the machine's.
func eachBF16(t *testing.T, f func(t *testing.T)) {
	defer func(was func() *kernel.BF16) { bf16s = was }(bf16s)
	for kind, all := range map[string][]*kernel.BF16{"machine": kernel.AllBF16(), "loops": kernel.BF16Loops} {
		for _, k := range all {
			bf16s = func() *kernel.BF16 { return k }
			t.Run(kind+"/"+k.Name, f)
		}
	}
}

// roundToBF16 rounds numbers to bfloat16.
func roundToBF16(x []float32) {
	for i, v := range x {
		bits := math.Float32bits(v)
		x[i] = math.Float32frombits((bits + 0x7FFF + bits>>16&1) &^ 0xFFFF)
	}
}

// guardedBF16 is guarded, of numbers that are bfloat16 already: what is rounded is then
// exact, and the sums can be held to the same bound as those of float32.
func guardedBF16(rng *rand.Rand, n int) []float32 {
	_, inner := guarded(rng, n)
	roundToBF16(inner)
	return inner
}

func TestProductBF16(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachBF16(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(21, 22))
		for flags := range 3 {
			p := Product{Batch: 1, TransA: flags == 1, TransB: flags == 2, BF16: true}
			for range 40 {
				p.M, p.N, p.K = 1+rng.IntN(80), 1+rng.IntN(80), bf16Least+rng.IntN(80)
				p.Batch = 1 + rng.IntN(3)
				p.testOf(t, pl, rng, guardedBF16)
			}
			for _, s := range [][4]int{{1, 1, 1, 16}, {3, 1, 700, 40}, {2, 700, 3, 40}, {1, 33, 65, 3000}, {1, 700, 64, 96}, {1, 65, 700, 33}, {40, 32, 64, 16}, {1, 200, 800, 2100}} {
				p.Batch, p.M, p.N, p.K = s[0], s[1], s[2], s[3]
				p.testOf(t, pl, rng, guardedBF16)
			}
		}
	})
}

func TestConvBF16(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachBF16(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(23, 24))
		for range 60 {
			d := func(n int) int { return 1 + rng.IntN(n) }
			c := Conv{
				N: d(3), H: d(11), W: d(11), In: 15 + d(40), Out: 15 + d(40), KH: d(4), KW: d(4), StrideH: 1, StrideW: 1, DilationH: d(2), DilationW: d(2),
				PadTop: d(5) - 3, PadBottom: d(5) - 3, PadLeft: d(5) - 3, PadRight: d(5) - 3, BF16: true, Fast: true,
			}
			c.testOf(t, pl, rng, guardedBF16)
		}
		same := Conv{N: 2, H: 16, W: 16, In: 32, Out: 64, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, BF16: true}
		same.testOf(t, pl, rng, guardedBF16)
		same.N, same.H, same.W, same.In, same.Out = 9, 4, 4, 160, 224
		same.testOf(t, pl, rng, guardedBF16)
		same.N, same.H, same.W, same.In, same.Out = 3, 32, 32, 32, 33 // in spans
		same.testOf(t, pl, rng, guardedBF16)
	})
}

// As TestSameBytes: whatever else is in the batch, or how many threads there are.
func TestSameBytesBF16(t *testing.T) {
	eachBF16(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(25, 26))
		c := Conv{N: 16, H: 9, W: 11, In: 40, Out: 24, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, BF16: true}
		p := Product{Batch: 1, M: 64, N: 70, K: 90, BF16: true}
		long := Product{Batch: 1, M: 20, N: 30, K: 2500, TransA: true, BF16: true}
		_, x := guarded(rng, c.xs())
		_, w := guarded(rng, c.ws())
		_, dy := guarded(rng, c.ys())
		_, a := guarded(rng, 2*long.M*long.K)
		_, b := guarded(rng, 2*long.N*long.K)
		var first [5][]float32
		for _, threads := range []int{1, 2, 3} {
			pl := pool.New(threads)
			defer pl.Close()
			for _, n := range []int{16, 7, 1} {
				var found [5][]float32
				run := func(i, size, workspace int, f func(work, out []float32)) {
					found[i] = make([]float32, size)
					_, work := scratch(workspace)
					f(work, found[i])
				}
				c.N, p.M, long.Batch = n, n, 1+n%2
				run(0, c.ys(), c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) })
				run(1, c.xs(), c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) })
				run(2, p.M*p.N, p.Workspace(), func(work, out []float32) { p.Run(pl, work, out, a, b) })
				run(3, long.Batch*long.M*long.N, long.Workspace(), func(work, out []float32) { long.Run(pl, work, out, a, b) })
				if n == 16 {
					run(4, c.ws(), c.GradKernelWorkspace(), func(work, out []float32) { c.GradKernel(pl, work, out, x, dy) })
				}
				for i := range found {
					if first[i] == nil {
						first[i] = found[i]
					}
					if n := min(len(found[i]), len(first[i])); !slices.Equal(found[i][:n], first[i][:n]) {
						t.Fatalf("operation %d, batch %d, %d threads: other numbers", i, c.N, threads)
					}
				}
			}
		}
	})
}

func TestNoAllocationsBF16(t *testing.T) {
	if kernel.ForBF16() == nil {
		t.Skip("no kernels of bfloat16")
	}
	c := Conv{N: 1, H: 32, W: 32, In: 16, Out: 16, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, BF16: true}
	x, w, y := make([]float32, c.xs()), make([]float32, c.ws()), make([]float32, c.ys())
	work := make([]float32, max(c.ForwardWorkspace(), c.GradInputWorkspace(), c.GradKernelWorkspace()))
	pl := new(pool.Pool)
	if n := testing.AllocsPerRun(100, func() {
		c.Forward(pl, work, y, x, w)
		c.GradInput(pl, work, x, y, w)
		c.GradKernel(pl, work, w, x, y)
	}); n > 0 {
		t.Errorf("%+v: %v allocations, expected none", c, n)
	}
}
