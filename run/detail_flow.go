package run

import (
	"context"
	"math"
	"slices"

	"drift"
	"drift/dataset"
	"drift/metric"
)

const (
	flowEnd      = 0.01    // Sigma/Alpha, of standardised points, at which the flow ends
	flowStart    = 80      // and the largest at which it begins
	flowSteps    = 24      // of the Runge-Kutta rule: right to 0.001 nats on average for two hills
	flowWork     = 120_000 // denoiser evaluations, over all samples
	flowSamples  = 500
	leastSamples = 20
)

// measureLikelihood is the mean log density of samples that the run has never seen, given
// their class and, in a run with an upscaling, themselves made smaller. For pictures it is the bits that each value takes, whose floor is that of pictures that the
// run has seen: a gap between the two is what it learned by heart.
func (m *Model) measureLikelihood(ctx context.Context, d *Details, set, learned, held *dataset.Set, seed uint64) error {
	directions := 1
	if set.X.Dim() <= drift.ExactTraceDim {
		directions = set.X.Dim()
	}
	n := min(flowSamples, max(leastSamples, flowWork/(4*flowSteps*(1+2*directions))))
	x, labels := unseenSamples(set, held, n, seed)
	if x == nil || x.N < 2 {
		return nil
	}
	if set.Image() {
		return m.measureBits(ctx, d, set, learned, x, labels, seed)
	}
	model, err := m.knowing(x, labels)
	if err != nil {
		return err
	}
	found, err := m.logDensity(ctx, model, x, flowEnd, seed)
	if err != nil {
		return err
	}
	if set.Truth == nil {
		d.LogLikelihood = metric.Beside(metric.Mean(found), nil)
		return nil
	}
	known, gap := make([]float64, x.N), make([]float64, x.N)
	for i := range known {
		class := -1
		if labels != nil {
			class = labels[i]
		}
		known[i] = set.Truth.LogDensity(x.Row(i), drift.Clean, class)
		gap[i] = known[i] - found[i]
	}
	floor := metric.Mean(known)
	d.LogLikelihood = metric.Beside(metric.Mean(found), &floor)
	d.LogLikelihoodGap = metric.Beside(metric.Mean(gap), &metric.Estimate{})
	return nil
}

// measureBits is the bits of unseen pictures, beside those of learned ones.
func (m *Model) measureBits(ctx context.Context, d *Details, set, learned *dataset.Set, x *drift.Batch, labels []int, seed uint64) error {
	step, whole := quantum(set.X)
	if !whole {
		return nil
	}
	bits := func(x *drift.Batch, labels []int, seed uint64) (metric.Estimate, error) {
		model, err := m.knowing(x, labels)
		if err != nil {
			return metric.Estimate{}, err
		}
		return m.bits(ctx, model, x, step, seed)
	}
	found, err := bits(x, labels, seed)
	if err != nil || learned == nil {
		d.BitsPerDimension = metric.Beside(found, nil)
		return err
	}
	known, knownLabels := spread(learned, x.N)
	floor, err := bits(known, knownLabels, seed+1)
	d.BitsPerDimension = metric.Beside(found, &floor)
	return err
}

// bits is the mean of -log₂ p a value, of pictures whose values are whole multiples of a
// step. A picture is one of finitely many, and its probability is the density's integral
// over the cube of its step around it. With u uniform in that cube, centred,
//
//	log P(x) ≥ E[log p(x + u)] + dim·log step
//
// (Theis et al. 2016, arXiv:1511.01844, section 3.1), so the bits are an upper bound. One u
// is drawn for each picture. The flow ends where its blur is as wide as the cube, at
// Sigma/Alpha = step/√12 in standardised units: with less noise the model knows that
// values are whole, and gives what lies between them no density.
func (m *Model) bits(ctx context.Context, d drift.Denoiser, x *drift.Batch, step float64, seed uint64) (metric.Estimate, error) {
	blurred := x.Clone()
	for i := range x.N {
		r := drift.Rand(seed, "dequantisation", uint64(i))
		for j, row := 0, blurred.Row(i); j < len(row); j++ {
			row[j] += step * (r.Float64() - 0.5)
		}
	}
	each, err := m.logDensity(ctx, d, blurred, step/m.Manifest.Data.Scale.Std[0]/math.Sqrt(12), seed)
	for i, nats := range each {
		each[i] = -(nats/float64(x.Dim()) + math.Log(step)) / math.Ln2
	}
	return metric.Mean(each), err
}

// logDensity is the log density, in nats of the user's units, that a denoiser of
// standardised samples gives to each sample, by the probability flow that ends at the
// ratio Sigma/Alpha end.
func (m *Model) logDensity(ctx context.Context, d drift.Denoiser, x *drift.Batch, end float64, seed uint64) ([]float64, error) {
	scale := m.Manifest.Data.Scale
	from, to := m.Process.AtLambda(-math.Log(end)), m.Process.AtLambda(-math.Log(min(flowStart, m.Process.Last().Ratio())))
	y := scale.Standardise(x)
	for i := range y.Data {
		y.Data[i] *= from.Alpha
	}
	flow := drift.Likelihood{Process: m.Process, Denoiser: while(ctx, d), From: from, To: to, Spread: 1, Steps: flowSteps, Seed: seed}
	each := make([]float64, x.N)
	if err := flow.LogDensity(each, y); err != nil {
		return nil, err
	}
	stretch := float64(x.Dim()) * math.Log(from.Alpha) // p(x_0) = p(y)·(Alpha/std)^dim
	for j := range x.Dim() {
		stretch -= math.Log(scale.Std[min(j, len(scale.Std)-1)])
	}
	for i := range each {
		each[i] += stretch
	}
	return each, nil
}

// while is d until ctx ends.
func while(ctx context.Context, d drift.Denoiser) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return d.Denoise(dst, x, at)
	})
}

// quantum is the step between the values of pictures, and whether all are whole
// multiples of it apart, at most 2¹⁶ of them. It looks at the first 2²⁰ values.
func quantum(x *drift.Rows) (step float64, whole bool) {
	const most, looked = 1 << 16, 1 << 20
	values := slices.Clone(x.Slice(0, min(x.N, 1+looked/max(1, x.Dim()))).Batch().Data)
	values = values[:min(len(values), looked)]
	slices.Sort(values)
	values = slices.Compact(values)
	if len(values) < 2 || len(values) > most {
		return 0, false
	}
	step = math.Inf(1)
	for i, v := range values[1:] {
		step = min(step, v-values[i])
	}
	for _, v := range values {
		k := (v - values[0]) / step
		if k > most || math.Abs(k-math.Round(k)) > 1e-3 {
			return 0, false
		}
	}
	return step, true
}
