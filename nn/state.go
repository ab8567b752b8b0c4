package nn

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Tensor is a stored array: the bytes of its values in little-endian order.
type Tensor struct {
	DType string // as GoMLX names it: "Float32", "Int64", "Uint64"
	Shape []int
	Data  []byte
}

// State is every variable of a store by its path: weights, and for a training run
// also the optimiser's moments, the averaged weights and the step.
type State map[string]Tensor

// Names lists the variables in order.
func (s State) Names() []string { return slices.Sorted(maps.Keys(s)) }

// Bytes is how much memory the values take.
func (s State) Bytes() (n uint64) {
	for _, t := range s {
		n += uint64(len(t.Data))
	}
	return n
}

// Save copies every variable of a store.
func Save(store *model.Store) (State, error) {
	state := State{}
	err := Guard("state", func() error {
		for v := range store.IterVariables() {
			value, err := v.Value()
			if err != nil {
				return fmt.Errorf("%s: %w", v.Path(), err)
			}
			t := Tensor{DType: v.DType().String(), Shape: slices.Clone(v.Shape().Dimensions)}
			if err := value.ConstBytes(func(data []byte) { t.Data = slices.Clone(data) }); err != nil {
				return fmt.Errorf("%s: %w", v.Path(), err)
			}
			state[v.Path()] = t
		}
		return nil
	})
	return state, err
}

// Load sets every variable of a built store from state. The two must hold the same
// variables of the same types and shapes: GoMLX would draw a missing one anew.
func Load(store *model.Store, state State) error {
	return Guard("state", func() error {
		seen := 0
		for v := range store.IterVariables() {
			t, err := state.of(v.Path(), v.Shape())
			if err != nil {
				return err
			}
			value, err := t.tensor()
			if err != nil {
				return fmt.Errorf("tensor %q: %w", v.Path(), err)
			}
			if err := v.SetValue(value); err != nil {
				return fmt.Errorf("tensor %q: %w", v.Path(), err)
			}
			seen++
		}
		if seen != len(state) {
			for _, name := range state.Names() {
				if store.GetVariable(name) == nil {
					return fmt.Errorf("tensor %q: found, but the network has no such variable", name)
				}
			}
		}
		return nil
	})
}

// of is what state holds for the variable at a path, of a type and shape.
func (s State) of(path string, shape shapes.Shape) (Tensor, error) {
	t, ok := s[path]
	if !ok {
		return t, fmt.Errorf("tensor %q: missing, expected %s %v", path, shape.DType, shape.Dimensions)
	}
	if t.DType != shape.DType.String() || !slices.Equal(t.Shape, shape.Dimensions) {
		return t, fmt.Errorf("tensor %q: found %s %v, expected %s %v", path, t.DType, t.Shape, shape.DType, shape.Dimensions)
	}
	return t, nil
}

// tensor makes a GoMLX tensor of the stored bytes.
func (t Tensor) tensor() (*tensors.Tensor, error) {
	dtype, err := dtypes.DTypeString(t.DType)
	if err != nil {
		return nil, fmt.Errorf("dtype: found %q, expected one that GoMLX knows", t.DType)
	}
	value := tensors.FromShape(shapes.Make(dtype, t.Shape...))
	if got, want := len(t.Data), value.Size()*dtype.Size(); got != want {
		return nil, fmt.Errorf("data: found %d bytes, expected %d for %s %v", got, want, t.DType, t.Shape)
	}
	return value, value.MutableBytes(func(data []byte) { copy(data, t.Data) })
}
