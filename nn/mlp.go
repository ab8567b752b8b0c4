package nn

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// MLP is a residual multilayer perceptron for points and small pictures.
//
// Level and class become one embedding, which shifts the input of every
// residual block. Beside the blocks runs a linear path y = a(level, class)·x + b(level, class),
// because that is the exact answer for a single Gaussian hill and for any data
// under much noise; the blocks learn what is left. Every branch starts at zero.
type MLP struct {
	Width   int // values in a hidden layer
	Blocks  int // residual blocks
	Classes int // labels 0 … Classes-1; Classes itself stands for no condition

	NoiseScale float64 // times the noise input is what is embedded, which should span a few units; 0 stands for 1
}

// Forward implements [Network].
func (m MLP) Forward(scope *model.Scope, in Input) *graph.Node {
	shape := in.X.Shape()
	batch := shape.Dimensions[0]
	dim := shape.Size() / batch
	x := graph.Reshape(in.X, batch, dim) // [B, D]

	at := scope.At("embed")
	e := dense(at.At("level_0"), fourier(scaled(in.Noise, m.NoiseScale), 16, 0.5, 16), m.Width, 1) // [B, W]
	e = dense(at.At("level_1"), silu(e), m.Width, 1)
	if m.Classes > 0 {
		table := normal(at, "class", 1, m.Classes+1, m.Width).NodeValue(x.Graph())
		e = graph.Add(e, graph.MatMul(graph.OneHot(in.Class, m.Classes+1, dtypes.Float32), table))
	}
	if in.Vector != nil {
		e = graph.Add(e, dense(at.At("vector"), in.Vector, m.Width, 1))
	}
	e = silu(e)

	h := x
	if in.Picture != nil {
		h = graph.Concatenate([]*graph.Node{x, graph.Reshape(in.Picture, batch, -1)}, -1) // [B, D+…]
	}
	h = dense(scope.At("in"), h, m.Width, 1)
	for i := range m.Blocks {
		block := scope.At("block_%d", i)
		u := graph.Add(h, dense(block.At("shift"), e, m.Width, 0.5))
		u = dense(block.At("dense_0"), silu(u), m.Width, 1)
		h = graph.Add(h, dense(block.At("dense_1"), silu(u), m.Width, 0))
	}
	y := dense(scope.At("out"), silu(h), dim, 0)

	line := dense(scope.At("line"), e, 2*dim, 0)
	a := graph.Slice(line, graph.AxisRange(), graph.AxisRange(0, dim))
	b := graph.Slice(line, graph.AxisRange(), graph.AxisRange(dim, 2*dim))
	return graph.Reshape(graph.Add(y, graph.Add(graph.Mul(a, x), b)), shape.Dimensions...)
}
