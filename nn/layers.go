package nn

import (
	"math"
	"slices"

	"drift"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// seedParam is where a store keeps the seed of its initial weights.
const seedParam = "drift_seed"

// Seed sets the seed from which the networks built in a store draw their initial
// weights. They are keyed by the variable's path, so they are equal on every engine.
func Seed(store *model.Store, seed uint64) { store.RootScope().SetParam(seedParam, int(seed)) }

// normal is a variable that starts as N(0, std²); std = 0 starts it at zero.
func normal(scope *model.Scope, name string, std float64, dims ...int) *model.Variable {
	path := model.JoinPath(scope.Scope(), name)
	seed := uint64(model.GetParamOr(scope, seedParam, 0))
	return variable(scope, name, dims, func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		r := drift.Rand(seed, "initial "+path)
		values := make([]float32, shape.Size())
		for i := range values {
			values[i] = float32(std * r.NormFloat64())
		}
		return graph.Const(g, tensors.FromFlatDataAndDimensions(values, shape.Dimensions...))
	})
}

// filled is a variable all of whose values start as value.
func filled(scope *model.Scope, name string, value float64, dims ...int) *model.Variable {
	return variable(scope, name, dims, func(g *graph.Graph, shape shapes.Shape) *graph.Node {
		return graph.BroadcastToShape(graph.Scalar(g, shape.DType, value), shape)
	})
}

// variable is a variable of float32, held against the weights if the network is only checked.
func variable(scope *model.Scope, name string, dims []int, start model.VariableInitializer) *model.Variable {
	shape := shapes.Make(dtypes.Float32, dims...)
	if weights := checked(scope); weights != nil {
		if _, err := weights.of(model.JoinPath(scope.Scope(), name), shape); err != nil {
			panic(err)
		}
	}
	return scope.WithInitializer(start).VariableWithShape(name, shape)
}

// dense is x·W + b on the last axis, [..., in] → [..., out]; W starts with variance
// gain²/in and b at zero. On pictures [B, H, W, C] that is a 1×1 convolution.
func dense(scope *model.Scope, x *graph.Node, out int, gain float64) *graph.Node {
	in := x.Shape().Dim(-1)
	w := normal(scope, "weights", gain/math.Sqrt(float64(in)), in, out).NodeValue(x.Graph())
	b := normal(scope, "biases", 0, out).NodeValue(x.Graph())
	return product(x, w, b)
}

// product is x·w + b on the last axis, [..., in] → [..., out]; b may be nil.
func product(x, w, b *graph.Node) *graph.Node {
	dims := slices.Clone(x.Shape().Dimensions)
	in, out := w.Shape().Dim(0), w.Shape().Dim(1)
	dims[len(dims)-1] = out
	y := graph.MatMul(graph.Reshape(x, -1, in), w)
	if b != nil {
		y = graph.Add(y, graph.ExpandLeftToRank(b, 2))
	}
	return graph.Reshape(y, dims...)
}

// rowOf is row index of a table [rows, width] for every sample, [batch, width]; zeros
// where there is no such row.
func rowOf(table, index *graph.Node) *graph.Node {
	return graph.MatMul(graph.OneHot(index, table.Shape().Dim(0), dtypes.Float32), table)
}

// silu is x·sigmoid(x) (Elfwing et al. 2017, arXiv:1702.03118, eq. 4).
func silu(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(x)) }

// scaled is x times a factor, for which 0 stands for 1.
func scaled(x *graph.Node, factor float64) *graph.Node {
	if factor == 0 || factor == 1 {
		return x
	}
	return graph.MulScalar(x, factor)
}

// fourier spreads a scalar a sample, [batch], over sines and cosines of count
// angular frequencies from lo to hi: [batch, 2·count] (Vaswani et al. 2017,
// arXiv:1706.03762, section 3.5, with other frequencies).
func fourier(x *graph.Node, count int, lo, hi float64) *graph.Node {
	freqs := make([]float32, count)
	for i := range freqs {
		freqs[i] = float32(lo * math.Pow(hi/lo, float64(i)/float64(count-1)))
	}
	row := graph.ExpandLeftToRank(graph.Const(x.Graph(), freqs), 2)
	angle := graph.Mul(graph.InsertAxes(x, -1), row)
	return graph.Concatenate([]*graph.Node{graph.Sin(angle), graph.Cos(angle)}, -1)
}
