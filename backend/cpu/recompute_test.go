package cpu

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Values that a gradient computes a second time, behind barriers, are not joined with
// their twins: the arena is smaller and the gradient has the same bytes.
func TestBarriersKeepTwinsApart(t *testing.T) {
	const n, blocks = 40000, 8
	b := newBackend(t, "threads=1")
	step := func(again bool) (arena int, gradient []float32) {
		g := graph.NewGraph(b, fmt.Sprint("again ", again))
		x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, n))
		h := x
		for range blocks {
			in := h
			if again {
				h = h.Checkpoint()
			}
			// Rolled values keep each sum and its sine from being one region.
			for range 4 {
				h = graph.Sin(graph.Concatenate([]*graph.Node{graph.Slice(h, graph.AxisRange(1, n)), graph.Slice(h, graph.AxisRange(0, 1))}, 0))
			}
			if again {
				h = h.StopCheckpoint()
			}
			h = graph.Add(h, in)
		}
		if err := g.Compile(graph.Gradient(graph.ReduceAllSum(graph.Square(h)), x)...); err != nil {
			t.Fatal(err)
		}
		arena = g.Executable().(interface{ Memory() int }).Memory()
		values := make([]float32, n)
		for i := range values {
			values[i] = float32(i%97) / 50
		}
		out := g.Run(tensors.FromFlatDataAndDimensions(values, n))
		return arena, tensors.MustCopyFlatData[float32](out[0])
	}
	kept, want := step(false)
	small, got := step(true)
	if small > kept*2/3 {
		t.Errorf("found an arena of %d bytes with values computed again, expected much less than the %d without", small, kept)
	}
	if !slices.Equal(got, want) {
		t.Error("values computed again give another gradient")
	}
}
