package main

import (
	"errors"
	"fmt"
	"slices"

	"drift/dataset"
	"drift/feature"
	"drift/figure"
	"drift/render"

	"github.com/spf13/cobra"
)

// comparison is the result of compare.
type comparison struct {
	Real      string `json:"real"`
	Generated string `json:"generated"`
	*feature.Comparison
	Files []string `json:"files"`
}

func newCompare(c *console) *cobra.Command {
	f, best := &features{}, &mostReal{}
	o := dataset.Options{}
	n := 0
	var seed uint64
	cmd := &cobra.Command{
		Use:   "compare REAL GENERATED",
		Short: "Compare two sets of pictures by their features: FID, KID, precision, recall, density, coverage",
		Long: "Compare says how close a set of pictures comes to a set of real ones, each metric beside what it is\n" +
			"between two halves of the real ones. Both are data sets as train takes them, of pictures of one size.\n" +
			"If the second has the classes of the first, it also says how many a classifier recognises.",
		Example: example("drift compare photos/ generated/ --size 32",
			"drift compare train-images-idx3-ubyte.gz samples.zip -n 2000",
			"drift compare mnist generated/ --test mnist-test",
			"drift compare photos/ generated/ --out-best best.png",
			"drift compare photos/ generated/ --size 299 --features inception.onnx --features-pixels -1..1"),
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := f.check(true); err != nil {
				return err
			}
			if err := best.check(f); err != nil {
				return err
			}
			real, err := c.opened(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			c.warn(real.Warnings())
			if !real.Image() {
				return fmt.Errorf("data set %s: found samples of shape %v, expected pictures", real.Name, real.X.Shape)
			}
			few := o
			few.N = n
			generated, err := c.openBeside(cmd.Context(), args[1], few, real)
			if err != nil {
				return err
			}
			test, err := f.testSet(cmd.Context(), c, o, real)
			if err != nil {
				return err
			}
			f.realism = best.out != ""
			found, err := f.compare(cmd, c, real, generated, test, seed)
			if found == nil {
				return err
			}
			found.Real, found.Generated = args[0], args[1]
			if best.out != "" {
				err = errors.Join(err, best.draw(found, generated, f.force))
			}
			c.comparison(found)
			return err // of pictures, without which the rest is as good
		},
	}
	flags := cmd.Flags()
	flags.IntVarP(&n, "n", "n", 0, "generated pictures to compare (default: all, at most 10,000 and half as many as there are real ones)")
	flags.Uint64Var(&seed, "seed", 0, "seed that draws real pictures")
	picturesFlags(flags, &o.Pictures)
	f.flags(cmd)
	flags.StringVar(&best.out, "out-best", "", "PNG file for the generated pictures that are most real by their features")
	flags.IntVar(&best.n, "best", 16, "of each class, how many --out-best shows")
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}

// mostReal is a picture of the most real of generated pictures.
type mostReal struct {
	out string
	n   int
}

// check refuses, before any work, what cannot be done at its end.
func (b *mostReal) check(f *features) error {
	switch {
	case b.n < 1:
		return usageError{fmt.Errorf("--best: found %d, expected at least 1", b.n)}
	case b.out == "":
		return nil
	}
	if err := apart("--out-best", b.out, "--out-neighbours", f.neighbours); err != nil {
		return err
	}
	return pngReady("--out-best", b.out, f.force)
}

// draw writes the picture, and adds it to the files of a comparison.
func (b *mostReal) draw(found *comparison, generated *dataset.Set, force bool) error {
	if found.Realism == nil {
		return fmt.Errorf("--out-best: found too few real pictures to say how real others are")
	}
	picture, err := figure.MostReal(generated.X, generated.Labels, generated.Classes, found.Realism, b.n, []float64{generated.Min, generated.Max})
	if err != nil {
		return err
	}
	if err := render.WritePNG(b.out, picture, force); err != nil {
		return err
	}
	found.Files = append(found.Files, b.out)
	return nil
}

// compare measures two sets, by the distance to a third if that is not nil. What it found comes
// with an error of the picture that was to be drawn, too.
func (f *features) compare(cmd *cobra.Command, c *console, real, generated, test *dataset.Set, seed uint64) (*comparison, error) {
	ctx := cmd.Context()
	if f.name == noFeatures {
		return nil, usageError{fmt.Errorf("--features: found %q, expected features to compare by", f.name)}
	}
	e, err := f.open(ctx, c, real)
	if err != nil {
		return nil, err
	}
	p := feature.Pictures{Generated: generated.X, Learned: real.X, Realism: f.realism}
	if test != nil {
		p.Test = test.X
	}
	found, err := feature.Compare(ctx, e, p, seed, c.stage)
	if err != nil {
		return nil, err
	}
	if known, ok := e.(*feature.Classifier); ok && len(generated.Classes) > 0 && len(known.Card().Classes) > 0 {
		labels, missing := sameClasses(known.Card().Classes, generated)
		if missing != "" {
			c.warn([]string{fmt.Sprintf("recognised classes are not measured: found class %q in %s, expected one of %q as in %s", missing, generated.Name, known.Card().Classes, real.Name)})
		} else if found.ClassAccuracy, err = known.Recognised(ctx, generated.X, labels); err != nil {
			return nil, err
		}
	}
	files, err := f.draw(found, []float64{real.Min, real.Max})
	return &comparison{Comparison: found, Files: files}, err
}

// sameClasses are the labels of a set by the order of classes, or the first of its classes
// that is none of them. Folders and files may have the names that sample writes, as long as
// one class alone has such a name.
func sameClasses(classes []string, set *dataset.Set) (labels []int, missing string) {
	files := make([]string, len(classes))
	for i, class := range classes {
		files[i] = fileName(class)
	}
	at := make([]int, len(set.Classes))
	for i, name := range set.Classes {
		if at[i] = slices.Index(classes, name); at[i] >= 0 {
			continue
		}
		at[i] = slices.Index(files, name)
		if at[i] < 0 || slices.Contains(files[at[i]+1:], name) {
			return nil, name
		}
	}
	for _, label := range set.Labels {
		labels = append(labels, at[label])
	}
	return labels, ""
}

// comparison prints what compare found.
func (c *console) comparison(r *comparison) {
	c.object(r)
	var rows [][]string
	compared(func(name string, cells ...string) { rows = append(rows, append([]string{name}, cells...)) }, r.Comparison)
	c.endBar()
	c.table([]string{"metric", "found", "floor"}, rows)
	c.say("\n%s", rangesMean)
	c.conditions(r.Comparison)
}
