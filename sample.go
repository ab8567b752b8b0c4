package drift

import (
	"context"
	"fmt"
	"iter"
)

// Step moves every sample of x from one level to a less (or, for inversion, more)
// noisy one. A step into Sigma = 0 is x = D(x), and a Denoiser is never asked at
// Sigma = 0.
type Step func(x *Batch, from, to Level) error

// Solver makes the step function of one walk; what it remembers from step to step
// lives in the closure. Solvers see a Denoiser and nothing else of the model.
type Solver func(Process, Denoiser, *Noise) Step

// Sampler is everything that decides a walk from noise to data.
type Sampler struct {
	Process  Process
	Denoiser Denoiser
	Solver   Solver
	Levels   []Level // from the noisiest to data, as [Grid] makes them
	Noise    *Noise
}

// Progress is where a walk stands: X are the samples at level At after Step of
// Steps. X is the walk's own batch: copy what must outlast the next step.
type Progress struct {
	Step, Steps int
	At          Level
	X           *Batch
}

// Start fills x with noise at the first level, N(0, Sigma²·I).
func (s Sampler) Start(x *Batch) error {
	if len(s.Levels) < 2 {
		return fmt.Errorf("levels: found %d, expected at least 2", len(s.Levels))
	}
	s.Noise.Normal(x)
	for i := range x.Data {
		x.Data[i] *= s.Levels[0].Sigma
	}
	return nil
}

// Walk takes x, samples at the first level, step by step to the last, in place. It
// yields before the first step and after each one, so that a command, a picture or
// a test can watch the same walk, and stops early when the caller does, when ctx
// ends, or when a step fails or leaves a number that is not finite.
func (s Sampler) Walk(ctx context.Context, x *Batch) iter.Seq2[Progress, error] {
	return func(yield func(Progress, error) bool) {
		if len(s.Levels) < 2 {
			yield(Progress{}, fmt.Errorf("levels: found %d, expected at least 2", len(s.Levels)))
			return
		}
		for i, l := range s.Levels {
			if err := l.Valid(); err != nil || l.Sigma == 0 && i < len(s.Levels)-1 {
				yield(Progress{}, fmt.Errorf("levels: found %v at %d of %d, expected valid levels with Sigma > 0 but for the last (to invert, begin with a little noise)", l, i, len(s.Levels)-1))
				return
			}
		}
		at := Progress{Steps: len(s.Levels) - 1, At: s.Levels[0], X: x}
		if !yield(at, nil) {
			return
		}
		step := s.Solver(s.Process, s.Denoiser, s.Noise)
		for i, to := range s.Levels[1:] {
			err := ctx.Err()
			if err == nil {
				err = step(x, at.At, to)
			}
			if err == nil {
				err = x.Finite()
			}
			if err != nil {
				yield(at, fmt.Errorf("sampling step %d of %d, from %v to %v: %w", i+1, at.Steps, at.At, to, err))
				return
			}
			at.Step, at.At = i+1, to
			if !yield(at, nil) {
				return
			}
		}
	}
}

// Sample starts at noise and walks to data without stopping to look.
func (s Sampler) Sample(ctx context.Context, x *Batch) error {
	if err := s.Start(x); err != nil {
		return err
	}
	for _, err := range s.Walk(ctx, x) {
		if err != nil {
			return err
		}
	}
	return nil
}
