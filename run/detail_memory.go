package run

import (
	"context"
	"math"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/metric"
)

const (
	memorySamples = 200 // seen and as many unseen
	memoryWork    = 4e9 // values that the exact denoiser of the data may touch
	copySamples   = 1000
)

// measureMemory says how far the network and its samples repeat what was learned. The
// network is asked without a class, as the exact denoiser of all data is. Sets of more than
// drift.MostFloats values are not looked through, nor are runs with an upscaling: what samples
// are made of tells the network more than the data tell that denoiser, and makes them like it.
func (m *Model) measureMemory(ctx context.Context, d *Details, set, learned, held *dataset.Set, s *Samples, seed uint64) error {
	if learned == nil || m.Manifest.Data.Upscale != 0 || learned.X.N*learned.X.Dim() > drift.MostFloats {
		return nil
	}
	scale := m.Manifest.Data.Scale
	levels := memoryLevels(m.Process)
	touched := float64(2*len(levels)) * float64(learned.X.N) * float64(learned.X.Dim())
	unseen, _ := unseenSamples(set, held, min(memorySamples, max(leastSamples, int(memoryWork/touched)), learned.X.N), seed)
	if unseen == nil || unseen.N < 2 {
		return nil
	}
	seen, _ := spread(learned, unseen.N)
	known, err := exact.NewData(scale.Standardise(learned.X.Batch()), nil)
	if err != nil {
		return err
	}
	a, b, data := scale.Standardise(seen), scale.Standardise(unseen), while(ctx, known.Denoiser(nil))
	found, err := metric.Memorisation(m.Denoiser(nil), data, a, b, levels, seed)
	if err != nil {
		return err
	}
	memory := &Memory{Share: metric.Measure{Estimate: found.Share}, ToData: metric.Measure{Estimate: found.Distance}, Seen: seen.N, Learned: learned.X.N}
	if set.Truth != nil {
		truth := set.Truth.Affine(scale.Mean, scale.Std).Denoiser(nil)
		floor, err := metric.Memorisation(truth, data, a, b, levels, seed)
		if err != nil {
			return err
		}
		away, _, _, err := metric.DenoiserError(m.Denoiser(nil), truth, b, levels, seed)
		if err != nil {
			return err
		}
		memory.Share.Floor, memory.ToData.Floor, memory.ToTruth = &floor.Share, &floor.Distance, &away
	}
	if !math.IsNaN(found.Share.Low + found.Distance.Low) {
		d.Memorisation = memory
	}
	return m.measureCopies(d, set, learned, held, s, seed)
}

// measureCopies looks for the learned samples among the generated ones.
func (m *Model) measureCopies(d *Details, set, learned, held *dataset.Set, s *Samples, seed uint64) error {
	scale, real := m.Manifest.Data.Scale, reality{set, seed}
	samples := real.like(s, min(copySamples, s.X.N, set.X.N))
	var fresh *drift.Batch
	if set.Truth != nil {
		fresh = real.fresh(copySamples) // of each class as many as among the samples
	} else {
		fresh, _ = unseenSamples(set, held, copySamples, seed)
	}
	if fresh == nil || fresh.N < 2 || samples.N < 2 {
		return nil
	}
	found, floor, err := metric.Copying(scale.Standardise(samples), scale.Standardise(fresh), scale.Standardise(learned.X.Batch()))
	d.NearestShare = metric.Beside(found, &floor)
	return err
}

// memoryLevels are uniform in log-SNR, from the cleanest that training knows: there the
// nearest point that was learned has all of the posterior, however densely points lie.
func memoryLevels(p drift.Process) []drift.Level {
	const n, most = 10, 5
	least := max(0.002, p.At(0).Ratio())
	levels := make([]drift.Level, n)
	for i := range levels {
		share := float64(i) / (n - 1)
		levels[i] = p.AtLambda(-math.Log(least)*(1-share) - math.Log(most)*share)
	}
	return levels
}
