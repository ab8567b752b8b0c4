package feature

import (
	"context"
	"fmt"

	"drift"
	"drift/metric"
)

// Preview is FID on few pictures, for a look at quality while a model is trained. Real
// pictures are seen once, so that a look costs the features of generated ones and little more.
type Preview struct {
	extractor Extractor
	real      *drift.Batch // features of n real pictures
	floor     metric.Estimate
}

// NewPreview prepares looks at n generated pictures. It takes n real ones to compare with,
// and the floor from twice as many, at most all.
func NewPreview(ctx context.Context, e Extractor, real *drift.Rows, n int, seed uint64) (*Preview, error) {
	if n < 2 || real.N < 2*n {
		return nil, fmt.Errorf("preview: found %d real pictures for looks at %d generated ones, expected at least 2 for each and looks at 2 or more", real.N, n)
	}
	some := metric.Shuffle(real.N, seed, 0)[:min(real.N, 4*n)]
	features, err := featuresOf(ctx, e, real.Pick(some), "", func(string, int, int) {})
	if err != nil {
		return nil, err
	}
	halves := metric.Halves(drift.RowsOf(features), n, seed)
	return &Preview{extractor: e, real: halves(0), floor: metric.Floor(halves, fidFloorPairs(e.Dim()), metric.FIDValue)}, nil
}

// FID is that of generated pictures, of which it takes the first n, beside its floor between
// n and n real ones. Fewer than n are an error: FID depends on their number.
func (p *Preview) FID(ctx context.Context, generated *drift.Batch) (*metric.Measure, error) {
	if generated.N < p.real.N {
		return nil, fmt.Errorf("preview: found %d generated pictures, expected %d", generated.N, p.real.N)
	}
	features, err := p.extractor.Features(ctx, drift.RowsOf(generated.Slice(0, p.real.N)))
	if err != nil {
		return nil, err
	}
	found := metric.Beside(metric.FID(features, p.real), &p.floor)
	if found == nil {
		return nil, fmt.Errorf("preview: FID is not a finite number")
	}
	return found, nil
}

// Warning says why FID of so few pictures says little, or nothing if it says enough.
func (p *Preview) Warning() string { return metric.FIDWarning(p.real.N, p.extractor.Dim()) }
