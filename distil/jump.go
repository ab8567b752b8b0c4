package distil

import (
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/nn"
)

// Grid is the grid whose levels jumps go between: every second one of a walk of n steps
// makes one of n/2.
const Grid = "uniform"

// Numbers is how many numbers tell a network where a jump ends.
const Numbers = 1 + 2*waves

const waves = 6

// Levels are those of a walk of n jumps.
func Levels(p drift.Process, n int) ([]drift.Level, error) {
	g, err := drift.SpacingByName(Grid)
	if err != nil {
		return nil, err
	}
	return g.Levels(p, n)
}

// CheckJumps says what is wrong with the shortest jumps of a model, n from noise to data.
func CheckJumps(n int) error {
	if n < 2 || n > 1024 || n&(n-1) != 0 {
		return fmt.Errorf("jumps: found %d, expected a power of two from 2 to 1024", n)
	}
	return nil
}

// describe writes the numbers for a jump to a level: its [drift.NoiseInput] and sines and
// cosines of it.
func describe(dst []float64, to drift.Level) {
	noise := drift.NoiseInput(to)
	dst[0] = noise
	for k := range waves {
		sin, cos := math.Sincos(noise * math.Pow(2, float64(k)-1))
		dst[1+2*k], dst[2+2*k] = sin, cos
	}
}

// Denoiser is a model that learnt to jump, for a walk along levels that a solver asks it
// at one after the other, each once: its answer at a level is for the jump to the next.
func Denoiser(m *nn.Model, c nn.Condition, levels []drift.Level) drift.Denoiser {
	return toward(m, c, func(at drift.Level) (drift.Level, error) {
		i := slices.Index(levels, at)
		if i < 0 || i == len(levels)-1 {
			return at, fmt.Errorf("jump: found a question at %v, which is not where a step begins; expected a solver that asks there only, as ddim", at)
		}
		return levels[i+1], nil
	})
}

// Still is a model that learnt to jump, as an ordinary denoiser: its answers are for
// jumps of no length, and so like its teacher's.
func Still(m *nn.Model, c nn.Condition) drift.Denoiser {
	return toward(m, c, func(at drift.Level) (drift.Level, error) { return at, nil })
}

func toward(m *nn.Model, c nn.Condition, next func(drift.Level) (drift.Level, error)) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		to, err := next(at)
		if err != nil {
			return err
		}
		told := c
		told.Vectors = drift.NewBatch(x.N, Numbers)
		for k := range x.N {
			describe(told.Vectors.Row(k), to)
		}
		return m.Conditioned(told).Denoise(dst, x, at)
	})
}

// land is where a jump with the answer clean ends: for each sample its step of DDIM
// (Song et al. 2021, arXiv:2010.02502, eq. 12).
func land(x, clean *drift.Batch, from, to []drift.Level) *drift.Batch {
	y := x.Like()
	for i := range y.N {
		k := to[i].Sigma / from[i].Sigma
		c := to[i].Alpha - k*from[i].Alpha
		was, mean := x.Row(i), clean.Row(i)
		for j, row := 0, y.Row(i); j < len(row); j++ {
			row[j] = c*mean[j] + k*was[j]
		}
	}
	return y
}

// answer is what would have brought x to y in one jump: land, the other way round.
func answer(dst, x, y []float64, from, to drift.Level) {
	k := to.Sigma / from.Sigma
	c := to.Alpha - k*from.Alpha
	for j, v := range y {
		dst[j] = (v - k*x[j]) / c
	}
}
