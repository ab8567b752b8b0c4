package nn

import (
	"math/bits"

	"drift"
	"drift/backend/cpu"

	"github.com/gomlx/compute"
)

// tiles says how many samples a network sees at once.
type tiles struct {
	most int
	free bool // whether a smaller tile gives a sample the same bytes
}

// tilesOf chooses tiles for samples of a shape on an engine.
//
// On drift's own engine a row of a batch does not depend on how many there are, so a
// tile may be as small as what is asked for. GoMLX's others handle rows in groups of 3,
// 4, 6, 12 or 16 and the rest in another way, so there a tile is always the same
// multiple of 48, of about 2^14 values and at most 240 samples: no row is among the
// rest.
func tilesOf(engine compute.Backend, shape []int) tiles {
	dim := max(1, (&drift.Batch{Shape: shape}).Dim())
	if engine.Name() == cpu.Name {
		return tiles{most: min(max(16, 1<<bits.Len(uint(mostValues/dim))/2), 1024), free: true}
	}
	return tiles{most: 48 * max(1, min(5, 1<<14/(48*dim)))}
}

// mostValues is about how many values of samples a tile holds on drift's engine.
const mostValues = 1 << 15

// of is the tile for n samples, at most the largest tile: the next power of two where
// that may be, so that there are few to compile.
func (t tiles) of(n int) int {
	if !t.free {
		return t.most
	}
	return min(t.most, 1<<bits.Len(uint(n-1)))
}
