package metric

import (
	"fmt"
	"math"

	"drift"
)

// Memory says how far a denoiser has memorised its data.
type Memory struct {
	Share    Estimate // 0: knows seen data no better than unseen; 1: as the data by heart
	Distance Estimate // mean over the levels of their Distance
	PerLevel []MemoryLevel
}

// MemoryLevel is what was seen at one level.
type MemoryLevel struct {
	Level     drift.Level
	Gap, Most float64 // gap of the denoiser in question, and of the data's own
	Distance  float64 // E|D̂ - D_data|² / E|x_0 - D_data|² on unseen data: 0 for the data by heart
}

// Memorisation tells memorising from generalising. learned is the denoiser in
// question, data the exact denoiser of the points it was trained on, seen some of
// those points, and unseen as many others from the same source. Both denoisers have
// their labels bound, which must be the same for seen and unseen.
//
// With L(D, S) = E|x_0 - D(x_t)|² over samples x_0 of S, the gap of a denoiser is
//
//	gap(D) = [L(D, unseen) - L(D, seen)] / L(D_data, unseen):
//
// 0 on average for one that knows the source alone, such as the exact denoiser of
// the truth, and up to 1 for the data's own, which has seen the answers. Share is
// the c for which c·gap(D_data) comes nearest to gap(learned), by least squares over
// the levels, so that levels where there is nothing to remember have no say. A
// denoiser a share c of the way from the truth to the data's own comes out between c²
// and c.
//
// Distance compares answers on unseen data, as [DenoiserError] does, with data as
// the exact denoiser. The truth D itself is at 1 - E|x_0 - D|²/E|x_0 - D_data|², for
// x_0 - D is uncorrelated with every function of x_t.
//
// Ranges hold the true values: ± 1.96 standard errors by the jackknife, without each
// seen and each unseen sample in turn.
func Memorisation(learned, data drift.Denoiser, seen, unseen *drift.Batch, levels []drift.Level, seed uint64) (Memory, error) {
	if err := drift.SameShape(seen, unseen); err != nil {
		return Memory{}, fmt.Errorf("memorisation: seen and unseen: %w", err)
	}
	both := []drift.Denoiser{data, learned}
	var at []memoryLosses
	err := answers(unseen, levels, seed, both, func(_ drift.Level, _ *drift.Batch, d []*drift.Batch) {
		at = append(at, memoryLosses{
			unseenData: losses(unseen, d[0]), unseenLearned: losses(unseen, d[1]), apart: losses(d[0], d[1]),
		})
	})
	i := 0
	if err == nil {
		err = answers(seen, levels, seed, both, func(_ drift.Level, _ *drift.Batch, d []*drift.Batch) {
			at[i].seenData, at[i].seenLearned = losses(seen, d[0]), losses(seen, d[1])
			i++
		})
	}
	if err != nil {
		return Memory{}, fmt.Errorf("memorisation: %w", err)
	}
	m := remembered(at, -1, -1)
	var shares, distances [2][]float64 // without each seen and each unseen sample
	for k := range seen.N {
		s, u := remembered(at, k, -1), remembered(at, -1, k)
		shares[0], shares[1] = append(shares[0], s.Share.Value), append(shares[1], u.Share.Value)
		distances[1] = append(distances[1], u.Distance.Value)
	}
	m.Share = around(m.Share.Value, normal95*math.Sqrt(jackknife(shares[0])+jackknife(shares[1])))
	m.Distance = around(m.Distance.Value, normal95*math.Sqrt(jackknife(distances[1])))
	for k := range m.PerLevel {
		m.PerLevel[k].Level = levels[k]
	}
	return m, nil
}

// memoryLosses are squared errors at one level, sample by sample; apart are the squared
// distances of the two answers on unseen data.
type memoryLosses struct{ unseenData, unseenLearned, seenData, seenLearned, apart []float64 }

// remembered is what the losses say without one seen and one unseen sample (-1: all).
func remembered(at []memoryLosses, seen, unseen int) Memory {
	var m Memory
	product, square, distance := 0.0, 0.0, 0.0
	for _, l := range at {
		most := meanWithout(l.unseenData, unseen)
		level := MemoryLevel{
			Most:     share(most-meanWithout(l.seenData, seen), most),
			Gap:      share(meanWithout(l.unseenLearned, unseen)-meanWithout(l.seenLearned, seen), most),
			Distance: share(meanWithout(l.apart, unseen), most),
		}
		product += level.Gap * level.Most
		square += level.Most * level.Most
		distance += level.Distance / float64(len(at))
		m.PerLevel = append(m.PerLevel, level)
	}
	m.Share.Value, m.Distance.Value = share(product, square), distance
	return m
}

// losses are |a - b|² for each sample.
func losses(a, b *drift.Batch) []float64 {
	each := make([]float64, a.N)
	for i := range each {
		each[i] = squaredDistance(a.Row(i), b.Row(i))
	}
	return each
}
