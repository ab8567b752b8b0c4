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

	// Fast allows a quarter of the multiplications where that can be done, for results
	// that are rounded otherwise: on normal numbers, with 64 channels, the root mean
	// square error is 8e-7 of the result, where that of the direct sums is 4e-7.
	Fast bool

	// BF16 allows operands to be rounded to bfloat16, which isa.BF16 must allow.
	BF16 bool
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
func (c Conv) ForwardWorkspace() int {
	if c.bf16() {
		g := c.bf16Forward()
		return g.workspace()
	}
	if c.fast() {
		w := c.winograd()
		return w.workspace()
	}
	if c.few(c.Out, c.In) {
		f := c.foldForward()
		return f.workspace()
	}
	g := c.forward()
	return g.workspace(anyWorkers)
}

// Forward computes y from x and w.
func (c Conv) Forward(pl *pool.Pool, work, y, x, w []float32) {
	c.check("convolution, forward", y, x, w, work, c.ForwardWorkspace())
	if c.bf16() {
		g := c.bf16Forward()
		g.run(pl, work, y, x, w)
		return
	}
	if c.fast() {
		f := c.winograd()
		f.run(pl, work, y, x, w)
		return
	}
	if c.few(c.Out, c.In) {
		f := c.foldForward()
		f.run(pl, work, y, x, w)
		return
	}
	g := c.forward()
	g.run(pl, work, y, x, w)
}

// forward gathers the pixels of x under the taps of each pixel of y.
func (c Conv) forward() gather {
	h := axis{out: c.OutH(), src: c.H, taps: c.KH, step: c.StrideH, tap: c.DilationH, first: -c.PadTop, wStep: 1}
	w := axis{out: c.OutW(), src: c.W, taps: c.KW, step: c.StrideW, tap: c.DilationW, first: -c.PadLeft, wStep: 1}
	return gather{
		groups: 1, images: c.N, h: h, w: w, in: c.In, out: c.Out, kw: c.KW,
		pixel: c.Out, row: w.out * c.Out, image: h.out * w.out * c.Out,
		bk: c.Out, bn: 1,
	}
}

// GradInputWorkspace is how many float32s of scratch GradInput needs.
func (c Conv) GradInputWorkspace() int {
	if c.bf16() {
		g := c.bf16GradInput()
		return g.workspace()
	}
	if c.fast() {
		w := c.winogradGradInput()
		return w.workspace()
	}
	if c.few(c.In, c.Out) {
		f := c.foldGradInput()
		return f.workspace()
	}
	most := 0
	for i := range c.StrideH * c.StrideW {
		g := c.gradInput(i/c.StrideW, i%c.StrideW)
		most = max(most, g.workspace(anyWorkers))
	}
	return most
}

// GradInput computes the gradient dx of x from that of y, dy.
func (c Conv) GradInput(pl *pool.Pool, work, dx, dy, w []float32) {
	c.check("convolution, input gradient", dy, dx, w, work, c.GradInputWorkspace())
	if c.bf16() {
		g := c.bf16GradInput()
		g.run(pl, work, dx, dy, w)
		return
	}
	if c.fast() {
		f := c.winogradGradInput()
		f.run(pl, work, dx, dy, w)
		return
	}
	if c.few(c.In, c.Out) {
		f := c.foldGradInput()
		f.run(pl, work, dx, dy, w)
		return
	}
	for i := range c.StrideH * c.StrideW {
		g := c.gradInput(i/c.StrideW, i%c.StrideW)
		g.run(pl, work, dx, dy, w)
	}
}

// fast says that the convolution may and can be done with fewer multiplications.
func (c Conv) fast() bool {
	return c.Fast && c.KH == 3 && c.KW == 3 && c.StrideH == 1 && c.StrideW == 1 && c.DilationH == 1 && c.DilationW == 1 &&
		c.In%lanes == 0 && c.Out%lanes == 0 && fewer(c.H, c.W) && fewer(c.OutH(), c.OutW())
}

// fewer says that pixels cost fewer multiplications in tiles.
func fewer(height, width int) bool {
	return spectrum*ceil(height, pixelsOut)*ceil(width, pixelsOut) < kernelTaps*height*width
}

func (c Conv) winograd() winograd {
	return winograd{
		images: c.N, in: c.In, out: c.Out, srcH: c.H, srcW: c.W, dstH: c.OutH(), dstW: c.OutW(),
		firstH: -c.PadTop, firstW: -c.PadLeft,
	}
}

func (c Conv) winogradGradInput() winograd {
	return winograd{
		images: c.N, in: c.Out, out: c.In, srcH: c.OutH(), srcW: c.OutW(), dstH: c.H, dstW: c.W,
		firstH: c.PadTop - 2, firstW: c.PadLeft - 2, gradient: true,
	}
}

// gradInput gathers the pixels of dy that saw those of dx from (ph, pw) on, a stride
// apart: all of such a phase were seen under the same taps, as if the stride were 1.
func (c Conv) gradInput(ph, pw int) gather {
	return gather{
		groups: 1, images: c.N, in: c.Out, out: c.In, kw: c.KW,
		h:     phase(ph, c.H, c.OutH(), c.KH, c.StrideH, c.DilationH, c.PadTop),
		w:     phase(pw, c.W, c.OutW(), c.KW, c.StrideW, c.DilationW, c.PadLeft),
		pixel: c.StrideW * c.In, row: c.StrideH * c.W * c.In, image: c.H * c.W * c.In, dst: (ph*c.W + pw) * c.In,
		bk: 1, bn: c.Out,
	}
}

// phase is the axis of the pixels p, p+stride, p+2·stride… of an input of size in. Pixel
// i of them sees under tap k of the kernel the pixel i + (p+pad-k·dilation)/stride of
// the output, for the taps where that division leaves nothing.
func phase(p, in, out, kernel, stride, dilation, pad int) axis {
	a := axis{out: max(0, ceil(in-p, stride)), src: out, step: 1}
	for k := range kernel {
		if at := p + pad - k*dilation; at%stride == 0 {
			switch a.taps {
			case 0:
				a.first, a.wFirst = at/stride, k
			case 1:
				a.tap, a.wStep = at/stride-a.first, k-a.wFirst
			}
			a.taps++
		}
	}
	return a
}

// GradKernelWorkspace is how many float32s of scratch GradKernel needs.
func (c Conv) GradKernelWorkspace() int {
	if c.bf16() {
		o := c.bf16GradKernel()
		return o.workspace()
	}
	if c.fast() {
		f := winogradKernel{c.winograd()}
		return f.workspace()
	}
	if c.few(c.Out, c.In) {
		return c.turnedWorkspace()
	}
	o := c.gradKernel()
	return o.workspace()
}

// GradKernel computes the gradient dw of w from x and dy.
func (c Conv) GradKernel(pl *pool.Pool, work, dw, x, dy []float32) {
	c.check("convolution, kernel gradient", dy, x, dw, work, c.GradKernelWorkspace())
	if c.bf16() {
		o := c.bf16GradKernel()
		o.run(pl, work, dw, x, dy)
		return
	}
	if c.fast() {
		f := winogradKernel{c.winograd()}
		f.run(pl, work, dw, x, dy)
		return
	}
	if c.few(c.Out, c.In) {
		c.gradKernelTurned(pl, work, dw, x, dy)
		return
	}
	o := c.gradKernel()
	o.run(pl, work, dw, x, dy)
}

func (c Conv) gradKernel() outer { return newOuter(1, c) }

func (c Conv) check(op string, y, x, w, work []float32, workspace int) {
	if err := c.Supported(); err != nil {
		panic(err.Error())
	}
	need(op, "y", len(y), c.N*c.OutH()*c.OutW()*c.Out)
	need(op, "x", len(x), c.N*c.H*c.W*c.In)
	need(op, "w", len(w), c.KH*c.KW*c.In*c.Out)
	need(op, "workspace", len(work), workspace)
}
