package cpu

import (
	"testing"
	"time"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// BenchmarkBandwidth is what operations that are bound by memory move a second: their
// inputs and outputs, each once. of-copy is their share of what x·2 moves, which does
// nothing else, measured in turn: 256 KiB stay in the cores' own caches, 4 MiB in the
// one that they share, 64 MiB in none.
func BenchmarkBandwidth(b *testing.B) {
	engine, err := New("")
	if err != nil {
		b.Fatal(err)
	}
	defer engine.Finalize()
	double := func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.MulScalar(in[0], 2)} }
	for _, op := range []struct {
		name string
		in   int
		f    func(in []*graph.Node) []*graph.Node
	}{
		{"Double", 1, double},
		{"SiLU", 1, func(in []*graph.Node) []*graph.Node { return []*graph.Node{silu(in[0])} }},
		{"SiLUGradient", 2, func(in []*graph.Node) []*graph.Node {
			return graph.Gradient(graph.ReduceAllSum(graph.Mul(silu(in[0]), in[1])), in[0])
		}},
		{"Softmax", 1, func(in []*graph.Node) []*graph.Node { return []*graph.Node{graph.Softmax(in[0], -1)} }},
		{"GroupNorm", 1, func(in []*graph.Node) []*graph.Node {
			d := in[0].Shape().Dimensions
			h := graph.Reshape(in[0], d[0], d[1], 8, d[2]/8)
			h = graph.Sub(h, graph.ReduceAndKeep(h, graph.ReduceMean, 1, 3))
			v := graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, 1, 3)
			return []*graph.Node{graph.Reshape(graph.Div(h, graph.Sqrt(graph.AddScalar(v, 1e-5))), d...)}
		}},
		{"Adam", 4, func(in []*graph.Node) []*graph.Node {
			w, m, v, d := in[0], in[1], in[2], in[3]
			m = graph.Add(graph.MulScalar(m, .9), graph.MulScalar(d, .1))
			v = graph.Add(graph.MulScalar(v, .999), graph.MulScalar(graph.Square(d), .001))
			step := graph.Div(graph.MulScalar(m, 1.2), graph.AddScalar(graph.Sqrt(graph.MulScalar(v, 1.1)), 1e-8))
			return []*graph.Node{graph.Sub(w, graph.MulScalar(step, 1e-4)), m, v}
		}},
	} {
		for _, size := range []struct {
			name string
			dims []int
		}{{"256KiB", []int{4, 256, 64}}, {"4MiB", []int{16, 1024, 64}}, {"64MiB", []int{64, 1024, 256}}} {
			b.Run(op.name+"/"+size.name, func(b *testing.B) {
				run, bytes := ready(b, engine, op.in, size.dims, op.f)
				copied, both := ready(b, engine, 1, size.dims, double)
				least, leastCopy := time.Hour, time.Hour
				for b.Loop() {
					least, leastCopy = min(least, run()), min(leastCopy, copied())
				}
				rate, most := float64(bytes)/float64(least), float64(both)/float64(leastCopy)
				b.ReportMetric(rate, "GB/s")
				b.ReportMetric(rate/most, "of-copy")
			})
		}
	}
}

// ready is an executable of a graph on inputs of one shape, which says how long a run
// of it took, and the bytes of its inputs and outputs.
func ready(b *testing.B, engine *Backend, in int, dims []int, f func(in []*graph.Node) []*graph.Node) (run func() time.Duration, bytes int) {
	shape := shapes.Make(dtypes.Float32, dims...)
	outputs := 0
	exec, err := graph.NewExec(engine, func(in []*graph.Node) []*graph.Node {
		out := f(in)
		outputs = len(out)
		return out
	})
	if err != nil {
		b.Fatal(err)
	}
	flat := make([]float32, shape.Size())
	for i := range flat {
		flat[i] = float32(i%17) / 8
	}
	var args []any
	for range in {
		args = append(args, tensors.FromFlatDataAndDimensions(flat, dims...))
	}
	run = func() time.Duration {
		start := time.Now()
		out := exec.MustCall(args...)
		took := time.Since(start)
		for _, t := range out {
			if err := t.FinalizeAll(); err != nil {
				b.Fatal(err)
			}
		}
		return took
	}
	run()
	return run, 4 * shape.Size() * (in + outputs)
}
