package main

import (
	"fmt"
	"image"
	"io"
	"path/filepath"
	"strings"
	"time"

	"drift"
	"drift/dataset"
	"drift/figure"
	"drift/internal/safefile"
	"drift/render"
	"drift/run"

	"github.com/spf13/cobra"
)

func newSample(c *console) *cobra.Command {
	w := newWalk()
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "sample RUN",
		Short: "Sample a trained run: points as CSV or NPY, pictures as PNG, the walk as GIF",
		Example: example("drift sample runs/dogcat -n 500 --class dog --out dogs.csv",
			"drift sample runs/digits -n 100 --guidance 3 --guidance-to 5 --clip data --out digits.png",
			"drift sample runs/dogcat -n 300 --out walk.gif"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			began := time.Now()
			d, err := run.Open(args[0])
			if err != nil {
				return err
			}
			image := d.Manifest.Data.Image()
			if !cmd.Flags().Changed("n") && (image || strings.HasSuffix(out, ".gif")) {
				w.N = 100
			}
			if out == "" {
				out = "samples.csv"
				if image {
					out = "samples.png"
				}
			}
			write, err := writerFor(out, image)
			if err != nil {
				return err
			}
			if err := safefile.Ready(out, force); err != nil {
				return err // before the work, not after it
			}
			m, err := w.open(d)
			if err != nil {
				return err
			}
			tape := figure.NewTape(m.Manifest, w.N)
			s, err := m.Sample(cmd.Context(), w.Request, func(first int, p drift.Progress) {
				if filepath.Ext(out) == ".gif" {
					tape.Record(first, p)
				}
				c.walked(w.N, first, p)
			})
			if err != nil {
				return err
			}
			if err := write(out, force, m, s, tape); err != nil {
				return err
			}
			took := time.Since(began).Seconds()
			c.say("%d samples in %s: %s", s.X.N, seconds(took), out)
			c.object(map[string]any{"samples": s.X.N, "seconds": took, "files": []string{out}})
			return nil
		},
	}
	w.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&w.Class, "class", "", "class of all samples (default: drawn as in the training data)")
	f.StringVar(&out, "out", "", "file to write: .csv, .npy, .png or .gif (default samples.csv, samples.png for pictures)")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	cmd.RegisterFlagCompletionFunc("class", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		d, err := run.Open(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return d.Manifest.Data.Classes, cobra.ShellCompDirectiveNoFileComp
	})
	return cmd
}

// walked shows how far sampling has come: steps over all batches.
func (c *console) walked(n, first int, p drift.Progress) {
	share := (float64(first) + float64(p.X.N)*float64(p.Step)/float64(p.Steps)) / float64(n)
	c.progress("sampling", int(share*float64(n)), n, "")
}

// writer writes samples to a file of one format.
type writer func(path string, force bool, m *run.Model, s *run.Samples, tape *figure.Tape) error

// writerFor picks the format by the file's extension.
func writerFor(path string, pictures bool) (writer, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); {
	case ext == ".csv":
		return writeCSV, nil
	case ext == ".npy":
		return writeNPY, nil
	case ext == ".png":
		return writePNG, nil
	case ext == ".gif":
		return func(path string, force bool, _ *run.Model, s *run.Samples, tape *figure.Tape) error {
			return render.WriteGIF(path, force, func(w io.Writer) error { return tape.Write(w, s.Labels) })
		}, nil
	default:
		return nil, fmt.Errorf("out: found %q, expected a file that ends in .csv, .npy, .png or .gif", path)
	}
}

func writeCSV(path string, force bool, m *run.Model, s *run.Samples, _ *figure.Tape) error {
	d := m.Manifest.Data
	return publish(path, force, func(w io.Writer) error {
		return dataset.WriteCSV(w, s.X, d.Columns, s.Labels, d.Classes)
	})
}

func writeNPY(path string, force bool, _ *run.Model, s *run.Samples, _ *figure.Tape) error {
	return publish(path, force, func(w io.Writer) error { return dataset.WriteNPY(w, s.X) })
}

func writePNG(path string, force bool, m *run.Model, s *run.Samples, _ *figure.Tape) error {
	var picture image.Image
	picture, err := figure.Samples(m.Manifest.Data.Name, s.X, s.Labels, m.Manifest.Data.Classes, m.Manifest.Data.Range)
	if err != nil {
		return err
	}
	return render.WritePNG(path, picture, force)
}

func publish(path string, force bool, fill func(io.Writer) error) error {
	if force {
		return safefile.Write(path, fill)
	}
	return safefile.Create(path, fill)
}
