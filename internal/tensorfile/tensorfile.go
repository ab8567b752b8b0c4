// Package tensorfile keeps named tensors in safetensors files with a SHA-256 over all of
// them, so that no damaged byte is read as a weight.
//
// It imports drift/nn for the tensors.
package tensorfile

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"drift/nn"

	"github.com/nlpodyssey/safetensors"
)

// dtypeNames maps GoMLX's names of types to those of safetensors.
var dtypeNames = map[string]safetensors.DType{"Float32": safetensors.F32, "Int64": safetensors.I64, "Uint64": safetensors.U64}

// The keys of a file's metadata that are this package's own.
const (
	sumKey     = "sha256"
	scalarsKey = "scalars" // the library stores no tensor without axes
)

// Encode writes tensors with what a caller has to say of them.
func Encode(w io.Writer, state nn.State, meta map[string]string) error {
	views := map[string]safetensors.TensorView{}
	var scalars []string
	for name, t := range state {
		dtype, ok := dtypeNames[t.DType]
		if !ok {
			return fmt.Errorf("tensor %q: cannot store type %s", name, t.DType)
		}
		shape := make([]uint64, len(t.Shape))
		for i, s := range t.Shape {
			shape[i] = uint64(s)
		}
		if len(shape) == 0 {
			shape, scalars = []uint64{1}, append(scalars, name)
		}
		v, err := safetensors.NewTensorView(dtype, shape, t.Data)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		views[name] = v
	}
	slices.Sort(scalars)
	all := maps.Clone(meta)
	if all == nil {
		all = map[string]string{}
	}
	all[sumKey], all[scalarsKey] = Sum(state), strings.Join(scalars, " ")
	return safetensors.SerializeToWriter(views, all, w)
}

// Metadata is what Encode was told of the tensors in data, a whole file. It does not look
// at the tensors.
func Metadata(data []byte) (map[string]string, error) {
	_, meta, err := safetensors.ReadMetadata(data)
	if err != nil {
		return nil, fmt.Errorf("found a damaged or foreign file, expected a safetensors file: %w", err)
	}
	if meta.Metadata()[sumKey] == "" {
		return nil, fmt.Errorf("found a safetensors file that drift did not write, expected one with a %s", sumKey)
	}
	return meta.Metadata(), nil
}

// Decode reads what Encode wrote, and checks every byte of it. Tensors share memory with data.
func Decode(data []byte) (nn.State, error) {
	info, err := Metadata(data)
	if err != nil {
		return nil, err
	}
	tensors, err := safetensors.Deserialize(data)
	if err != nil {
		return nil, fmt.Errorf("found a damaged file: %w", err)
	}
	state, scalars := nn.State{}, strings.Fields(info[scalarsKey])
	for _, v := range tensors.Tensors() {
		t := nn.Tensor{Data: v.TensorView.Data()}
		for ours, theirs := range dtypeNames {
			if theirs == v.TensorView.DType() {
				t.DType = ours
			}
		}
		if t.DType == "" {
			return nil, fmt.Errorf("tensor %q: found type %s, expected one of %v", v.Name, v.TensorView.DType(), slices.Sorted(maps.Keys(dtypeNames)))
		}
		for _, s := range v.TensorView.Shape() {
			t.Shape = append(t.Shape, int(s))
		}
		if slices.Contains(scalars, v.Name) {
			t.Shape = []int{}
		}
		state[v.Name] = t
	}
	if sum := Sum(state); sum != info[sumKey] {
		return nil, fmt.Errorf("%s: found %s, expected %s: the file is damaged", sumKey, sum, info[sumKey])
	}
	return state, nil
}

// Sum is a SHA-256 in hex over names, types, shapes and values, in the order of the names.
func Sum(state nn.State) string {
	h := sha256.New()
	for _, name := range state.Names() {
		t := state[name]
		fmt.Fprintf(h, "%q %s %v %d\n", name, t.DType, t.Shape, len(t.Data))
		h.Write(t.Data)
	}
	return hex.EncodeToString(h.Sum(nil))
}
