package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"drift"
	"drift/dataset"
	"drift/feature"
	"drift/figure"
	"drift/metric"
	"drift/nn"
	"drift/render"

	"github.com/spf13/cobra"
)

// features is what eval and compare are told of the features of pictures, by the flags that
// they share.
type features struct {
	name, neighbours string
	test             string // data set
	force, realism   bool
	feature.ONNXOptions
}

// noFeatures is the name that leaves them out.
const noFeatures = "none"

func (f *features) flags(cmd *cobra.Command) {
	names := append(append([]string{}, feature.Kinds...), noFeatures)
	var scalings []string
	for _, s := range feature.Scalings {
		scalings = append(scalings, s.Name)
	}
	flags := cmd.Flags()
	flags.StringVar(&f.name, "features", "", "of pictures: what makes the features for FID and its kin: "+strings.Join(names, ", ")+" or FILE.onnx (default: a classifier trained on the data set and kept, where it has classes)")
	flags.StringVar(&f.Pixels, "features-pixels", "", "values that an ONNX file wants for pixels: "+strings.Join(scalings, ", ")+" (default "+scalings[0]+")")
	flags.StringVar(&f.Output, "features-output", "", "output of an ONNX file to take, or another value in its graph (default: its only output)")
	flags.StringVar(&f.test, "test", "", "of pictures: a DATASET that was not learned, such as mnist-test, to measure distances to in place of the data learned")
	flags.StringVar(&f.neighbours, "out-neighbours", "", "PNG file for generated pictures beside the nearest ones of the training data")
	flags.BoolVar(&f.force, "force", false, "overwrite an existing file")
	cmd.RegisterFlagCompletionFunc("test", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return completeDatasets(nil, nil, "")
	})
	cmd.RegisterFlagCompletionFunc("features", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return names, cobra.ShellCompDirectiveDefault
	})
	cmd.RegisterFlagCompletionFunc("features-pixels", cobra.FixedCompletions(scalings, cobra.ShellCompDirectiveNoFileComp))
}

// check refuses, before any work, what cannot be done at its end.
func (f *features) check(pictures bool) error {
	if f.test != "" && (!pictures || f.name == noFeatures) {
		return usageError{fmt.Errorf("--test: found %q, expected none: distances to a test set are taken of pictures, by their features", f.test)}
	}
	if f.neighbours == "" {
		return nil
	}
	if !pictures || f.name == noFeatures {
		return usageError{fmt.Errorf("--out-neighbours: found %q, expected none: it shows neighbours of pictures, by their features", f.neighbours)}
	}
	return pngReady("--out-neighbours", f.neighbours, f.force)
}

// open is the extractor for a data set of pictures.
func (f *features) open(ctx context.Context, c *console, set *dataset.Set) (feature.Extractor, error) {
	engine, err := nn.Engine()
	if err != nil {
		return nil, err
	}
	f.Range = [2]float64{set.Min, set.Max}
	e, err := feature.Choose(ctx, engine, f.name, set, f.ONNXOptions, func(step, steps int, loss float64) {
		c.progress("training the classifier that makes features", step, steps, fmt.Sprintf(", loss %.3f", loss))
	})
	if learned, ok := e.(*feature.Classifier); ok && err == nil && learned.Unkept() != nil {
		c.warn([]string{learned.Unkept().Error()})
	}
	return e, err
}

// testSet is the set that --test names beside the set that was learned, or nil.
func (f *features) testSet(ctx context.Context, c *console, o dataset.Options, learned *dataset.Set) (*dataset.Set, error) {
	if f.test == "" {
		return nil, nil
	}
	test, err := c.openBeside(ctx, f.test, o, learned)
	if err == nil && test.SHA256() == learned.SHA256() {
		err = fmt.Errorf("test set %s: found the pictures that were learned, expected others", test.Name)
	}
	return test, err
}

// openBeside opens pictures to compare with real ones: of their shape, and brought to their
// range of values.
func (c *console) openBeside(ctx context.Context, name string, o dataset.Options, real *dataset.Set) (*dataset.Set, error) {
	set, err := c.opened(ctx, name, o)
	if err != nil {
		return nil, err
	}
	c.warn(set.Warnings())
	if !slices.Equal(set.X.Shape, real.X.Shape) {
		return nil, fmt.Errorf("pictures: found shape %v in %s, expected %v as in %s (--size and --channels make them equal)", set.X.Shape, set.Name, real.X.Shape, real.Name)
	}
	if set.Max > set.Min && (set.Min != real.Min || set.Max != real.Max) {
		if set.X.N*set.X.Dim() > drift.MostFloats {
			return nil, fmt.Errorf("pictures: found %d values in %s, whose range is not that of %s, expected at most %d: choose fewer", set.X.N*set.X.Dim(), set.Name, real.Name, drift.MostFloats)
		}
		x := drift.NewBatch(set.X.N, set.X.Shape...)
		for i := range x.N {
			row := x.Row(i)
			set.X.Read(row, i)
			for j, v := range row {
				row[j] = real.Min + (v-set.Min)/(set.Max-set.Min)*(real.Max-real.Min)
			}
		}
		set.X, set.Min, set.Max = drift.RowsOf(x), real.Min, real.Max
	}
	return set, nil
}

// stage shows how far a comparison has come.
func (c *console) stage(what string, done, total int) { c.progress(what, done, total, "") }

// draw writes the picture of neighbours, if one is wanted, and returns the files.
func (f *features) draw(found *feature.Comparison, pixels []float64) ([]string, error) {
	if f.neighbours == "" {
		return []string{}, nil
	}
	picture, err := figure.Neighbours(found.Nearest, pixels)
	if err != nil {
		return []string{}, err
	}
	if err := render.WritePNG(f.neighbours, picture, f.force); err != nil {
		return []string{}, err
	}
	return []string{f.neighbours}, nil
}

// compared adds the rows of a comparison.
func compared(add func(name string, cells ...string), r *feature.Comparison) {
	between := " between real halves"
	for _, m := range []struct {
		name  string
		found *metric.Measure
		of    string
	}{
		{"FID", r.FID, between}, {"KID", r.KID, between},
		{"precision", r.Precision, between}, {"recall", r.Recall, between}, {"density", r.Density, between}, {"coverage", r.Coverage, between},
		{"recognised as the class asked for", r.ClassAccuracy, " of unseen real pictures"},
		{"taken for copies", r.Copies, " of unseen real pictures"},
	} {
		if m.found != nil {
			add(m.name, ranged(m.found.Estimate), ranged(*m.found.Floor)+m.of)
		}
	}
}

// conditions says what a comparison was made of, and where it means little.
func (c *console) conditions(r *feature.Comparison) {
	c.say("features: %s, %d values (%.12s); FID of %d pictures a side, the others of %d, k = %d", r.Features, r.Dimensions, r.SHA256, r.Samples, r.Pairwise, r.Neighbours)
	for _, w := range r.Warnings {
		c.say("warning: %s", w)
	}
}
