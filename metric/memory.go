package metric

import (
	"fmt"

	"drift"
)

// Memory says how far a denoiser has memorised its data.
type Memory struct {
	Share    float64 // 0: knows seen data no better than unseen; 1: as the data by heart
	Distance float64 // mean over the levels of their Distance
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
func Memorisation(learned, data drift.Denoiser, seen, unseen *drift.Batch, levels []drift.Level, seed uint64) (Memory, error) {
	if err := drift.SameShape(seen, unseen); err != nil {
		return Memory{}, fmt.Errorf("memorisation: seen and unseen: %w", err)
	}
	both := []drift.Denoiser{data, learned}
	loss := func(x0 *drift.Batch, d []*drift.Batch) [2]float64 {
		return [2]float64{squaredDistance(x0.Data, d[0].Data), squaredDistance(x0.Data, d[1].Data)}
	}
	var m Memory
	var fresh [][2]float64 // losses on unseen data, by level
	err := answers(unseen, levels, seed, both, func(at drift.Level, x *drift.Batch, d []*drift.Batch) {
		m.PerLevel = append(m.PerLevel, MemoryLevel{Level: at, Distance: levelError(at, unseen, x, d[0], d[1]).Denoiser})
		fresh = append(fresh, loss(unseen, d))
	})
	if err != nil {
		return Memory{}, fmt.Errorf("memorisation: %w", err)
	}
	i, product, square := 0, 0.0, 0.0
	err = answers(seen, levels, seed, both, func(_ drift.Level, _ *drift.Batch, d []*drift.Batch) {
		l, old := &m.PerLevel[i], loss(seen, d)
		l.Most, l.Gap = share(fresh[i][0]-old[0], fresh[i][0]), share(fresh[i][1]-old[1], fresh[i][0])
		product += l.Gap * l.Most
		square += l.Most * l.Most
		m.Distance += l.Distance / float64(len(levels))
		i++
	})
	if err != nil {
		return Memory{}, fmt.Errorf("memorisation: %w", err)
	}
	m.Share = share(product, square)
	return m, nil
}
