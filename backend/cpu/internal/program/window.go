package program

import (
	"math"
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// windowed is a reduction by windows: the operation between two elements, and what changes
// none.
type windowed struct {
	op   compute.OpType
	none float32
}

var windows = map[compute.ReduceOpType]windowed{
	compute.ReduceOpSum:     {compute.OpTypeAdd, 0},
	compute.ReduceOpProduct: {compute.OpTypeMul, 1},
	compute.ReduceOpMax:     {compute.OpTypeMax, float32(math.Inf(-1))},
	compute.ReduceOpMin:     {compute.OpTypeMin, float32(math.Inf(1))},
}

// longestWindow is how many elements a window may have along an axis to be taken apart.
const longestWindow = 64

// window lowers a ReduceWindow of float32, or returns nil: axis by axis, it takes the
// first elements of all windows, their second and so on, and reduces them one by one.
// Regions then join the slices of an axis.
func (l *lowered) window(n *ir.Node, x *ir.Value) *ir.Value {
	a := n.Attr.(ir.Window)
	how, ok := windows[a.Reduction]
	if !ok || !float32s(x) || n.Out[0].Shape.Size() == 0 || x.Shape.Size() == 0 {
		return nil
	}
	axes := windowAxes(a, x.Shape.Rank())
	pads, padded := make(ir.Pad, len(axes)), x.Shape.Clone()
	for i, w := range axes {
		if w.size > longestWindow {
			return nil
		}
		pads[i] = w.pad
		padded.Dimensions[i] += w.pad.Start + w.pad.End + (padded.Dimensions[i]-1)*w.pad.Interior
	}
	if !x.Shape.Equal(padded) {
		none := l.addOne(compute.OpTypeConstant, ir.Constant{Flat: []float32{how.none}}, shapes.Make(x.Shape.DType))
		x = l.addOne(compute.OpTypePad, pads, padded, l.contiguous(x), none)
	}
	for i, w := range axes {
		if w.size == 1 && w.stride == 1 {
			continue
		}
		dims := slices.Clone(x.Shape.Dimensions)
		dims[i] = n.Out[0].Shape.Dimensions[i]
		var sum *ir.Value
		for k := range w.size {
			part := ir.Slice{Starts: make([]int, len(dims)), Limits: slices.Clone(dims), Strides: slices.Repeat([]int{1}, len(dims))}
			part.Starts[i], part.Strides[i] = k*w.dilation, w.stride
			part.Limits[i] = part.Starts[i] + (dims[i]-1)*w.stride + 1
			next := l.slice(x, part, dims)
			if sum == nil {
				sum = next
			} else {
				sum = l.addOne(how.op, nil, next.Shape, sum, next)
			}
		}
		x = sum
	}
	return x
}

// windowAxis is a window along an axis, and the padding of what it walks over.
type windowAxis struct {
	size, stride, dilation int
	pad                    compute.PadAxis
}

func windowAxes(a ir.Window, rank int) []windowAxis {
	all := make([]windowAxis, rank)
	for i := range all {
		w := windowAxis{size: 1, dilation: 1}
		if len(a.Size) > 0 {
			w.size = a.Size[i]
		}
		w.stride = w.size
		if len(a.Strides) > 0 {
			w.stride = a.Strides[i]
		}
		if len(a.WindowDilations) > 0 {
			w.dilation = a.WindowDilations[i]
		}
		if len(a.InputDilations) > 0 {
			w.pad.Interior = a.InputDilations[i] - 1
		}
		if len(a.Paddings) > 0 {
			w.pad.Start, w.pad.End = a.Paddings[i][0], a.Paddings[i][1]
		}
		all[i] = w
	}
	return all
}
