package cpu

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"

	"github.com/gomlx/compute/gobackend"
)

// TestPools: pools of all kinds have kernels, and give what GoMLX's Go backend gives.
func TestPools(t *testing.T) {
	b := newBackend(t, "")
	theirs, err := gobackend.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Finalize)
	for name, pool := range map[string]func(x *graph.Node) *graph.Node{
		"max": func(x *graph.Node) *graph.Node { return graph.MaxPool(x).Window(3).Strides(2).PadSame().Done() },
		"max, channels first": func(x *graph.Node) *graph.Node {
			return graph.MaxPool(x).ChannelsAxis(images.ChannelsFirst).Window(2).Done()
		},
		"min": func(x *graph.Node) *graph.Node { return graph.MinPool(x).WindowPerAxis(1, 4).Strides(1).Done() },
		"sum": func(x *graph.Node) *graph.Node {
			return graph.SumPool(x).Window(2).Strides(3).PaddingPerDim([][2]int{{1, 0}, {0, 1}}).Done()
		},
		"mean":         func(x *graph.Node) *graph.Node { return graph.MeanPool(x).Window(3).Strides(1).PadSame().Done() },
		"of the whole": func(x *graph.Node) *graph.Node { return graph.MeanPool(x).WindowPerAxis(9, 8).Done() },
	} {
		flat := make([]float32, 2*9*8*16)
		for i := range flat {
			flat[i] = float32((i*7919)%257)/128 - 1
		}
		x := func() *tensors.Tensor {
			if name == "max, channels first" {
				return tensors.FromFlatDataAndDimensions(flat, 2, 16, 9, 8)
			}
			return tensors.FromFlatDataAndDimensions(flat, 2, 9, 8, 16)
		}
		got, g, err := graph.MustNewExec(b, pool).CallWithGraph(x())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, op := range g.Executable().(*executable).Foreign() {
			t.Errorf("%s: found %s handed to GoMLX's Go backend, expected a kernel", name, op)
		}
		want, err := graph.MustNewExec(theirs, pool).Call(x())
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !got[0].InDelta(want[0], 1e-5) {
			t.Errorf("%s: found %v, expected %v", name, got[0], want[0])
		}
	}
}
