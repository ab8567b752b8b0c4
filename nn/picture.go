package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The layers of this file work on pictures [batch, height, width, channels].

// conv3 is a 3×3 convolution with a border of zeros, [B, H, W, in] → [B, H/stride,
// W/stride, out], rounded up; its kernel starts with variance gain²/(9·in).
func conv3(scope *model.Scope, x *graph.Node, out, stride int, gain float64) *graph.Node {
	g, in := x.Graph(), x.Shape().Dimensions[3]
	w := normal(scope, "weights", gain/math.Sqrt(float64(9*in)), 3, 3, in, out).NodeValue(g)
	b := normal(scope, "biases", 0, out).NodeValue(g)
	y := graph.Convolve(x, w).Strides(stride).PaddingPerDim([][2]int{{1, 1}, {1, 1}}).Done()
	return graph.Add(y, graph.ExpandLeftToRank(b, 4))
}

// normalised gives every group of channels of a picture mean 0 and variance 1, then
// scales and shifts it by [C], or [B, C]. Both may be nil.
func normalised(x *graph.Node, groups int, eps float64, scale, offset *graph.Node) *graph.Node {
	dims := x.Shape().Dimensions
	if groups < 1 || dims[3]%groups != 0 {
		panic(fmt.Errorf("group normalisation: found %d channels, expected a multiple of %d groups", dims[3], groups))
	}
	each := dims[3] / groups
	grouped := func(v *graph.Node) *graph.Node { return graph.Reshape(v, -1, 1, groups, each) }
	h := graph.Reshape(x, dims[0], dims[1]*dims[2], groups, each)            // [B, HW, G, C/G]
	h = graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, 1, 3))         // mean 0
	variance := graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, 1, 3) // [B, 1, G, 1]
	factor := graph.Reciprocal(graph.Sqrt(graph.AddScalar(variance, eps)))   // [B, 1, G, 1]
	if scale != nil {
		factor = graph.Mul(factor, grouped(scale)) // [B, 1, G, C/G]
	}
	h = graph.Mul(h, factor)
	if offset != nil {
		h = graph.Add(h, grouped(offset))
	}
	return graph.Reshape(h, dims...) // [B, H, W, C]
}

// groupNorm gives every group of channels of a picture mean 0 and variance 1, then
// every channel a scale and an offset (Wu & He 2018, arXiv:1803.08494, eqs. 1–3).
func groupNorm(scope *model.Scope, x *graph.Node, groups int) *graph.Node {
	g, dims := x.Graph(), x.Shape().Dimensions
	scale := graph.OnePlus(normal(scope, "scale", 0, dims[3]).NodeValue(g)) // what is stored is the distance from 1
	offset := normal(scope, "offset", 0, dims[3]).NodeValue(g)
	return normalised(x, groups, 1e-5, scale, offset)
}

// double repeats every pixel twice along both sides: [B, H, W, C] → [B, 2H, 2W, C].
func double(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	x = graph.Reshape(x, d[0], d[1], 1, d[2], 1, d[3])         // [B, H, 1, W, 1, C]
	x = graph.BroadcastToDims(x, d[0], d[1], 2, d[2], 2, d[3]) // [B, H, 2, W, 2, C]
	return graph.Reshape(x, d[0], 2*d[1], 2*d[2], d[3])        // [B, 2H, 2W, C]
}
