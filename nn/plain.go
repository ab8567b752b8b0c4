package nn

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Plain is a multilayer perceptron without residual paths or classes: the network
// that deep-learning libraries are compared on. Samples are joined with 16 sines and
// 16 cosines of the noise, of angular frequencies from 1 to e⁴.
type Plain struct {
	Width  int // values in a hidden layer
	Hidden int // hidden layers
}

// Forward implements [Network]; it has no use for conditions.
func (m Plain) Forward(scope *model.Scope, in Input) *graph.Node {
	shape := in.X.Shape()
	batch := shape.Dimensions[0]
	dim := shape.Size() / batch
	h := graph.Concatenate([]*graph.Node{
		graph.Reshape(in.X, batch, dim),       // [B, D]
		fourier(in.Noise, 16, 1, math.Exp(4)), // [B, 32]
	}, -1) // [B, D+32]
	for i := range m.Hidden {
		h = silu(dense(scope.At("hidden_%d", i), h, m.Width, 1)) // [B, W]
	}
	return graph.Reshape(dense(scope.At("out"), h, dim, 1), shape.Dimensions...) // [B, shape...]
}
