package solver

import (
	"fmt"
	"math"

	"drift"
)

// Known are values that samples must have: those of Clean where Mask is true. Mask
// holds one entry for each value of a batch. The zero Known asks for nothing.
type Known struct {
	Clean *drift.Batch
	Mask  []bool
}

// RePaint paints what is not known around what is (Lugmayr et al. 2022,
// arXiv:2201.09865, algorithm 1). At each step the known part is drawn from
// q(x_to | x_0) (lines 4-5, eq. 8a) and the rest comes from a step of inner (lines 6-7,
// eq. 8b); then noise takes both back to where the step began (line 10), so that they
// meet at the next of repeats tries (their U). With nothing known it is resampling
// alone. It begins inner anew for each step, whose memory would be of other x.
func RePaint(inner drift.Solver, known Known, repeats int) drift.Solver {
	return func(p drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			if repeats < 1 {
				return fmt.Errorf("repaint: found %d repeats, expected at least 1", repeats)
			}
			if err := known.Check(x); err != nil {
				return err
			}
			for try := 1; ; try++ {
				if err := inner(p, d, noise)(x, from, to); err != nil {
					return err
				}
				known.put(x, to, noise)
				if try == repeats || to.Sigma == 0 {
					return nil
				}
				// q(x_from | x_to): x = Alpha/Alpha'·x' + √(Sigma² - (Alpha/Alpha')²·Sigma'²)·ξ
				k := shrink(from, to)
				scale(x, from.Alpha/to.Alpha)
				addNoise(x, from.Sigma*math.Sqrt(max(0, 1-k*k)), noise)
			}
		}
	}
}

// Check names what does not fit the samples x.
func (k Known) Check(x *drift.Batch) error {
	if k.Mask == nil {
		return nil
	}
	if k.Clean == nil || len(k.Mask) != len(x.Data) {
		return fmt.Errorf("known values: found %d entries in the mask, expected %d and as many values", len(k.Mask), len(x.Data))
	}
	return drift.SameShape(k.Clean, x)
}

// At is a draw from q(x_t | x_0 = Clean).
func (k Known) At(at drift.Level, noise *drift.Noise) *drift.Batch {
	fresh := k.Clean.Clone()
	scale(fresh, at.Alpha)
	addNoise(fresh, at.Sigma, noise)
	return fresh
}

// put replaces the known values of x by a draw from q(x_t | x_0).
func (k Known) put(x *drift.Batch, at drift.Level, noise *drift.Noise) {
	if k.Mask == nil {
		return
	}
	fresh := k.At(at, noise)
	for i, known := range k.Mask {
		if known {
			x.Data[i] = fresh.Data[i]
		}
	}
}
