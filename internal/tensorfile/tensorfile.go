// Package tensorfile keeps named tensors in safetensors files with a SHA-256 over all of
// them, so that no damaged byte is read as a weight.
//
// It imports drift/nn for the tensors.
package tensorfile

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"drift/internal/safetensors"
	"drift/nn"
)

// dtypeNames maps GoMLX's names of types to those of safetensors.
var dtypeNames = map[string]string{"Float32": "F32", "Int64": "I64", "Uint64": "U64"}

// The keys of a file's metadata that are this package's own.
const (
	sumKey     = "sha256"
	scalarsKey = "scalars" // tensors that older files hold with the shape [1] for none
)

// Encode writes tensors with what a caller has to say of them.
func Encode(w io.Writer, state nn.State, meta map[string]string) error {
	var tensors []safetensors.Tensor
	for name, t := range state {
		dtype, ok := dtypeNames[t.DType]
		if !ok {
			return fmt.Errorf("tensor %q: cannot store type %s", name, t.DType)
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: dtype, Shape: t.Shape, Data: t.Data})
	}
	all := maps.Clone(meta)
	if all == nil {
		all = map[string]string{}
	}
	all[sumKey] = Sum(state)
	return safetensors.Write(w, all, tensors)
}

// Metadata is what Encode was told of the tensors in data, a whole file. It does not look
// at the tensors.
func Metadata(data []byte) (map[string]string, error) {
	f, err := open(data)
	if err != nil {
		return nil, err
	}
	return f.Meta, nil
}

func open(data []byte) (*safetensors.File, error) {
	f, err := safetensors.New(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return nil, fmt.Errorf("found a damaged or foreign file, expected a safetensors file: %w", err)
	}
	if f.Meta[sumKey] == "" {
		return nil, fmt.Errorf("found a safetensors file that drift did not write, expected one with a %s", sumKey)
	}
	return f, nil
}

// Decode reads what Encode wrote, and checks every byte of it. Tensors share memory with data.
func Decode(data []byte) (nn.State, error) {
	f, err := open(data)
	if err != nil {
		return nil, err
	}
	state, scalars := nn.State{}, strings.Fields(f.Meta[scalarsKey])
	for _, name := range f.Names() {
		info, _ := f.Info(name)
		lo, hi := f.Span(info)
		t := nn.Tensor{Shape: info.Shape, Data: data[lo:hi:hi]}
		for ours, theirs := range dtypeNames {
			if theirs == info.DType {
				t.DType = ours
			}
		}
		if t.DType == "" {
			return nil, fmt.Errorf("tensor %q: found type %s, expected one of %v", name, info.DType, slices.Sorted(maps.Keys(dtypeNames)))
		}
		if slices.Contains(scalars, name) {
			t.Shape = []int{}
		}
		state[name] = t
	}
	if sum := Sum(state); sum != f.Meta[sumKey] {
		return nil, fmt.Errorf("%s: found %s, expected %s: the file is damaged", sumKey, sum, f.Meta[sumKey])
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
