package exact

import (
	"runtime"
	"slices"
	"sync"

	"drift"
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
		inBlocks(x.N, m.dim*len(m.parts)*16, func(lo, hi int) {
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

// inBlocks splits rows 0 ≤ i < n among the processors, where each row costs about
// cost operations. Rows must not depend on each other, so that the split changes
// nothing but the time.
func inBlocks(n, cost int, do func(lo, hi int)) {
	const enough = 1 << 18 // operations that outweigh a goroutine by far
	workers := min(runtime.GOMAXPROCS(0), n*cost/enough+1, max(n, 1))
	if workers == 1 {
		do(0, n)
		return
	}
	var wait sync.WaitGroup
	for w := range workers {
		wait.Go(func() { do(w*n/workers, (w+1)*n/workers) })
	}
	wait.Wait()
}
