// Package demo is the first walk from noise to dogs and cats: it trains on the
// article's two hills, samples, measures against the exact truth and draws.
package demo

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"os"
	"path/filepath"
	"time"

	"drift"
	"drift/figure"
	"drift/nn"
	"drift/render"
	"drift/run"
)

// Options of a demo.
type Options struct {
	Out      string // folder for the run and the pictures
	Seed     uint64
	Training func(run.Event)
	Walking  run.Watch
	Drawing  func(file string, done, total int)
}

// Config is the training that the demo does.
func Config(seed uint64) run.Config {
	c := run.DefaultConfig("dogcat")
	c.Seed, c.Train.Steps, c.CheckpointEvery = seed, 1500, 250
	return c
}

// Run does the demo. In a folder that holds one of the same seed already it goes on
// where that stopped, and measures and draws anew. It returns no report and no error
// if ctx ended it: what it has trained and drawn is kept.
func Run(ctx context.Context, o Options) (*run.Report, error) {
	report, err := walk(ctx, o)
	if ctx.Err() != nil && errors.Is(err, ctx.Err()) {
		return nil, nil
	}
	return report, err
}

func walk(ctx context.Context, o Options) (*run.Report, error) {
	began := time.Now()
	dir := filepath.Join(o.Out, "run")
	config := Config(o.Seed)
	finished, err := trainAll(ctx, dir, config, o)
	if err != nil || !finished {
		return nil, err
	}
	d, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	engine, err := nn.Engine()
	if err != nil {
		return nil, err
	}
	m, err := d.Model(engine, "last")
	if err != nil {
		return nil, err
	}
	set, err := config.OpenSet()
	if err != nil {
		return nil, err
	}
	request := run.DefaultRequest()
	request.N, request.Seed = 2000, o.Seed
	tape := figure.NewTape(d.Manifest, request.N)
	tape.Truth = set.Truth
	report, samples, err := m.Evaluate(ctx, set, request, func(first int, p drift.Progress) {
		if first == 0 {
			tape.Record(first, p)
		}
		if o.Walking != nil {
			o.Walking(first, p)
		}
	})
	if err != nil {
		return nil, err
	}
	metrics, err := d.Metrics()
	if err != nil {
		return nil, err
	}
	denoiser := func(class, n int) drift.Denoiser { return stoppable(ctx, m.ClassDenoiser(class, n)) }
	data := d.Manifest.Data
	bounds := render.BoundsOf(0.08, set.X.Batch())
	pictures := []struct {
		name string
		draw func() (image.Image, error)
	}{
		{"forward.png", func() (image.Image, error) { return figure.Forward(set, data.Scale, m.Process, o.Seed) }},
		{"terrain.png", func() (image.Image, error) { return figure.Terrain(set.Truth, data.Scale, m.Process, bounds), nil }},
		{"samples.png", func() (image.Image, error) {
			return figure.Samples("Samples", samples.X, samples.Labels, data.Classes, data.Range)
		}},
		{"learned.png", func() (image.Image, error) {
			compared, err := figure.Compare(denoiser, data.Share, set.Truth, data.Scale, m.Process, bounds)
			if err != nil {
				return nil, err
			}
			return compared.Image(), nil
		}},
		{"loss.png", func() (image.Image, error) { return figure.Loss(metrics) }},
	}
	drawn := func(i int, file string) {
		report.Files = append(report.Files, file)
		if o.Drawing != nil {
			o.Drawing(file, i+1, len(pictures)+1)
		}
	}
	for i, p := range pictures {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		picture, err := p.draw()
		if err != nil {
			return nil, err
		}
		file := filepath.Join(o.Out, p.name)
		if err := render.WritePNG(file, picture, true); err != nil {
			return nil, err
		}
		drawn(i, file)
	}
	animation := filepath.Join(o.Out, "walk.gif")
	err = render.WriteGIF(animation, true, func(w io.Writer) error { return tape.Write(w, samples.Labels) })
	if err != nil {
		return nil, err
	}
	drawn(len(pictures), animation)
	report.Run = dir
	report.Seconds = time.Since(began).Seconds()
	return report, nil
}

// stoppable is a denoiser that answers until ctx ends.
func stoppable(ctx context.Context, d drift.Denoiser) drift.Denoiser {
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return d.Denoise(dst, x, at)
	})
}

// trainAll trains to the end, or says that it was stopped.
func trainAll(ctx context.Context, dir string, c run.Config, o Options) (finished bool, err error) {
	if err := os.MkdirAll(o.Out, 0o755); err != nil {
		return false, fmt.Errorf("%s: cannot create: %w", o.Out, err)
	}
	for e, err := range run.Train(ctx, dir, c, run.Options{Resume: true}) {
		if err != nil {
			return false, err
		}
		if o.Training != nil {
			o.Training(e)
		}
		finished = e.Kind == "finished"
	}
	return finished, nil
}
