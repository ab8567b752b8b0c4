package exact

import (
	"slices"

	"drift"
	"drift/internal/parallel"
)

// Denoiser is the exact denoiser E[x_0 | x_t, class], with a class for each sample:
// labels[i] is that of row i, -1 means any class, and nil means any class for every
// row. A batch with another number of rows than labels, or a label that is no
// class, is an error. Guidance is [drift.Guided] of two of these.
func (m *Mixture) Denoiser(labels []int) drift.Denoiser {
	labels = slices.Clone(labels)
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		if err := denoiserErrors(dst, x, at, m.dim, m.classes, labels); err != nil {
			return err
		}
		parallel.Blocks(x.N, m.dim*len(m.parts)*16, func(lo, hi int) {
			s := m.scratch.take(m, at)
			defer m.scratch.give(s)
			for i := lo; i < hi; i++ {
				class := -1
				if labels != nil {
					class = labels[i]
				}
				s.weigh(m, x.Row(i), class)
				s.mean(dst.Row(i), m)
			}
		})
		return nil
	})
}
