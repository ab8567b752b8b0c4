package nn_test

import (
	"slices"
	"testing"

	"drift"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
)

// A picture's answer has the same bytes in tiles of every size.
func TestPicturesInTilesOfAnySize(t *testing.T) {
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	data := train.Data{X: drift.RowsOf(drift.NewBatch(8, 12, 12, 3))}
	drift.NewNoise(2, "data", 0).Normal(data.X.Batch())
	nets := map[string]nn.Network{}
	for _, kind := range nn.Kinds {
		s, err := nn.Spec{Kind: kind, Preset: "tiny"}.Resolve(data.Signature())
		if err != nil {
			t.Fatal(err)
		}
		nets[s.String()], _ = s.Network(0)
	}
	for name, net := range nets {
		t.Run(name, func(t *testing.T) { tilesDoNotMatter(t, engine, p, k, data, net) })
	}
}

func tilesDoNotMatter(t *testing.T, engine compute.Backend, p drift.Process, k drift.Prediction, data train.Data, net nn.Network) {
	c := train.Default()
	c.Steps, c.Batch = 3, 4
	trainer, err := train.New(engine, train.Task{Process: p, Predict: k, Network: net}, c, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range trainer.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := trainer.Model()
	if err != nil {
		t.Fatal(err)
	}
	x := drift.NewBatch(72, 12, 12, 3)
	drift.NewNoise(3, "x", 0).Normal(x)
	all := x.Like()
	if err := m.Denoiser(nil).Denoise(all, x, someLevel); err != nil {
		t.Fatal(err)
	}
	for _, at := range []struct{ lo, size int }{{0, 1}, {70, 1}, {5, 2}, {62, 3}, {0, 4}, {5, 7}, {55, 16}, {7, 17}, {41, 31}} {
		part := drift.NewBatch(at.size, 12, 12, 3)
		if err := m.Denoiser(nil).Denoise(part, x.Slice(at.lo, at.lo+at.size), someLevel); err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(part.Data, all.Slice(at.lo, at.lo+at.size).Data) {
			t.Fatalf("%d pictures from %d on differ in a batch of their own", at.size, at.lo)
		}
	}
}
