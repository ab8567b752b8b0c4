package nn_test

import (
	"encoding/binary"
	"math"
	"strings"
	"testing"

	"drift"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A tiny EDM2 is the paper's, as written in PyTorch, with every gain away from 0: its
// output, its loss and the gradient by every tensor of weights.
func TestEDM2IsPyTorchs(t *testing.T) {
	net := nn.EDM2{Channels: []int{4, 8}, Blocks: 1, Attend: []int{1}, HeadDim: 4, Classes: 3}
	lossOf{pictureEngine(t), net, []int{2, 4, 6, 2}, []int32{1, 3}}.isPyTorchs(t, "testdata/edm2.json")
}

// An EDM2 answers 0 until it is trained, without a channel axis too.
func TestEDM2BeginsAtZero(t *testing.T) {
	sees := nn.Signature{Shape: []int{12, 8}, Classes: 2}
	s, err := nn.Spec{Kind: "edm2", Preset: "tiny"}.Resolve(sees)
	if err != nil {
		t.Fatal(err)
	}
	net, err := s.Network(sees.Classes)
	if err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(pictureEngine(t), model.NewStore(), func(scope *model.Scope, nodes []*graph.Node) *graph.Node {
		in, _ := sees.Input(nodes)
		return net.Forward(scope.At("model"), in)
	})
	if err != nil {
		t.Fatal(err)
	}
	e := sees.Example(3)
	copy(e.X, formula("x", len(e.X), 3))
	out, err := exec.Call1(e.Tensors()...)
	if err != nil {
		t.Fatal(err)
	}
	y, err := tensors.CopyFlatData[float32](out)
	if err != nil || len(y) != len(e.X) {
		t.Fatalf("found %d values (%v), expected %d", len(y), err, len(e.X))
	}
	for i, v := range y {
		if v != 0 {
			t.Fatalf("found %v at %d, expected 0", v, i)
		}
	}
}

// However long and fast it trains, every output channel of the stored weights stays within
// a step of where it began, and learning is not slowed down by weights that grow.
func TestStoredWeightsStayNormalised(t *testing.T) {
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	data := train.Data{X: drift.RowsOf(drift.NewBatch(8, 4, 4, 1))}
	drift.NewNoise(2, "data", 0).Normal(data.X.Batch())
	c := train.Default()
	c.Steps, c.Batch, c.Rate, c.Warmup, c.Schedule = 40, 4, 0.02, 0, "constant"
	net := nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8}
	trainer, err := train.New(pictureEngine(t), train.Task{Process: p, Predict: k, Network: net}, c, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range trainer.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	state, err := trainer.State()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for name, w := range state {
		if !strings.HasPrefix(name, nn.Scope+"/") || !strings.HasSuffix(name, "/weight") {
			continue
		}
		seen++
		out := w.Shape[len(w.Shape)-1]
		in := len(w.Data) / 4 / out
		for j := range out {
			var sum float64
			for i := range in {
				v := math.Float32frombits(binary.LittleEndian.Uint32(w.Data[4*(i*out+j):]))
				sum += float64(v) * float64(v)
			}
			// What a step of 0.02 for each value adds at right angles, and a little.
			if rms := math.Sqrt(sum / float64(in)); rms < 0.06 || rms > math.Hypot(1./16, 0.025) {
				t.Errorf("%s: channel %d: found a root mean square of %v, expected %v", name, j, rms, 1./16)
			}
		}
	}
	if seen < 10 {
		t.Errorf("found %d weights, expected those of all layers", seen)
	}
}

func TestEDM2RefusesWhatDoesNotFit(t *testing.T) {
	picture := []int{8, 8, 1}
	for _, c := range []struct {
		net   nn.EDM2
		shape []int
		says  string
	}{
		{nn.EDM2{Blocks: 1, HeadDim: 8}, picture, "channels: found 0 levels"},
		{nn.EDM2{Channels: []int{8, 15}, Blocks: 1, HeadDim: 7}, picture, "channels: found 15"}, // two heads
		{nn.EDM2{Channels: []int{9, 16}, Blocks: 1, HeadDim: 8}, picture, "channels: found 9 at the finest level"},
		{nn.EDM2{Channels: []int{8}, HeadDim: 8}, picture, "blocks: found 0"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1}, picture, "head_dim: found 0"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8, Dropout: 1}, picture, "dropout: found 1"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8, NoiseScale: math.NaN()}, picture, "noise_scale: found NaN"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8, Attend: []int{1}}, picture, "attend: found level 1"},
		{nn.EDM2{Channels: []int{8, 8, 8}, Blocks: 1, HeadDim: 8}, []int{6, 4, 1}, "3×2"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8}, []int{8}, "samples: found 1 axes"},
		{nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8}, []int{8, 8, 1, 1}, "samples: found 4 axes"},
	} {
		_, err := nn.Cost(pictureEngine(t), c.net, nn.Signature{Shape: c.shape})
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%+v on %v: found error %v, expected one that says %q", c.net, c.shape, err, c.says)
		}
	}
}
