package nn

import (
	"math"
	"testing"

	"drift"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// At the start, what every block of an EDM2 makes of Gaussian noise, and the embedding, have
// about unit magnitude: the mean square of blocks lies within 0.6 and 1.2. It falls where
// pixels are averaged, by the means of attention and by the borders of zeros, and the way
// up does not bring it back.
func TestActivationsKeepTheirMagnitude(t *testing.T) {
	engine, err := EngineByName("cpu")
	if err != nil {
		t.Fatal(err)
	}
	sees := Signature{Shape: []int{16, 16, 3}, Classes: 4, Vector: 2, Picture: 1}
	for _, preset := range Presets[:2] {
		s, err := Spec{Kind: "edm2", Preset: preset}.Resolve(sees)
		if err != nil {
			t.Fatal(err)
		}
		net, store := *s.EDM2, model.NewStore()
		net.Classes, net.Blocks = sees.Classes, 3
		exec, err := model.NewExec(engine, store, func(scope *model.Scope, nodes []*graph.Node) []*graph.Node {
			in, _ := sees.Input(nodes)
			x, _ := pixelsOf(in)
			e := net.embedding(scope.At("embedding"), in)
			all := append([]*graph.Node{e}, net.features(scope, x, e)...)
			for i, h := range all {
				all[i] = graph.ReduceAllMean(graph.Square(h))
			}
			return all
		})
		if err != nil {
			t.Fatal(err)
		}
		e, r := sees.Example(16), drift.Rand(1, "unit input")
		for _, values := range [][]float32{e.X, e.Noise, e.Vector, e.Picture} {
			for i := range values {
				values[i] = float32(r.NormFloat64())
			}
		}
		for i := range e.Class {
			e.Class[i] = int32(i % 5)
		}
		out, err := exec.Call(e.Tensors()...)
		if err != nil {
			t.Fatal(err)
		}
		var all []float32
		for _, v := range out {
			all = append(all, tensors.ToScalar[float32](v))
		}
		if v := float64(all[0]); !(math.Abs(v-1) < 0.3) {
			t.Errorf("%s: embedding: found a mean square of %v, expected 1", preset, v)
		}
		for i, v := range all[1:] {
			if !(v > 0.6 && v < 1.2) {
				t.Errorf("%s: block %d of %d: found a mean square of %v, expected about 1", preset, i, len(all)-1, v)
			}
		}
		t.Logf("%s: mean squares %.2f", preset, all)
	}
}

// Weights have length 1 for each output channel and features a mean square of 1, whatever
// is stored and whatever the noise; sums and concatenations of independent values keep 1.
func TestMagnitudePreservingLayers(t *testing.T) {
	engine, err := EngineByName("cpu")
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	exec, err := model.NewExec(engine, store, func(scope *model.Scope, x, a, b *graph.Node) []*graph.Node {
		w := graph.ReduceSum(graph.Square(mpWeight(scope, x.Graph(), 3, 3, 5, 7)), 0, 1, 2)
		mean := func(v *graph.Node) *graph.Node { return graph.ReduceAllMean(graph.Square(v)) }
		return []*graph.Node{
			w, graph.ReduceMean(graph.Square(mpFourier(x, 64)), -1),
			mean(mpSum(a, b, 0.3)), mean(mpCat(a, graph.SliceAxis(b, 1, graph.AxisRange(0, 20)), 0.5)), mean(mpSilu(a)),
			mean(rootMeanSquare1(graph.MulScalar(a, 7), -1)),
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	noise := []float32{-2.3, -1, -0.1, 0, 0.4, 1.7, 2.3}
	rows := func(name string) *tensors.Tensor {
		r, flat := drift.Rand(2, name), make([]float32, 100*200)
		for i := range flat {
			flat[i] = float32(r.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(flat, 100, 200)
	}
	out, err := exec.Call(tensors.FromFlatDataAndDimensions(noise, len(noise)), rows("a"), rows("b"))
	if err != nil {
		t.Fatal(err)
	}
	for i, tolerance := range []float64{1e-4, 1e-5, 0.03, 0.03, 0.03, 1e-5} {
		flat, err := tensors.CopyFlatData[float32](out[i])
		if err != nil {
			t.Fatal(err)
		}
		for j, v := range flat {
			if !(math.Abs(float64(v)-1) <= tolerance) {
				t.Errorf("output %d at %d: found %v, expected 1 within %v", i, j, v, tolerance)
			}
		}
	}
}
