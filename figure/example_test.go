package figure_test

import (
	"bytes"
	"context"
	"fmt"
	"image/gif"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/figure"
	"drift/run"
	"drift/solver"
)

// A walk from noise to data as an animation, recorded while it is walked; of a run,
// [run.Model.Sample] tells a tape where it stands.
func ExampleTape() {
	hills, err := exact.NewMixture(exact.Isotropic(1, []float64{10, 20}, 1, 0), exact.Isotropic(1, []float64{5, 25}, 1, 1))
	if err != nil {
		panic(err)
	}
	scale := dataset.Scale{Mean: []float64{7.5, 22.5}, Std: []float64{2.7, 2.7}}
	process, err := drift.ProcessByName("vp")
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(process, 12)
	if err != nil {
		panic(err)
	}
	x := drift.NewBatch(200, 2)
	s := drift.Sampler{Process: process, Denoiser: hills.Affine(scale.Mean, scale.Std).Denoiser(nil), Solver: solver.Heun(),
		Levels: levels, Noise: drift.NewNoise(1, "example", 0)}
	if err := s.Start(x); err != nil {
		panic(err)
	}
	tape := figure.NewTape(run.Manifest{Process: process.Name, Data: run.Data{Name: "hills", Shape: x.Shape, Scale: scale}}, x.N)
	for at, err := range s.Walk(context.Background(), x) {
		if err != nil {
			panic(err)
		}
		tape.Record(0, at)
	}
	var file bytes.Buffer
	if err := tape.Write(&file, nil); err != nil {
		panic(err)
	}
	film, err := gif.DecodeAll(&file)
	if err != nil {
		panic(err)
	}
	fmt.Println(len(film.Image), "frames: the noise and 12 steps")
	// Output: 13 frames: the noise and 12 steps
}
