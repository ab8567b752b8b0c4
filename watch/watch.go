package watch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"io"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"drift/figure"
	"drift/internal/safefile"
	"drift/internal/tfevents"
	"drift/render"
	"drift/run"
)

// eventFile is the name of the file that TensorBoard looks for.
const eventFile = "events.out.tfevents.0.drift"

// Train is [run.Train], and keeps the files of this package meanwhile.
func Train(ctx context.Context, path string, c run.Config, o run.Options) iter.Seq2[run.Event, error] {
	return func(yield func(run.Event, error) bool) {
		a := album{path: path}
		defer a.close()
		for e, err := range run.Train(ctx, path, c, o) {
			if err == nil {
				err = a.see(e)
			}
			if !yield(e, err) || err != nil {
				return
			}
		}
	}
}

// album is the files of one run.
type album struct {
	path     string
	manifest run.Manifest
	events   *tfevents.Writer
}

func (a *album) close() {
	if a.events != nil {
		a.events.Close()
	}
}

// see writes what an event says.
func (a *album) see(e run.Event) error {
	switch e.Kind {
	case "start", "resume":
		return a.open(e.Step)
	case "noted", "checkpoint", "preview":
		return a.events.Add(scalars(e))
	case "samples":
		return a.samples(e)
	case "stopped":
		return errors.Join(a.events.Add(scalars(e)), a.animate())
	case "finished":
		return a.animate()
	}
	return nil
}

// open drops what belongs to steps after step and goes on with the rest.
func (a *album) open(step int) error {
	d, err := run.Open(a.path)
	if err != nil {
		return err
	}
	a.manifest = d.Manifest
	for _, dir := range []string{"samples", "tensorboard"} {
		if err := os.MkdirAll(filepath.Join(a.path, dir), 0o755); err != nil {
			return err
		}
		if err := safefile.Sweep(filepath.Join(a.path, dir)); err != nil {
			return err
		}
	}
	grids, err := a.grids()
	if err != nil {
		return err
	}
	for _, at := range grids {
		if at > step {
			if err := os.Remove(a.grid(at)); err != nil {
				return err
			}
		}
	}
	a.events, err = tfevents.Open(filepath.Join(a.path, "tensorboard", eventFile), int64(step))
	return err
}

// scalars is what a line of the metrics says, for TensorBoard.
func scalars(e run.Event) tfevents.Event {
	at := tfevents.Event{Wall: now(), Step: int64(e.Step)}
	add := func(tag string, v float64) {
		at.Values = append(at.Values, tfevents.Value{Tag: tag, Scalar: float32(v)})
	}
	if e.Loss != 0 {
		add("loss/training", e.Loss)
	}
	if e.Rate != 0 {
		add("rate", e.Rate)
	}
	if len(e.Held) > 0 {
		add("loss/held_out", e.HeldMean)
	}
	if e.FID != nil {
		add("quality/fid", e.FID.Value)
		add("quality/fid_low", e.FID.Low)
		add("quality/fid_high", e.FID.High)
	}
	for _, l := range e.Held {
		add(fmt.Sprintf("held_out/noise_%.3g", l.Ratio), l.Loss)
	}
	return at
}

func now() float64 { return float64(time.Now().UnixMicro()) / 1e6 }

// samples writes a grid.
func (a *album) samples(e run.Event) error {
	d := a.manifest.Data
	picture, err := figure.Samples(d.Name, e.Samples.X, e.Samples.Labels, d.Classes, d.Range)
	if err != nil {
		return err
	}
	var file bytes.Buffer
	if err := render.EncodePNG(&file, picture); err != nil {
		return err
	}
	err = safefile.Write(a.grid(e.Step), func(w io.Writer) error {
		_, err := w.Write(file.Bytes())
		return err
	})
	if err != nil {
		return err
	}
	size := picture.Bounds().Size()
	return a.events.Add(tfevents.Event{Wall: now(), Step: int64(e.Step), Values: []tfevents.Value{
		{Tag: "samples", PNG: file.Bytes(), Width: size.X, Height: size.Y}}})
}

const gridName, gridExt = "step-", ".png"

func (a *album) grid(step int) string {
	return filepath.Join(a.path, "samples", fmt.Sprintf("%s%06d%s", gridName, step, gridExt))
}

// grids lists the steps of the grids that there are, in order.
func (a *album) grids() ([]int, error) {
	names, err := safefile.Named(filepath.Join(a.path, "samples"), gridName, gridExt)
	var steps []int
	for _, name := range names {
		digits := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), gridName), gridExt)
		if step, err := strconv.Atoi(digits); err == nil {
			steps = append(steps, step)
		}
	}
	slices.Sort(steps)
	return steps, err
}

// animate writes progress.gif of all grids, if there are any.
func (a *album) animate() error {
	steps, err := a.grids()
	if err != nil || len(steps) == 0 {
		return err
	}
	return render.WriteGIF(filepath.Join(a.path, "progress.gif"), true, func(w io.Writer) error {
		return render.Album(w, len(steps), func(i int) (image.Image, error) {
			f, err := os.Open(a.grid(steps[i]))
			if err != nil {
				return nil, err
			}
			defer f.Close()
			picture, err := png.Decode(f)
			if err != nil {
				err = fmt.Errorf("%s: %w", a.grid(steps[i]), err)
			}
			return picture, err
		})
	})
}
