package run

import (
	"context"
	"fmt"
	"time"

	"drift"
	"drift/dataset"
	"drift/feature"
)

// mostCompared bounds the generated pictures whose features are taken.
const mostCompared = 10_000

// Compare adds to a report of pictures what features say of them: an extractor's own, which
// also says whether it recognises the classes if it is a classifier. Real pictures are
// those of the data set, or of a test set if that is not nil; copies are looked for among those
// that the run learned, beside those that it held back. stage may be nil.
func (m *Model) Compare(ctx context.Context, report *Report, set, test *dataset.Set, s *Samples, e feature.Extractor, seed uint64, stage feature.Stage) error {
	began := time.Now()
	real := reality{set, seed}
	if err := m.fits(set); err != nil {
		return err
	}
	if test != nil {
		if err := m.fits(test); err != nil {
			return fmt.Errorf("test set: %w", err)
		}
		real.set = test
	}
	if !set.Image() {
		return fmt.Errorf("features: found samples of shape %v, expected pictures", set.X.Shape)
	}
	learned, unseen, err := m.parts(set)
	if err != nil {
		return err
	}
	p := feature.Pictures{Learned: set.X, Generated: drift.RowsOf(real.like(s, min(mostCompared, s.X.N, real.set.X.N)))}
	if learned != nil {
		p.Learned = learned.X
	}
	if unseen != nil {
		p.Unseen = unseen.X
	}
	if test != nil {
		p.Test = test.X
	}
	found, err := feature.Compare(ctx, e, p, seed, stage)
	if err != nil {
		return fmt.Errorf("evaluation: %w", err)
	}
	if c, ok := e.(*feature.Classifier); ok && s.Labels != nil && len(c.Card().Classes) > 0 {
		n := min(mostCompared, s.X.N) // classes take turns
		if found.ClassAccuracy, err = c.Recognised(ctx, drift.RowsOf(s.X.Slice(0, n)), s.Labels[:n]); err != nil {
			return fmt.Errorf("evaluation: %w", err)
		}
	}
	report.Features = found
	report.Seconds += time.Since(began).Seconds()
	return nil
}
