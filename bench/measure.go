package bench

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute"
)

// Result is how long a workload took on an engine: medians, after a warm-up.
type Result struct {
	Name         string  `json:"name"`
	Params       int     `json:"params"`
	ForwardGFLOP float64 `json:"forward_gflop"` // of one forward pass, two for a multiply-add
	ForwardMS    float64 `json:"forward_ms"`
	TrainMS      float64 `json:"train_ms"`
	TrainGFLOPS  float64 `json:"train_gflops"`                 // a second; a step counts as three forward passes
	SampleMS     float64 `json:"sample_ms,omitempty"`          // of all samples of the workload in [SampleSteps] steps
	SampleRate   float64 `json:"samples_per_second,omitempty"` // the same as samples a second
	CompileMS    float64 `json:"compile_ms"`                   // to build and compile the training step, once
	PeakShare    float64 `json:"peak_share,omitempty"`
}

// String is the line that the peers in bench/peers print as well.
func (r Result) String() string {
	line := fmt.Sprintf("%s params %d forward_gflop %.3f forward_ms %.2f train_ms %.2f train_gflops %.1f",
		r.Name, r.Params, r.ForwardGFLOP, r.ForwardMS, r.TrainMS, r.TrainGFLOPS)
	if r.SampleMS > 0 {
		line += fmt.Sprintf(" sample_ms %.0f samples_per_second %.2f", r.SampleMS, r.SampleRate)
	}
	line += fmt.Sprintf(" compile_ms %.0f", r.CompileMS)
	if r.PeakShare > 0 {
		line += fmt.Sprintf(" peak_share %.3f", r.PeakShare)
	}
	return line
}

// Peak measures how many GFLOP/s of fused multiply-adds the cores in use can do; nil
// where nobody can tell.
type Peak func() float64

const warmUps = 2

// sampleRuns is how often sampling is timed, which takes as long as many forward passes.
const sampleRuns = 1

// Measure times a workload, runs times (0 for the workload's own number). The peak is
// measured before and after, and the larger counts.
func Measure(ctx context.Context, engine compute.Backend, w Workload, runs int, peak Peak) (Result, error) {
	g, err := Compile(engine, w)
	if err != nil {
		return Result{}, err
	}
	if runs == 0 {
		runs = w.Runs
	}
	most := 0.0
	look := func() {
		if peak != nil {
			most = max(most, peak())
		}
	}
	look()
	forward, err := median(ctx, warmUps, runs, g.Forward)
	if err != nil {
		return Result{}, err
	}
	train, err := median(ctx, warmUps, runs, g.Train)
	if err != nil {
		return Result{}, err
	}
	var sample time.Duration
	if w.Sampled > 0 {
		sampler, err := g.Sampler(engine, w)
		if err != nil {
			return Result{}, err
		}
		if sample, err = median(ctx, 0, min(runs, sampleRuns), func() error { return sampler(ctx) }); err != nil {
			return Result{}, err
		}
	}
	look()
	r := Result{
		Name: w.Name, Params: g.Params, ForwardGFLOP: float64(g.FLOP) / 1e9,
		ForwardMS: 1e3 * forward.Seconds(), TrainMS: 1e3 * train.Seconds(),
		TrainGFLOPS: 3 * float64(g.FLOP) / 1e9 / train.Seconds(), CompileMS: 1e3 * g.TrainCompile.Seconds(),
	}
	if sample > 0 {
		r.SampleMS, r.SampleRate = 1e3*sample.Seconds(), float64(w.Sampled)/sample.Seconds()
	}
	if most > 0 {
		r.PeakShare = r.TrainGFLOPS / most
	}
	return r, nil
}

// median is the time that f takes, after so many calls that do not count.
func median(ctx context.Context, warmUps, runs int, f func() error) (time.Duration, error) {
	var times []time.Duration
	for i := range runs + warmUps {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		start := time.Now()
		if err := f(); err != nil {
			return 0, err
		}
		if i >= warmUps {
			times = append(times, time.Since(start))
		}
	}
	slices.Sort(times)
	return times[len(times)/2], nil
}
