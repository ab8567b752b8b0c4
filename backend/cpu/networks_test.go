package cpu

import (
	"hash/fnv"
	"math"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/layers/norm"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Small networks, as programs that use GoMLX write them.

// network makes of a batch [B, …] and labels [B] another batch.
type network struct {
	name   string
	sample []int // shape of a sample
	net    func(scope *model.Scope, x, label *graph.Node) *graph.Node
}

var networks = []network{{"MLP", []int{24}, mlp}, {"U-Net", []int{16, 16, 3}, unet}, {"DiT", []int{8, 8, 4}, ditOf(16, 2)}, {"EDM2", []int{8, 8, 16}, edm2}, {"GoMLX's layers", []int{6, 8}, stack}}

const labels = 5

// weight is a variable that begins with numbers that depend on its path alone.
func weight(scope *model.Scope, g *graph.Graph, name string, dims ...int) *graph.Node {
	path := model.JoinPath(scope.Scope(), name)
	h := fnv.New32()
	h.Write([]byte(path))
	phase := float64(h.Sum32() % 1000)
	in := 1
	for _, d := range dims[:len(dims)-1] {
		in *= d
	}
	return scope.WithInitializer(func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		flat := make([]float32, shape.Size())
		for i := range flat {
			flat[i] = float32(1.4 * math.Sin(phase+1.9*float64(i)) / math.Sqrt(float64(in)))
		}
		return graph.Const(g, tensors.FromFlatDataAndDimensions(flat, shape.Dimensions...))
	}).VariableWithShape(name, shapes.Make(dtypes.Float32, dims...)).NodeValue(g)
}

func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

func linear(scope *model.Scope, x *graph.Node, out int) *graph.Node {
	in := x.Shape().Dimensions[x.Rank()-1]
	y := graph.DotGeneral(x, []int{x.Rank() - 1}, nil, weight(scope, x.Graph(), "w", in, out), []int{0}, nil)
	return graph.Add(y, graph.ExpandLeftToRank(weight(scope, x.Graph(), "b", out), y.Rank()))
}

func embedding(scope *model.Scope, label *graph.Node, width int) *graph.Node {
	return graph.MatMul(graph.OneHot(label, labels, dtypes.Float32), weight(scope, label.Graph(), "table", labels, width))
}

func mlp(scope *model.Scope, x, label *graph.Node) *graph.Node {
	h := graph.Add(linear(scope.At("in"), x, 40), embedding(scope, label, 40))
	for i := range 2 {
		h = graph.Add(h, linear(scope.At("layer_%d", i), silu(h), 40))
	}
	return linear(scope.At("out"), graph.Tanh(h), x.Shape().Dimensions[1])
}

func conv(scope *model.Scope, x *graph.Node, out, kernel, stride int) *graph.Node {
	in := x.Shape().Dimensions[3]
	pad := (kernel - 1) / 2
	y := graph.Convolve(x, weight(scope, x.Graph(), "w", kernel, kernel, in, out)).Strides(stride).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
	return graph.Add(y, graph.ExpandLeftToRank(weight(scope, x.Graph(), "b", out), 4))
}

func groupNorm(scope *model.Scope, x *graph.Node, groups int) *graph.Node {
	d := x.Shape().Dimensions
	h := graph.Reshape(x, d[0], d[1]*d[2], groups, d[3]/groups)
	h = graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, 1, 3))
	variance := graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, 1, 3)
	h = graph.Reshape(graph.Div(h, graph.Sqrt(graph.AddScalar(variance, 1e-5))), d...)
	return graph.Add(graph.Mul(h, graph.ExpandLeftToRank(weight(scope, x.Graph(), "scale", d[3]), 4)), graph.ExpandLeftToRank(weight(scope, x.Graph(), "offset", d[3]), 4))
}

func residual(scope *model.Scope, x, e *graph.Node, out int) *graph.Node {
	d := x.Shape().Dimensions
	h := conv(scope.At("conv_0"), silu(groupNorm(scope.At("norm_0"), x, 4)), out, 3, 1)
	h = graph.Add(h, graph.Reshape(linear(scope.At("shift"), e, out), d[0], 1, 1, out))
	h = conv(scope.At("conv_1"), silu(groupNorm(scope.At("norm_1"), h, 4)), out, 3, 1)
	if d[3] != out {
		x = conv(scope.At("skip"), x, out, 1, 1)
	}
	return graph.Add(x, h)
}

// attend is self-attention over the middle axis of [B, T, C], in heads.
func attend(scope *model.Scope, x *graph.Node, heads int) *graph.Node {
	d := x.Shape().Dimensions
	qkv := graph.Reshape(linear(scope.At("qkv"), x, 3*d[2]), d[0], d[1], 3, heads, d[2]/heads)
	part := func(i int) *graph.Node {
		return graph.Squeeze(graph.Slice(qkv, graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i)), 2)
	}
	h, _ := attention.Core(part(0), part(1), part(2), attention.LayoutBSHD, attention.CoreOptions{})
	return linear(scope.At("out"), graph.Reshape(h, d...), d[2])
}

func unet(scope *model.Scope, x, label *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	const base, wide = 16, 20
	e := silu(embedding(scope, label, base))
	fine := residual(scope.At("down_0"), conv(scope.At("in"), x, base, 3, 1), e, base)
	coarse := residual(scope.At("down_1"), conv(scope.At("coarser"), fine, wide, 3, 2), e, wide)
	tokens := graph.Reshape(groupNorm(scope.At("norm"), coarse, 4), d[0], -1, wide)
	coarse = graph.Add(coarse, graph.Reshape(attend(scope.At("attention"), tokens, 1), coarse.Shape().Dimensions...))
	up := graph.Reshape(coarse, d[0], d[1]/2, 1, d[2]/2, 1, wide)
	up = graph.Reshape(graph.BroadcastToDims(up, d[0], d[1]/2, 2, d[2]/2, 2, wide), d[0], d[1], d[2], wide)
	h := residual(scope.At("up_0"), graph.Concatenate([]*graph.Node{up, fine}, -1), e, base)
	return conv(scope.At("out"), silu(groupNorm(scope.At("norm_out"), h, 4)), d[3], 3, 1)
}

func layerNorm(x *graph.Node) *graph.Node {
	h := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
	return graph.Div(h, graph.Sqrt(graph.AddScalar(graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, -1), 1e-6)))
}

func gelu(x *graph.Node) *graph.Node {
	return graph.Mul(x, graph.MulScalar(graph.AddScalar(graph.Erf(graph.MulScalar(x, math.Sqrt2/2)), 1), .5))
}

// stack is made of GoMLX's layers, which ask for fused operations.
func stack(scope *model.Scope, x, _ *graph.Node) *graph.Node {
	h := activation.Gelu(layers.Dense(scope.At("in"), x, true, 16))
	h = norm.LayerNorm(scope.At("norm"), h, -1).Done()
	return layers.Dense(scope.At("out"), activation.Swish(h), true, x.Shape().Dimensions[2])
}

// ditOf is a transformer over patches of 2×2 pixels, whose norms the label shifts.
func ditOf(width, heads int) func(scope *model.Scope, x, label *graph.Node) *graph.Node {
	return func(scope *model.Scope, x, label *graph.Node) *graph.Node { return dit(scope, x, label, width, heads) }
}

func dit(scope *model.Scope, x, label *graph.Node, width, heads int) *graph.Node {
	d := x.Shape().Dimensions
	p := graph.Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3])
	p = graph.Reshape(graph.TransposeAllAxes(p, 0, 1, 3, 2, 4, 5), d[0], d[1]*d[2]/4, 4*d[3])
	h := graph.Add(linear(scope.At("in"), p, width), graph.ExpandLeftToRank(weight(scope, x.Graph(), "place", d[1]*d[2]/4, width), 3))
	e := silu(embedding(scope, label, width))
	for i := range 2 {
		at := scope.At("block_%d", i)
		six := graph.Reshape(linear(at.At("shift"), e, 6*width), d[0], 6, width)
		part := func(k int) *graph.Node { return graph.Slice(six, graph.AxisRange(), graph.AxisElem(k)) }
		moved := func(x, scale, shift *graph.Node) *graph.Node {
			return graph.Add(graph.Mul(layerNorm(x), graph.OnePlus(scale)), shift)
		}
		h = graph.Add(h, graph.Mul(part(2), attend(at.At("attention"), moved(h, part(0), part(1)), heads)))
		inner := gelu(linear(at.At("mlp_0"), moved(h, part(3), part(4)), 3*width))
		h = graph.Add(h, graph.Mul(part(5), linear(at.At("mlp_1"), inner, width)))
	}
	h = linear(scope.At("out"), layerNorm(h), 4*d[3])
	h = graph.TransposeAllAxes(graph.Reshape(h, d[0], d[1]/2, d[2]/2, 2, 2, d[3]), 0, 1, 3, 2, 4, 5)
	return graph.Reshape(h, d...)
}

// batch is a batch of samples, in which sample i does not depend on how many there are.
func (n network) batch(size int) (x, label *tensors.Tensor) {
	dims := append([]int{size}, n.sample...)
	flat := make([]float32, sizeOfDims(dims))
	for i := range flat {
		flat[i] = float32(math.Sin(.37*float64(i) + .001*float64(i%101)))
	}
	names := make([]int32, size)
	for i := range names {
		names[i] = int32(i * i % labels)
	}
	return tensors.FromFlatDataAndDimensions(flat, dims...), tensors.FromFlatDataAndDimensions(names, size)
}

// seeded is a store whose random initial weights are always the same.
func seeded(t testing.TB) *model.Store {
	t.Helper()
	store := model.NewStore()
	if err := store.SetRNGStateFromSeed(7); err != nil {
		t.Fatal(err)
	}
	return store
}

// forward is the network's answer to a batch.
func (n network) forward(t testing.TB, b *Backend) *model.Exec {
	t.Helper()
	exec, err := model.NewExec(b, seeded(t), func(scope *model.Scope, x, label *graph.Node) *graph.Node {
		return n.net(scope.At("net"), x, label)
	})
	if err != nil {
		t.Fatal(err)
	}
	return exec
}

// trainer is an Adam step on the mean square of the answer less the batch; it answers
// with the loss.
func (n network) trainer(t testing.TB, b *Backend) *model.Exec {
	t.Helper()
	exec, err := model.NewExec(b, seeded(t), func(scope *model.Scope, x, label *graph.Node) *graph.Node {
		loss := graph.ReduceAllMean(graph.Square(graph.Sub(n.net(scope.At("net"), x, label), x)))
		optimizer.Adam().LearningRate(1e-3).Done().UpdateGraph(scope, x.Graph(), loss)
		return loss
	})
	if err != nil {
		t.Fatal(err)
	}
	return exec
}
