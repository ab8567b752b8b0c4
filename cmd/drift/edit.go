package main

import (
	"fmt"
	"time"

	"drift"
	"drift/dataset"
	"drift/figure"
	"drift/run"
	"drift/solver"

	"github.com/spf13/cobra"
)

func newEdit(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "edit",
		Short:   "Make pictures of pictures: inpaint, outpaint, vary, interpolate, invert",
		Example: example("drift edit inpaint runs/pets --picture dog.png --mask hole.png"),
		Args:    oneOf,
		RunE:    func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newInpaint(c), newOutpaint(c), newVary(c), newInterpolate(c), newInvert(c))
	return cmd
}

// editing is what the commands that edit share.
type editing struct {
	*walk
	model *run.Model
	out   string
	force bool
	began time.Time
	write writer // in place of the usual one of out
	still bool   // the walk must add no noise
	exact bool   // and should be one that can be undone

	pictures dataset.Pictures // how those of the run were read
}

func newEditing(c *console, n int) *editing {
	e := &editing{walk: newWalk(c)}
	e.N = n
	return e
}

// editFlags adds the flags that they share.
func (e *editing) editFlags(cmd *cobra.Command) {
	e.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&e.Class, "class", "", "class of what is made, or a pattern as \"dog-*\" of some, but for interpolate and invert (default: none)")
	f.StringVar(&e.out, "out", "edited.png", "file to write: .png, .npy or .gif, or a folder/ for a picture each")
	f.BoolVar(&e.force, "force", false, "overwrite an existing file")
	cmd.Args = cobra.ExactArgs(1)
	completeClasses(cmd)
}

// start opens the run of pictures that the arguments name.
func (e *editing) start(cmd *cobra.Command, args []string) error {
	e.began = time.Now()
	d, err := e.run(cmd, args[0])
	if err != nil {
		return err
	}
	e.pictures = d.Config.Pictures
	if !d.Manifest.Data.Image() {
		return fmt.Errorf("run %s: found a model of points, expected one of pictures", args[0])
	}
	if n := e.N; n < 1 || n > run.MaxSamples {
		return fmt.Errorf("n: found %d, expected 1 to %d", n, run.MaxSamples)
	}
	if err := e.noiseless(cmd.Flags().Changed("solver")); err != nil {
		return err
	}
	if d.Manifest.Jumps > 0 {
		return fmt.Errorf("run %s: found a distilled run, expected its teacher, %s: editing needs all steps", args[0], d.Config.Distil.Teacher)
	}
	if _, err := writerFor(e.out, true); err != nil {
		return err
	}
	if err := ready(e.out, e.force); err != nil {
		return err
	}
	asked := e.N
	if e.small != "" {
		e.copies = e.N
	}
	if e.model, err = e.open(cmd.Context(), d); err != nil {
		return err
	}
	if e.still && e.N != asked {
		return fmt.Errorf("small: found %d pictures, expected one", e.N/asked)
	}
	var classes []string
	if e.Class != "" {
		if classes, err = e.named(d.Manifest.Data); err != nil {
			return err
		}
	}
	if e.still && len(classes) > 1 {
		return fmt.Errorf("class: found %q, which %d classes match, expected one: both ends of a walk are of one class", e.Class, len(classes))
	}
	if err := drawable(e.out, e.model, e.N, classes); err != nil {
		return err
	}
	if e.Class == "" && len(d.Manifest.Data.Classes) > 0 {
		e.Labels = none(e.N)
	}
	e.c.warn(e.model.Doubts(e.Request))
	return nil
}

// noiseless sees to it that a walk adds no noise, if it must not: by ddim, which can be undone
// exactly, unless a solver is given.
func (e *editing) noiseless(given bool) error {
	if !e.still {
		return nil
	}
	info, err := solver.ByName(e.Solver)
	switch {
	case err != nil:
		return err
	case !given && (e.exact || info.Stochastic):
		e.Solver = "ddim"
	case info.Stochastic:
		return fmt.Errorf("solver: found %q, which adds noise on the way, expected one that does not, as ddim", info.Name)
	}
	return nil
}

// one is the request for a single sample of those that are made.
func (e *editing) one(index int) run.Request {
	r := e.Request
	r.First, r.N = index, 1
	if r.Labels != nil {
		r.Labels = none(1)
	}
	if r.Small != nil {
		r.Small = r.Small.Slice(0, 1)
	}
	return r
}

// none are the labels of n samples without a class.
func none(n int) []int {
	labels := make([]int, max(n, 0))
	for i := range labels {
		labels[i] = -1
	}
	return labels
}

// each makes the samples by a function of their walk.
func (e *editing) each(do func(w run.Walk, x *drift.Batch, watch run.Watch) error) (made, error) {
	tape := figure.NewTape(e.model.Manifest, e.N)
	s, err := e.model.Each(e.Request, func(w run.Walk, x *drift.Batch) error {
		return do(w, x, func(first int, p drift.Progress) {
			if animated(e.out) && e.write == nil {
				tape.Record(first, p)
			}
			e.c.walked(e.N, first, p)
		})
	})
	if err != nil {
		return made{}, err
	}
	if e.Labels != nil {
		s.Labels = nil // none has a class
	}
	return made{Model: e.model, Samples: s, recipe: e.model.Recipe(e.Request), tape: tape}, nil
}

// finish writes what was made and says so. facts are more of the result's fields.
func (e *editing) finish(cmd *cobra.Command, m made, facts map[string]any) error {
	write, err := writerFor(e.out, true)
	if err != nil {
		return err
	}
	if e.write != nil {
		write = e.write
	}
	m.recipe.Edit, m.recipe.Labels = cmd.CommandPath(), nil
	if err := write(e.out, e.force, m); err != nil {
		return err
	}
	took := time.Since(e.began).Seconds()
	e.c.say("%s in %s: %s", counted(m.X.N, "picture"), seconds(took), e.out)
	result := map[string]any{"samples": m.X.N, "seconds": took, "files": []string{e.out}}
	for name, value := range facts {
		result[name] = value
	}
	e.c.object(result)
	return nil
}
