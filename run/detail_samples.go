package run

import (
	"math"

	"drift"
	"drift/exact"
	"drift/metric"
)

const (
	kernelSide   = 1000 // samples on each side of kernel distances and of the two-sample test
	kernelWork   = 1e8  // values that one of them may touch on each side
	kernelPairs  = 10   // pairs of real draws behind a floor
	shuffles     = 200  // of the two-sample test
	hillShare    = 0.99 // a sample is on a hill if it lies within this share of it
	truthSamples = 10_000
)

// measureKernels compares samples with real ones by distances that see all of a
// distribution, and by a test that tells the two apart if it can.
func measureKernels(d *Details, real reality, s *Samples) error {
	n := real.side(s, min(kernelSide, int(math.Sqrt(kernelWork/float64(s.X.Dim())))))
	if n < 3 {
		return nil
	}
	found, fresh, draws := real.like(s, n), real.fresh(n), real.draws(n)
	width := metric.MedianDistance(draws(1))
	for _, k := range []struct {
		to       **metric.Measure
		distance func(a, b *drift.Batch) metric.Estimate
	}{
		{&d.MMD, func(a, b *drift.Batch) metric.Estimate { return metric.MMD(a, b, width) }},
		{&d.Energy, metric.Energy},
	} {
		floor := metric.Floor(draws, kernelPairs, func(a, b *drift.Batch) float64 { return k.distance(a, b).Value })
		*k.to = metric.Beside(k.distance(found, fresh), &floor)
	}
	test, err := metric.TwoSampleTest(found, fresh, 0, shuffles, real.seed)
	if err != nil {
		return err
	}
	d.TwoSample = metric.Beside(metric.Share(int(math.Round(test.Accuracy*float64(2*n))), 2*n), &test.Floor)
	d.TwoSampleP = &test.P
	return nil
}

// measureTruth holds samples against the density that they should have.
func measureTruth(d *Details, real reality, s *Samples) error {
	truth := real.set.Truth
	if truth == nil {
		return nil
	}
	n, classes := min(s.X.N, truthSamples), len(real.set.Classes)
	x, labels := s.X.Slice(0, n), s.Labels
	fresh, freshLabels := stratified(truth, n, classes, real.seed)
	if labels != nil {
		labels = labels[:n]
	} else {
		freshLabels = nil
	}
	density := func(x []float64, class int) float64 { return truth.LogDensity(x, drift.Clean, class) }
	floor := metric.MeanLogDensity(fresh, freshLabels, density)
	d.MeanLogDensity = metric.Beside(metric.MeanLogDensity(x, labels, density), &floor)

	hill := func(x []float64) int { return truth.Hill(x, hillShare) }
	due := dues(truth, classes)
	modes, err := metric.ModeCoverage(x, due, hill)
	if err != nil {
		return err
	}
	perfect, err := metric.ModeCoverage(fresh, due, hill)
	if err != nil {
		return err
	}
	d.ModeCoverage = metric.Beside(modes.Inside, &perfect.Inside)
	d.DroppedModes = &Dropped{Count: len(modes.Dropped), Hills: append([]int{}, modes.Dropped...), Of: len(due), Floor: modes.Expected, Variation: modes.Variation}
	if math.IsNaN(modes.Variation) { // no sample is on any hill
		d.DroppedModes.Variation = 1
	}
	return nil
}

// dues are the shares that hills are due where classes take turns.
func dues(truth *exact.Mixture, classes int) []float64 {
	parts := truth.Parts()
	ofClass := make([]float64, max(1, classes))
	for _, p := range parts {
		if classes > 1 {
			ofClass[p.Class] += p.Weight
		}
	}
	due := make([]float64, len(parts))
	for k, p := range parts {
		due[k] = p.Weight
		if classes > 1 {
			due[k] /= ofClass[p.Class]
		}
	}
	return due
}
