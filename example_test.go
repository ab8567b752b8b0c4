package drift_test

import (
	"context"
	"fmt"

	"drift"
	"drift/exact"
	"drift/solver"
)

// The article's walk, without any network: two hills in the plane, and the exact
// answer to what clean sample a noisy one came from. Ask for a dog, land near (10, 20).
func Example() {
	hills, err := exact.NewMixture(
		exact.Isotropic(0.5, []float64{10, 20}, 1, 0), // dogs
		exact.Isotropic(0.5, []float64{5, 25}, 1, 1))  // cats
	if err != nil {
		panic(err)
	}
	mean, std := []float64{7.5, 22.5}, []float64{2.7, 2.7}
	standard := hills.Affine(mean, std)

	process, err := drift.ProcessByName("vp")
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(process, 30)
	if err != nil {
		panic(err)
	}
	const n, dog = 1000, 0
	sampler := drift.Sampler{
		Process:  process,
		Denoiser: standard.Denoiser(make([]int, n)), // every label is 0: dogs
		Solver:   solver.DPMSolverPP2M(),
		Levels:   levels,
		Noise:    drift.NewNoise(1, "example", 0),
	}
	x := drift.NewBatch(n, 2)
	if err := sampler.Sample(context.Background(), x); err != nil {
		panic(err)
	}
	var sum [2]float64
	for i := range n {
		for j, v := range x.Row(i) {
			sum[j] += v*std[j] + mean[j]
		}
	}
	fmt.Printf("dogs are near (%.0f, %.0f)\n", sum[0]/n, sum[1]/n)
	// Output: dogs are near (10, 20)
}

// Anything that can say what clean sample to expect is a Denoiser: here, data that
// are always 3. Every solver walks to it.
func ExampleDenoiserFunc() {
	three := drift.DenoiserFunc(func(dst, _ *drift.Batch, _ drift.Level) error {
		for i := range dst.Data {
			dst.Data[i] = 3
		}
		return nil
	})
	process, err := drift.ProcessByName("flow")
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(process, 5)
	if err != nil {
		panic(err)
	}
	sampler := drift.Sampler{Process: process, Denoiser: three, Solver: solver.Heun(), Levels: levels, Noise: drift.NewNoise(1, "example", 0)}
	x := drift.NewBatch(1, 1)
	if err := sampler.Start(x); err != nil {
		panic(err)
	}
	for at, err := range sampler.Walk(context.Background(), x) {
		if err != nil {
			panic(err)
		}
		fmt.Printf("step %d: noise %.2f, x = %.2f\n", at.Step, at.At.Sigma, x.Data[0])
	}
	// Output:
	// step 0: noise 1.00, x = 0.78
	// step 1: noise 0.95, x = 0.90
	// step 2: noise 0.72, x = 1.41
	// step 3: noise 0.15, x = 2.68
	// step 4: noise 0.00, x = 3.00
	// step 5: noise 0.00, x = 3.00
}
