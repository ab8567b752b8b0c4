package dense

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"drift/backend/cpu/internal/isa"
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// eachSet runs f with the kernels of every set that the machine has, and with loops for tiles
// of the size that AVX-512 has.
func eachSet(t *testing.T, f func(t *testing.T)) {
	defer func(was *kernel.Tile) { tile = was }(tile)
	for _, set := range isa.Available() {
		tile = kernel.For(set)
		t.Run(set.String(), f)
	}
	tile = kernel.Loops(12, 32)
	t.Run("12×32", f)
}

const guards = 33

// guarded is n numbers from -1 to 1 between NaNs, which spoil what reads them.
func guarded(rng *rand.Rand, n int) (all, inner []float32) {
	all = make([]float32, n+2*guards)
	for i := range all {
		all[i] = float32(math.NaN())
	}
	inner = all[guards : guards+n : guards+n]
	for i := range inner {
		inner[i] = 2*rng.Float32() - 1
	}
	return all, inner
}

// unharmed fails if a guard was written.
func unharmed(t *testing.T, what string, all []float32) {
	t.Helper()
	for i, x := range all {
		if (i < guards || i >= len(all)-guards) && x == x {
			t.Fatalf("%s: number %d outside of an operand was written", what, i-guards)
		}
	}
}

// reference is sums in float64: of products, of their sizes, and how many there are.
type reference struct {
	sum, size []float64
	terms     []int
}

func newReference(n int) *reference {
	return &reference{make([]float64, n), make([]float64, n), make([]int, n)}
}

func (r *reference) add(i int, a, b float32) {
	p := float64(a) * float64(b)
	r.sum[i] += p
	r.size[i] += math.Abs(p)
	r.terms[i]++
}

// check holds found against the sums. Each of a sum's K steps rounds by 2^-24 of what
// has been summed, and a loop that rounds products apart by as much again: the error
// is at most (K+1)·2^-24·Σ|a||b| to first order.
func (r *reference) check(t *testing.T, what string, found []float32) {
	t.Helper()
	for i, want := range r.sum {
		bound := float64(r.terms[i]+2) * math.Ldexp(1, -24) * r.size[i]
		if e := math.Abs(float64(found[i]) - want); !(e <= bound) {
			t.Fatalf("%s: number %d is %v, expected %v within %v", what, i, found[i], want, bound)
		}
	}
}

// scratch is a workspace of NaNs, since nothing may count on what is in it.
func scratch(n int) (all, inner []float32) {
	all = make([]float32, n+2*guards)
	for i := range all {
		all[i] = float32(math.NaN())
	}
	return all, all[guards : guards+n : guards+n]
}

func (p Product) naive(c, a, b []float32) *reference {
	r := newReference(p.Batch * p.M * p.N)
	for i := range r.sum {
		n, row, col := i/(p.M*p.N), i/p.N%p.M, i%p.N
		if p.Accumulate {
			r.add(i, c[i], 1)
		}
		for k := range p.K {
			ia, ib := row*p.K+k, k*p.N+col
			if p.TransA {
				ia = k*p.M + row
			}
			if p.TransB {
				ib = col*p.K + k
			}
			r.add(i, a[n*p.M*p.K+ia], b[n*p.K*p.N+ib])
		}
	}
	return r
}

// operand is n numbers for a test.
type operand func(rng *rand.Rand, n int) []float32

func between(rng *rand.Rand, n int) []float32 {
	_, inner := guarded(rng, n)
	return inner
}

func (p Product) test(t *testing.T, pl *pool.Pool, rng *rand.Rand) {
	t.Helper()
	p.testOf(t, pl, rng, between)
}

// testOf holds a product of some operands to its sums.
func (p Product) testOf(t *testing.T, pl *pool.Pool, rng *rand.Rand, operand operand) {
	t.Helper()
	what := fmt.Sprintf("%+v", p)
	a, b := operand(rng, p.Batch*p.M*p.K), operand(rng, p.Batch*p.K*p.N)
	all, c := guarded(rng, p.Batch*p.M*p.N)
	wall, work := scratch(p.Workspace())
	r := p.naive(c, a, b)
	p.Run(pl, work, c, a, b)
	r.check(t, what, c)
	unharmed(t, what, all)
	unharmed(t, what, wall)
}

func TestProduct(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for flags := range 8 {
			p := Product{Batch: 1, TransA: flags&1 > 0, TransB: flags&2 > 0, Accumulate: flags&4 > 0}
			for p.M = 0; p.M <= 2*tile.M+1; p.M++ {
				p.N, p.K = rng.IntN(2*tile.N+2), rng.IntN(71)
				p.test(t, pl, rng)
			}
			for p.N = 0; p.N <= 2*tile.N+1; p.N++ {
				p.M, p.K = rng.IntN(2*tile.M+2), rng.IntN(71)
				p.test(t, pl, rng)
			}
			for p.K = 0; p.K <= 70; p.K += 3 {
				p.Batch = rng.IntN(4)
				p.M, p.N = rng.IntN(2*tile.M+2), rng.IntN(2*tile.N+2)
				p.test(t, pl, rng)
			}
			p.Batch = 1
			for _, shape := range [][4]int{{1, 3, 5, 1000}, {1, 50, 135, 700}, {1, 1, 333, 65}, {1, 333, 1, 641}, {1, 15, 70, 2048}, {1, 31, 33, 3500}, {40, 17, 16, 33}} {
				p.Batch, p.M, p.N, p.K = shape[0], shape[1], shape[2], shape[3]
				p.test(t, pl, rng)
			}
		}
	})
}

// each calls f with the numbers of every pair of pixels and the tap between them.
func (c Conv) each(f func(y, x, w int)) {
	for n := range c.N {
		for oh := range c.OutH() {
			for ow := range c.OutW() {
				for kh := range c.KH {
					for kw := range c.KW {
						h, w := oh*c.StrideH+kh*c.DilationH-c.PadTop, ow*c.StrideW+kw*c.DilationW-c.PadLeft
						if h < 0 || h >= c.H || w < 0 || w >= c.W {
							continue
						}
						for i := range c.In {
							for o := range c.Out {
								f(((n*c.OutH()+oh)*c.OutW()+ow)*c.Out+o, ((n*c.H+h)*c.W+w)*c.In+i, ((kh*c.KW+kw)*c.In+i)*c.Out+o)
							}
						}
					}
				}
			}
		}
	}
}

func (c Conv) ys() int { return c.N * c.OutH() * c.OutW() * c.Out }
func (c Conv) xs() int { return c.N * c.H * c.W * c.In }
func (c Conv) ws() int { return c.KH * c.KW * c.In * c.Out }

func (c Conv) test(t *testing.T, pl *pool.Pool, rng *rand.Rand) {
	t.Helper()
	c.testOf(t, pl, rng, between)
}

// testOf holds a convolution of some operands, and its gradients, to their sums.
func (c Conv) testOf(t *testing.T, pl *pool.Pool, rng *rand.Rand, operand operand) {
	t.Helper()
	what := fmt.Sprintf("%+v", c)
	x, w, dy := operand(rng, c.xs()), operand(rng, c.ws()), operand(rng, c.ys())
	y, dx, dw := newReference(c.ys()), newReference(c.xs()), newReference(c.ws())
	c.each(func(iy, ix, iw int) {
		y.add(iy, x[ix], w[iw])
		dx.add(ix, dy[iy], w[iw])
		dw.add(iw, dy[iy], x[ix])
	})
	for _, op := range []struct {
		name      string
		r         *reference
		workspace int
		run       func(work, out []float32)
	}{
		{"forward", y, c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) }},
		{"input gradient", dx, c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) }},
		{"kernel gradient", dw, c.GradKernelWorkspace(), func(work, out []float32) { c.GradKernel(pl, work, out, x, dy) }},
	} {
		all, out := guarded(rng, len(op.r.sum))
		wall, work := scratch(op.workspace)
		op.run(work, out)
		op.r.check(t, what+" "+op.name, out)
		unharmed(t, what, all)
		unharmed(t, what, wall)
	}
}

func TestConv(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for range 80 {
			d := func(n int) int { return 1 + rng.IntN(n) }
			Conv{
				N: d(4) - 1 + rng.IntN(2), H: d(11), W: d(11), In: d(35), Out: d(35), KH: d(4), KW: d(4), StrideH: d(3), StrideW: d(3), DilationH: d(3), DilationW: d(3),
				PadTop: d(5) - 3, PadBottom: d(5) - 3, PadLeft: d(5) - 3, PadRight: d(5) - 3,
			}.test(t, pl, rng)
		}
		for i := range 120 { // few channels on one side
			d := func(n int) int { return 1 + rng.IntN(n) }
			c := Conv{
				N: d(4) - 1, H: d(11), W: d(11), In: 16 + d(30), Out: d(4), KH: d(4), KW: d(4), StrideH: 1, StrideW: 1, DilationH: d(3), DilationW: d(3),
				PadTop: d(5) - 3, PadBottom: d(5) - 3, PadLeft: d(5) - 3, PadRight: d(5) - 3,
			}
			if i%2 > 0 {
				c.In, c.Out = c.Out, c.In
			}
			if i >= 60 { // the phases of an input gradient may have one tap, which is not the first
				c.StrideH, c.StrideW, c.Out = d(3), d(3), 1
			}
			c.test(t, pl, rng)
		}
		same := Conv{N: 2, H: 16, W: 16, In: 20, Out: 36, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
		same.test(t, pl, rng)
		wide := same
		wide.W, wide.H, wide.N = 450, 3, 1
		wide.test(t, pl, rng)
		wide.Out, wide.H = 3, 40 // in bands
		wide.test(t, pl, rng)
		deep := same
		deep.In, deep.H, deep.W, deep.N = 500, 4, 4, 7
		deep.test(t, pl, rng)
		deep.In, deep.Out = deep.Out, deep.In
		deep.test(t, pl, rng)
	})
}

// A sample's numbers are the same bytes in a batch of 1, 7 or 64, and on 1, 2 or 3
// threads. Those of a kernel gradient are the same on any number of threads.
func TestSameBytes(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(5, 6))
		c := Conv{N: 64, H: 7, W: 9, In: 21, Out: 19, KH: 3, KW: 3, StrideH: 2, StrideW: 1, DilationH: 1, DilationW: 2, PadTop: 1, PadBottom: 1, PadLeft: 2, PadRight: 2}
		few := Conv{N: 64, H: 7, W: 9, In: 21, Out: 3, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
		p := Product{M: 64, N: 83, K: 400, Batch: 1}
		f := Conv{N: 64, H: 5, W: 6, In: 24, Out: 32, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1, Fast: true}
		_, x := guarded(rng, max(c.xs(), f.xs(), few.xs()))
		_, w := guarded(rng, max(c.ws(), f.ws()))
		_, dy := guarded(rng, max(c.ys(), f.ys(), few.xs()))
		_, a := guarded(rng, p.M*p.K)
		_, b := guarded(rng, p.K*p.N)
		var first [10][]float32
		for _, threads := range []int{1, 2, 3} {
			pl := pool.New(threads)
			defer pl.Close()
			for _, n := range []int{64, 7, 1} {
				c.N, p.M, f.N, few.N = n, n, n, n
				var found [10][]float32
				run := func(i, size, workspace int, f func(work, out []float32)) {
					found[i] = make([]float32, size)
					_, work := scratch(workspace)
					f(work, found[i])
				}
				run(0, c.ys(), c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) })
				run(1, c.xs(), c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) })
				run(2, p.M*p.N, p.Workspace(), func(work, out []float32) { p.Run(pl, work, out, a, b) })
				run(4, f.ys(), f.ForwardWorkspace(), func(work, out []float32) { f.Forward(pl, work, out, x, w) })
				run(5, f.xs(), f.GradInputWorkspace(), func(work, out []float32) { f.GradInput(pl, work, out, dy, w) })
				run(7, few.ys(), few.ForwardWorkspace(), func(work, out []float32) { few.Forward(pl, work, out, x, w) })
				turned := few
				turned.In, turned.Out = few.Out, few.In
				run(8, turned.xs(), turned.GradInputWorkspace(), func(work, out []float32) { turned.GradInput(pl, work, out, dy, w) })
				if n == 64 {
					run(9, few.ws(), few.GradKernelWorkspace(), func(work, out []float32) { few.GradKernel(pl, work, out, x, dy) })
					run(6, f.ws(), f.GradKernelWorkspace(), func(work, out []float32) { f.GradKernel(pl, work, out, x, dy) })
					run(3, c.ws(), c.GradKernelWorkspace(), func(work, out []float32) { c.GradKernel(pl, work, out, x, dy) })
				}
				for i := range found {
					if first[i] == nil {
						first[i] = found[i]
					}
					for j, f := range found[i] {
						if math.Float32bits(f) != math.Float32bits(first[i][j]) {
							t.Fatalf("operation %d, batch %d, %d threads: number %d is %v, expected %v", i, n, threads, j, f, first[i][j])
						}
					}
				}
			}
		}
	})
}

// A long sum over the rows of a transposed A is taken in the same order whatever else is
// in the batch, or beside it.
func TestSameBytesOfLongSums(t *testing.T) {
	pl := pool.New(3)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(17, 18))
		const k = 1100
		run := func(p Product, a, b []float32) []float32 {
			c := make([]float32, p.Batch*p.M*p.N)
			_, work := scratch(p.Workspace())
			p.Run(pl, work, c, a, b)
			return c
		}
		for _, n := range []int{8, 700} {
			_, a := guarded(rng, 2*k*9)
			_, b := guarded(rng, 2*k*n)
			alone := run(Product{Batch: 1, M: 9, N: n, K: k, TransA: true}, a, b)
			both := run(Product{Batch: 2, M: 9, N: n, K: k, TransA: true}, a, b)
			if !slices.Equal(alone, both[:len(alone)]) {
				t.Errorf("N %d: other numbers in a batch of two", n)
			}
			wide := make([]float32, k*300) // with the columns of a before others
			for i := range k {
				copy(wide[i*300:], a[i*9:(i+1)*9])
			}
			beside := run(Product{Batch: 1, M: 300, N: n, K: k, TransA: true}, wide, b)
			if !slices.Equal(alone, beside[:len(alone)]) {
				t.Errorf("N %d: other numbers beside 291 more", n)
			}
		}
	})
}

// The bands of a convolution to few channels have different heights, and the products of
// some lower ones are cut into more parts.
func TestBands(t *testing.T) {
	eachSet(t, func(t *testing.T) {
		for in := 64; in <= 256; in += 64 {
			for threads := 1; threads <= 4; threads++ {
				pl := pool.New(threads)
				c := Conv{N: 1, H: 32, W: 32, In: in, Out: 3, KH: 5, KW: 5, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 2}
				wall, work := scratch(c.ForwardWorkspace())
				c.Forward(pl, work, make([]float32, c.ys()), make([]float32, c.xs()), make([]float32, c.ws()))
				unharmed(t, fmt.Sprintf("%+v", c), wall)
				pl.Close()
			}
		}
	})
}

// A slice that is too short is told apart before anything is touched.
func TestShort(t *testing.T) {
	p := Product{Batch: 1, M: 4, N: 5, K: 6}
	defer func() {
		if got, want := recover(), "dense: product: b has 29 numbers, expected 30"; got != want {
			t.Errorf("panic %v, expected %q", got, want)
		}
	}()
	p.Run(new(pool.Pool), make([]float32, p.Workspace()), make([]float32, 20), make([]float32, 24), make([]float32, 29))
}

func TestNoAllocations(t *testing.T) {
	c := Conv{N: 1, H: 32, W: 32, In: 16, Out: 16, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
	x, w, y := make([]float32, c.xs()), make([]float32, c.ws()), make([]float32, c.ys())
	pl := new(pool.Pool)
	for i := range 3 {
		if c.Fast = i == 1; i == 2 {
			c.Out = 3
		}
		work := make([]float32, max(c.ForwardWorkspace(), c.GradInputWorkspace(), c.GradKernelWorkspace()))
		if n := testing.AllocsPerRun(100, func() {
			c.Forward(pl, work, y, x, w)
			c.GradInput(pl, work, x, y, w)
			c.GradKernel(pl, work, w, x, y)
		}); n > 0 {
			t.Errorf("%+v: %v allocations, expected none", c, n)
		}
	}
	for _, p := range []Product{
		{Batch: 1, M: 256, N: 96, K: 64},                 // a B that workers pack
		{Batch: 1, M: 400, N: 400, K: 512, TransA: true}, // spans of a large result
	} {
		a, b, c, work := make([]float32, p.M*p.K), make([]float32, p.K*p.N), make([]float32, p.M*p.N), make([]float32, p.Workspace())
		if n := testing.AllocsPerRun(100, func() { p.Run(pl, work, c, a, b) }); n > 0 {
			t.Errorf("%+v: %v allocations, expected none", p, n)
		}
	}
}
