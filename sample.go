package drift

import (
	"context"
	"errors"
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

// Sampler is everything that decides a walk from noise to data. All fields are needed, but
// that a Walk by a solver that adds no noise can do without Noise.
type Sampler struct {
	Process  Process
	Denoiser Denoiser // asked by one goroutine at a time
	Solver   Solver
	Levels   []Level // at least two, from the noisiest to data, as [Grid] makes them
	Noise    *Noise  // draws what Start begins with, and then what the solver adds
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
	if s.Noise == nil {
		return errNoNoise
	}
	s.Noise.Normal(x)
	for i := range x.Data {
		x.Data[i] *= s.Levels[0].Sigma
	}
	return nil
}

// errNoNoise says that a sampler lacks noise that is asked for.
var errNoNoise = errors.New("noise: found none, expected what samples begin with and what the solver adds")

// lacking names the first field that is needed and not there.
func (s Sampler) lacking() error {
	name := ""
	switch {
	case s.Process.Curve == nil:
		name = "process"
	case s.Denoiser == nil:
		name = "denoiser"
	case s.Solver == nil:
		name = "solver"
	default:
		return nil
	}
	return fmt.Errorf("%s: found none, expected one", name)
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
		if err := s.lacking(); err != nil {
			yield(Progress{}, err)
			return
		}
		noise := s.Noise
		if noise == nil {
			noise = &Noise{} // which tells when a draw is taken
		}
		at := Progress{Steps: len(s.Levels) - 1, At: s.Levels[0], X: x}
		if !yield(at, nil) {
			return
		}
		step := s.Solver(s.Process, s.Denoiser, noise)
		for i, to := range s.Levels[1:] {
			err := ctx.Err()
			if err == nil {
				err = step(x, at.At, to)
			}
			if s.Noise == nil && noise.draw > 0 {
				err = errNoNoise
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
