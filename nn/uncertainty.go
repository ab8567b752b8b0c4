package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Uncertainty is u(σ) of Karras et al. 2024 (arXiv:2312.02696, section 2 and eq. 21), a
// small network that learns the logarithm of the loss at each level, float32 [batch];
// noise is [Input].Noise, times which scale should span a few units; 0 stands for 1. It begins at 0, where it changes nothing, and it is part of
// the training only: models do not have it.
func Uncertainty(scope *model.Scope, noise *graph.Node, scale float64) *graph.Node {
	h := fourier(scaled(noise, scale), 64, 0.5, 16) // [B, 128]
	u := dense(scope.At("line"), h, 1, 0)           // [B, 1]
	return graph.Reshape(u, noise.Shape().Size())   // [B]
}
