package train

import (
	"encoding/binary"
	"fmt"
	"maps"
	"strings"

	"drift/nn"

	"github.com/gomlx/gomlx/ml/model"
)

const stepTensor = "/global_step"

// State copies everything that the next step depends on.
func (t *Trainer) State() (nn.State, error) {
	state, err := nn.Save(t.store)
	for name := range state {
		if strings.HasPrefix(name, sumPrefix+"/") {
			delete(state, name) // zero between steps
		}
	}
	return state, err
}

// Restore makes the trainer stand where the one stood whose state it is. On an
// error the trainer is not to be used any more.
func (t *Trainer) Restore(state nn.State) error {
	whole := maps.Clone(state)
	for v := range t.store.IterVariables() {
		if ofNetwork(v) && !v.Trainable { // runs of former versions have moments of frequencies, which never were learnt
			for _, moment := range moments {
				delete(whole, adamPrefix+v.Path()+moment)
			}
		}
		if strings.HasPrefix(v.Path(), sumPrefix+"/") {
			shape := v.Shape()
			whole[v.Path()] = nn.Tensor{DType: shape.DType.String(), Shape: shape.Dimensions, Data: make([]byte, shape.Size()*shape.DType.Size())}
		}
	}
	if err := nn.Load(t.store, whole); err != nil {
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
func Averaged(state nn.State) nn.State { return below(state, emaPrefix) }

// below is the averages of the network's weights that lie below a prefix, under the
// names of the weights.
func below(state nn.State, prefix string) nn.State {
	found := nn.State{}
	for name, t := range state {
		if rest, ok := strings.CutPrefix(name, prefix+weights); ok {
			found[weights+rest] = t
		}
	}
	return found
}

// Power is the average of a state with the length number k of Config.EMALengths, under
// the names of the network's own variables.
func Power(state nn.State, k int) nn.State { return below(state, powerName(k)) }

// PowerOnly is what a snapshot holds of a state: all power averages, and the step.
func PowerOnly(state nn.State) nn.State {
	kept := nn.State{stepTensor: state[stepTensor]}
	for name, t := range state {
		if strings.HasPrefix(name, "/power_") {
			kept[name] = t
		}
	}
	return kept
}

// WithAverage is a state with other averaged weights.
func WithAverage(state, average nn.State) nn.State {
	whole := maps.Clone(state)
	for name, t := range average {
		whole[emaPrefix+name] = t
	}
	return whole
}

func powerName(k int) string { return fmt.Sprintf("/power_%d", k) }

func ofNetwork(v *model.Variable) bool { return strings.HasPrefix(v.Path(), weights) }

// Averaged is the averaged weights as they are now: what [nn.NewModel] takes to sample.
func (t *Trainer) Averaged() (nn.State, error) {
	state, err := t.State()
	return Averaged(state), err
}

// Model is the network with its averaged weights as they are now.
func (t *Trainer) Model() (*nn.Model, error) {
	state, err := t.Averaged()
	if err != nil {
		return nil, err
	}
	return nn.NewModel(t.engine, t.task.Network, t.task.Predict, t.draws.data.Signature(), state)
}
