package solver_test

import (
	"context"
	"fmt"
	"slices"

	"drift"
	"drift/exact"
	"drift/solver"
)

func twoHills() *exact.Mixture {
	m, err := exact.NewMixture(
		exact.Isotropic(0.5, []float64{-1, -1}, 0.2, 0),
		exact.Isotropic(0.5, []float64{1, 1}, 0.2, 1))
	if err != nil {
		panic(err)
	}
	return m
}

func gridOf(process string, steps int) (drift.Process, []drift.Level) {
	p, err := drift.ProcessByName(process)
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(p, steps)
	if err != nil {
		panic(err)
	}
	return p, levels
}

// Inversion: a deterministic solver walks a sample up to the noise that it comes from,
// and down again.
func ExampleInfo_inversion() {
	p, levels := gridOf("vp", 100)
	levels = levels[:100] // without the last, where there is no noise
	x := drift.NewBatch(1, 2)
	copy(x.Data, []float64{-0.9, -1.2})
	for _, way := range []string{"noise", "data"} {
		slices.Reverse(levels)
		s := drift.Sampler{Process: p, Denoiser: twoHills().Denoiser(nil), Solver: solver.UniPC(2), Levels: levels}
		for _, err := range s.Walk(context.Background(), x) {
			if err != nil {
				panic(err)
			}
		}
		fmt.Printf("%s: (%.2f, %.2f)\n", way, x.Data[0], x.Data[1])
	}
	// Output:
	// noise: (0.11, -1.40)
	// data: (-0.90, -1.20)
}

// RePaint: the first coordinate is known, and the second is painted to fit.
func ExampleRePaint() {
	const n = 200
	known := solver.Known{Clean: drift.NewBatch(n, 2), Mask: make([]bool, 2*n)}
	for i := range n {
		known.Clean.Data[2*i], known.Mask[2*i] = 0.9, true
	}
	p, levels := gridOf("flow", 40)
	s := drift.Sampler{
		Process:  p,
		Denoiser: twoHills().Denoiser(nil),
		Solver:   solver.RePaint(solver.DDPM(), known, 5),
		Levels:   levels,
		Noise:    drift.NewNoise(1, "example", 0),
	}
	x := drift.NewBatch(n, 2)
	if err := s.Sample(context.Background(), x); err != nil {
		panic(err)
	}
	mean := 0.0
	for i := range n {
		mean += x.Row(i)[1] / n
	}
	fmt.Printf("beside %.1f: %.1f\n", x.Data[0], mean)
	// Output: beside 0.9: 1.0
}
