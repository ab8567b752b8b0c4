package watch

import (
	"context"
	"fmt"

	"drift/dataset"
	"drift/feature"
	"drift/run"

	"github.com/gomlx/compute"
)

// previewMost is how many samples a preview looks at, if there are twice as many real
// ones: FID of so few says whether a run gets better, and little about how good it is.
const previewMost = 500

// Preview prepares looks at the quality of a run on pictures: FID between few generated
// ones and real ones, on the features of a classifier of the data set, which is trained
// first if nobody did so before. told is told how far that is.
func Preview(ctx context.Context, engine compute.Backend, set *dataset.Set, every int, told feature.Watch) (*run.Preview, error) {
	if !set.Image() {
		return nil, fmt.Errorf("preview: found points, expected pictures: `drift eval` measures points")
	}
	if every < 1 {
		return nil, fmt.Errorf("preview: found %d steps between looks, expected at least 1", every)
	}
	extractor, err := feature.Open(ctx, engine, set, told)
	if err != nil {
		return nil, err
	}
	n := min(previewMost, set.X.N/2)
	p, err := feature.NewPreview(ctx, extractor, set.X, n, 0)
	if err != nil {
		return nil, err
	}
	look := &run.Preview{Every: every, N: n, FID: p.FID}
	if err := extractor.Unkept(); err != nil {
		look.Warnings = []string{err.Error()}
	}
	return look, nil
}
