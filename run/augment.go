package run

import (
	"fmt"
	"math/rand/v2"

	"drift/dataset"
	"drift/train"
)

// augment is how samples are changed as they are drawn; nil for not at all. Of
// mirroring by Flip the network is not told: what is mirrored is as good as the picture.
func (c Config) augment(shape []int) (*train.Augment, error) {
	if !c.Flip && c.Augment == 0 {
		return nil, nil
	}
	if len(shape) != 3 {
		return nil, fmt.Errorf("flip, augment: found samples of shape %v, expected pictures: only they can be mirrored or turned", shape)
	}
	a := &train.Augment{}
	if c.Augment > 0 {
		a.Labels = dataset.AugmentLabels
	}
	a.Draw = func(label []float64, r *rand.Rand) func([]float64) {
		mirrored := c.Flip && r.Uint64()&1 == 1
		var change func([]float64)
		if c.Augment > 0 {
			change = dataset.Augment(label, shape, c.Augment, r)
		}
		if !mirrored {
			return change
		}
		return func(x []float64) {
			dataset.Mirror(x, shape)
			if change != nil {
				change(x)
			}
		}
	}
	return a, nil
}
