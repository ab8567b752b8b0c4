package cpu

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// newBackend is a backend for one test.
func newBackend(t testing.TB, config string) *Backend {
	t.Helper()
	b, err := New(config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

func bytesOfTensor(t testing.TB, x *tensors.Tensor) []byte {
	t.Helper()
	var mem []byte
	if err := x.ConstFlatData(func(flat any) { mem = slices.Clone(dtypes.UnsafeByteSliceFromAny(flat)) }); err != nil {
		t.Fatal(err)
	}
	return mem
}

// TestStepsDelegateNothing: a training step has a kernel for every operation.
func TestStepsDelegateNothing(t *testing.T) {
	b := newBackend(t, "")
	for _, n := range networks {
		x, label := n.batch(4)
		_, g, err := n.trainer(t, b).CallWithGraph(x, label)
		if err != nil {
			t.Fatalf("%s: %v", n.name, err)
		}
		for _, op := range g.Executable().(*executable).Foreign() {
			t.Errorf("%s: found %s handed to GoMLX's Go backend, expected a kernel", n.name, op)
		}
	}
}

// TestRowsDoNotDependOnTheBatch: what a network says of a sample is the same bytes
// alone and among 7 or 64.
func TestRowsDoNotDependOnTheBatch(t *testing.T) {
	b := newBackend(t, "threads=2")
	sizes := []int{64, 7, 1}
	for _, n := range append(networks, network{"U-Net of large pictures", []int{64, 48, 3}, unet}) {
		if sizeOfDims(n.sample) > 5000 { // whose sums are cut in chunks
			sizes = []int{3, 1}
		}
		exec := n.forward(t, b)
		row := 4 * sizeOfDims(n.sample)
		var all []byte
		for _, size := range sizes {
			got := bytesOfTensor(t, exec.MustCall1(n.batch(size)))
			if all == nil {
				all = got
			}
			for i := range size {
				if !bytes.Equal(got[i*row:(i+1)*row], all[i*row:(i+1)*row]) {
					t.Errorf("%s: sample %d among %d: found other bytes than among %d", n.name, i, size, sizes[0])
					break
				}
			}
		}
	}
}

// TestThreadsDoNotMatter: training gives the same bytes with any number of threads,
// and run after run.
func TestThreadsDoNotMatter(t *testing.T) {
	for _, n := range networks {
		var first []byte
		for _, threads := range []int{1, 1, 2, 3, 8} {
			b := newBackend(t, fmt.Sprintf("threads=%d", threads))
			exec := n.trainer(t, b)
			var losses []byte
			for range 2 {
				losses = append(losses, bytesOfTensor(t, exec.MustCall1(n.batch(16)))...)
			}
			for v := range exec.Store().IterVariables() {
				value, err := v.Value()
				if err != nil {
					t.Fatal(err)
				}
				losses = append(losses, bytesOfTensor(t, value)...)
			}
			if first == nil {
				first = losses
			}
			if !bytes.Equal(first, losses) {
				t.Errorf("%s: found other bytes with %d threads than with 1", n.name, threads)
			}
		}
	}
}

// TestManyAtOnce: goroutines that share one computation get what one gets.
func TestManyAtOnce(t *testing.T) {
	b := newBackend(t, "threads=3")
	for _, n := range networks {
		exec := n.forward(t, b)
		want := bytesOfTensor(t, exec.MustCall1(n.batch(9)))
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for range 4 {
					y, err := exec.Call1(n.batch(9))
					if err != nil {
						t.Errorf("%s: %v", n.name, err)
						return
					}
					var same bool
					err = y.ConstFlatData(func(flat any) { same = bytes.Equal(dtypes.UnsafeByteSliceFromAny(flat), want) })
					if err != nil || !same {
						t.Errorf("%s: found other bytes among 8 than alone, %v", n.name, err)
						return
					}
				}
			})
		}
		all.Wait()
	}
}

// TestManyTrainAtOnce: nor do goroutines that share one training step, each with weights of its
// own that it donates, disturb each other.
func TestManyTrainAtOnce(t *testing.T) {
	b := newBackend(t, "threads=3")
	exec, first, donate := plainStep(t, b, 3, 520, 32)
	sets := [][]compute.Buffer{first}
	for range 8 {
		var copied []compute.Buffer
		for _, x := range first {
			s, err := x.Shape()
			if err != nil {
				t.Fatal(err)
			}
			copied = append(copied, bufferFrom(t, b, contentsOf(t, x), s))
		}
		sets = append(sets, copied)
	}
	const steps = 20
	for range steps {
		next(t, exec, first, donate)
	}
	var all sync.WaitGroup
	for _, set := range sets[1:] {
		all.Go(func() {
			for range steps {
				out, err := exec.Execute(set, donate, 0)
				if err != nil {
					t.Error(err)
					return
				}
				copy(set[2:], out[1:])
			}
		})
	}
	all.Wait()
	for i, set := range sets[1:] {
		for k := range set {
			if !slices.Equal(contentsOf(t, set[k]).([]float32), contentsOf(t, first[k]).([]float32)) {
				t.Fatalf("goroutine %d, input %d: found other numbers after %d steps than alone", i, k, steps)
			}
		}
	}
}

// TestLongRowsDoNotDependOnTheBatch: nor are long sums and extremes cut in other ways.
func TestLongRowsDoNotDependOnTheBatch(t *testing.T) {
	b := newBackend(t, "threads=2")
	for i, dims := range [][]int{{200_001}, {300, 700}, {64, 40, 41}, {3, 2, 35_001}, {1500}, {5000}, {96, 96, 8}, {40, 40, 31}, {30, 64, 24}} {
		for axes := range 1 << len(dims) {
			if axes == 0 {
				continue
			}
			exec := graph.MustNewExec(b, func(x *graph.Node) *graph.Node {
				gone := []int{}
				for k := range dims {
					if axes>>k&1 == 1 {
						gone = append(gone, k+1)
					}
				}
				if i > 1 {
					x = graph.Square(x) // in one step with the sum, perhaps
				}
				if i%2 == 0 {
					x = graph.Mul(x, graph.InsertAxes(wave(x.Graph(), dims...), 0)) // which all samples share
				}
				return graph.ReduceSum(x, gone...)
			})
			var all []byte
			for _, size := range []int{3, 1} {
				flat := make([]float32, size*sizeOfDims(dims))
				for i := range flat {
					flat[i] = float32(math.Sin(float64(i)))
				}
				got := bytesOfTensor(t, exec.MustCall1(tensors.FromFlatDataAndDimensions(flat, append([]int{size}, dims...)...)))
				if all == nil {
					all = got
				}
				if !bytes.Equal(got, all[:len(got)]) {
					t.Errorf("sum of %v over axes %03b: found other bytes alone than among 3", dims, axes)
				}
			}
		}
	}
}

// BenchmarkStart is what it takes to run a computation that has next to nothing to do.
func BenchmarkStart(b *testing.B) {
	exec, buffers, donate := plainStep(b, newBackend(b, ""), 1, 1, 8)
	for b.Loop() {
		next(b, exec, buffers, donate)
	}
}
