package run

import (
	"fmt"
	"math/rand/v2"

	"drift/train"
)

// augment is how samples are changed as they are drawn; nil for not at all.
func (c Config) augment(shape []int) (*train.Augment, error) {
	if !c.Flip {
		return nil, nil
	}
	if len(shape) != 3 {
		return nil, fmt.Errorf("flip: found samples of shape %v, expected pictures: only they have a mirror image", shape)
	}
	// What is mirrored is as good as the picture, so the network is not told.
	return &train.Augment{Draw: func(_ []float64, r *rand.Rand) func([]float64) {
		if r.Uint64()&1 == 0 {
			return nil
		}
		return func(x []float64) { mirror(x, shape[1], shape[2]) }
	}}, nil
}

// mirror swaps left and right of a picture [H, W, C].
func mirror(x []float64, w, c int) {
	for row := 0; row < len(x); row += w * c {
		for left, right := 0, w-1; left < right; left, right = left+1, right-1 {
			for k := range c {
				i, j := row+left*c+k, row+right*c+k
				x[i], x[j] = x[j], x[i]
			}
		}
	}
}
