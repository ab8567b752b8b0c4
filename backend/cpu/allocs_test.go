package cpu

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
)

// plainStep is a compiled step of gradient descent on a network of dense layers, and
// buffers for its inputs: the batch, the target and the weights, which it gives back.
func plainStep(t testing.TB, b *Backend, layers, batch, width int) (compute.Executable, []compute.Buffer, []bool) {
	t.Helper()
	g := graph.NewGraph(b, "step")
	x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, batch, width))
	y := graph.Parameter(g, "y", shapes.Make(dtypes.Float32, batch, width))
	h := x
	var weights []*graph.Node
	for range layers {
		w := graph.Parameter(g, g.UniqueName("w"), shapes.Make(dtypes.Float32, width, width))
		weights = append(weights, w)
		h = silu(graph.MatMul(h, w))
	}
	loss := graph.ReduceAllMean(graph.Square(graph.Sub(h, y)))
	out := []*graph.Node{loss}
	for i, d := range graph.Gradient(loss, weights...) {
		out = append(out, graph.Sub(weights[i], graph.MulScalar(d, .1)))
	}
	if err := g.Compile(out...); err != nil {
		t.Fatal(err)
	}
	exec := g.Executable()
	_, inputs := exec.Inputs()
	var buffers []compute.Buffer
	donate := make([]bool, len(inputs))
	for i, s := range inputs {
		flat := make([]float32, s.Size())
		for k := range flat {
			flat[k] = float32((k*7+i)%11-5) / 50
		}
		buffers, donate[i] = append(buffers, bufferFrom(t, b, flat, s)), i > 1
	}
	return exec, buffers, donate
}

// next runs a step and takes over the weights.
func next(t testing.TB, exec compute.Executable, buffers []compute.Buffer, donate []bool) {
	out, err := exec.Execute(buffers, donate, 0)
	if err != nil {
		t.Fatal(err)
	}
	copy(buffers[2:], out[1:])
	if err := out[0].Finalize(); err != nil {
		t.Fatal(err)
	}
}

// TestStepsHardlyAllocate: a step allocates a handful of things, and one for each of
// the results that it hands out, but none for an operation.
func TestStepsHardlyAllocate(t *testing.T) {
	const most = 8 // the lists of what goes in and out
	for _, threads := range []string{"threads=1", "threads=2"} {
		b := newBackend(t, threads)
		for _, layers := range []int{1, 16} {
			exec, buffers, donate := plainStep(t, b, layers, 520, 64) // enough for two chunks
			defer debug.SetGCPercent(debug.SetGCPercent(-1))          // a collection empties what is kept for reuse
			found := testing.AllocsPerRun(5, func() { next(t, exec, buffers, donate) })
			if results := 1 + layers; found > float64(most+results) {
				t.Errorf("%s: a step of %d layers: found %v allocations, expected at most %d and one for each of %d results", threads, layers, found, most, results)
			}
		}
	}
}

// TestOperationsDoNotAllocate: nor does a step of convolutions, norms, pools, attention and moves,
// of whatever there are more in it.
func TestOperationsDoNotAllocate(t *testing.T) {
	for _, threads := range []string{"threads=1", "threads=2"} {
		b := newBackend(t, threads)
		count := func(times int) float64 {
			g := graph.NewGraph(b, "step")
			x := graph.Parameter(g, "x", shapes.Make(dtypes.Float32, 4, 16, 16, 8))
			w := graph.Parameter(g, "w", shapes.Make(dtypes.Float32, 3, 3, 8, 8))
			h := x
			for range times {
				h = graph.Convolve(h, w).PadSame().Done()
				mean := graph.ReduceAndKeep(h, graph.ReduceMean, 1, 2)
				h = silu(graph.Sub(h, mean))
				tokens := graph.Reshape(h, 4, 256, 8)
				scores := graph.Softmax(graph.Einsum("btc,bsc->bts", tokens, tokens), -1)
				h = graph.Reshape(graph.Einsum("bts,bsc->btc", scores, tokens), 4, 16, 16, 8)
				half := graph.MeanPool(h).Window(2).Done()
				h = graph.Concatenate([]*graph.Node{half, half, half, half}, 1)
				h = graph.Reshape(h, 4, 16, 16, 8)
				even := graph.Slice(h, graph.AxisRange(), graph.AxisRange().Stride(2))
				h = graph.Pad(even, graph.ScalarZero(g, dtypes.Float32), graph.PadAxis{}, graph.PadAxis{Start: 4, End: 4}, graph.PadAxis{}, graph.PadAxis{})
			}
			loss := graph.ReduceAllMean(graph.Square(h))
			if err := g.Compile(loss, graph.Gradient(loss, w)[0]); err != nil {
				t.Fatal(err)
			}
			exec := g.Executable()
			var in []compute.Buffer
			_, shapesOf := exec.Inputs()
			for _, s := range shapesOf {
				flat := make([]float32, s.Size())
				for i := range flat {
					flat[i] = float32(i%13-6) / 20
				}
				in = append(in, bufferFrom(t, b, flat, s))
			}
			defer debug.SetGCPercent(debug.SetGCPercent(-1))
			step := func() {
				out, err := exec.Execute(in, nil, 0)
				if err != nil {
					t.Fatal(err)
				}
				for _, o := range out {
					if err := o.Finalize(); err != nil {
						t.Fatal(err)
					}
				}
			}
			for range 10 { // until both threads have what they need
				step()
			}
			return testing.AllocsPerRun(20, step)
		}
		if once, often := count(1), count(5); often > once+2 { // an operation that allocates would do so four times more
			t.Errorf("%s: found %v allocations in a step of five blocks, expected about the %v of one", threads, often, once)
		}
	}
}

func bufferFrom(t testing.TB, b *Backend, flat any, s shapes.Shape) compute.Buffer {
	t.Helper()
	buffer, err := b.BufferFromFlatData(0, flat, s)
	if err != nil {
		t.Fatal(err)
	}
	return buffer
}

// TestNothingLeaks: over 10,000 executions, and 1,000 that fail, neither goroutines nor memory grow.
func TestNothingLeaks(t *testing.T) {
	b := newBackend(t, "threads=3")
	exec, buffers, donate := plainStep(t, b, 2, 520, 16) // enough for two threads
	failing := divider(t, b)
	wrong := []compute.Buffer{bufferOf(t, b, []float32{1, 2, 3}), bufferOf(t, b, []int32{6, 8}), bufferOf(t, b, []int32{2, 0})}
	measure := func() (goroutines int, heap uint64) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return runtime.NumGoroutine(), m.HeapAlloc
	}
	next(t, exec, buffers, donate)
	goroutines, heap := measure()
	for range 10_000 {
		next(t, exec, buffers, donate)
	}
	for range 1000 {
		if _, err := failing.Execute(wrong, nil, 0); err == nil {
			t.Fatal("found a division by zero carried out, expected an error")
		}
	}
	g, h := measure()
	if g > goroutines {
		t.Errorf("found %d goroutines after 10,000 steps, expected %d", g, goroutines)
	}
	if h > heap+256<<10 { // what tests that ran before leave in pools comes and goes
		t.Errorf("found %d bytes on the heap after 10,000 steps, expected about %d", h, heap)
	}
	b.Finalize()
	for range 1000 { // a busy machine may leave them waiting for seconds
		if g = runtime.NumGoroutine(); g <= goroutines-2 {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("found %d goroutines after the backend was finalized, expected its 2 workers gone from %d", g, goroutines)
}
