package drift_test

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/exact"
	"drift/solver"
)

// asClass are two hills of one value, at -1 and 1, each as wide as said: the exact answers
// to samples of the class at 1, and to samples of any.
func asClass(wide float64, n int) (cond, uncond drift.Denoiser) {
	m, err := exact.NewMixture(
		exact.Isotropic(1, []float64{-1}, wide, 0),
		exact.Isotropic(1, []float64{+1}, wide, 1))
	if err != nil {
		panic(err)
	}
	labels := make([]int, n)
	for i := range labels {
		labels[i] = 1
	}
	return m.Denoiser(labels), m.Denoiser(nil)
}

// walked is the mean and the deviation of n samples of a denoiser.
func walked(d drift.Denoiser, n int) (mean, deviation float64) {
	process, err := drift.ProcessByName("vp")
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(process, 30)
	if err != nil {
		panic(err)
	}
	s := drift.Sampler{Process: process, Denoiser: d, Solver: solver.DPMSolverPP2M(), Levels: levels, Noise: drift.NewNoise(1, "example", 0)}
	x := drift.NewBatch(n, 1)
	if err := s.Sample(context.Background(), x); err != nil {
		panic(err)
	}
	var square float64
	for _, v := range x.Data {
		mean, square = mean+v/float64(n), square+v*v/float64(n)
	}
	return mean, math.Sqrt(square - mean*mean)
}

// Classifier-free guidance pushes samples of a class away from all others, and closer
// together; within an interval of levels it moves them less.
func ExampleGuided() {
	const n, weight = 1000, 3
	cond, uncond := asClass(0.7, n)
	for _, c := range []struct {
		name string
		d    drift.Denoiser
	}{
		{"none", cond},
		{"everywhere", drift.Guided(cond, uncond, weight)},
		{"within 0.5 to 2", drift.GuidedWithin(cond, uncond, weight, 0.5, 2)},
	} {
		mean, deviation := walked(c.d, n)
		fmt.Printf("guided %s: %.1f ± %.1f\n", c.name, mean, deviation)
	}
	// Output:
	// guided none: 1.0 ± 0.7
	// guided everywhere: 1.7 ± 0.5
	// guided within 0.5 to 2: 1.3 ± 0.5
}

// Autoguidance pushes away from a worse model of the same class, here one that takes the
// hill to be half as wide again: samples gather, and stay where the class is.
func ExampleAutoguided() {
	const n = 1000
	good, _ := asClass(0.7, n)
	bad, _ := asClass(1.05, n)
	for _, weight := range []float64{1, 2} {
		mean, deviation := walked(drift.Autoguided(good, bad, weight), n)
		fmt.Printf("weight %v: %.1f ± %.1f\n", weight, mean, deviation)
	}
	// Output:
	// weight 1: 1.0 ± 0.7
	// weight 2: 1.0 ± 0.5
}
