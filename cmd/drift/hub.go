package main

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"unicode"

	"drift/hub"
	"drift/internal/safefile"
	"drift/nn"
	"drift/run"

	"github.com/spf13/cobra"
)

func newHub(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hub",
		Short: "Carry models in and out: folders of Hugging Face diffusers",
		Example: example("drift hub inspect ddpm-cat",
			"drift hub import ddpm-cat --out runs/cat",
			"drift hub export runs/mine --out mine-diffusers"),
		Args: oneOf,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newHubInspect(c), newHubImport(c), newHubExport(c))
	return cmd
}

func newHubInspect(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "inspect FOLDER|hf://OWNER/NAME[@REVISION]",
		Short:   "Say what a folder of diffusers holds, and whether drift can take it",
		Example: example("drift hub inspect ddpm-cat", "drift hub inspect hf://google/ddpm-cifar10-32"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, err := c.pipeline(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			n, err := f.Parameters()
			if err != nil {
				return err
			}
			s := f.Scheduler
			c.say("%s: %s of %d values, pictures of %d×%d×%d, %d classes", f.Class, f.Network.Kind, n, f.Shape[0], f.Shape[1], f.Shape[2], f.Labels)
			c.say("%s: process %s, predicts %s, solver %s on grid %s, %d steps", s.Class, s.Process, s.Predict, s.Walk.Solver, s.Walk.Grid, s.Walk.Steps)
			c.notes(f.Notes)
			c.object(map[string]any{
				"pipeline": f.Class, "network": f.Network, "values": n, "shape": f.Shape, "classes": f.Labels, "scheduler": s.Class,
				"process": s.Process, "predict": s.Predict, "walk": s.Walk, "notes": f.Notes,
			})
			return nil
		},
	}
}

func newHubImport(c *console) *cobra.Command {
	var out, classes string
	var o hub.ImportOptions
	cmd := &cobra.Command{
		Use:   "import FOLDER|hf://OWNER/NAME[@REVISION]",
		Short: "Make a run of a folder of diffusers, or of a model of huggingface.co",
		Long: "Make a run of a folder of diffusers, or of a model that is downloaded from huggingface.co: by hf://OWNER/NAME,\n" +
			"or OWNER/NAME where no such folder is. HF_TOKEN is the token for private and gated models, HF_ENDPOINT another server.",
		Example: example("drift hub import ddpm-cat --out runs/cat", "drift hub import hf://google/ddpm-cifar10-32 --out runs/cifar10",
			"drift hub import dit --classes names.txt --data photos --out runs/dit"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := args[0]
			if hub.IsSource(name) {
				s, err := hub.ParseSource(name)
				if err != nil {
					return err
				}
				name = s.Name
			}
			to := or(out, filepath.Join("runs", filepath.Base(named(name))))
			if run.Exists(to) {
				return fmt.Errorf("run %s: found an existing run, expected none; --out names another folder", to)
			}
			f, err := c.pipeline(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if classes != "" {
				if o.Classes, err = classNames(classes); err != nil {
					return err
				}
			}
			engine, err := nn.Engine()
			if err != nil {
				return err
			}
			o.Name = filepath.Base(named(name))
			if _, err := f.Import(engine, to, o); err != nil {
				return err
			}
			c.notes(f.Notes)
			c.say("imported; next: drift sample %s", quoted(to))
			c.object(map[string]any{"run": to, "source": f.Source, "notes": f.Notes})
			return nil
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&out, "out", "", "folder of the run (default runs/FOLDER or runs/NAME)")
	flags.StringVar(&classes, "classes", "", "file with the name of a class in each line")
	flags.StringVar(&o.Dataset, "data", "", "data set that the model learnt, for drift eval")
	return cmd
}

func newHubExport(c *console) *cobra.Command {
	var out, which string
	cmd := &cobra.Command{
		Use:     "export RUN",
		Short:   "Write a run as a folder that diffusers loads",
		Example: example("drift train photos --network unet --noise timestep --full-range", "drift hub export runs/photos --out photos-diffusers"),
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if out == "" {
				return usageError{fmt.Errorf("--out: found none, expected the folder to write")}
			}
			d, err := run.Open(args[0])
			if err != nil {
				return err
			}
			if err := hub.Export(d, which, out); err != nil {
				return err
			}
			c.say("written: %s", out)
			c.object(map[string]any{"files": []string{out}})
			return nil
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "folder to write")
	cmd.Flags().StringVar(&which, "checkpoint", checkpoints[0], "which weights: last or best")
	return cmd
}

// pipeline opens a folder of diffusers, or downloads it where its name says so.
func (c *console) pipeline(ctx context.Context, name string) (*hub.Folder, error) {
	if !hub.IsSource(name) {
		return hub.Open(name)
	}
	s, err := hub.ParseSource(name)
	if err != nil {
		return nil, err
	}
	if !strings.HasPrefix(name, "hf://") {
		c.say("%s: found no such folder, so it is %s", name, s)
	}
	var o hub.GetOptions
	o.Client.Watch = func(name string, done, total int64) { c.progress(name, int(done>>10), int(total>>10), " KiB") }
	folder, err := hub.Get(ctx, s, o)
	return folder, orUnfinished(err)
}

func (c *console) notes(notes []string) {
	for _, note := range notes {
		c.say("note: %s", note)
	}
}

// classNames are the lines of a small text file, but for blank ones at its end: each the name
// of a class of its own.
func classNames(path string) ([]string, error) {
	text, err := safefile.Text(path, 16<<20)
	if err != nil {
		return nil, err
	}
	var names []string
	seen := map[string]int{}
	for i, line := range strings.Split(strings.TrimRightFunc(string(text), unicode.IsSpace), "\n") {
		name := strings.TrimSpace(line)
		if name == "" {
			return nil, fmt.Errorf("%s: line %d: found no name, expected that of a class", path, i+1)
		}
		if before, twice := seen[name]; twice {
			return nil, fmt.Errorf("%s: line %d: found %q as in line %d, expected a class of another name", path, i+1, name, before)
		}
		names, seen[name] = append(names, name), i+1
	}
	return names, nil
}
