package train

import (
	"encoding/binary"
	"fmt"
	"strings"

	"drift/nn"

	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

const (
	emaPrefix  = "/ema"
	stepTensor = "/global_step"
)

// State copies everything that the next step depends on.
func (t *Trainer) State() (nn.State, error) { return nn.Save(t.store) }

// Restore makes the trainer stand where the one stood whose state it is. On an
// error the trainer is not to be used any more.
func (t *Trainer) Restore(state nn.State) error {
	if err := nn.Load(t.store, state); err != nil {
		return err
	}
	step, err := StepOf(state)
	if err != nil {
		return err
	}
	t.step = step
	return nil
}

// StepOf is the number of steps behind a state.
func StepOf(state nn.State) (int, error) {
	s, ok := state[stepTensor]
	if !ok || s.DType != "Int64" || len(s.Data) != 8 {
		return 0, fmt.Errorf("tensor %q: missing or malformed, expected one Int64", stepTensor)
	}
	step := int64(binary.LittleEndian.Uint64(s.Data))
	if step < 0 || step > MaxSteps {
		return 0, fmt.Errorf("tensor %q: found %d, expected 0 to %d", stepTensor, step, MaxSteps)
	}
	return int(step), nil
}

// Averaged returns the averaged weights (EMA) of a state under the names of the
// network's own variables: what [nn.NewModel] takes to sample.
func Averaged(state nn.State) nn.State {
	weights := nn.State{}
	for name, t := range state {
		if rest, ok := strings.CutPrefix(name, emaPrefix+nn.Scope+"/"); ok {
			weights[nn.Scope+"/"+rest] = t
		}
	}
	return weights
}

// StartFrom begins a new run from another run's averaged weights: fine-tuning. The
// optimiser and the step start afresh.
func (t *Trainer) StartFrom(weights nn.State) error {
	state, err := t.State()
	if err != nil {
		return err
	}
	for name := range weights {
		if _, ok := state[name]; !ok {
			return fmt.Errorf("tensor %q: found, but the network has no such variable", name)
		}
	}
	for name := range state {
		path, averaged := strings.CutPrefix(name, emaPrefix)
		w, ok := weights[path]
		if !ok && (averaged || strings.HasPrefix(name, nn.Scope+"/")) {
			return fmt.Errorf("tensor %q: missing in the weights to start from", path)
		}
		if ok {
			state[name] = w
		}
	}
	return t.Restore(state)
}

// Model is the network with its averaged weights as they are now.
func (t *Trainer) Model() (*nn.Model, error) {
	state, err := t.State()
	if err != nil {
		return nil, err
	}
	return nn.NewModel(t.engine, t.task.Network, t.task.Predict, t.data.Signature(), Averaged(state))
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

// clip scales the gradients so that their common norm is at most limit
// (Pascanu et al. 2013, arXiv:1211.5063, algorithm 1).
func clip(grads []*graph.Node, limit float64) []*graph.Node {
	sum := graph.L2NormSquare(grads[0])
	for _, d := range grads[1:] {
		sum = graph.Add(sum, graph.L2NormSquare(d))
	}
	g := sum.Graph()
	bound := graph.Const(g, float32(limit))
	scale := graph.Div(bound, graph.Max(bound, graph.Sqrt(sum)))
	clipped := make([]*graph.Node, len(grads))
	for i, d := range grads {
		clipped[i] = graph.Mul(d, scale)
	}
	return clipped
}

func zero(g *graph.Graph, shape shapes.Shape) *graph.Node { return graph.Zeros(g, shape) }
