package bench

import (
	"math"
	"time"

	"drift"
	"drift/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// Graphs are the forward pass and the training step of a workload on an engine.
type Graphs struct {
	forward, train *model.Exec
	x, t           *tensors.Tensor
	store          *model.Store

	Params int // trainable values of the network
	FLOP   int // of one forward pass, as [nn.FLOP] counts it

	TrainCompile time.Duration // to build and compile the training step
}

// Compile builds both graphs of a workload.
func Compile(engine compute.Backend, w Workload) (*Graphs, error) {
	store := model.NewStore()
	g := &Graphs{store: store}
	err := nn.Guard(w.Name, func() (err error) {
		shape := append([]int{w.Batch}, w.Shape...)
		x, t := w.inputs()
		g.x = tensors.FromFlatDataAndDimensions(x, shape...)
		g.t = tensors.FromFlatDataAndDimensions(t, w.Batch)
		g.forward, err = model.NewExec(engine, store, func(scope *model.Scope, x, t *graph.Node) *graph.Node {
			y := w.forward(scope, x, t)
			g.FLOP = nn.FLOP(x.Graph())
			return y
		})
		if err != nil {
			return err
		}
		if g.train, err = model.NewExec(engine, store, w.step); err != nil {
			return err
		}
		in := []shapes.Shape{shapes.Make(dtypes.Float32, shape...), shapes.Make(dtypes.Float32, w.Batch)}
		if _, err = g.forward.Compile(in...); err != nil {
			return err
		}
		start := time.Now()
		if _, err = g.train.Compile(in...); err != nil {
			return err
		}
		g.TrainCompile = time.Since(start)
		if err := store.InitializeVariables(engine, nil); err != nil {
			return err
		}
		return g.draw(store)
	})
	return g, err
}

// forward is the network without classes.
func (w Workload) forward(scope *model.Scope, x, t *graph.Node) *graph.Node {
	class := graph.Zeros(x.Graph(), shapes.Make(dtypes.Int32, w.Batch))
	return w.Network.Forward(scope.At("model"), nn.Input{X: x, Noise: t, Class: class})
}

// step is a step of Adam at rate 1e-4 on the mean of (network(x, t) - x)².
func (w Workload) step(scope *model.Scope, x, t *graph.Node) *graph.Node {
	loss := graph.ReduceAllMean(graph.Square(graph.Sub(w.forward(scope, x, t), x)))
	optimizer.Adam().LearningRate(1e-4).Epsilon(1e-8).Done().UpdateGraph(scope, x.Graph(), loss)
	return loss
}

// draw counts the parameters and draws weights, uniform within ±1/√inputs as PyTorch
// does: a network of drift begins with zeros, and zeros would be less work.
func (g *Graphs) draw(store *model.Store) error {
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		n, dims := v.Shape().Size(), v.Shape().Dimensions
		g.Params += n
		if len(dims) < 2 {
			continue
		}
		bound := 1 / math.Sqrt(float64(n/dims[len(dims)-1]))
		r, values := drift.Rand(1, "bench weights "+v.Path()), make([]float32, n)
		for i := range values {
			values[i] = float32(bound * (2*r.Float64() - 1))
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, dims...)); err != nil {
			return err
		}
	}
	return nil
}

// Forward runs the network on the batch once.
func (g *Graphs) Forward() error { return g.call(g.forward) }

// Train takes one training step on the batch.
func (g *Graphs) Train() error { return g.call(g.train) }

func (g *Graphs) call(exec *model.Exec) error {
	return nn.Guard("bench", func() error {
		out, err := exec.Call1(g.x, g.t)
		if err != nil {
			return err
		}
		return out.FinalizeAll()
	})
}
