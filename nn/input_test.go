package nn_test

import (
	"math"
	"testing"

	"drift"
	"drift/nn"
	"drift/train"
)

// Samples that are their condition and a little noise: what a trained network says of
// pure noise is the condition that it is told, whether told in numbers or by a picture.
func TestConditionsAreHeard(t *testing.T) {
	const n, side = 512, 2
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	process, _ := drift.ProcessByName("vp")
	predict, _ := drift.PredictionByName("v")
	for name, vector := range map[string]bool{"vector": true, "picture": false} {
		t.Run(name, func(t *testing.T) {
			data := train.Data{X: drift.RowsOf(drift.NewBatch(n, side, side, 1))}
			known := drift.NewBatch(n, side, side, 1)
			drift.NewNoise(1, "known", 0).Normal(known)
			drift.NewNoise(2, "data", 0).Normal(data.X.Batch())
			for i := range data.X.Batch().Data {
				data.X.Batch().Data[i] = known.Data[i] + 0.1*data.X.Batch().Data[i]
			}
			told := nn.Condition{Pictures: known}
			if vector {
				told = nn.Condition{Vectors: &drift.Batch{Data: known.Data, N: n, Shape: []int{side * side}}}
			}
			data.Vectors, data.Pictures = told.Vectors, told.Pictures
			c := train.Default()
			c.Steps, c.Batch = 400, 64
			trainer, err := train.New(engine, train.Task{Process: process, Predict: predict, Network: nn.MLP{Width: 64, Blocks: 2}}, c, data)
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
			const some = 100
			x, y := drift.NewBatch(some, side, side, 1), drift.NewBatch(some, side, side, 1)
			drift.NewNoise(3, "start", 0).Normal(x)
			at := drift.Circle(-3)
			if err := m.Conditioned(told.Slice(0, some)).Denoise(y, x, at); err != nil {
				t.Fatal(err)
			}
			var off, size float64
			for i, v := range y.Data {
				off += (v - known.Data[i]) * (v - known.Data[i])
				size += known.Data[i] * known.Data[i]
			}
			if share := math.Sqrt(off / size); share > 0.3 {
				t.Errorf("answers are off by %.2f of their size, expected less than 0.3", share)
			}
			if !vector {
				err := m.Denoiser(nil).Denoise(y, x, at)
				if err == nil {
					t.Error("no picture: found no error")
				}
			} else if err := m.Conditioned(nn.Condition{Vectors: drift.NewBatch(some, 3)}).Denoise(y, x, at); err == nil {
				t.Error("vectors of 3 values: found no error")
			}
			if err := m.Conditioned(told.Slice(0, some-1)).Denoise(y, x, at); err == nil {
				t.Error("one condition too few: found no error")
			}
		})
	}
}
