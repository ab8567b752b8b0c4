package dense

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"drift/backend/cpu/internal/pool"
)

// The sizes of the numbers in the transforms' matrices, for polynomials whose values are
// known at the points and, last, at infinity: of an input, Bᵀ, taps, G, and an output, Aᵀ.
var sizeBT, sizeG, sizeAT = func() (bt, g, at [][]float64) {
	points := []float64{0, 0.75, -0.75, 1.5, -1.5}
	powers := func(x float64, n int) []float64 {
		p := make([]float64, n)
		for i := range p {
			p[i] = math.Abs(math.Pow(x, float64(i)))
		}
		return p
	}
	product := func(skip int) (coefficients []float64) { // of all t - x
		coefficients = make([]float64, pixelsIn)
		coefficients[0] = 1
		for i, x := range points {
			for j := pixelsIn - 1; j >= 0 && i != skip; j-- {
				coefficients[j] *= -x
				if j > 0 {
					coefficients[j] += coefficients[j-1]
				}
			}
		}
		for i, x := range coefficients {
			coefficients[i] = math.Abs(x)
		}
		return coefficients
	}
	var values [][]float64
	for i, x := range points {
		scale := 1.0
		for j, other := range points {
			if j != i {
				scale *= x - other
			}
		}
		row := powers(x, 3)
		for j := range row {
			row[j] /= math.Abs(scale)
		}
		g, values, bt = append(g, row), append(values, powers(x, pixelsOut)), append(bt, product(i))
	}
	g, values, bt = append(g, []float64{0, 0, 1}), append(values, []float64{0, 0, 0, 1}), append(bt, product(-1))
	return bt, g, transposed(values)
}()

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

// transformed is what the sizes of 6×6 pixels of a channel of x become.
func (w *winograd) transformed(x []float32, tile, channel int) []float64 {
	n, h, c := w.at(tile)
	return both(sizeBT, func(p, q int) float64 {
		return size(x, n, h+w.firstH+p, c+w.firstW+q, w.srcH, w.srcW, w.in, channel)
	})
}

// size is that of a number of a pixel, 0 where there is no pixel.
func size(x []float32, n, h, w, height, width, channels, channel int) float64 {
	if h < 0 || h >= height || w < 0 || w >= width {
		return 0
	}
	return math.Abs(float64(x[((n*height+h)*width+w)*channels+channel]))
}

// sizesOf is the same convolution of the sizes of all numbers by the sizes of those in
// the transforms: what the roundings of all its steps are relative to.
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
		n, h, c := w.at(t)
		sums := make([][spectrum]float64, w.out)
		for i := range w.in {
			d := w.transformed(a, t, i)
			for o := range sums {
				for s := range sums[o] {
					sums[o][s] += d[s] * kernels[i*w.out+o][s]
				}
			}
		}
		for o := range sums {
			for i, s := range both(sizeAT, func(p, q int) float64 { return sums[o][pixelsIn*p+q] }) {
				if y, x := h+i/pixelsOut, c+i%pixelsOut; y < w.dstH && x < w.dstW {
					sizes[((n*w.dstH+y)*w.dstW+x)*w.out+o] = s
				}
			}
		}
	}
	return sizes
}

// sizesOf is that for the kernel gradient.
func (w *winogradKernel) sizesOf(x, dy []float32) []float64 {
	sums := make([][spectrum]float64, w.in*w.out)
	for t := range w.tiles() {
		n, h, c := w.at(t)
		ds := make([][]float64, w.in)
		for i := range ds {
			ds[i] = w.transformed(x, t, i)
		}
		for o := range w.out {
			y := both(transposed(sizeAT), func(p, q int) float64 {
				return size(dy, n, h+p, c+q, w.dstH, w.dstW, w.out, o)
			})
			for i, d := range ds {
				for s := range d {
					sums[i*w.out+o][s] += d[s] * y[s]
				}
			}
		}
	}
	sizes := make([]float64, 9*w.in*w.out)
	for i := range sums {
		for tap, s := range both(transposed(sizeG), func(p, q int) float64 { return sums[i][pixelsIn*p+q] }) {
			sizes[tap*w.in*w.out+i] = s
		}
	}
	return sizes
}

func transposed(m [][]float64) [][]float64 {
	t := make([][]float64, len(m[0]))
	for i := range t {
		for j := range m {
			t[i] = append(t[i], m[j][i])
		}
	}
	return t
}

// A fast convolution rounds four times at most in each dimension of the transforms of the
// source and of a gradient, five times in the others, once in each of the sum's steps,
// and a loop that rounds products apart once more.
func TestFast(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(7, 8))
		for i := range 12 {
			d := func(n int) int { return 1 + rng.IntN(n) }
			c := Conv{
				N: d(3), H: 1 + d(9), W: 1 + d(9), In: 8 * d(4), Out: 8 * d(5), KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1,
				PadTop: d(4) - 1, PadBottom: d(3), PadLeft: d(3), PadRight: d(4) - 1, Fast: true,
			}
			switch i {
			case 0:
				c.N, c.In = 9, 8*50
			case 1, 2: // many tiles, in several blocks
				c.N, c.H, c.W, c.In, c.Out = 7, 17, 19+i, 8*(6-i), 8*(1+2*i)
			}
			what := fmt.Sprintf("%+v", c)
			_, x := guarded(rng, c.xs())
			_, w := guarded(rng, c.ws())
			_, dy := guarded(rng, c.ys())
			y, dx, dw := newReference(c.ys()), newReference(c.xs()), newReference(c.ws())
			c.each(func(iy, ix, iw int) {
				y.add(iy, x[ix], w[iw])
				dx.add(ix, dy[iy], w[iw])
				dw.add(iw, dy[iy], x[ix])
			})
			forward, backward := c.winograd(), c.winogradGradInput()
			gradient := winogradKernel{forward}
			y.size, dx.size, dw.size = forward.sizesOf(x, w), backward.sizesOf(dy, w), gradient.sizesOf(x, dy)
			for _, op := range []struct {
				name      string
				r         *reference
				terms     int
				workspace int
				run       func(work, out []float32)
			}{
				{"forward", y, c.In, c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) }},
				{"input gradient", dx, c.Out, c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) }},
				{"kernel gradient", dw, forward.tiles(), c.GradKernelWorkspace(), func(work, out []float32) { c.GradKernel(pl, work, out, x, dy) }},
			} {
				for i := range op.r.terms {
					op.r.terms[i] = op.terms + 2*(4+5+5)
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

// On normal numbers, the root mean square error of a fast convolution is less than a
// millionth of the result, and 2 to 2.7 times that of the direct one.
func TestFastError(t *testing.T) {
	pl := pool.New(2)
	defer pl.Close()
	eachSet(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(13, 14))
		c := Conv{N: 1, H: 12, W: 12, In: 64, Out: 64, KH: 3, KW: 3, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1, PadTop: 1, PadBottom: 1, PadLeft: 1, PadRight: 1}
		normals := func(n int) []float32 {
			x := make([]float32, n)
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			return x
		}
		x, w, dy := normals(c.xs()), normals(c.ws()), normals(c.ys())
		y, dx, dw := newReference(c.ys()), newReference(c.xs()), newReference(c.ws())
		c.each(func(iy, ix, iw int) {
			y.add(iy, x[ix], w[iw])
			dx.add(ix, dy[iy], w[iw])
			dw.add(iw, dy[iy], x[ix])
		})
		var errors [2][3]float64
		for i := range errors {
			c.Fast = i == 1
			for j, op := range []struct {
				r         *reference
				workspace int
				run       func(work, out []float32)
			}{
				{y, c.ForwardWorkspace(), func(work, out []float32) { c.Forward(pl, work, out, x, w) }},
				{dx, c.GradInputWorkspace(), func(work, out []float32) { c.GradInput(pl, work, out, dy, w) }},
				{dw, c.GradKernelWorkspace(), func(work, out []float32) { c.GradKernel(pl, work, out, x, dy) }},
			} {
				out := make([]float32, len(op.r.sum))
				op.run(make([]float32, op.workspace), out)
				errors[i][j] = op.r.relative(out)
			}
		}
		for j, name := range []string{"forward", "input gradient", "kernel gradient"} {
			direct, fast := errors[0][j], errors[1][j]
			t.Logf("%s: relative error %.2g direct, %.2g fast", name, direct, fast)
			if !(fast <= 3*direct && fast <= 1e-6) {
				t.Errorf("%s: relative error of the fast convolution is %.2g, expected less than 1e-6 and three times the direct one's %.2g", name, fast, direct)
			}
		}
	})
}

// relative is the root mean square error of found, in units of that of the sums.
func (r *reference) relative(found []float32) float64 {
	var errors, sums float64
	for i, want := range r.sum {
		errors += (float64(found[i]) - want) * (float64(found[i]) - want)
		sums += want * want
	}
	return math.Sqrt(errors / sums)
}
