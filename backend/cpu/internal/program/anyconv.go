package program

import (
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// anyConv is a convolution of any kind, in plain loops: of groups, of three spatial axes,
// of float64. GoMLX's Go backend is not asked, because its convolutions panic in
// goroutines of their own, which nobody can recover from, where batch groups move the
// batch to another axis.
type anyConv[T float32 | float64] struct {
	ir.Conv
	x, w, y    shapes.Shape
	xs, ws, ys []int // strides
	in, k, out spot
}

// anyPart is how many elements of the output are a part.
const anyPart = 256

// anyConvolution makes the step of a ConvGeneral, or returns nil.
func (c *compiler) anyConvolution(n *ir.Node) maker {
	if n.Op != compute.OpTypeConvGeneral || n.In[0].Shape.DType != n.In[1].Shape.DType {
		return nil
	}
	switch n.In[0].Shape.DType {
	case dtypes.Float32:
		return anyConvOf[float32](c, n)
	case dtypes.Float64:
		return anyConvOf[float64](c, n)
	}
	return nil
}

func anyConvOf[T float32 | float64](c *compiler, n *ir.Node) maker {
	s := &anyConv[T]{Conv: n.Attr.(ir.Conv), x: n.In[0].Shape, w: n.In[1].Shape, y: n.Out[0].Shape}
	s.xs, s.ws, s.ys = rowMajor(s.x.Dimensions), rowMajor(s.w.Dimensions), rowMajor(s.y.Dimensions)
	return func(of map[*ir.Value]*slot) step {
		s.in, s.k, s.out = c.in(n.In[0], of), c.in(n.In[1], of), c.in(n.Out[0], of)
		return s
	}
}

func (s *anyConv[T]) run(r *run) error {
	r.share(s, (s.out.n+anyPart-1)/anyPart)
	return nil
}

func (s *anyConv[T]) part(r *run, i int) {
	x, w, y := slice[T](r, s.in), slice[T](r, s.k), slice[T](r, s.out)
	at, tap := make([]int, len(s.ys)), make([]int, len(s.Axes.KernelSpatial))
	for o := i * anyPart; o < min((i+1)*anyPart, len(y)); o++ {
		rest := o
		for axis, stride := range s.ys {
			at[axis], rest = rest/stride, rest%stride
		}
		y[o] = s.element(x, w, at, tap)
	}
}

// element is the output at a place: the sum over the taps of the kernel, and over the
// input channels of the output channel's group.
func (s *anyConv[T]) element(x, w []T, at, tap []int) T {
	ax := s.Axes
	sample, channel := at[ax.OutputBatch], at[ax.OutputChannels]
	outs, ins := s.y.Dimensions[ax.OutputChannels], s.w.Dimensions[ax.KernelInputChannels]
	sample += channel / (outs / s.BatchGroups) * s.y.Dimensions[ax.OutputBatch]
	first := channel / (outs / s.ChannelGroups) * ins
	fromX := sample*s.xs[ax.InputBatch] + first*s.xs[ax.InputChannels]
	fromW := channel * s.ws[ax.KernelOutputChannels]
	taps := 1
	for _, axis := range ax.KernelSpatial {
		taps *= s.w.Dimensions[axis]
	}
	sum := 0.
	clear(tap)
	for range taps {
		i, k, inside := fromX, fromW, true
		for d, t := range tap {
			axis := ax.InputSpatial[d]
			pos := at[ax.OutputSpatial[d]]*s.Strides[d] + t*s.KernelDilations[d] - s.Paddings[d][0]
			inside = inside && pos >= 0 && pos%s.InputDilations[d] == 0 && pos/s.InputDilations[d] < s.x.Dimensions[axis]
			i += pos / s.InputDilations[d] * s.xs[axis]
			k += t * s.ws[ax.KernelSpatial[d]]
		}
		for c := 0; inside && c < ins; c++ {
			sum += float64(float64(x[i+c*s.xs[ax.InputChannels]]) * float64(w[k+c*s.ws[ax.KernelInputChannels]]))
		}
		for d := len(tap) - 1; d >= 0; d-- {
			if tap[d]++; tap[d] < s.w.Dimensions[ax.KernelSpatial[d]] {
				break
			}
			tap[d] = 0
		}
	}
	return T(sum)
}
