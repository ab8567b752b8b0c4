package cpu

import (
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
)

// TestKernels: pools and lookups of all kinds have kernels, and give what GoMLX's Go backend
// gives.
func TestKernels(t *testing.T) {
	b := newBackend(t, "")
	theirs, err := gobackend.New("")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(theirs.Finalize)
	index := func(x *graph.Node, dims ...int) *graph.Node {
		return graph.Reshape(graph.ConvertDType(graph.MulScalar(graph.IotaFull(x.Graph(), shapes.Make(dtypes.Float32, dims...)), 0.7), dtypes.Int32), dims...)
	}
	for name, pool := range map[string]func(x *graph.Node) *graph.Node{
		"lookup":         func(x *graph.Node) *graph.Node { return graph.Gather(graph.Reshape(x, -1, 16), index(x, 5, 3, 1)) },
		"lookup of rows": func(x *graph.Node) *graph.Node { return graph.Gather(x, index(x, 7, 2)) },
		"slices": func(x *graph.Node) *graph.Node {
			return graph.GatherSlices(x, []int{1, 2}, index(x, 2, 3, 2), []int{3, 2}, false)
		},
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
