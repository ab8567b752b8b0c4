package edit_test

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/edit"
	"drift/exact"
	"drift/solver"
)

// twoHills are a hill at (-1, -1) and one at (1, 1), and a walk of theirs.
func twoHills(s drift.Solver, steps int) drift.Sampler {
	m, err := exact.NewMixture(
		exact.Isotropic(0.5, []float64{-1, -1}, 0.2, 0),
		exact.Isotropic(0.5, []float64{1, 1}, 0.2, 1))
	if err != nil {
		panic(err)
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		panic(err)
	}
	levels, err := drift.Grid(p, steps)
	if err != nil {
		panic(err)
	}
	return drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: s, Levels: levels, Noise: drift.NewNoise(7, "example", 0)}
}

func point(x, y float64) *drift.Batch {
	return &drift.Batch{Data: []float64{x, y}, N: 1, Shape: []int{2}}
}

// Inpainting: the first value is known to be 0.9, so the second must be near 1.
func ExampleFilter() {
	known := solver.Known{Clean: point(0.9, 0), Mask: []bool{true, false}}
	s := twoHills(edit.Filter(known, 16), 40)
	x := point(0, 0)
	if err := s.Sample(context.Background(), x); err != nil {
		panic(err)
	}
	fmt.Printf("%.1f, and %v that the second is within 0.6 of 1\n", x.Data[0], math.Abs(x.Data[1]-1) < 0.6)
	// Output: 0.9, and true that the second is within 0.6 of 1
}

// Outpainting: a picture of two pixels on a canvas of four; the rest is to be made.
func ExamplePlace() {
	picture := &drift.Batch{Data: []float64{0.3, 0.7}, N: 1, Shape: []int{1, 2, 1}}
	known, err := edit.Place(picture, 0, 1, 1, []int{1, 4, 1})
	if err != nil {
		panic(err)
	}
	fmt.Println(known.Clean.Data, known.Mask)
	// Output: [0 0.3 0.7 0] [false true true false]
}

// Image to image: a sample is blurred halfway into noise and walked back.
func ExampleVary() {
	s := twoHills(solver.DDIM(0), 40)
	x := point(1.5, 0.5)
	var err error
	if s.Levels, err = edit.Vary(x, s.Levels, 0.4, s.Noise); err != nil {
		panic(err)
	}
	for _, err := range s.Walk(context.Background(), x) {
		if err != nil {
			panic(err)
		}
	}
	fmt.Println("on the hill that it was near:", math.Hypot(x.Data[0]-1, x.Data[1]-1) < 0.6)
	// Output: on the hill that it was near: true
}

// Halfway between two samples' noise.
func ExampleSlerp() {
	middle := point(0, 0)
	if err := edit.Slerp(middle, point(1, 0), point(0, 1), 0.5); err != nil {
		panic(err)
	}
	fmt.Printf("%.3f\n", middle.Data)
	// Output: [0.707 0.707]
}

// From one sample to another: walks from noise on the great circle between that of both.
// The ends are the samples themselves.
func Example_interpolation() {
	s := twoHills(solver.DDIM(0), 40)
	samples, ends := drift.NewBatch(2, 2), drift.NewBatch(2, 2)
	if err := s.Start(ends); err != nil {
		panic(err)
	}
	copy(samples.Data, ends.Data)
	x := drift.NewBatch(5, 2)
	for i := range x.N {
		share := float64(i) / float64(x.N-1)
		if err := edit.Slerp(x.Slice(i, i+1), ends.Slice(0, 1), ends.Slice(1, 2), share); err != nil {
			panic(err)
		}
	}
	for _, walked := range []*drift.Batch{samples, x} {
		for _, err := range s.Walk(context.Background(), walked) {
			if err != nil {
				panic(err)
			}
		}
		fmt.Printf("%.1f\n", walked.Data)
	}
	// Output:
	// [1.0 1.2 -1.4 -0.8]
	// [1.0 1.2 0.8 1.2 0.2 0.8 -1.3 -0.7 -1.4 -0.8]
}

// A sample's noise, and the sample back from it.
func ExampleInvert() {
	x := point(1.1, 0.8)
	up, down := twoHills(edit.Undo(1e-12), 20), twoHills(solver.DDIM(0), 20)
	if err := edit.Invert(context.Background(), up, x); err != nil {
		panic(err)
	}
	fmt.Printf("noise %.2f\n", x.Data)
	if err := edit.Rebuild(context.Background(), down, x); err != nil {
		panic(err)
	}
	fmt.Printf("sample %.4f\n", x.Data)
	// Output:
	// noise [1.31 -0.47]
	// sample [1.1000 0.8000]
}
