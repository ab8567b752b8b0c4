package cpu

import (
	"math"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestGradients holds gradients against differences of the function in eight directions
// each: (f(x+hd) - f(x-hd))/2h differs from the slope along d by O(h²) of the third
// derivative, and by the rounding of f, u·|f|/h: with h = 2⁻⁶ both are some 10⁻⁴ of what
// the slope would be if no terms of it cancelled. A gradient that is wrong in a few
// elements is off by more than the thousandth that is allowed.
func TestGradients(t *testing.T) {
	b := newBackend(t, "")
	const h = 1. / 64
	type row struct {
		name string
		dims [][]int // of the operands
		f    func(in []*graph.Node) *graph.Node
	}
	convolution := func(kernel, stride int, dims ...[]int) row {
		return row{"convolution", dims, func(in []*graph.Node) *graph.Node {
			pad := kernel / 2
			return graph.Sin(graph.Convolve(in[0], in[1]).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done())
		}}
	}
	rows := []row{
		convolution(3, 1, []int{2, 6, 5, 3}, []int{3, 3, 3, 4}), convolution(3, 2, []int{2, 7, 6, 3}, []int{3, 3, 3, 4}),
		convolution(1, 1, []int{2, 5, 5, 4}, []int{1, 1, 4, 3}), convolution(1, 2, []int{2, 6, 6, 4}, []int{1, 1, 4, 3}),
		convolution(3, 1, []int{2, 8, 8, 8}, []int{3, 3, 8, 16}), // by Winograd
		convolution(3, 1, []int{2, 9, 8, 3}, []int{3, 3, 3, 16}), convolution(3, 1, []int{2, 9, 8, 16}, []int{3, 3, 16, 3}),
		{"pools", [][]int{{2, 6, 6, 3}}, func(in []*graph.Node) *graph.Node {
			return graph.Square(graph.MeanPool(in[0]).Window(3).Strides(2).PadSame().Done())
		}},
		{"moves", [][]int{{3, 4, 5}, {3, 2, 5}}, func(in []*graph.Node) *graph.Node {
			x := graph.Concatenate([]*graph.Node{graph.Sin(in[0]), in[1], graph.Reverse(in[0], 2)}, 1)
			x = graph.Slice(x, graph.AxisRange(), graph.AxisRange(1, 9).Stride(2), graph.AxisRange(0, 4))
			x = graph.Pad(x, graph.Scalar(x.Graph(), x.DType(), .3), graph.PadAxis{Start: 1}, graph.PadAxis{End: 2, Interior: 1}, graph.PadAxis{Start: 2, End: 1})
			return graph.Mul(graph.Transpose(x, 0, 2), graph.Transpose(graph.Exp(x), 0, 2))
		}},
		{"lookup", [][]int{{7, 4}}, func(in []*graph.Node) *graph.Node {
			rows := graph.Const(in[0].Graph(), [][]int32{{3}, {0}, {3}, {6}, {2}})
			return graph.Square(graph.Gather(in[0], rows))
		}},
		{"dense layers", [][]int{{6, 5}, {5, 8}, {8}, {8, 3}}, func(in []*graph.Node) *graph.Node {
			h := graph.Add(graph.MatMul(in[0], in[1]), graph.ExpandLeftToRank(in[2], 2))
			h = graph.Mul(h, graph.MulScalar(graph.OnePlus(graph.Erf(graph.MulScalar(h, math.Sqrt2/2))), .5)) // GELU
			h = graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, -1))
			h = graph.Div(h, graph.Sqrt(graph.AddScalar(graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, -1), .1)))
			return graph.Tanh(graph.MatMul(h, in[3]))
		}},
		{"greatest", [][]int{{4, 3}}, func(in []*graph.Node) *graph.Node {
			far := graph.Mul(in[0], graph.Const(in[0].Graph(), [][]float32{{9, 1, 1}, {1, 9, 1}, {1, 1, 9}, {9, 1, 1}})) // too far apart to change places
			return graph.Square(graph.ReduceMax(graph.Mul(far, far), 1))
		}},
		{"norm", [][]int{{2, 9, 4, 3}, {1, 1, 4, 3}}, func(in []*graph.Node) *graph.Node {
			x := graph.Sub(in[0], graph.ReduceAndKeep(in[0], graph.ReduceMean, 1, 3))
			v := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, 1, 3)
			return silu(graph.Mul(graph.Div(x, graph.Sqrt(graph.AddScalar(v, .1))), in[1]))
		}},
		{"attention", [][]int{{2, 5, 4}, {2, 6, 4}, {2, 6, 3}}, func(in []*graph.Node) *graph.Node {
			a := graph.Softmax(graph.Einsum("btc,bsc->bts", in[0], in[1]), -1)
			return graph.Einsum("bts,bsc->btc", a, in[2])
		}},
		{"softmax", [][]int{{3, 4, 5}}, func(in []*graph.Node) *graph.Node { return graph.Square(graph.Softmax(in[0], 1)) }},
		{"functions", [][]int{{20}, {20}}, func(in []*graph.Node) *graph.Node {
			return graph.Add(graph.Mul(graph.Tanh(in[0]), graph.Exp(in[1])), graph.Add(graph.Erf(graph.Sigmoid(in[1])), graph.Cos(in[0])))
		}},
	}
	for _, r := range rows {
		// The value and the slopes by each operand, weighed by fixed directions.
		var in []any
		for k, dims := range r.dims {
			flat := make([]float32, sizeOfDims(dims))
			for i := range flat {
				flat[i] = float32(.8 * math.Sin(float64(2*i+k)*1.3))
			}
			in = append(in, tensors.FromFlatDataAndDimensions(flat, dims...))
		}
		exec := graph.MustNewExec(b, func(in []*graph.Node) []*graph.Node {
			y := graph.ReduceAllMean(graph.Mul(r.f(in), graph.OnePlus(graph.Sin(graph.IotaFull(in[0].Graph(), r.f(in).Shape())))))
			return append([]*graph.Node{y}, graph.Gradient(y, in...)...)
		})
		value := func(in []any) float64 { return float64(tensors.ToScalar[float32](exec.MustCall(in...)[0])) }
		found := exec.MustCall(in...)
		for k, dims := range r.dims {
			slope := tensors.MustCopyFlatData[float32](found[1+k])
			at := tensors.MustCopyFlatData[float32](in[k].(*tensors.Tensor))
			for direction := range 8 {
				plus, minus := make([]float32, len(at)), make([]float32, len(at))
				along, most := 0., 0.
				for i, x := range at {
					d := math.Cos(float64(i*(direction+1)) + .4*float64(direction))
					plus[i], minus[i] = x+float32(h*d), x-float32(h*d)
					most += math.Abs(float64(slope[i]) * d)
					along += float64(slope[i]) * (float64(plus[i]) - float64(minus[i])) / (2 * h)
				}
				moved := func(flat []float32) []any {
					all := append([]any{}, in...)
					all[k] = tensors.FromFlatDataAndDimensions(flat, dims...)
					return all
				}
				want := (value(moved(plus)) - value(moved(minus))) / (2 * h)
				if !(math.Abs(along-want) <= 1e-3*most) {
					t.Errorf("%s %v, operand %d, direction %d: found slope %v, expected %v", r.name, r.dims, k, direction, along, want)
				}
			}
		}
	}
}
