package cpu

import (
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// both runs a graph here and on GoMLX's Go backend, and compares what comes out.
func both(t *testing.T, name string, tolerance float64, f func(g *graph.Graph) []*graph.Node) {
	t.Helper()
	mine, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Finalize()
	theirs, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	var out [2][][]float32
	for i, b := range []compute.Backend{mine, theirs} {
		for _, x := range graph.MustNewExec(b, f).MustCall() {
			out[i] = append(out[i], tensors.MustCopyFlatData[float32](x))
		}
	}
	for k := range out[0] {
		worst := 0.0
		for i, v := range out[0][k] {
			w := float64(out[1][k][i])
			if math.IsNaN(w) && math.IsNaN(float64(v)) {
				continue
			}
			worst = math.Max(worst, math.Abs(float64(v)-w)/(1+math.Abs(w)))
		}
		if !(worst <= tolerance) {
			t.Errorf("%s, result %d: off by %g, expected at most %g", name, k, worst, tolerance)
		}
	}
}

func wave(g *graph.Graph, dims ...int) *graph.Node {
	n := 1
	for _, d := range dims {
		n *= d
	}
	flat := make([]float32, n)
	for i := range flat {
		flat[i] = float32(math.Sin(float64(i)*1.7 + float64(n)))
	}
	return graph.Const(g, tensors.FromFlatDataAndDimensions(flat, dims...))
}

func TestConvolutionsAndTheirGradients(t *testing.T) {
	for _, c := range []struct{ h, w, in, out, k, stride int }{{8, 8, 3, 4, 3, 1}, {9, 7, 5, 2, 3, 2}, {6, 6, 4, 4, 1, 1}, {8, 8, 2, 3, 5, 1}} {
		both(t, "conv", 1e-4, func(g *graph.Graph) []*graph.Node {
			x, w := wave(g, 2, c.h, c.w, c.in), wave(g, c.k, c.k, c.in, c.out)
			y := graph.Convolve(x, w).PadSame().Strides(c.stride).Done()
			loss := graph.ReduceAllSum(graph.Mul(y, graph.Sin(y)))
			return append([]*graph.Node{y}, graph.Gradient(loss, x, w)...)
		})
	}
}

func TestNormAndAttention(t *testing.T) {
	both(t, "norm", 1e-4, func(g *graph.Graph) []*graph.Node {
		x := wave(g, 2, 16, 4, 8)
		mean := graph.ReduceAndKeep(x, graph.ReduceMean, 1, 3)
		centred := graph.Sub(x, mean)
		variance := graph.ReduceAndKeep(graph.Square(centred), graph.ReduceMean, 1, 3)
		y := graph.Div(centred, graph.Sqrt(graph.AddScalar(variance, 1e-5)))
		y = graph.Mul(y, graph.Sigmoid(y))
		z := graph.Reshape(y, 2, 16, 32)
		a := graph.Softmax(graph.Einsum("bic,bjc->bij", z, z), -1)
		out := graph.Einsum("bij,bjc->bic", a, z)
		loss := graph.ReduceAllSum(graph.Mul(out, graph.Cos(out)))
		return append([]*graph.Node{y, out}, graph.Gradient(loss, x)...)
	})
}

func TestReductions(t *testing.T) {
	for _, axes := range [][]int{{0}, {1}, {2}, {3}, {4}, {0, 1}, {1, 3}, {0, 2}, {0, 2, 4}, {1, 2, 4}, {0, 3}, {0, 1, 2, 3, 4}, {2, 4}} {
		both(t, "reduce", 1e-5, func(g *graph.Graph) []*graph.Node {
			x := wave(g, 3, 4, 2, 5, 6)
			y := wave(g, 2, 70, 1, 33, 40)
			return []*graph.Node{
				graph.ReduceSum(x, axes...), graph.ReduceMax(x, axes...), graph.ReduceMin(x, axes...),
				graph.ReduceMean(y, axes...), graph.ReduceMax(y, axes...),
			}
		})
	}
}

// Sums that regions take along: over odd sizes, several from one region, beside
// outputs that are needed too, and of a batch.
func TestSumsWithinRegions(t *testing.T) {
	for _, dims := range [][]int{{3, 50, 7, 6}, {2, 64, 8, 8}, {4, 1024, 8, 8}, {1, 4099, 1, 2}, {5, 31, 4, 17}, {2, 256, 256, 1}, {8209, 1, 1, 1}} {
		both(t, "sums", 2e-5, func(g *graph.Graph) []*graph.Node {
			x := graph.Mul(wave(g, dims...), wave(g, dims...))
			scale := wave(g, 1, 1, dims[2], dims[3])
			y := graph.Mul(graph.Sin(x), scale)
			z := graph.Reshape(graph.Cos(y), dims[0]*dims[1], dims[2]*dims[3])
			return []*graph.Node{
				graph.ReduceMean(y, 1, 3), graph.ReduceMean(graph.Mul(x, y), 0, 1), graph.ReduceMean(y, 0, 1, 2), graph.ReduceMean(z, 0),
				graph.ReduceAllMean(graph.Square(y)), graph.ReduceMean(y, 1), graph.ReduceMean(y, 3), y,
			}
		})
	}
}

// TestBroadcastInAnotherOrder: a BroadcastInDim may permute axes, as XLA's does. GoMLX's
// Go backend takes any order for the increasing one.
func TestBroadcastInAnotherOrder(t *testing.T) {
	b := newBackend(t, "")
	got, _, err := runOn(b, [][]float32{{1, 2, 3, 4}}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		x, err := f.Reshape(in[0], 2, 2)
		if err != nil {
			return nil, err
		}
		return f.BroadcastInDim(x, shapes.Make(dtypes.Float32, 2, 2), []int{1, 0})
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := numbers(got, shapes.Make(dtypes.Float32, 4)); !slices.Equal(found, []float64{1, 3, 2, 4}) {
		t.Errorf("found %v, expected [1 3 2 4]", found)
	}
}

// TestNegativePadding: what is padded with less than nothing is cut.
func TestNegativePadding(t *testing.T) {
	b := newBackend(t, "")
	got, shape, err := runOn(b, [][]float32{{1, 2, 3, 4, 5}}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		fill, err := f.Constant([]float32{9})
		if err != nil {
			return nil, err
		}
		return f.Pad(in[0], fill, compute.PadAxis{Start: -2, End: 1, Interior: 1})
	})
	if err != nil {
		t.Fatal(err)
	}
	if found := numbers(got, shape); !slices.Equal(found, []float64{2, 9, 3, 9, 4, 9, 5, 9}) {
		t.Errorf("found %v, expected [2 9 3 9 4 9 5 9]", found)
	}
}
