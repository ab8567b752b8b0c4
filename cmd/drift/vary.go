package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"strings"

	"drift"
	"drift/dataset"
	"drift/edit"
	"drift/internal/safefile"
	"drift/render"
	"drift/run"

	"github.com/spf13/cobra"
)

func newVary(c *console) *cobra.Command {
	e := newEditing(c, 4)
	var file string
	var strength float64
	cmd := &cobra.Command{
		Use:     "vary RUN",
		Short:   "Make pictures like a picture: it is blurred into noise some of the way, and walked back",
		Example: example("drift edit vary runs/pets --picture dog.png --strength 0.5 --class cat -n 9 --out cats.png"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := e.start(cmd, args); err != nil {
				return err
			}
			picture, err := e.standardised(file)
			if err != nil {
				return err
			}
			result, err := e.each(func(w run.Walk, x *drift.Batch, watch run.Watch) (err error) {
				for i := range x.N {
					copy(x.Row(i), picture.Data)
				}
				if w.Levels, err = edit.Vary(x, w.Levels, strength, w.Noise); err != nil {
					return err
				}
				return w.Follow(cmd.Context(), x, watch)
			})
			if err != nil {
				return err
			}
			return e.finish(cmd, result, nil)
		},
	}
	e.editFlags(cmd)
	cmd.Flags().StringVar(&file, "picture", "", "what to vary: a PNG, JPEG, GIF, WebP or BMP file")
	cmd.Flags().Float64Var(&strength, "strength", 0.5, "share of the walk's steps, above 0 and at most 1: 1 keeps nothing")
	cmd.MarkFlagRequired("picture")
	return cmd
}

func newInterpolate(c *console) *cobra.Command {
	e := newEditing(c, 9)
	e.still = true
	var index []int
	var pictures []string
	cmd := &cobra.Command{
		Use:   "interpolate RUN",
		Short: "Go from one sample, or one picture, to another on the great circle between their noise",
		Example: example("drift edit interpolate runs/pets --index 3,8 --seed 1 --class dog --out between.png",
			"drift edit interpolate runs/pets --picture a.png,b.png -n 30 --out between.gif"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(index)+len(pictures) != 2 || len(index) == 1 {
				return usageError{fmt.Errorf("interpolate: found %d indices and %d pictures, expected --index I,J or --picture A,B", len(index), len(pictures))}
			}
			if e.N < 2 {
				return fmt.Errorf("n: found %d, expected at least 2, the ends", e.N)
			}
			e.exact = len(pictures) == 2
			if err := e.start(cmd, args); err != nil {
				return err
			}
			if strings.EqualFold(filepath.Ext(e.out), ".png") { // in one row
				if err := render.PicturesFit(e.model.Manifest.Data.Shape, e.N, e.N, nil); err != nil {
					return err
				}
			}
			ends := drift.NewBatch(2, e.model.Manifest.Data.Shape...)
			for k := range 2 {
				var err error
				if len(index) == 2 {
					err = e.startOf(ends.Slice(k, k+1), index[k])
				} else {
					err = e.noiseOf(cmd.Context(), ends.Slice(k, k+1), pictures[k])
				}
				if err != nil {
					return err
				}
			}
			if animated(e.out) || strings.EqualFold(filepath.Ext(e.out), ".png") {
				e.write = writeRow
			}
			result, err := e.each(func(w run.Walk, x *drift.Batch, watch run.Watch) error {
				for i := range x.N {
					share := float64(w.From+i) / float64(e.N-1)
					if err := edit.Slerp(x.Slice(i, i+1), ends.Slice(0, 1), ends.Slice(1, 2), share); err != nil {
						return err
					}
				}
				return w.Follow(cmd.Context(), x, watch)
			})
			if err != nil {
				return err
			}
			return e.finish(cmd, result, nil)
		},
	}
	e.editFlags(cmd)
	cmd.Flags().IntSliceVar(&index, "index", nil, "indices of two samples of the seed, of one class or none")
	cmd.Flags().StringSliceVar(&pictures, "picture", nil, "two files of pictures, which are inverted first")
	return cmd
}

// startOf is the noise that sample i of the seed begins with.
func (e *editing) startOf(x *drift.Batch, i int) error {
	_, err := e.model.Each(e.one(i), func(w run.Walk, noise *drift.Batch) error {
		err := w.Start(noise)
		copy(x.Data, noise.Data)
		return err
	})
	return err
}

// up is the sampler of a walk up to noise: for ddim there is an exact one.
func (e *editing) up(s drift.Sampler) drift.Sampler {
	if e.Solver == "ddim" {
		s.Solver = edit.Undo(1e-5) // about what float32 can hold
	}
	return s
}

// noiseOf is the noise that a picture comes from.
func (e *editing) noiseOf(ctx context.Context, x *drift.Batch, file string) error {
	picture, err := e.standardised(file)
	if err != nil {
		return err
	}
	_, err = e.model.Each(e.one(e.First), func(w run.Walk, _ *drift.Batch) error {
		copy(x.Data, picture.Data)
		return edit.Invert(ctx, e.up(w.Sampler), x)
	})
	return err
}

// writeRow writes the pictures in one row, or one after the other.
func writeRow(path string, force bool, m made) error {
	d := m.Manifest.Data
	if animated(path) {
		frames := make([]*drift.Batch, m.X.N)
		for i := range frames {
			frames[i] = m.X.Slice(i, i+1)
		}
		return render.WriteGIF(path, force, func(w io.Writer) error {
			return render.PictureWalk(w, frames, nil, 1, d.Range[0], d.Range[1])
		})
	}
	row, err := render.Pictures(m.X, m.X.N, d.Range[0], d.Range[1], nil)
	if err != nil {
		return err
	}
	return publishPicture(path, force, row, m.recipe)
}

func newInvert(c *console) *cobra.Command {
	e := newEditing(c, 1)
	var file, noise string
	cmd := &cobra.Command{
		Use:   "invert RUN",
		Short: "Find the noise that a picture comes from, and say how well it comes back",
		Long: "Find the noise that a picture comes from, walking up the probability flow, and walk back down from it.\n" +
			"With the solver ddim every step is inverted exactly; others walk up by themselves, which is exact for\n" +
			"many steps only.",
		Example: example("drift edit invert runs/pets --picture dog.png --noise noise.npy --out back.png",
			"drift edit invert runs/pets --picture dog.png --solver heun --steps 20"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if e.N != 1 {
				return usageError{fmt.Errorf("-n: found %d, expected 1: a picture comes from one noise", e.N)}
			}
			if animated(e.out) {
				return usageError{fmt.Errorf("--out: found %q, expected a .png or .npy file, or a folder/", e.out)}
			}
			if noise != "" {
				if !strings.EqualFold(filepath.Ext(noise), ".npy") {
					return usageError{fmt.Errorf("--noise: found %q, expected a file that ends in .npy", noise)}
				}
				if err := apart("--noise", noise, "--out", e.out); err != nil {
					return err
				}
				if err := safefile.Ready(noise, e.force); err != nil {
					return err
				}
			}
			if err := e.start(cmd, args); err != nil {
				return err
			}
			picture, err := e.standardised(file)
			if err != nil {
				return err
			}
			var found *drift.Batch
			var top float64 // deviation of noise where the walk begins
			result, err := e.each(func(w run.Walk, x *drift.Batch, watch run.Watch) error {
				copy(x.Data, picture.Data)
				if err := edit.Invert(cmd.Context(), e.up(w.Sampler), x); err != nil {
					return err
				}
				found, top = x.Clone(), w.Levels[0].Sigma
				return edit.Rebuild(cmd.Context(), w.Sampler, x)
			})
			if err != nil {
				return err
			}
			if noise != "" {
				if err := publish(noise, e.force, func(w io.Writer) error { return dataset.WriteNPY(w, found) }); err != nil {
					return err
				}
			}
			return e.compare(cmd, result, picture, found, top)
		},
	}
	e.Solver, e.still, e.exact = "ddim", true, true
	e.editFlags(cmd)
	cmd.Flags().StringVar(&file, "picture", "", "what to invert: a PNG, JPEG, GIF, WebP or BMP file")
	cmd.Flags().StringVar(&noise, "noise", "", "file for the noise, .npy")
	cmd.MarkFlagRequired("picture")
	return cmd
}

// compare says how far a picture that was rebuilt is from what it was, in steps of 8-bit
// pixels, and how Gaussian its noise looks, whose deviation should be top.
func (e *editing) compare(cmd *cobra.Command, m made, picture, noise *drift.Batch, top float64) error {
	d := e.model.Manifest.Data
	was := d.Scale.Restore(picture)
	var square, worst, variance float64
	for i, v := range was.Data {
		off := (m.X.Data[i] - v) / (d.Range[1] - d.Range[0]) * 255
		square += off * off / float64(len(was.Data))
		worst = max(worst, math.Abs(off))
	}
	for _, v := range noise.Data {
		variance += v * v / float64(len(noise.Data))
	}
	variance /= top * top
	e.c.say("comes back within %.2f of 255 steps on average, %.2f at worst; its noise has variance %.2f", math.Sqrt(square), worst, variance)
	return e.finish(cmd, m, map[string]any{"rms_error": math.Sqrt(square), "worst_error": worst, "noise_variance": variance})
}
