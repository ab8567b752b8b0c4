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

// StartFrom begins a new run from the averaged weights of another: fine-tuning. The
// optimiser and the step start afresh.
//
// Where the conditions differ, what belongs to them may begin anew: the table of classes
// (rows of classes with names that both know are kept, and that of "no class"), the
// layer that takes in numbers, and both where the parent has none. fresh names those
// tensors; any other difference is an error.
func (t *Trainer) StartFrom(parent Parent, classes []string) (fresh []string, err error) {
	state, err := t.State()
	if err != nil {
		return nil, err
	}
	for _, name := range parent.Weights.Names() {
		if _, ok := state[name]; !ok && !conditional(name) {
			return nil, fmt.Errorf("tensor %q: found, but the network has no such variable", name)
		}
	}
	for _, name := range state.Names() {
		if !strings.HasPrefix(name, weights) {
			continue
		}
		old, ok := parent.Weights[name]
		switch {
		case ok && slices.Equal(old.Shape, state[name].Shape) && old.DType == state[name].DType && (!classTable(name) || slices.Equal(parent.Classes, classes)):
			state[name] = old
		case !conditional(name) && !ok:
			return nil, fmt.Errorf("tensor %q: missing in the weights to start from", name)
		case !conditional(name):
			return nil, fmt.Errorf("tensor %q: found %s %v in the weights to start from, expected %s %v", name, old.DType, old.Shape, state[name].DType, state[name].Shape)
		default:
			if ok && classTable(name) {
				state[name] = sameRows(state[name], old, classes, parent.Classes)
			}
			fresh = append(fresh, name)
		}
		state[emaPrefix+name] = state[name]
	}
	return fresh, t.Restore(state)
}

// conditional says whether a weight is about conditions.
func conditional(name string) bool {
	return slices.ContainsFunc(strings.Split(name, "/"), func(part string) bool {
		return strings.HasPrefix(part, "class") || strings.HasPrefix(part, "vector")
	})
}

// classTable says whether a weight is a table with a row for each class and one for none.
func classTable(name string) bool {
	return strings.HasSuffix(name, "/class") || strings.HasSuffix(name, "/class_embedding/weight") || strings.HasSuffix(name, "/embedding_table/weight")
}

// sameRows is a class table with the rows of another one for the classes that both
// know by name, and for no class.
func sameRows(table, other nn.Tensor, classes, others []string) nn.Tensor {
	if len(table.Shape) != len(other.Shape) || !slices.Equal(table.Shape[1:], other.Shape[1:]) || table.DType != other.DType ||
		table.Shape[0] != len(classes)+1 || other.Shape[0] != len(others)+1 {
		return table
	}
	row := len(table.Data) / table.Shape[0]
	table.Data = slices.Clone(table.Data)
	for to, name := range append(slices.Clone(classes), "") {
		from := slices.Index(others, name)
		if to == len(classes) {
			from = len(others)
		}
		if from >= 0 {
			copy(table.Data[to*row:(to+1)*row], other.Data[from*row:(from+1)*row])
		}
	}
	return table
}
