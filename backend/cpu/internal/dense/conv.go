package dense

import (
	"fmt"

	"drift/backend/cpu/internal/pool"
)

// Conv is a 2-D convolution (a cross-correlation, as networks have it) of
// x [N, H, W, In] by w [KH, KW, In, Out] to y [N, OutH, OutW, Out].
type Conv struct {
	N, H, W, In, Out, KH, KW             int
	StrideH, StrideW                     int
	DilationH, DilationW                 int // between the taps of the kernel
	PadTop, PadBottom, PadLeft, PadRight int // negative values crop
}

// Supported says why c cannot be computed, if it cannot.
func (c Conv) Supported() error {
	switch {
	case c.N < 0 || c.H < 0 || c.W < 0 || c.In < 0 || c.Out < 0:
		return fmt.Errorf("dense: convolution %+v: found a negative dimension", c)
	case c.KH < 1 || c.KW < 1 || c.StrideH < 1 || c.StrideW < 1 || c.DilationH < 1 || c.DilationW < 1:
		return fmt.Errorf("dense: convolution %+v: kernel, strides and dilations must be at least 1", c)
	}
	return nil
}

// OutH is the height of y.
func (c Conv) OutH() int { return extent(c.H+c.PadTop+c.PadBottom, c.KH, c.StrideH, c.DilationH) }

// OutW is the width of y.
func (c Conv) OutW() int { return extent(c.W+c.PadLeft+c.PadRight, c.KW, c.StrideW, c.DilationW) }

// extent is how often a kernel fits.
func extent(in, kernel, stride, dilation int) int {
	if span := (kernel-1)*dilation + 1; in >= span {
		return (in-span)/stride + 1
	}
	return 0
}

// FLOPs counts a multiply-add as two operations, those with padding among them.
func (c Conv) FLOPs() float64 {
	return 2 * float64(c.N*c.OutH()*c.OutW()) * float64(c.KH*c.KW) * float64(c.In) * float64(c.Out)
}

// ForwardWorkspace is how many float32s of scratch Forward needs.
func (c Conv) ForwardWorkspace() int { return 0 }

// Forward computes y from x and w.
func (c Conv) Forward(pl *pool.Pool, work, y, x, w []float32) {
	c.check("forward", y, x, w)
	clear(y[:c.N*c.OutH()*c.OutW()*c.Out])
	c.each(func(y0, x0, w0 int) {
		for i := range c.In {
			for o := range c.Out {
				y[y0+o] += x[x0+i] * w[w0+i*c.Out+o]
			}
		}
	})
}

// GradInputWorkspace is how many float32s of scratch GradInput needs.
func (c Conv) GradInputWorkspace() int { return 0 }

// GradInput computes the gradient dx of x from that of y, dy.
func (c Conv) GradInput(pl *pool.Pool, work, dx, dy, w []float32) {
	c.check("input gradient", dy, dx, w)
	clear(dx[:c.N*c.H*c.W*c.In])
	c.each(func(y0, x0, w0 int) {
		for i := range c.In {
			for o := range c.Out {
				dx[x0+i] += dy[y0+o] * w[w0+i*c.Out+o]
			}
		}
	})
}

// GradKernelWorkspace is how many float32s of scratch GradKernel needs.
func (c Conv) GradKernelWorkspace() int { return 0 }

// GradKernel computes the gradient dw of w from x and dy.
func (c Conv) GradKernel(pl *pool.Pool, work, dw, x, dy []float32) {
	c.check("kernel gradient", dy, x, dw)
	clear(dw[:c.KH*c.KW*c.In*c.Out])
	c.each(func(y0, x0, w0 int) {
		for i := range c.In {
			for o := range c.Out {
				dw[w0+i*c.Out+o] += x[x0+i] * dy[y0+o]
			}
		}
	})
}

// each calls f with the offsets of every pair of pixels and the tap between them.
func (c Conv) each(f func(y0, x0, w0 int)) {
	for n := range c.N {
		for oh := range c.OutH() {
			for ow := range c.OutW() {
				for kh := range c.KH {
					for kw := range c.KW {
						h, w := oh*c.StrideH+kh*c.DilationH-c.PadTop, ow*c.StrideW+kw*c.DilationW-c.PadLeft
						if h >= 0 && h < c.H && w >= 0 && w < c.W {
							f(((n*c.OutH()+oh)*c.OutW()+ow)*c.Out, ((n*c.H+h)*c.W+w)*c.In, (kh*c.KW+kw)*c.In*c.Out)
						}
					}
				}
			}
		}
	}
}

func (c Conv) check(op string, y, x, w []float32) {
	if err := c.Supported(); err != nil {
		panic(err.Error())
	}
	op = "convolution, " + op
	need(op, "y", len(y), c.N*c.OutH()*c.OutW()*c.Out)
	need(op, "x", len(x), c.N*c.H*c.W*c.In)
	need(op, "w", len(w), c.KH*c.KW*c.In*c.Out)
}
