package nn

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// A variable of [UNet2D] and [DiT] lies where diffusers has its tensor, with slashes for
// dots: down_blocks.0.resnets.0.conv1.weight is /model/down_blocks/0/resnets/0/conv1/weight.
// PyTorch's axes [out, in, height, width] of a convolution are [height, width, in, out]
// here, and [out, in] of a dense layer are [in, out]; tables of embeddings, and tensors of
// one axis, are the same in both.

// formerNames are those that diffusers gave to the parts of an attention before 2023;
// files of then still have them.
var formerNames = strings.NewReplacer(
	".query.", ".to_q.", ".key.", ".to_k.", ".value.", ".to_v.", ".proj_attn.", ".to_out.0.")

// FromDiffusers is the variable that a tensor of a diffusers file becomes.
func FromDiffusers(name string, t Tensor) (path string, ours Tensor, err error) {
	if strings.Contains(name, ".attentions.") {
		name = formerNames.Replace(name)
	}
	path = Scope + "/" + strings.ReplaceAll(name, ".", "/")
	switch {
	case len(t.Shape) == 4:
		ours, err = t.permuted(2, 3, 1, 0)
	case len(t.Shape) == 2 && !isTable(path):
		ours, err = t.permuted(1, 0)
	default:
		ours = t
	}
	return path, ours, err
}

// ToDiffusers is the tensor of a diffusers file that a variable becomes.
func ToDiffusers(path string, t Tensor) (name string, theirs Tensor, err error) {
	name, found := strings.CutPrefix(path, Scope+"/")
	if !found {
		return "", Tensor{}, fmt.Errorf("variable %q: expected a path below %s", path, Scope)
	}
	name = strings.ReplaceAll(name, "/", ".")
	switch {
	case len(t.Shape) == 4:
		theirs, err = t.permuted(3, 2, 0, 1)
	case len(t.Shape) == 2 && !isTable(path):
		theirs, err = t.permuted(1, 0)
	default:
		theirs = t
	}
	return name, theirs, err
}

// tables are embeddings, whose rows are not summed over.
var tables = regexp.MustCompile(`/(class_embedding|time_proj|embedding_table)/weight$`)

func isTable(path string) bool { return tables.MatchString(path) }

// permuted is the tensor with its axes in another order: axis i of the result is
// axis order[i] of t.
func (t Tensor) permuted(order ...int) (Tensor, error) {
	tensor, err := t.tensor()
	if err != nil {
		return Tensor{}, err
	}
	each, n := tensor.DType().Size(), tensor.Size()
	strides := make([]int, len(order)) // in t, of each axis of the result
	p := Tensor{DType: t.DType, Shape: make([]int, len(order)), Data: make([]byte, 0, len(t.Data))}
	for i, axis := range order {
		p.Shape[i], strides[i] = t.Shape[axis], 1
		for _, dim := range t.Shape[axis+1:] {
			strides[i] *= dim
		}
	}
	at := make([]int, len(order))
	for range n {
		from := 0
		for i, stride := range strides {
			from += at[i] * stride
		}
		p.Data = append(p.Data, t.Data[each*from:each*(from+1)]...)
		for i := range slices.Backward(at) {
			if at[i]++; at[i] < p.Shape[i] {
				break
			}
			at[i] = 0
		}
	}
	return p, nil
}
