package edit

import (
	"context"
	"fmt"
	"math"
	"slices"

	"drift"
)

// Invert takes clean samples up the probability flow to the noise that they come from:
// the sampler's walk the other way, by its own solver, which must add no noise. With
// DDIM that is DDIM inversion (Song et al. 2021, arXiv:2010.02502, section 4.3; Dhariwal
// & Nichol 2021, arXiv:2105.05233, appendix F); with [Undo], the exact inverse of
// DDIM's steps. Samples begin at the walk's last level that has noise, as if they
// held none.
func Invert(ctx context.Context, s drift.Sampler, x *drift.Batch) error {
	up, err := noisy(s.Levels)
	if err != nil {
		return err
	}
	s.Levels = slices.Clone(up)
	slices.Reverse(s.Levels)
	for i := range x.Data {
		x.Data[i] *= s.Levels[0].Alpha
	}
	return walk(ctx, s, x)
}

// Rebuild takes what [Invert] made back to clean samples, down the same levels.
func Rebuild(ctx context.Context, s drift.Sampler, x *drift.Batch) error {
	down, err := noisy(s.Levels)
	if err != nil {
		return err
	}
	s.Levels = down
	if err := walk(ctx, s, x); err != nil {
		return err
	}
	for i := range x.Data {
		x.Data[i] /= down[len(down)-1].Alpha
	}
	return nil
}

// noisy are the levels of a walk but for a last one without noise.
func noisy(levels []drift.Level) ([]drift.Level, error) {
	if n := len(levels); n > 0 && levels[n-1].Sigma == 0 {
		levels = levels[:n-1]
	}
	if len(levels) < 2 {
		return nil, fmt.Errorf("inversion: found %d levels with noise, expected at least 2", len(levels))
	}
	return levels, nil
}

func walk(ctx context.Context, s drift.Sampler, x *drift.Batch) error {
	for _, err := range s.Walk(ctx, x) {
		if err != nil {
			return err
		}
	}
	return nil
}

// Undo is a solver whose step up to a noisier level is the exact inverse of DDIM's step
// down from it. That step moves x/Alpha along the noise ε that D leaves of y, where it
// begins, so that y is a fixed point (Pan et al. 2023, arXiv:2309.04907, section 3.2),
//
//	y = Alpha'/Alpha·x + (Sigma' - Alpha'/Alpha·Sigma)·ε(y),  ε(y) = (y - Alpha'·D(y))/Sigma',
//
// found to a relative error of tolerance. At Alpha' = 0 nothing is left of x there, and the
// same equation is written with x - Alpha·D(y) = Sigma·y/Sigma'. It is an error if it does
// not come so near: then more steps, which are shorter, may help.
func Undo(tolerance float64) drift.Solver {
	return func(_ drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			if !(from.Ratio() < to.Ratio()) {
				return fmt.Errorf("undo: found a step from %v to %v, expected one to more noise", from, to)
			}
			y, clean := x.Clone(), x.Like()
			done := make([]bool, x.N)
			for range mostTries {
				if err := d.Denoise(clean, y, to); err != nil {
					return err
				}
				left := x.N
				for i := range done {
					// Each by itself, so that a sample does not depend on its neighbours.
					if done[i] = done[i] || again(y.Row(i), x.Row(i), clean.Row(i), from, to) <= tolerance; done[i] {
						left--
					}
				}
				if left == 0 {
					copy(x.Data, y.Data)
					return nil
				}
			}
			return fmt.Errorf("undo: found no fixed point within %g after %d tries, expected the step to be shorter", tolerance, mostTries)
		}
	}
}

// mostTries bounds the evaluations of a step of [Undo].
const mostTries = 500

// again goes once from y to what the fixed point's equation says of it, and returns by
// how much of its size y moved.
func again(y, x, clean []float64, from, to drift.Level) float64 {
	grow := to.Alpha / from.Alpha
	k := (to.Sigma - grow*from.Sigma) / to.Sigma
	var moved, size float64
	for j, v := range y {
		next := grow*x[j] + k*(v-to.Alpha*clean[j])
		if to.Alpha == 0 {
			next = to.Sigma / from.Sigma * (x[j] - from.Alpha*clean[j])
		}
		moved, size = moved+(next-v)*(next-v), size+next*next
		y[j] = next
	}
	if moved == 0 {
		return 0
	}
	return math.Sqrt(moved / size)
}
