package nn

import (
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/model"
)

// The layers of this file name and start their variables as PyTorch's networks do, so
// that [FromDiffusers] finds them: "weight" and "bias".

// linear is a dense layer on the last axis, [..., in] → [..., out], which starts with
// variance gain²/in.
func linear(scope *model.Scope, x *graph.Node, out int, gain float64) *graph.Node {
	return linearBias(scope, x, out, gain, true)
}

func linearBias(scope *model.Scope, x *graph.Node, out int, gain float64, bias bool) *graph.Node {
	in := x.Shape().Dim(-1)
	w := normal(scope, "weight", gain/math.Sqrt(float64(in)), in, out).NodeValue(x.Graph())
	return product(x, w, biasOf(scope, x, out, bias))
}

// pointwise is a 1×1 convolution, [B, H, W, in] → [B, H, W, out].
func pointwise(scope *model.Scope, x *graph.Node, out int, bias bool) *graph.Node {
	in := x.Shape().Dim(-1)
	w := normal(scope, "weight", 1/math.Sqrt(float64(in)), 1, 1, in, out).NodeValue(x.Graph())
	return product(x, graph.Reshape(w, in, out), biasOf(scope, x, out, bias))
}

func biasOf(scope *model.Scope, x *graph.Node, out int, bias bool) *graph.Node {
	if !bias {
		return nil
	}
	return normal(scope, "bias", 0, out).NodeValue(x.Graph())
}

// conv is a convolution with a side×side kernel and a border of zeros before and after
// both axes, [B, H, W, in] → [B, H', W', out]; it starts with variance gain²/(side²·in).
func conv(scope *model.Scope, x *graph.Node, out, side, stride, before, after int, gain float64) *graph.Node {
	in := x.Shape().Dim(-1)
	w := normal(scope, "weight", gain/math.Sqrt(float64(side*side*in)), side, side, in, out).NodeValue(x.Graph())
	b := biasOf(scope, x, out, true)
	y := graph.Convolve(x, w).Strides(stride).PaddingPerDim([][2]int{{before, after}, {before, after}}).Done()
	return graph.Add(y, graph.ExpandLeftToRank(b, 4))
}

// norm is a group normalisation (Wu & He 2018, arXiv:1803.08494, eqs. 1–3).
func norm(scope *model.Scope, x *graph.Node, groups int, eps float64) *graph.Node {
	c := x.Shape().Dim(-1)
	return normalised(x, groups, eps,
		filled(scope, "weight", 1, c).NodeValue(x.Graph()), normal(scope, "bias", 0, c).NodeValue(x.Graph()))
}

// attend is self-attention over the middle axis of [B, T, C], in heads of dim channels
// each (Vaswani et al. 2017, arXiv:1706.03762, section 3.2.2), [B, T, C].
func attend(scope *model.Scope, x *graph.Node, heads, dim int, bias bool, gain float64) *graph.Node {
	d := x.Shape().Dimensions
	part := func(name string) *graph.Node {
		return graph.Reshape(linearBias(scope.At("%s", name), x, heads*dim, 1, bias), d[0], d[1], heads, dim)
	}
	h, _ := attention.Core(part("to_q"), part("to_k"), part("to_v"), attention.LayoutBSHD, attention.CoreOptions{})
	return linear(scope.At("to_out").At("0"), graph.Reshape(h, d[0], d[1], heads*dim), d[2], gain)
}

// dropout sets a share of the values to 0 in training and scales up the rest
// (Srivastava et al. 2014, section 4). What it draws is part of a training's state.
func dropout(scope *model.Scope, x *graph.Node, share float64) *graph.Node {
	if share <= 0 || !scope.IsTraining(x.Graph()) {
		return x
	}
	keep := graph.GreaterOrEqual(scope.RandomUniform(x.Graph(), x.Shape()), graph.Scalar(x.Graph(), dtypes.Float32, share))
	return graph.Mul(x, graph.MulScalar(graph.ConvertDType(keep, dtypes.Float32), 1/(1-share)))
}

var activations = map[string]func(*graph.Node) *graph.Node{
	"silu":  silu,
	"swish": silu,
	"relu":  activation.Relu,
	"gelu":  activation.Gelu,
	"mish":  mish,
}

func activationNames() []string { return slices.Sorted(maps.Keys(activations)) }

// mish is x·tanh(log(1 + eˣ)) (Misra 2019, arXiv:1908.08681, eq. 1).
func mish(x *graph.Node) *graph.Node {
	softplus := graph.Add(graph.MaxScalar(x, 0), graph.Log1P(graph.Exp(graph.Neg(graph.Abs(x)))))
	return graph.Mul(x, graph.Tanh(softplus))
}

// positional spreads a scalar a sample, [batch], over n/2 sines and cosines of the
// angular frequencies 10000^(-i/(n/2-shift)), [batch, n] (Vaswani et al. 2017,
// arXiv:1706.03762, section 3.5); a zero at the end where n is odd.
func positional(x *graph.Node, n int, shift float64, cosFirst bool) *graph.Node {
	freqs := make([]float32, n/2)
	for i := range freqs {
		freqs[i] = float32(math.Pow(10000, -float64(i)/(float64(n/2)-shift)))
	}
	angle := graph.Mul(graph.InsertAxes(x, -1), graph.ExpandLeftToRank(graph.Const(x.Graph(), freqs), 2))
	parts := []*graph.Node{graph.Sin(angle), graph.Cos(angle)}
	if cosFirst {
		slices.Reverse(parts)
	}
	if n%2 == 1 {
		parts = append(parts, graph.InsertAxes(graph.ZerosLike(x), -1))
	}
	return graph.Concatenate(parts, -1)
}

// timeEmbedding is diffusers' part of that name: two dense layers.
func timeEmbedding(scope *model.Scope, x *graph.Node, width int, act func(*graph.Node) *graph.Node) *graph.Node {
	return linear(scope.At("linear_2"), act(linear(scope.At("linear_1"), x, width, 1)), width, 1)
}

func listed[V any](m map[string]V) string { return strings.Join(slices.Sorted(maps.Keys(m)), ", ") }
