package nn

import (
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/model"
)

// The layers of this file preserve magnitude: values whose mean square is 1 go in, and
// such come out while they are not correlated. Equations are those of Karras et al. 2024
// (arXiv:2312.02696).

// edm2Stored is the root mean square of stored weights, and what a stored gain of 1 is.
//
// The paper has 1 in its place, and rates near 0.01. An optimiser like Adam, whose steps
// do not depend on the scale of gradients, does the same at 1/16 of the rate when all that
// is stored is 1/16 as large; and such rates suit drift's other networks.
const edm2Stored = 1. / 16

// rootMeanSquare1 divides x by its root mean square over axes. Over weights it is eq. 66,
// over the channels of a pixel eq. 30; what keeps both from dividing by 0 stands within
// the root here, so that there are gradients at 0.
func rootMeanSquare1(x *graph.Node, axes ...int) *graph.Node {
	mean := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, axes...)
	return graph.Mul(x, graph.Reciprocal(graph.Sqrt(graph.AddScalar(mean, 1e-8))))
}

// mpStored is a variable of weights [..., out] that training holds to a root mean square of
// edm2Stored for each output channel: every step begins by bringing it back there (section
// 2.3, forced weight normalisation), and the optimiser starts from what that gives. Without
// it weights would grow, since gradients are at right angles to them, and what a step
// changes would shrink.
func mpStored(scope *model.Scope, g *graph.Graph, dims ...int) *graph.Node {
	v := normal(scope, "weight", edm2Stored, dims...)
	if scope.IsTraining(g) {
		v.SetNodeValue(graph.MulScalar(rootMeanSquare1(v.NodeValue(g), inputsOf(dims)...), edm2Stored))
	}
	return v.NodeValue(g)
}

// mpWeight is weights [..., out] whose every output channel has length 1 (eq. 47).
func mpWeight(scope *model.Scope, g *graph.Graph, dims ...int) *graph.Node {
	in := 1
	for _, d := range dims[:len(dims)-1] {
		in *= d
	}
	w := rootMeanSquare1(mpStored(scope, g, dims...), inputsOf(dims)...)
	return graph.MulScalar(w, 1/math.Sqrt(float64(in)))
}

// inputsOf are the axes of weights but the last.
func inputsOf(dims []int) []int {
	axes := make([]int, len(dims)-1)
	for i := range axes {
		axes[i] = i
	}
	return axes
}

// mpGain is a learnt number that begins at 0.
func mpGain(scope *model.Scope, g *graph.Graph) *graph.Node {
	return graph.MulScalar(normal(scope, "gain", 0).NodeValue(g), 1/edm2Stored)
}

// mpLinear is a dense layer on the last axis, [..., in] → [..., out].
func mpLinear(scope *model.Scope, x *graph.Node, out int) *graph.Node {
	return product(x, mpWeight(scope, x.Graph(), x.Shape().Dim(-1), out), nil)
}

// mpConv is a convolution with a side×side kernel, side odd, and a border of zeros,
// [B, H, W, in] → [B, H, W, out].
func mpConv(scope *model.Scope, x *graph.Node, out, side int) *graph.Node {
	if side == 1 {
		return mpLinear(scope, x, out)
	}
	w, pad := mpWeight(scope, x.Graph(), side, side, x.Shape().Dim(-1), out), side/2
	return graph.Convolve(x, w).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// mpSilu is SiLU, divided by the root mean square that it gives standard Gaussian values
// (eq. 81).
func mpSilu(x *graph.Node) *graph.Node { return graph.MulScalar(silu(x), 1/0.596) }

// mpSum is (1-t)·a + t·b, brought back to unit magnitude (eq. 88).
func mpSum(a, b *graph.Node, t float64) *graph.Node {
	norm := math.Hypot(1-t, t)
	return graph.Add(graph.MulScalar(a, (1-t)/norm), graph.MulScalar(b, t/norm))
}

// mpCat joins channels: b weighs t/(1-t) as much as a, whatever their numbers (eq. 103).
func mpCat(a, b *graph.Node, t float64) *graph.Node {
	na, nb := float64(a.Shape().Dim(-1)), float64(b.Shape().Dim(-1))
	c := math.Sqrt(na+nb) / math.Hypot(1-t, t)
	return graph.Concatenate([]*graph.Node{
		graph.MulScalar(a, c*(1-t)/math.Sqrt(na)),
		graph.MulScalar(b, c*t/math.Sqrt(nb)),
	}, -1)
}

// mpFourier spreads a scalar a sample, [B], over n/2 pairs √2·cos(2πfx), √2·sin(2πfx),
// [B, n]. The paper's features are √2·cos(2π(fx + φ)) with f drawn from N(0, 1) and φ from
// U(0, 1) (eq. 75). Here |f| lies at the middles of n/2 equal parts of its distribution, and
// the phases of a pair are a quarter turn apart, so that its magnitude is 1 for every x.
func mpFourier(x *graph.Node, n int) *graph.Node {
	turns := make([]float32, n/2)
	for i := range turns {
		turns[i] = float32(2 * math.Pi * math.Sqrt2 * math.Erfinv((float64(i)+0.5)/float64(n/2)))
	}
	angle := graph.Mul(graph.InsertAxes(x, -1), graph.ExpandLeftToRank(graph.Const(x.Graph(), turns), 2))
	return graph.MulScalar(graph.Concatenate([]*graph.Node{graph.Cos(angle), graph.Sin(angle)}, -1), math.Sqrt2)
}

// mpAttention is self-attention by cosines: queries, keys and values have unit magnitude in
// each head, [B, H, W, C] → [B, H, W, C].
func mpAttention(scope *model.Scope, x *graph.Node, heads int) *graph.Node {
	d := x.Shape().Dimensions
	qkv := mpConv(scope.At("qkv"), x, 3*d[3], 1)
	qkv = rootMeanSquare1(graph.Reshape(qkv, d[0], d[1]*d[2], 3, heads, d[3]/heads), -1) // [B, HW, 3, heads, C/heads]
	part := func(i int) *graph.Node {
		return graph.Squeeze(graph.SliceAxis(qkv, 2, graph.AxisElem(i)), 2) // [B, HW, heads, C/heads]
	}
	h, _ := attention.Core(part(0), part(1), part(2), attention.LayoutBSHD, attention.CoreOptions{})
	return mpConv(scope.At("out"), graph.Reshape(h, d...), d[3], 1)
}
