package dense

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"drift/backend/cpu/internal/pool"
)

// The sizes of the numbers in the transforms' matrices.
var (
	sizeBT = [][]float64{{1, 0, 1, 0}, {0, 1, 1, 0}, {0, 1, 1, 0}, {0, 1, 0, 1}}
	sizeG  = [][]float64{{1, 0, 0}, {0.5, 0.5, 0.5}, {0.5, 0.5, 0.5}, {0, 0, 1}}
	sizeAT = [][]float64{{1, 1, 1, 0}, {0, 1, 1, 1}}
)

// both is m·x·mᵀ for a square x.
func both(m [][]float64, x func(i, j int) float64) []float64 {
	out := make([]float64, len(m)*len(m))
	for p := range m {
		for q := range m {
			for i, a := range m[p] {
				for j, b := range m[q] {
					out[p*len(m)+q] += a * b * x(i, j)
				}
			}
		}
	}
	return out
}

// sizes is the same convolution of the sizes of all numbers by the sizes of those in the
// transforms: what the roundings of all its steps are relative to.
func (w *winograd) sizesOf(a, b []float32) []float64 {
	kernels := make([][]float64, w.in*w.out)
	for i := range w.in {
		for o := range w.out {
			kernels[i*w.out+o] = both(sizeG, func(p, q int) float64 {
				tap := 3*p + q
				if w.gradient {
					return math.Abs(float64(b[((8-tap)*w.out+o)*w.in+i]))
				}
				return math.Abs(float64(b[(tap*w.in+i)*w.out+o]))
			})
		}
	}
	sizes := make([]float64, w.images*w.dstH*w.dstW*w.out)
	for t := range w.tiles() {
		n, h, c := t/w.tilesW()/w.tilesH(), t/w.tilesW()%w.tilesH(), t%w.tilesW()
		sums := make([][spectrum]float64, w.out)
		for i := range w.in {
			d := both(sizeBT, func(p, q int) float64 {
				y, x := 2*h+w.firstH+p, 2*c+w.firstW+q
				if y < 0 || y >= w.srcH || x < 0 || x >= w.srcW {
					return 0
				}
				return math.Abs(float64(a[((n*w.srcH+y)*w.srcW+x)*w.in+i]))
			})
			for o := range sums {
				for s := range sums[o] {
					sums[o][s] += d[s] * kernels[i*w.out+o][s]
				}
			}
		}
		for o := range sums {
			for i, s := range both(sizeAT, func(p, q int) float64 { return sums[o][4*p+q] }) {
				if y, x := 2*h+i/2, 2*c+i%2; y < w.dstH && x < w.dstW {
					sizes[((n*w.dstH+y)*w.dstW+x)*w.out+o] = s
				}
			}
		}
	}
	return sizes
}

// A fast convolution rounds twice in the transform of the source, four times in that of
// the kernel and four in that of the result, once in each of the channels' steps, and
// a loop that rounds products apart once more.
func TestFast(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for i := range 30 {
			d := func(n int) int { return 1 + rng.IntN(n) }
			c := Conv{
				N: d(3), H: 1 + d(9), W: 1 + d(9), In: 8 * d(4), Out: 8 * d(5), KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1,
				PadTop: d(4) - 1, PadBottom: d(3), PadLeft: d(3), PadRight: d(4) - 1, Fast: true,
			}
			if i == 0 {
				c.N, c.In = 9, 8*50
			}
			what := fmt.Sprintf("%+v", c)
			_, x := guarded(rng, c.xs())
			_, w := guarded(rng, c.ws())
			_, dy := guarded(rng, c.ys())
			y, dx := newReference(c.ys()), newReference(c.xs())
			c.each(func(iy, ix, iw int) {
				y.add(iy, x[ix], w[iw])
				dx.add(ix, dy[iy], w[iw])
			})
			forward, backward := c.winograd(), c.winogradGradInput()
			y.size, dx.size = forward.sizesOf(x, w), backward.sizesOf(dy, w)
			for _, op := range []struct {
				name      string
				r         *reference
				terms     int
				workspace int
				run       func(work, out []float32)
			}{
				{"forward", y, c.In, c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) }},
				{"input gradient", dx, c.Out, c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) }},
			} {
				for i := range op.r.terms {
					op.r.terms[i] = op.terms + 2 + 4 + 4
				}
				all, out := guarded(rng, len(op.r.sum))
				wall, work := scratch(op.workspace)
				op.run(work, out)
				op.r.check(t, what+" "+op.name, out)
				unharmed(t, what, all)
				unharmed(t, what, wall)
			}
		}
	})
}
