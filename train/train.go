package train

import (
	"context"
	"fmt"
	"iter"
	"math"

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

// Task is what is to be learnt: which network answers which question on which
// process, and the seed of everything that is drawn.
type Task struct {
	Process drift.Process
	Predict drift.Prediction
	Network nn.Network
	Seed    uint64
}

// Trainer trains one network. It is not safe for concurrent use.
type Trainer struct {
	task   Task
	cfg    Config
	levels drift.TrainLevels
	weight drift.LossWeight
	data   Data
	seed   uint64
	engine compute.Backend
	store  *model.Store
	exec   *model.Exec
	step   int

	epoch    int // of the shuffled order below
	shuffled []int
}

// Progress is where a run stands after a step.
type Progress struct {
	Step, Steps int
	Loss        float64 // of this step's batch; with the weight "snr+1" in units of what unit Gaussian data would leave: about 1 before training
	Rate        float64 // learning rate of this step
}

// DivergedError reports a loss that is not a finite number.
type DivergedError struct {
	Step     int         // counted from 1
	From, To drift.Level // cleanest and noisiest level of the samples whose loss is not finite
}

func (e *DivergedError) Error() string {
	return fmt.Sprintf("training diverged at step %d: the loss is not a finite number for levels from %v to %v; "+
		"a smaller rate or gradient clipping may help", e.Step, e.From, e.To)
}

// New prepares a run at step 0, with initial weights drawn by the task's seed.
func New(engine compute.Backend, task Task, cfg Config, data Data) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := task.Predict.CheckProcess(task.Process); err != nil {
		return nil, err
	}
	if data.X.N < 1 {
		return nil, fmt.Errorf("data: found no samples, expected at least 1")
	}
	levels, weight, err := cfg.Objective()
	if err != nil {
		return nil, err
	}
	t := &Trainer{levels: levels, weight: weight, task: task, cfg: cfg, data: data, seed: task.Seed, engine: engine, store: model.NewStore()}
	nn.Seed(t.store, task.Seed)
	err = nn.Guard("training", func() (err error) {
		if err := t.store.SetRNGStateFromSeed(int64(task.Seed)); err != nil {
			return err
		}
		if t.exec, err = model.NewExec(engine, t.store, t.graph); err != nil {
			return err
		}
		in := data.Signature().Shapes(cfg.Batch)
		scalar, row := shapes.Make(dtypes.Float32), shapes.Make(dtypes.Float32, cfg.Batch)
		if _, err = t.exec.Compile(append(in, in[0], row, scalar, scalar)...); err != nil {
			return err
		}
		return t.store.InitializeVariables(engine, nil)
	})
	return t, err
}

// graph is one step: loss, gradients, optimiser, averaged weights. It returns the
// weighted loss of each sample, [batch].
func (t *Trainer) graph(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
	in, rest := t.data.Signature().Input(nodes)
	target, weight, rate, decay := rest[0], rest[1], rest[2], rest[3]
	g := target.Graph()
	f := t.task.Network.Forward(scope.At("model"), in)
	n := t.cfg.Batch
	each := graph.ReduceMean(graph.Reshape(graph.Square(graph.Sub(f, target)), n, -1), -1)
	each = graph.Mul(each, weight)
	loss := graph.ReduceAllMean(each)

	grads := scope.BuildTrainableVariablesGradientsGraph(loss)
	if t.cfg.Clip > 0 {
		grads = clip(grads, t.cfg.Clip)
	}
	optimizer.LearningRateVar(scope, dtypes.Float32, 0).SetNodeValue(rate)
	adam := optimizer.Adam().Epsilon(1e-8).Betas(0.9, 0.99).WeightDecay(t.cfg.WeightDecay).Done()
	adam.(interface {
		UpdateGraphWithGradients(*model.Scope, []*graph.Node, dtypes.DType)
	}).UpdateGraphWithGradients(scope, grads, dtypes.Float32)

	for _, v := range trainable(scope) {
		w := v.NodeValue(g)
		ema := t.store.Scope(emaPrefix+v.Scope()).WithInitializer(zero).
			VariableWithShape(v.Name(), v.Shape()).SetTrainable(false)
		ema.SetNodeValue(graph.Add(graph.Mul(decay, ema.NodeValue(g)), graph.Mul(graph.OneMinus(decay), w)))
	}
	return []*graph.Node{each}
}

// Step is the number of steps taken so far.
func (t *Trainer) Step() int { return t.step }

// Run takes the steps that remain and yields after each. It stops early when the
// caller does, when ctx ends (with its error), or with a [DivergedError].
func (t *Trainer) Run(ctx context.Context) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		for t.step < t.cfg.Steps {
			at := Progress{Step: t.step, Steps: t.cfg.Steps, Rate: t.cfg.RateAt(t.step)}
			err := ctx.Err()
			if err == nil {
				at.Loss, err = t.advance(at.Rate)
			}
			if err != nil {
				yield(at, err)
				return
			}
			at.Step = t.step
			if !yield(at, nil) {
				return
			}
		}
	}
}

// advance takes one step and returns its loss.
func (t *Trainer) advance(rate float64) (loss float64, err error) {
	e := t.draw(t.step)
	n, dims := t.cfg.Batch, append([]int{t.cfg.Batch}, t.data.X.Shape...)
	var each []float32
	err = nn.Guard("training step", func() error {
		out, err := t.exec.Call1(append(e.Tensors(),
			tensors.FromFlatDataAndDimensions(e.target, dims...),
			tensors.FromFlatDataAndDimensions(e.weight, n),
			float32(rate), float32(t.cfg.DecayAt(t.step)))...)
		if err != nil {
			return err
		}
		defer out.FinalizeAll()
		each, err = tensors.CopyFlatData[float32](out)
		return err
	})
	if err != nil {
		return 0, err
	}
	if loss, err = t.mean(each, e.levels); err == nil {
		t.step++
	}
	return loss, err
}

// mean is the loss of a batch, or a DivergedError that names where it broke.
func (t *Trainer) mean(each []float32, levels []drift.Level) (float64, error) {
	var sum float64
	diverged := DivergedError{Step: t.step + 1}
	for i, l := range each {
		sum += float64(l)
		if !math.IsNaN(float64(l)) && !math.IsInf(float64(l), 0) {
			continue
		}
		if at := levels[i]; diverged.From == (drift.Level{}) {
			diverged.From, diverged.To = at, at
		} else if at.Ratio() < diverged.From.Ratio() {
			diverged.From = at
		} else if at.Ratio() > diverged.To.Ratio() {
			diverged.To = at
		}
	}
	if diverged.From != (drift.Level{}) {
		return 0, &diverged
	}
	return sum / float64(len(each)), nil
}
