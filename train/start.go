package train

import (
	"fmt"
	"slices"
	"strings"

	"drift/nn"
)

// Parent is weights to start from and the names of the classes that they know.
type Parent struct {
	Weights nn.State
	Classes []string
}

// Changed names the tensors in which a network differs from its parent's.
type Changed struct {
	Fresh   []string // that know something which the parent did not, and begin with it anew
	Dropped []string // of the parent, of which the network has none
}

// StartFrom begins a new run from the averaged weights of another: fine-tuning. The
// optimiser and the step start afresh.
//
// The network begins with the parent's function as far as both are told the same: it
// answers as the parent does without condition, and of classes with names that both know
// as the parent does. Classes that the parent does not know, and numbers where it takes
// in others, change nothing at first. What a parent's layer for conditions adds when
// there are none goes into the biases beside it where the network lacks that layer.
//
// The sum of an [nn.EDM2] has neither biases nor rows of any length, so there a table of
// classes or a layer for numbers that only one of both has, or fewer classes, changes the
// function. Any other difference is an error.
func (t *Trainer) StartFrom(parent Parent, classes []string) (c Changed, err error) {
	state, err := t.State()
	if err != nil {
		return c, err
	}
	for _, name := range parent.Weights.Names() {
		if _, ok := state[name]; ok {
			continue
		}
		if !conditional(name) {
			return c, fmt.Errorf("tensor %q: found, but the network has no such variable", name)
		}
		c.Dropped = append(c.Dropped, name)
	}
	joints := jointsOf(state)
	for _, name := range state.Names() {
		if !strings.HasPrefix(name, weights) {
			continue
		}
		old, ok := parent.Weights[name]
		same := ok && slices.Equal(old.Shape, state[name].Shape) && old.DType == state[name].DType
		switch {
		case same && (!joints.haveTable(name) || slices.Equal(parent.Classes, classes)):
			state[name] = old
		case joints.haveTable(name):
			if !ok || slices.ContainsFunc(classes, func(class string) bool { return !slices.Contains(parent.Classes, class) }) {
				c.Fresh = append(c.Fresh, name)
			}
		case !conditional(name) && !ok:
			return c, fmt.Errorf("tensor %q: missing in the weights to start from", name)
		case !conditional(name):
			return c, fmt.Errorf("tensor %q: found %s %v in the weights to start from, expected %s %v", name, old.DType, old.Shape, state[name].DType, state[name].Shape)
		default:
			if t.task.Goal == nil && joints.silent(name) { // a student, which is never without its numbers, learns them sooner from what was drawn
				state[name] = nn.Tensor{DType: state[name].DType, Shape: state[name].Shape, Data: make([]byte, len(state[name].Data))}
			}
			c.Fresh = append(c.Fresh, name)
		}
	}
	for _, j := range joints {
		if err := j.inherit(state, parent, classes); err != nil {
			return c, err
		}
	}
	for _, name := range state.Names() {
		if strings.HasPrefix(name, weights) {
			state[emaPrefix+name] = state[name]
		}
	}
	return c, t.Restore(state)
}

// conditional says whether a weight is about conditions.
func conditional(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return strings.HasPrefix(part, "class") || strings.HasPrefix(part, "vector")
	})
}
