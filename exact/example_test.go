package exact_test

import (
	"context"
	"fmt"

	"drift"
	"drift/exact"
	"drift/solver"
)

// Walk from noise to two hills with their exact denoiser: no network, no training.
func Example() {
	hills, err := exact.NewMixture(
		exact.Isotropic(1, []float64{10, 20}, 1, 0),
		exact.Isotropic(1, []float64{5, 25}, 1, 1),
	)
	if err != nil {
		panic(err)
	}
	small := hills.Affine([]float64{7.5, 22.5}, []float64{2.7, 2.7}) // noise expects data of size 1

	flow, _ := drift.ProcessByName("flow")
	levels, _ := drift.Grid(flow, 30)
	labels := make([]int, 1000) // all of class 0
	x := drift.NewBatch(len(labels), 2)
	err = drift.Sampler{
		Process: flow, Denoiser: small.Denoiser(labels), Solver: solver.DPMSolverPP2M(),
		Levels: levels, Noise: drift.NewNoise(1, "example", 0),
	}.Sample(context.Background(), x)
	if err != nil {
		panic(err)
	}
	var a, b float64
	for i := range x.N {
		a += x.Row(i)[0] / float64(x.N)
		b += x.Row(i)[1] / float64(x.N)
	}
	fmt.Printf("mean (%.0f, %.0f)\n", 7.5+2.7*a, 22.5+2.7*b)
	// Output: mean (10, 20)
}

// Guidance pushes the answer of a class away from the answer for all.
func ExampleMixture_Denoiser() {
	m, err := exact.NewMixture(
		exact.Isotropic(1, []float64{-1}, 0.5, 0),
		exact.Isotropic(1, []float64{+1}, 0.5, 1),
	)
	if err != nil {
		panic(err)
	}
	x := &drift.Batch{Data: []float64{0.1}, N: 1, Shape: []int{1}} // between the two
	y := x.Like()
	at := drift.Level{Alpha: 1, Sigma: 1}
	for _, weight := range []float64{0, 1, 3} {
		d := drift.Guided(m.Denoiser([]int{1}), m.Denoiser(nil), weight)
		if err := d.Denoise(y, x, at); err != nil {
			panic(err)
		}
		fmt.Printf("guidance %v: %.1f\n", weight, y.Data[0])
	}
	// Output:
	// guidance 0: 0.1
	// guidance 1: 0.8
	// guidance 3: 2.3
}

// A finite set of points has an exact denoiser, too: the softmax over the points.
func ExampleNewData() {
	points := &drift.Batch{Data: []float64{0, 1, 5}, N: 3, Shape: []int{1}}
	d, err := exact.NewData(points, nil)
	if err != nil {
		panic(err)
	}
	x := &drift.Batch{Data: []float64{0.6}, N: 1, Shape: []int{1}}
	y := x.Like()
	for _, sigma := range []float64{0.1, 1, 100} {
		if err := d.Denoiser(nil).Denoise(y, x, drift.Level{Alpha: 1, Sigma: sigma}); err != nil {
			panic(err)
		}
		fmt.Printf("at noise %v: %.2f\n", sigma, y.Data[0])
	}
	// Output:
	// at noise 0.1: 1.00
	// at noise 1: 0.53
	// at noise 100: 2.00
}
