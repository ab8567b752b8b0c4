package cpu

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// A sample's bytes are those it has alone, also where its batch is the last axis, where its
// window is larger than its result, and in bfloat16.
func TestBatchesOfUnusualForms(t *testing.T) {
	for _, config := range []string{"threads=2", "threads=2,precision=bfloat16"} {
		b, err := New(config)
		if err != nil {
			if strings.Contains(config, "bfloat16") && strings.Contains(err.Error(), "bfloat16") {
				continue // not on this machine; package dense tests the loops
			}
			t.Fatal(err)
		}
		for name, c := range map[string]struct {
			x, w []int // x of one sample, without its axis of the batch
			last bool  // which is the last, or the first
			f    func(x, w *graph.Node) *graph.Node
		}{
			"rows":             {[]int{64}, []int{64, 48}, false, func(x, w *graph.Node) *graph.Node { return graph.MatMul(x, w) }},
			"pictures as rows": {[]int{28, 28}, []int{784, 48}, false, func(x, w *graph.Node) *graph.Node { return graph.MatMul(graph.Reshape(x, -1, 784), w) }},
			"in the middle": {[]int{600}, []int{600, 24}, false, func(x, w *graph.Node) *graph.Node {
				n := x.Shape().Dim(0)
				x = graph.TransposeAllAxes(graph.Reshape(x, n, 20, 30), 1, 0, 2) // [20, n, 30]
				return graph.Einsum("anb,abm->nm", x, graph.Reshape(w, 20, 30, 24))
			}},
			"columns":           {[]int{700}, []int{700, 24}, true, func(x, w *graph.Node) *graph.Node { return graph.Einsum("kn,km->nm", x, w) }},
			"window 4×4 on 6×6": {[]int{6, 6, 32}, []int{4, 4, 32, 64}, false, convolved(false)},
			"window 4×4 on 5×5": {[]int{5, 5, 64}, []int{4, 4, 64, 1}, false, convolved(false)},
			"window 3×3 on 2×2": {[]int{2, 2, 16}, []int{3, 3, 16, 32}, false, convolved(true)},
		} {
			var first []byte
			for _, n := range []int{1, 2, 7, 8, 16} {
				dims := append([]int{n}, c.x...)
				if c.last {
					dims = append(c.x[:len(c.x):len(c.x)], n)
				}
				exec := graph.MustNewExec(b, func(g *graph.Graph) *graph.Node {
					// The first sample is the same in every batch.
					at := graph.IotaFull(g, shapes.Make(dtypes.Float32, c.x...))
					sample := graph.Sin(graph.MulScalar(at, 0.37))
					axis := 0
					if c.last {
						axis = len(c.x)
					}
					sample = graph.InsertAxes(sample, axis)
					all := graph.BroadcastToDims(sample, dims...)
					number := graph.Iota(g, shapes.Make(dtypes.Float32, dims...), axis)
					w := graph.Cos(graph.MulScalar(graph.IotaFull(g, shapes.Make(dtypes.Float32, c.w...)), 0.11))
					return c.f(graph.Add(all, graph.MulScalar(number, 0.125)), w)
				})
				got := bytesOfTensor(t, exec.MustCall1())
				got = got[:len(got)/n]
				if first == nil {
					first = got
				}
				if !bytes.Equal(got, first) {
					t.Errorf("%s, %s: found other bytes for the first of %d samples than for one alone", config, name, n)
				}
				exec.Finalize()
			}
		}
	}
}

func convolved(same bool) func(x, w *graph.Node) *graph.Node {
	return func(x, w *graph.Node) *graph.Node {
		c := graph.Convolve(x, w)
		if same {
			return c.PadSame().Done()
		}
		return c.NoPadding().Done()
	}
}
