package train

import (
	"context"
	"fmt"
	"iter"
	"math"

	"drift"
	"drift/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Task is what is to be learnt: which network answers which question on which
// process, and the seed of everything that is drawn.
type Task struct {
	Process drift.Process
	Predict drift.Prediction
	Network nn.Network
	Seed    uint64
	Goal    Goal // what to ask of the network; nil for what samples were before noise came
}

// Trainer trains one network. It is not safe for concurrent use.
type Trainer struct {
	task    Task
	cfg     Config
	draws   drawer
	engine  compute.Backend
	store   *model.Store
	exec    *model.Exec // a step, or its last micro-batch
	partial *model.Exec // a micro-batch that others follow; nil where a step has only one
	ahead   chan drawn  // what is drawn for the next step meanwhile; nil for nothing
	gammas  []float64   // exponents of the power averages
	follows *nn.Model   // the network with its averaged weights, for a goal
	step    int
	arenas  int // bytes that the graphs take while they run, if the engine tells
}

// Progress is where a run stands after a step.
type Progress struct {
	Step, Steps int
	Loss        float64 // of this step's batch; with the weight "snr+1" in units of what unit Gaussian data would leave: before training about 1 with "v" and "edm", more with others
	Rate        float64 // learning rate of this step
}

// DivergedError reports a loss that is not a finite number, or what else is none.
type DivergedError struct {
	Step     int         // counted from 1
	From, To drift.Level // cleanest and noisiest level of the samples whose loss is not finite
	Why      error       // what is not finite after the step; nil where it is its loss
}

func (e *DivergedError) Error() string {
	why := e.Why
	if why == nil {
		why = fmt.Errorf("the loss is not a finite number for levels from %v to %v", e.From, e.To)
	}
	return fmt.Sprintf("training diverged at step %d: %v; a smaller rate or gradient clipping may help", e.Step, why)
}

// New prepares a run at step 0, with initial weights drawn by the task's seed.
func New(engine compute.Backend, task Task, cfg Config, data Data) (*Trainer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if err := task.Predict.CheckProcess(task.Process); err != nil {
		return nil, err
	}
	if err := data.Check(); err != nil {
		return nil, err
	}
	levels, weight, err := cfg.Objective()
	if err != nil {
		return nil, err
	}
	if task.Goal != nil {
		data.numbers = task.Goal.Numbers()
	}
	t := &Trainer{
		draws: drawer{task: task, cfg: cfg, levels: levels, weight: weight, data: data},
		task:  task, cfg: cfg, engine: engine, store: model.NewStore(),
	}
	for _, l := range cfg.EMALengths {
		t.gammas = append(t.gammas, Gamma(l))
	}
	nn.Seed(t.store, task.Seed)
	if cfg.Recompute {
		nn.Recompute(t.store)
	}
	err = nn.Guard("training", func() (err error) {
		if err := t.store.SetRNGStateFromSeed(int64(task.Seed)); err != nil {
			return err
		}
		if cfg.parts() > 1 {
			if t.partial, err = t.compile(t.gather); err != nil {
				return err
			}
		}
		if t.exec, err = t.compile(t.stepGraph); err != nil {
			return err
		}
		return t.store.InitializeVariables(engine, nil)
	})
	if err == nil && task.Goal != nil {
		err = t.student()
	}
	return t, err
}

func (t *Trainer) compile(build func(*model.Scope, []*graph.Node) []*graph.Node) (*model.Exec, error) {
	exec, err := model.NewExec(t.engine, t.store, build)
	if err != nil {
		return nil, err
	}
	g, err := exec.Compile(t.inputs()...)
	if err != nil {
		return nil, err
	}
	if known, ok := g.Executable().(interface{ Memory() int }); ok {
		t.arenas += known.Memory()
	}
	return exec, nil
}

// Memory is about how many bytes training takes beside what the trainer holds already, which
// are its variables: those of steps, and of the copy of all variables that [Trainer.State]
// makes for a checkpoint. The samples, and what a goal asks, are not counted. It is 0 where
// the engine does not tell.
func (t *Trainer) Memory() (bytes int) {
	if t.arenas == 0 {
		return 0
	}
	for _, shape := range t.inputs() {
		bytes += int(shape.ByteSize())
	}
	for v := range t.store.IterVariables() { // a copy of each
		bytes += int(v.Shape().ByteSize())
	}
	return t.arenas + bytes
}

// SetSteps changes after how many steps the run ends, and with it the rate of those
// that are left.
func (t *Trainer) SetSteps(n int) { t.cfg.Steps = n }

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

// advance takes one step and returns its loss. Meanwhile the next one is drawn.
func (t *Trainer) advance(rate float64) (loss float64, err error) {
	parts, err := t.drawn(t.step)
	if err != nil {
		return 0, err
	}
	if t.step+1 < t.cfg.Steps {
		t.prefetch(t.step + 1)
	}
	for k, e := range parts {
		if t.task.Goal != nil {
			if err := t.aim(e); err != nil {
				return 0, err
			}
		}
		exec := t.exec
		if k < len(parts)-1 {
			exec = t.partial
		}
		each, err := t.compute(exec, e, rate)
		if err != nil {
			return 0, err
		}
		part, err := t.mean(each, e.levels)
		if err != nil {
			return 0, err
		}
		loss += part / float64(len(parts))
	}
	t.step++
	return loss, nil
}

// compute runs a graph on a micro-batch and returns the loss of each of its samples.
func (t *Trainer) compute(exec *model.Exec, e example, rate float64) (each []float32, err error) {
	in := append(e.Tensors(),
		tensors.FromFlatDataAndDimensions(e.target, append([]int{t.cfg.Batch}, t.draws.data.X.Shape...)...),
		tensors.FromFlatDataAndDimensions(e.weight, t.cfg.Batch),
		float32(rate), float32(t.cfg.DecayAt(t.step)))
	for _, γ := range t.gammas {
		in = append(in, float32(pace(γ, t.step)))
	}
	err = nn.Guard("training step", func() error {
		out, err := exec.Call1(in...)
		if err != nil {
			return err
		}
		defer out.FinalizeAll()
		each, err = tensors.CopyFlatData[float32](out)
		return err
	})
	return each, err
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
