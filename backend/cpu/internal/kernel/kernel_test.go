package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"
	"unsafe"

	"drift/backend/cpu/internal/isa"
)

// guard is what lies round every operand. Reading it spoils a sum, and writing it shows.
var guard = float32(math.NaN())

const guards = 64

// guarded is n random numbers between guards.
func guarded(rng *rand.Rand, n int) (all, inner []float32) {
	all = make([]float32, n+2*guards)
	for i := range all {
		all[i] = guard
	}
	inner = all[guards : guards+n : guards+n]
	for i := range inner {
		inner[i] = 2*rng.Float32() - 1
	}
	return all, inner
}

// longest is the greatest length at which kernels are tried, after all others.
const longest = 999

// each runs f for all sets that the machine has and all K; of long ones once, with as many
// taps and such a gap as come first.
func each(t *testing.T, f func(t *testing.T, tile *Tile, k int, load uintptr, taps, gaps []int)) {
	for _, set := range isa.Available() {
		t.Run(set.String(), func(t *testing.T) {
			taps, gaps := []int{1, 3}, []int{0, 5}
			for k := 1; k <= longest; k++ {
				if k == 71 {
					taps, gaps = taps[:1], gaps[:1]
				}
				f(t, For(set), k, uintptr(k)%2, taps, gaps)
			}
		})
	}
}

// same holds a tile against the loop. Loops round products and sums apart, multiply-adds
// once, so that each of the terms may differ by half a unit of the largest partial sum
// in either: in all 2·terms·terms·2^-24 for factors below 1.
func same(t *testing.T, tile *Tile, what string, found, expected []float32, terms int) {
	t.Helper()
	bound := float64(terms) * float64(terms+1) * math.Ldexp(1, -23)
	for i := range found {
		f, e := float64(found[i]), float64(expected[i])
		if math.IsNaN(e) != math.IsNaN(f) || math.Abs(f-e) > bound {
			t.Fatalf("%s, %s: number %d is %v, expected %v within %v", tile.Set, what, i, f, e, bound)
		}
	}
}

func TestRows(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	each(t, func(t *testing.T, tile *Tile, k int, load uintptr, taps, gaps []int) {
		for _, taps := range taps {
			for _, gap := range gaps {
				what := fmt.Sprintf("%d taps of %d, gap %d", taps, k, gap)
				ldb, ldc := tile.N+gap, tile.N+gap
				_, b := guarded(rng, taps*k*ldb)
				found, c := guarded(rng, (tile.M-1)*ldc+tile.N)
				expected := append([]float32(nil), found...)
				want := expected[guards:]
				table := make([]uintptr, taps*tile.M)
				rows := make([][]float32, len(table))
				for i := range table {
					_, rows[i] = guarded(rng, k)
					table[i] = uintptr(unsafe.Pointer(&rows[i][0]))
				}
				args := []uintptr{uintptr(4 * ldc), uintptr(4 * ldb)}
				tile.Rows(&c[0], args[0], &b[0], args[1], &table[0], uintptr(taps), uintptr(k), load)
				rowsLoop(tile.M, tile.N, &want[0], args[0], &b[0], args[1], &table[0], uintptr(taps), uintptr(k), load)
				same(t, tile, what, found, expected, taps*k)
			}
		}
	})
}

func TestCols(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	each(t, func(t *testing.T, tile *Tile, k int, load uintptr, taps, gaps []int) {
		for _, segs := range taps {
			for _, gap := range gaps {
				what := fmt.Sprintf("%d segments of %d, gap %d", segs, k, gap)
				ldb, ldc, lda := tile.N+gap, tile.N+gap, tile.M+gap
				seg := k*lda + gap
				_, a := guarded(rng, (segs-1)*seg+(k-1)*lda+tile.M)
				_, b := guarded(rng, segs*k*ldb)
				found, c := guarded(rng, (tile.M-1)*ldc+tile.N)
				expected := append([]float32(nil), found...)
				want := expected[guards:]
				args := []uintptr{uintptr(4 * ldc), uintptr(4 * ldb), uintptr(4 * lda), uintptr(segs), uintptr(k), load}
				table := make([]uintptr, segs)
				for i := range table {
					table[i] = uintptr(4 * seg * (segs - 1 - i))
				}
				tile.Cols(&c[0], args[0], &b[0], args[1], &a[0], args[2], &table[0], args[3], args[4], args[5])
				colsLoop(tile.M, tile.N, &want[0], args[0], &b[0], args[1], &a[0], args[2], &table[0], args[3], args[4], args[5])
				same(t, tile, what, found, expected, segs*k)
			}
		}
	})
}

func TestCopies(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, set := range isa.Available() {
		tile := For(set)
		gaps, most := []int{0, 3}, 3
		for n := 1; n <= longest; n++ {
			if n == 21 {
				gaps, most = gaps[1:], 1
			}
			for _, gap := range gaps {
				for width, kernel := range map[int]func(*float32, uintptr, *float32, uintptr, uintptr, uintptr){tile.M: tile.PanelsM, tile.N: tile.PanelsN} {
					for count := 1; count <= most; count++ {
						size, stride := n*width+gap, count*width+gap
						_, src := guarded(rng, (n-1)*stride+count*width)
						found, dst := guarded(rng, count*size)
						expected := append([]float32(nil), found...)
						kernel(&dst[0], uintptr(4*size), &src[0], uintptr(4*stride), uintptr(n), uintptr(count))
						panelsLoop(width, &expected[guards], uintptr(4*size), &src[0], uintptr(4*stride), uintptr(n), uintptr(count))
						same(t, tile, fmt.Sprintf("%d panels of %d rows of %d", count, n, width), found, expected, 0)
					}
				}

				if n > longest/8 {
					continue // 8 columns of it at a time
				}
				down, stride := 16+gap, 8*n+gap
				_, src := guarded(rng, 8*stride)
				found, dst := guarded(rng, 8*n*down)
				expected := append([]float32(nil), found...)
				tile.Transpose8(&dst[0], uintptr(4*down), &src[0], uintptr(4*stride), uintptr(n))
				transpose8Loop(&expected[guards], uintptr(4*down), &src[0], uintptr(4*stride), uintptr(n))
				same(t, tile, fmt.Sprintf("transposition of %d", n), found, expected, 0)
			}
		}
	}
}

// The largest rows, of Aᵀ, add up to 8.6 times what they take: 74 in both dimensions, of
// which each way rounds 12 times at most. That is less than what 30 terms may.
func TestWinograd(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, set := range isa.Available() {
		tile := For(set)
		for n := uintptr(1); n <= longest/8; n++ {
			stride := 4 * (8*n + 3)
			table := func(x []float32, n int) *uintptr {
				t := make([]uintptr, n)
				for i := range t {
					t[i] = uintptr(unsafe.Pointer(&x[(n-1-i)*int(stride)/4]))
				}
				return &t[0]
			}
			_, src := guarded(rng, 36*int(stride)/4)
			hold := func(what string, transform, loop func(dst []float32)) {
				found, dst := guarded(rng, 36*int(stride)/4)
				expected := append([]float32(nil), found...)
				transform(dst)
				loop(expected[guards:])
				same(t, tile, fmt.Sprintf("%s of %d", what, n), found, expected, 30)
			}
			hold("input transform", func(dst []float32) { tile.WinogradInput(&dst[0], stride, table(src, 36), n) },
				func(dst []float32) { winogradInputLoop(&dst[0], stride, table(src, 36), n) })
			hold("kernel transform", func(dst []float32) { tile.WinogradKernel(&dst[0], stride, &src[0], stride, n) },
				func(dst []float32) { winogradKernelLoop(&dst[0], stride, &src[0], stride, n) })
			hold("output transform", func(dst []float32) { tile.WinogradOutput(table(dst, 16), &src[0], stride, n) },
				func(dst []float32) { winogradOutputLoop(table(dst, 16), &src[0], stride, n) })
			hold("gradient transform", func(dst []float32) { tile.WinogradGradient(&dst[0], stride, table(src, 16), n) },
				func(dst []float32) { winogradGradientLoop(&dst[0], stride, table(src, 16), n) })
			hold("transform to taps", func(dst []float32) { tile.WinogradTaps(&dst[0], stride, &src[0], stride, n) },
				func(dst []float32) { winogradTapsLoop(&dst[0], stride, &src[0], stride, n) })
		}
	}
}

// For random taps and pixels, the transforms lead to their convolution, and to its
// gradient by the taps.
func TestWinogradConvolves(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for range 100 {
		var d, g, y numbers
		for i := range d {
			d[i], g[i], y[i] = 2*rng.Float32()-1, 2*rng.Float32()-1, 2*rng.Float32()-1
		}
		m, dm := winogradBT(d), winogradBT(d)
		for i, x := range winogradG(g) {
			m[i] *= x
		}
		for i, x := range winogradA(y) {
			dm[i] *= x
		}
		out, taps := winogradAT(m), winogradGT(dm)
		for i := range WinogradOut {
			for k := range WinogradTaps {
				out[i] -= d[i+k] * g[k]
				taps[k] -= d[i+k] * y[i]
			}
		}
		for i, x := range append(out[:WinogradOut:WinogradOut], taps[:WinogradTaps]...) {
			if math.Abs(float64(x)) > 1e-5 {
				t.Errorf("number %d is off by %v, expected less than 1e-5", i, x)
			}
		}
	}
}

// A chain that is cut anywhere goes on as if it had not been.
func TestCut(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	each(t, func(t *testing.T, tile *Tile, k int, _ uintptr, _, _ []int) {
		_, a := guarded(rng, k*tile.M)
		_, b := guarded(rng, k*tile.N)
		_, whole := guarded(rng, tile.M*tile.N)
		_, cut := guarded(rng, tile.M*tile.N)
		run := func(c []float32, from, to int, load uintptr) {
			if to > from {
				tile.Cols(&c[0], uintptr(4*tile.N), &b[from*tile.N], uintptr(4*tile.N), &a[from*tile.M], uintptr(4*tile.M), new(uintptr), 1, uintptr(to-from), load)
			}
		}
		run(whole, 0, k, 0)
		at := 1 + rng.IntN(k)
		run(cut, 0, at, 0)
		run(cut, at, k, 1)
		for i := range whole {
			if math.Float32bits(whole[i]) != math.Float32bits(cut[i]) {
				t.Fatalf("%s: K=%d cut at %d: number %d is %v, expected %v", tile.Set, k, at, i, cut[i], whole[i])
			}
		}
	})
}

func BenchmarkRows(b *testing.B) {
	for _, set := range isa.Available() {
		for _, k := range []int{3, 16, 64, 256, 512} {
			b.Run(fmt.Sprintf("%s/k=%d", set, k), func(b *testing.B) {
				tile := For(set)
				x, y, c := make([]float32, k*tile.M), make([]float32, k*tile.N), make([]float32, tile.M*tile.N)
				table := make([]uintptr, tile.M)
				for i := range table {
					table[i] = uintptr(unsafe.Pointer(&x[i*k]))
				}
				best(b, set, 2*tile.M*tile.N*k, func() {
					tile.Rows(&c[0], uintptr(4*tile.N), &y[0], uintptr(4*tile.N), &table[0], 1, uintptr(k), 1)
				})
			})
		}
	}
}

func BenchmarkCols(b *testing.B) {
	for _, set := range isa.Available() {
		for _, k := range []int{16, 64, 256, 512} {
			b.Run(fmt.Sprintf("%s/k=%d", set, k), func(b *testing.B) {
				tile := For(set)
				x, y, c := make([]float32, k*tile.M), make([]float32, k*tile.N), make([]float32, tile.M*tile.N)
				best(b, set, 2*tile.M*tile.N*k, func() {
					tile.Cols(&c[0], uintptr(4*tile.N), &y[0], uintptr(4*tile.N), &x[0], uintptr(4*tile.M), new(uintptr), 1, uintptr(k), 1)
				})
			})
		}
	}
}

// best reports the best of many short runs, which other programs disturb least, and
// its share of the peak measured at the same time.
func best(b *testing.B, set isa.Set, flops int, f func()) {
	shortest := time.Duration(math.MaxInt64)
	const runs = 100
	for b.Loop() {
		start := time.Now()
		for range runs {
			f()
		}
		shortest = min(shortest, time.Since(start))
	}
	rate := runs * float64(flops) / float64(shortest.Nanoseconds())
	b.ReportMetric(rate, "GFLOP/s")
	b.ReportMetric(100*rate/Peak(set), "%peak")
}
