package cpu

import (
	"math"
	"strings"
	"testing"

	"drift/backend/cpu/internal/isa"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// In bfloat16 an operand is off by at most 2^-9 of itself, so that a sum of products with
// random signs is off by some 2^-9 of its size; gradients pass through two such sums. 2^-7
// allows for that, and 2^-15 is more than float32's rounding, so that a product which was
// not done in bfloat16 at all is noticed too.
func TestBFloat16(t *testing.T) {
	if err := isa.BF16(); err != nil {
		_, err := New("precision=bfloat16")
		says(t, err, "precision", "bfloat16")
		t.Skip(err)
	}
	operands := func(dims ...[]int) (in []any) {
		for k, d := range dims {
			flat := make([]float32, sizeOfDims(d))
			for i := range flat {
				flat[i] = float32(math.Sin(float64(i*i+3*k)*1.3)) / 8
			}
			in = append(in, tensors.FromFlatDataAndDimensions(flat, d...))
		}
		return in
	}
	for name, c := range map[string]struct {
		dims [][]int
		f    func(in []*graph.Node) *graph.Node
	}{
		"convolution": {[][]int{{2, 9, 8, 24}, {5, 5, 24, 40}}, func(in []*graph.Node) *graph.Node {
			return graph.Convolve(in[0], in[1]).PaddingPerDim([][2]int{{2, 2}, {2, 2}}).Done()
		}},
		"product": {[][]int{{50, 40}, {40, 70}}, func(in []*graph.Node) *graph.Node { return graph.MatMul(in[0], in[1]) }},
		"heads": {[][]int{{2, 3, 20, 24}, {2, 3, 33, 24}}, func(in []*graph.Node) *graph.Node {
			return graph.Einsum("bhtc,bhsc->bhts", in[0], in[1])
		}},
	} {
		values := map[string][]*tensors.Tensor{}
		for _, precision := range []string{"float32", "bfloat16"} {
			exec := graph.MustNewExec(newBackend(t, "threads=2,precision="+precision), func(in []*graph.Node) []*graph.Node {
				y := c.f(in)
				return append([]*graph.Node{y}, graph.Gradient(graph.ReduceAllSum(graph.Sin(y)), in...)...)
			})
			values[precision] = exec.MustCall(operands(c.dims...)...)
		}
		for i, tensor := range values["bfloat16"] {
			found, want := tensors.MustCopyFlatData[float32](tensor), tensors.MustCopyFlatData[float32](values["float32"][i])
			off, size := 0., 0.
			for j, x := range want {
				off += math.Pow(float64(found[j])-float64(x), 2)
				size += math.Pow(float64(x), 2)
			}
			if e := math.Sqrt(off / size); !(e < 1./128 && e > 1./(1<<15)) {
				t.Errorf("%s: value %d differs by %v, expected %v to %v", name, i, e, 1./(1<<15), 1./128)
			}
		}
	}
	b, err := New("precision=bfloat16")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	if d := b.Description(); !strings.Contains(d, "bfloat16") {
		t.Errorf("description: found %q, expected the precision", d)
	}
}
