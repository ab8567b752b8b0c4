package cpu

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/core/tensors/images"

	"github.com/gomlx/compute"
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

// TestFastConvolutions holds convolutions that Winograd's form carries out, and both of
// their gradients, against plain loops in float64.
func TestFastConvolutions(t *testing.T) {
	b := newBackend(t, "threads=2")
	for _, c := range []struct{ batch, height, width, in, out, pad int }{
		{1, 8, 8, 8, 8, 1}, {3, 7, 9, 16, 8, 1}, {2, 16, 16, 8, 24, 1}, {5, 12, 5, 40, 32, 0}, {1, 13, 16, 64, 72, 2}, {17, 8, 8, 16, 16, 1},
	} {
		r := rand.New(rand.NewPCG(uint64(c.in), 7))
		random := func(dims ...int) *tensors.Tensor {
			flat := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
			for i := range flat {
				flat[i] = float32(r.NormFloat64())
			}
			return tensors.FromFlatDataAndDimensions(flat, dims...)
		}
		x, w := random(c.batch, c.height, c.width, c.in), random(3, 3, c.in, c.out)
		dy := random(c.batch, c.height+2*c.pad-2, c.width+2*c.pad-2, c.out)
		all := func(as dtypes.DType) func(x, w, dy *graph.Node) (y, dx, dw *graph.Node) {
			return func(x, w, dy *graph.Node) (*graph.Node, *graph.Node, *graph.Node) {
				x, w, dy = graph.ConvertDType(x, as), graph.ConvertDType(w, as), graph.ConvertDType(dy, as)
				y := graph.Convolve(x, w).PaddingPerDim([][2]int{{c.pad, c.pad}, {c.pad, c.pad}}).Done()
				d := graph.Gradient(graph.ReduceAllSum(graph.Mul(y, dy)), x, w)
				return graph.ConvertDType(y, dtypes.Float32), graph.ConvertDType(d[0], dtypes.Float32), graph.ConvertDType(d[1], dtypes.Float32)
			}
		}
		got := graph.MustNewExec(b, all(dtypes.Float32)).MustCall(x, w, dy)
		want := graph.MustNewExec(b, all(dtypes.Float64)).MustCall(x, w, dy)
		for i, name := range []string{"y", "dx", "dw"} {
			a, e := tensors.MustCopyFlatData[float32](got[i]), tensors.MustCopyFlatData[float32](want[i])
			var sum, off float64
			for k := range e {
				sum += float64(e[k]) * float64(e[k])
				off = max(off, math.Abs(float64(a[k]-e[k])))
			}
			if scale := math.Sqrt(sum / float64(len(e))); !(off < 1e-5*scale) {
				t.Errorf("%+v, %s: found an error of %.2g of the root mean square, expected less than 1e-5", c, name, off/scale)
			}
		}
	}
}

// TestBroadcastFlags: a single number that stands for many becomes as many masks.
func TestBroadcastFlags(t *testing.T) {
	b := newBackend(t, "")
	for _, flag := range []float32{0, 2, float32(math.NaN())} {
		got := graph.MustNewExec(b, func(x *graph.Node) (*graph.Node, *graph.Node) {
			mask := graph.ConvertDType(graph.BroadcastToDims(x, 3000), dtypes.Bool)
			return mask, graph.Where(mask, graph.Scalar(x.Graph(), dtypes.Float32, 1), graph.Scalar(x.Graph(), dtypes.Float32, -1))
		}).MustCall(flag)
		numbers := tensors.MustCopyFlatData[float32](got[1])
		for i, found := range tensors.MustCopyFlatData[bool](got[0]) {
			if want := flag != 0; found != want || (numbers[i] > 0) != want {
				t.Fatalf("flag %v, element %d: found %v and %v, expected %v", flag, i, found, numbers[i], want)
			}
		}
	}
}

// TestBatchGroups: convolutions of groups of a batch whose axis moves are carried out in
// every kind of number.
func TestBatchGroups(t *testing.T) {
	b := newBackend(t, "")
	axes := compute.ConvolveAxesConfig{
		InputBatch: 2, InputChannels: 0, InputSpatial: []int{1}, KernelInputChannels: 1, KernelOutputChannels: 2, KernelSpatial: []int{0},
		OutputBatch: 0, OutputChannels: 1, OutputSpatial: []int{2},
	}
	run := func(as dtypes.DType) []float32 {
		f := func(x, w *graph.Node) *graph.Node {
			y := graph.ConvGeneral(graph.ConvertDType(x, as), graph.ConvertDType(w, as), axes, []int{1}, [][2]int{{1, 1}}, nil, nil, 1, 8)
			return graph.ConvertDType(y, dtypes.Float32)
		}
		x, w := make([]float32, 3*40*64), make([]float32, 3*3*64)
		for i := range x {
			x[i] = float32(i*7%5 - 2)
		}
		for i := range w {
			w[i] = float32(i*11%7 - 3)
		}
		y := graph.MustNewExec(b, f).MustCall(tensors.FromFlatDataAndDimensions(x, 3, 40, 64), tensors.FromFlatDataAndDimensions(w, 3, 3, 64))
		return tensors.MustCopyFlatData[float32](y[0])
	}
	want := run(dtypes.Float32)
	for _, as := range []dtypes.DType{dtypes.Float64, dtypes.BFloat16, dtypes.Float16, dtypes.Int32, dtypes.Int8} {
		if got := run(as); !slices.Equal(got, want) {
			t.Errorf("%s: found other numbers than in float32", as)
		}
	}
}
