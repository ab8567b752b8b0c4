package program

import (
	"drift/backend/cpu/internal/dense"
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute/shapes"
)

// A ConvGeneral is one of three things that have kernels: a convolution, or the
// gradient of its input or of its kernel as GoMLX writes them. This file finds which.

// convAxes reads the sizes of a ConvGeneral, as two spatial axes.
type convAxes struct {
	a       ir.Conv
	x, w, y shapes.Shape
	rank    int
}

// spatial are the sizes along the spatial axes; a missing first one is 1.
func (c convAxes) spatial(s shapes.Shape, axes []int) (h, w int) {
	if c.rank == 1 {
		return 1, s.Dimensions[axes[0]]
	}
	return s.Dimensions[axes[0]], s.Dimensions[axes[1]]
}

func (c convAxes) pair(list []int) (h, w int) {
	if c.rank == 1 {
		return 1, list[0]
	}
	return list[0], list[1]
}

// before is the padding at the start of each spatial axis.
func (c convAxes) before() (h, w int) {
	if c.rank == 1 {
		return 0, c.a.Paddings[0][0]
	}
	return c.a.Paddings[0][0], c.a.Paddings[1][0]
}

// forward is the form of a plain convolution.
func (c convAxes) forward() (f dense.Conv, ok bool) {
	if dh, dw := c.pair(c.a.InputDilations); dh != 1 || dw != 1 {
		return f, false
	}
	ax := c.a.Axes
	f.N, f.In, f.Out = c.x.Dimensions[ax.InputBatch], c.x.Dimensions[ax.InputChannels], c.w.Dimensions[ax.KernelOutputChannels]
	f.H, f.W = c.spatial(c.x, ax.InputSpatial)
	f.KH, f.KW = c.spatial(c.w, ax.KernelSpatial)
	f.StrideH, f.StrideW = c.pair(c.a.Strides)
	f.DilationH, f.DilationW = c.pair(c.a.KernelDilations)
	f.PadTop, f.PadLeft = c.before()
	h, w := c.spatial(c.y, ax.OutputSpatial)
	return fit(f, h, w)
}

// gradInput is the form of a convolution of dy, dilated by the stride, with a kernel
// that was flipped: as GoMLX writes the gradient of the input.
func (c convAxes) gradInput() (f dense.Conv, ok bool) {
	if sh, sw := c.pair(c.a.Strides); sh != 1 || sw != 1 {
		return f, false
	}
	ax := c.a.Axes
	f.N, f.In, f.Out = c.x.Dimensions[ax.InputBatch], c.w.Dimensions[ax.KernelOutputChannels], c.x.Dimensions[ax.InputChannels]
	f.H, f.W = c.spatial(c.y, ax.OutputSpatial)
	f.KH, f.KW = c.spatial(c.w, ax.KernelSpatial)
	f.StrideH, f.StrideW = c.pair(c.a.InputDilations)
	f.DilationH, f.DilationW = c.pair(c.a.KernelDilations)
	top, left := c.before()
	f.PadTop, f.PadLeft = (f.KH-1)*f.DilationH-top, (f.KW-1)*f.DilationW-left
	h, w := c.spatial(c.x, ax.InputSpatial)
	return fit(f, h, w)
}

// gradKernel is the form of a convolution of x with dy that has samples for channels,
// as GoMLX writes the gradient of the kernel: its window is larger than its output.
func (c convAxes) gradKernel() (f dense.Conv, ok bool) {
	if dh, dw := c.pair(c.a.InputDilations); dh != 1 || dw != 1 {
		return f, false
	}
	ax := c.a.Axes
	if ax.InputBatch == 0 && ax.OutputBatch == 0 {
		return f, false // of samples, however large the window: how many there are must not matter
	}
	f.N, f.In, f.Out = c.x.Dimensions[ax.InputChannels], c.x.Dimensions[ax.InputBatch], c.w.Dimensions[ax.KernelOutputChannels]
	f.H, f.W = c.spatial(c.x, ax.InputSpatial)
	f.KH, f.KW = c.spatial(c.y, ax.OutputSpatial)
	f.StrideH, f.StrideW = c.pair(c.a.KernelDilations)
	f.DilationH, f.DilationW = c.pair(c.a.Strides)
	f.PadTop, f.PadLeft = c.before()
	h, w := c.spatial(c.w, ax.KernelSpatial)
	if h*w <= f.KH*f.KW {
		return f, false
	}
	return fit(f, h, w)
}

// fit pads the ends so that the output is h×w, if it can be.
func fit(f dense.Conv, h, w int) (dense.Conv, bool) {
	f.Fast = true
	f.PadBottom = max(0, f.StrideH*(h-1)+(f.KH-1)*f.DilationH+1-f.H-f.PadTop)
	f.PadRight = max(0, f.StrideW*(w-1)+(f.KW-1)*f.DilationW+1-f.W-f.PadLeft)
	return f, f.N > 0 && h > 0 && w > 0 && f.Supported() == nil && f.OutH() == h && f.OutW() == w
}
