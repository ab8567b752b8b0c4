package metric_test

import (
	"fmt"

	"drift"
	"drift/exact"
	"drift/metric"
)

// Samples are judged beside the floor: what perfect samples would get.
func Example() {
	truth, err := exact.NewMixture(exact.Isotropic(1, []float64{0, 0}, 1, 0))
	if err != nil {
		panic(err)
	}
	const n, pairs = 500, 10
	distance := func(a, b *drift.Batch) float64 { return metric.SlicedWasserstein(a, b, 100, 0) }
	draw := func(i int) *drift.Batch {
		x, _ := truth.Draw(n, -1, uint64(i), "truth")
		return x
	}
	floor := metric.Floor(draw, pairs, distance)
	for name, shift := range map[string]float64{"good": 0, "off by half": 0.5} {
		samples, _ := truth.Draw(n, -1, 1, "samples")
		for i := range samples.Data {
			samples.Data[i] += shift
		}
		fmt.Printf("%s samples are within the floor: %v\n", name, distance(samples, draw(2*pairs)) <= floor.High)
	}
	// Unordered output:
	// good samples are within the floor: true
	// off by half samples are within the floor: false
}

// A denoiser that is 10 % too timid, held against the exact one.
func ExampleDenoiserError() {
	truth, err := exact.NewMixture(exact.Isotropic(1, []float64{-1}, 0.5, 0), exact.Isotropic(1, []float64{1}, 0.5, 1))
	if err != nil {
		panic(err)
	}
	right := truth.Denoiser(nil)
	timid := drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		err := right.Denoise(dst, x, at)
		for i := range dst.Data {
			dst.Data[i] *= 0.9
		}
		return err
	})
	vp, _ := drift.ProcessByName("vp")
	clean, _ := truth.Draw(1000, -1, 1, "clean")
	_, _, levels, err := metric.DenoiserError(timid, right, clean, metric.ErrorLevels(vp), 1)
	if err != nil {
		panic(err)
	}
	for _, i := range []int{6, 10, 19} {
		fmt.Printf("noise %4.1f: %.3f of the uncertainty\n", levels[i].Level.Ratio(), levels[i].Denoiser)
	}
	// Output:
	// noise  0.3: 0.134 of the uncertainty
	// noise  1.2: 0.010 of the uncertainty
	// noise 20.0: 0.000 of the uncertainty
}
