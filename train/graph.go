package train

import (
	"drift/nn"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Where a store keeps what is not the network's own.
const (
	emaPrefix   = "/ema"         // averages, before the path of the weight
	powerPrefix = "/power"       // power averages, as /power_0 for the first length
	sumPrefix   = "/sum"         // gradients of the micro-batches of a step so far; nothing between steps
	uncertainty = "/uncertainty" // weights of nn.Uncertainty
	weights     = nn.Scope + "/" // those of the network

	adamPrefix = "/AdamOptimizer" // of the optimiser's moments, before the path of the weight and one of moments
)

var moments = []string{"_1st_moment", "_2nd_moment"}

// inputs are the shapes of a graph's inputs: of an example, its target and weight, the
// learning rate, the decay of the average and the paces of the power averages.
func (t *Trainer) inputs() []shapes.Shape {
	in := t.draws.data.Signature().Shapes(t.cfg.Batch)
	scalar := shapes.Make(dtypes.Float32)
	in = append(in, in[0], shapes.Make(dtypes.Float32, t.cfg.Batch), scalar, scalar)
	for range t.cfg.EMALengths {
		in = append(in, scalar)
	}
	return in
}

// gather is the graph of a micro-batch that others follow: its share of the step's
// gradient is added to what the ones before it gave. It returns the weighted loss of
// each sample, [batch].
func (t *Trainer) gather(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
	each, grads, _ := t.gradients(scope, nodes)
	for i, v := range trainable(scope) {
		sum := t.beside(sumPrefix, v)
		sum.SetNodeValue(graph.Add(sum.NodeValue(each.Graph()), grads[i]))
	}
	return []*graph.Node{each}
}

// stepGraph is the graph of a step's last micro-batch: gradients, optimiser, averaged
// weights. It returns the weighted loss of each sample, [batch].
func (t *Trainer) stepGraph(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
	each, grads, rest := t.gradients(scope, nodes)
	g, rate, decay, paces := each.Graph(), rest[0], rest[1], rest[2:]
	if t.cfg.parts() > 1 {
		for i, v := range trainable(scope) {
			sum := t.beside(sumPrefix, v)
			grads[i] = graph.Add(sum.NodeValue(g), grads[i])
			sum.SetNodeValue(graph.ZerosLike(grads[i]))
		}
	}
	if t.cfg.Clip > 0 {
		t.clip(scope, grads)
	}
	optimizer.LearningRateVar(scope, dtypes.Float32, 0).SetNodeValue(rate)
	adam := optimizer.Adam().Epsilon(1e-8).Betas(0.9, 0.99).WeightDecay(t.cfg.WeightDecay).Done()
	adam.(interface {
		UpdateGraphWithGradients(*model.Scope, []*graph.Node, dtypes.DType)
	}).UpdateGraphWithGradients(scope, grads, dtypes.Float32)

	for _, v := range averaged(scope) {
		w, ema := v.NodeValue(g), t.beside(emaPrefix, v)
		if !v.Trainable { // its own average, without rounding
			ema.SetNodeValue(w)
		} else {
			ema.SetNodeValue(graph.Add(graph.Mul(decay, ema.NodeValue(g)), graph.Mul(graph.OneMinus(decay), w)))
		}
		for k, pace := range paces {
			power := t.beside(powerName(k), v)
			was := power.NodeValue(g)
			power.SetNodeValue(graph.Add(was, graph.Mul(pace, graph.Sub(w, was))))
		}
	}
	return []*graph.Node{each}
}

// gradients are those of a micro-batch's share of the loss, in the order of
// [trainable]; each is the weighted loss of its samples.
func (t *Trainer) gradients(scope *model.Scope, nodes []*graph.Node) (each *graph.Node, grads, rest []*graph.Node) {
	in, rest := t.draws.data.Signature().Input(nodes)
	target, weight := rest[0], rest[1]
	t.store.SetTraining(target.Graph(), true)
	f := t.task.Network.Forward(scope.At("model"), in)
	each = graph.ReduceMean(graph.Reshape(graph.Square(graph.Sub(f, target)), t.cfg.Batch, -1), -1)
	each = graph.Mul(each, weight)
	loss := graph.ReduceAllMean(each)
	if t.cfg.Uncertainty {
		// Karras et al. 2024, arXiv:2312.02696, eq. 21: each/e^u + u.
		u := nn.Uncertainty(t.store.Scope(uncertainty), in.Noise, t.cfg.UncertaintyScale)
		loss = graph.ReduceAllMean(graph.Add(graph.Mul(each, graph.Exp(graph.Neg(u))), u))
	}
	if n := t.cfg.parts(); n > 1 {
		loss = graph.DivScalar(loss, float64(n))
	}
	return each, scope.BuildTrainableVariablesGradientsGraph(loss), rest[2:]
}

// beside is a variable of the shape of another, at first zero, below a prefix.
func (t *Trainer) beside(prefix string, v *model.Variable) *model.Variable {
	return t.store.Scope(prefix+v.Scope()).WithInitializer(zero).VariableWithShape(v.Name(), v.Shape()).SetTrainable(false)
}

// trainable lists the variables that the optimiser moves.
func trainable(scope *model.Scope) []*model.Variable {
	var all []*model.Variable
	for v := range scope.IterVariables() {
		if v.Trainable {
			all = append(all, v)
		}
	}
	return all
}

// averaged lists the variables that have averages: the network's, also those that the
// optimiser leaves alone. Only training needs the others.
func averaged(scope *model.Scope) []*model.Variable {
	var all []*model.Variable
	for v := range scope.IterVariables() {
		if ofNetwork(v) {
			all = append(all, v)
		}
	}
	return all
}

// clip scales the gradients of the network's weights so that their common norm is at
// most Config.Clip (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1).
func (t *Trainer) clip(scope *model.Scope, grads []*graph.Node) {
	var sum *graph.Node
	vars := trainable(scope)
	for i, d := range grads {
		switch {
		case !ofNetwork(vars[i]):
		case sum == nil:
			sum = graph.L2NormSquare(d)
		default:
			sum = graph.Add(sum, graph.L2NormSquare(d))
		}
	}
	bound := graph.Const(sum.Graph(), float32(t.cfg.Clip))
	scale := graph.Div(bound, graph.Max(bound, graph.Sqrt(sum)))
	for i, d := range grads {
		if ofNetwork(vars[i]) {
			grads[i] = graph.Mul(d, scale)
		}
	}
}

func zero(g *graph.Graph, shape shapes.Shape) *graph.Node { return graph.Zeros(g, shape) }
