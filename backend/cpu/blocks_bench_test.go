package cpu

import (
	"flag"
	"math"
	"os"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/model"
)

var profileLines = flag.Int("profile", 0, "lines of a profile that BenchmarkBlock prints of each network")

// BenchmarkBlock is a training step of networks of image models at the sizes in which
// they are trained on processors: what their operations cost beside each other is shown
// by
//
//	go test ./backend/cpu -run - -bench Block -args -profile 20
func BenchmarkBlock(b *testing.B) {
	engine, err := New("")
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Finalize()
	for _, n := range []network{
		{"DiT", []int{32, 32, 3}, ditOf(192, 3)},
		{"EDM2", []int{32, 32, 32}, edm2},
	} {
		b.Run(n.name, func(b *testing.B) {
			exec := n.trainer(b, engine)
			x, label := n.batch(16)
			step := func() {
				if err := exec.MustCall1(x, label).FinalizeAll(); err != nil {
					b.Fatal(err)
				}
			}
			step()
			profile := engine.Record()
			for b.Loop() {
				step()
			}
			engine.StopRecording()
			if *profileLines > 0 {
				if err := profile.WriteTable(os.Stdout, *profileLines); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// forced is a weight of unit length for each output channel, divided by √inputs
// (Karras et al. 2023, arXiv:2312.02696, eq. 47 and 66).
func forced(scope *model.Scope, g *graph.Graph, dims ...int) *graph.Node {
	w := weight(scope, g, "w", dims...)
	var in []int
	for axis := range len(dims) - 1 {
		in = append(in, axis)
	}
	length := graph.Sqrt(graph.ReduceAndKeep(graph.Square(w), graph.ReduceSum, in...))
	return graph.Div(w, graph.AddScalar(length, 1e-4))
}

func mpConv(scope *model.Scope, x *graph.Node, out, kernel int) *graph.Node {
	in, pad := x.Shape().Dimensions[3], (kernel-1)/2
	return graph.Convolve(x, forced(scope, x.Graph(), kernel, kernel, in, out)).PaddingPerDim([][2]int{{pad, pad}, {pad, pad}}).Done()
}

// pixelNorm divides by the root mean square over an axis.
func pixelNorm(x *graph.Node, axis int) *graph.Node {
	mean := graph.ReduceAndKeep(graph.Square(x), graph.ReduceMean, axis)
	return graph.Div(x, graph.AddScalar(graph.Sqrt(mean), 1e-4))
}

func mpSilu(x *graph.Node) *graph.Node { return graph.MulScalar(silu(x), 1/.596) }

// mpSum is 0.7·a + 0.3·b at unit magnitude.
func mpSum(a, b *graph.Node) *graph.Node {
	return graph.MulScalar(graph.Add(graph.MulScalar(a, .7), graph.MulScalar(b, .3)), 1/math.Sqrt(.58))
}

// edm2 is an encoder block, one with attention at half the size, and a decoder block.
func edm2(scope *model.Scope, x, label *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	const width = 64
	g := x.Graph()
	e := mpSilu(graph.MatMul(graph.OneHot(label, labels, dtypes.Float32), forced(scope.At("embed"), g, labels, width)))
	block := func(scope *model.Scope, x *graph.Node, encode bool) *graph.Node {
		if encode {
			x = pixelNorm(x, -1)
		}
		gain := weight(scope, g, "gain", 1)
		shift := graph.OnePlus(graph.Mul(graph.MatMul(e, forced(scope.At("shift"), g, width, width)), graph.ExpandLeftToRank(gain, 2)))
		h := mpConv(scope.At("conv_0"), mpSilu(x), width, 3)
		h = graph.Mul(h, graph.Reshape(shift, d[0], 1, 1, width))
		return mpSum(x, mpConv(scope.At("conv_1"), mpSilu(h), width, 3))
	}
	fine := block(scope.At("down_0"), mpConv(scope.At("in"), x, width, 3), true)
	h := graph.ReduceMean(graph.Reshape(fine, d[0], d[1]/2, 2, d[2]/2, 2, width), 2, 4)
	h = block(scope.At("down_1"), h, true)

	const heads = 2
	tokens := d[1] * d[2] / 4
	qkv := pixelNorm(graph.Reshape(mpConv(scope.At("qkv"), h, 3*width, 1), d[0], tokens, heads, width/heads, 3), 3)
	part := func(i int) *graph.Node {
		return graph.Squeeze(graph.Slice(qkv, graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisRange(), graph.AxisElem(i)), 4)
	}
	a, _ := attention.Core(part(0), part(1), part(2), attention.LayoutBSHD, attention.CoreOptions{})
	h = mpSum(h, mpConv(scope.At("project"), graph.Reshape(a, h.Shape().Dimensions...), width, 1))

	up := graph.Reshape(h, d[0], d[1]/2, 1, d[2]/2, 1, width)
	up = graph.Reshape(graph.BroadcastToDims(up, d[0], d[1]/2, 2, d[2]/2, 2, width), d[0], d[1], d[2], width)
	h = mpConv(scope.At("skip"), graph.Concatenate([]*graph.Node{up, fine}, -1), width, 1)
	return mpConv(scope.At("out"), block(scope.At("up_0"), h, false), d[3], 3)
}
