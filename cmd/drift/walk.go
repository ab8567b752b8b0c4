package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"drift"
	"drift/dataset"
	"drift/internal/near"
	"drift/nn"
	"drift/run"
	"drift/solver"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// walk is what sample and eval ask of a run, by the flags that they share.
type walk struct {
	run.Request
	checkpoint, clip, autoguide string
	like                        string // a picture that drift sampled
	recipe                      *run.Recipe
	length                      float64 // of the averaged weights; 0 for those of the run
	given                       string  // numbers that describe the samples
	small                       string  // pictures to enlarge
	copies                      int     // samples of each of them; 0 for one
	c                           *console
}

// checkpoints are the names of a run's weights.
var checkpoints = []string{"last", "best"}

func newWalk(c *console) *walk { return &walk{Request: run.DefaultRequest(), c: c} }

// flags adds the flags to a command.
func (w *walk) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.IntVarP(&w.N, "n", "n", w.N, "samples")
	f.StringVar(&w.Solver, "solver", w.Solver, "how to walk: "+names(solver.All(), solverName))
	f.StringVar(&w.Grid, "grid", w.Grid, "how to space the levels of the walk: "+names(drift.Spacings(), gridName))
	f.IntVar(&w.Steps, "steps", w.Steps, "steps of the walk")
	f.Float64Var(&w.Guidance, "guidance", w.Guidance, "weight of guidance: 1 for none, more pushes towards the class")
	f.Float64Var(&w.GuidanceFrom, "guidance-from", 0, "guide only where Sigma/Alpha is above this")
	f.Float64Var(&w.GuidanceTo, "guidance-to", 0, "guide only where Sigma/Alpha is at most this; 0 for no bound")
	f.Float64Var(&w.GuidanceRescale, "guidance-rescale", 0, "how far to lead the spread of guided answers back, 0 to 1; 0.7 is usual")
	f.StringVar(&w.autoguide, "autoguide", "", "guide away from another RUN on the same data, smaller or trained for less, instead of from the answer without a class")
	f.StringVar(&w.clip, "clip", "", "hold expected clean samples within LOW,HIGH in the units of the data, \"data\" for the range of pictures, or \"none\"")
	f.Float64Var(&w.DynamicThreshold, "dynamic-threshold", 0, "share of a sample's values, as 0.995, to scale into the range of --clip, or that of pictures, cutting off the rest; 0 for none")
	f.IntVar(&w.Batch, "batch", w.Batch, "samples in memory at once; does not change them")
	f.Uint64Var(&w.Seed, "seed", w.Seed, "seed of the noise")
	f.StringVar(&w.checkpoint, "checkpoint", checkpoints[0], "which weights: last or best")
	f.Float64Var(&w.length, "ema-length", 0, "average the weights over another length, as a share of the run such as 0.08, where it was trained with --ema-lengths")
	f.StringVar(&w.given, "given", "", "numbers that describe the samples, as in angle=30,size=2; the others are as in the mean of the data")
	f.StringVar(&w.small, "small", "", "pictures to enlarge, of a run with --upscale: a file or a folder")
	cmd.RegisterFlagCompletionFunc("solver", complete(solver.All(), solverName))
	cmd.RegisterFlagCompletionFunc("grid", complete(drift.Spacings(), gridName))
	cmd.RegisterFlagCompletionFunc("checkpoint", cobra.FixedCompletions(checkpoints, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("clip", cobra.FixedCompletions([]string{"data", "none", "-1,1"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("autoguide", func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
		return nil, cobra.ShellCompDirectiveFilterDirs
	})
}

func solverName(s solver.Info) string { return s.Name }
func gridName(s drift.Spacing) string { return s.Name }

// open loads the run, and what the flags say of other runs and of its data.
func (w *walk) open(ctx context.Context, d *run.Dir) (*run.Model, error) {
	which, worse := w.checkpoint, checkpoints[0]
	if w.recipe != nil {
		which, worse = w.recipe.Checkpoint, w.recipe.WorseWeights
	} else if _, err := near.Find("checkpoint", which, checkpoints, func(s string) string { return s }); err != nil {
		return nil, err
	}
	clip, err := bounds(w.clip, d.Manifest.Data)
	if err != nil {
		return nil, err
	}
	if w.length != 0 {
		which = run.WithLength(w.length)
	}
	if err := w.conditions(ctx, d); err != nil {
		return nil, err
	}
	if w.recipe != nil {
		if err := w.recipe.CheckSmall(w.Request); err != nil {
			return nil, fmt.Errorf("%w; --small names their file or folder", err)
		}
	}
	if w.clip != "" {
		w.Clip = clip
	}
	engine, err := nn.Engine()
	if err != nil {
		return nil, err
	}
	if w.autoguide != "" {
		other, err := run.Open(w.autoguide)
		if err != nil {
			return nil, err
		}
		if w.Worse, err = other.Model(engine, worse); err != nil {
			return nil, err
		}
	}
	m, err := d.Model(engine, which)
	if err == nil && w.recipe != nil {
		m.Run = w.recipe.Run // a copy of the run makes the same bytes
	}
	return m, err
}

// dir opens the run that the arguments name, or the one that made the picture of
// --like: then what was asked for it counts, but for flags that are given.
func (w *walk) dir(cmd *cobra.Command, args []string) (*run.Dir, error) {
	if w.like == "" {
		if len(args) != 1 {
			return nil, usageError{fmt.Errorf("%s: found %d arguments, expected a RUN, or --like and a picture", cmd.CommandPath(), len(args))}
		}
		return w.run(cmd, args[0])
	}
	recipe, err := run.ReadRecipe(w.like)
	if err != nil {
		return nil, err
	}
	if recipe.Edit != "" {
		return nil, fmt.Errorf("%s: found a picture that `%s` made of another one, expected one that was sampled", w.like, recipe.Edit)
	}
	if slices.Contains(recipe.Labels, -1) {
		return nil, fmt.Errorf("%s: found samples without a class, expected some with: a program made them", w.like)
	}
	given := map[string]string{}
	cmd.Flags().Visit(func(f *pflag.Flag) { given[f.Name] = f.Value.String() })
	for _, name := range []string{"checkpoint", "autoguide"} {
		if _, changed := given[name]; changed {
			return nil, usageError{fmt.Errorf("--%s: found beside --like, expected the weights that made the picture", name)}
		}
	}
	w.recipe, w.autoguide = &recipe, recipe.Worse
	recipe.Batch = w.Batch
	w.Request = recipe.Request
	if given["n"] != "" || given["class"] != "" {
		w.EachClass, w.Labels = 0, nil
	}
	if given["each-class"] != "" {
		w.Class, w.Labels = "", nil
	}
	if given["grid"] != "" {
		w.Short = false
	}
	for name, value := range given {
		if err := cmd.Flags().Set(name, value); err != nil {
			return nil, err
		}
	}
	path := recipe.Run
	if len(args) == 1 {
		path = args[0]
	}
	d, err := run.Open(path)
	if err != nil && len(args) == 0 {
		err = fmt.Errorf("%w; name the RUN if it lies elsewhere now", err)
	}
	return d, err
}

// run opens a run, and asks for the walk that it is meant to be sampled with but for
// flags that are given.
func (w *walk) run(cmd *cobra.Command, path string) (*run.Dir, error) {
	d, err := run.Open(path)
	if err != nil || d.Manifest.Walk == nil {
		return d, err
	}
	asked := w.Request
	w.Request = d.Manifest.Request(w.Request)
	given := cmd.Flags().Changed
	if given("solver") {
		w.Solver = asked.Solver
	}
	if given("steps") {
		w.Steps = asked.Steps
	}
	if given("grid") {
		w.Grid, w.Short = asked.Grid, false
	}
	return d, nil
}

// bounds reads what --clip says.
func bounds(text string, data run.Data) ([]float64, error) {
	switch {
	case text == "" || text == "none":
		return nil, nil
	case text == "data" && data.Image():
		return data.Range, nil
	case text == "data":
		return nil, fmt.Errorf("clip: found \"data\" for points, expected LOW,HIGH: only pictures have a range of their own")
	}
	low, high, found := strings.Cut(text, ",")
	lo, err := strconv.ParseFloat(strings.TrimSpace(low), 64)
	hi, err2 := strconv.ParseFloat(strings.TrimSpace(high), 64)
	if !found || err != nil || err2 != nil {
		return nil, fmt.Errorf("clip: found %q, expected LOW,HIGH, \"data\" or \"none\"", text)
	}
	return []float64{lo, hi}, nil
}

// conditions reads --given and --small.
func (w *walk) conditions(ctx context.Context, d *run.Dir) error {
	if err := w.numbers(); err != nil || w.small == "" {
		return err
	}
	return w.enlarge(ctx, d)
}

// numbers reads --given.
func (w *walk) numbers() error {
	if w.given == "" {
		return nil
	}
	w.Given = map[string]float64{}
	for part := range strings.SplitSeq(w.given, ",") {
		name, text, found := strings.Cut(part, "=")
		v, err := strconv.ParseFloat(strings.TrimSpace(text), 64)
		if !found || err != nil {
			return fmt.Errorf("given: found %q, expected NAME=NUMBER, and commas between several", part)
		}
		name = strings.TrimSpace(name)
		if _, twice := w.Given[name]; twice {
			return fmt.Errorf("given: found %q twice, expected one number for it", name)
		}
		w.Given[name] = v
	}
	return nil
}

// enlarge reads --small, whose pictures are read as those of the run were.
func (w *walk) enlarge(ctx context.Context, d *run.Dir) error {
	data := d.Manifest.Data
	if data.Upscale == 0 {
		return fmt.Errorf("small: found %s, expected none: the run was not trained with --upscale", w.small)
	}
	size := fmt.Sprintf("%dx%d", data.Shape[0]/data.Upscale, data.Shape[1]/data.Upscale)
	set, err := w.c.opened(ctx, w.small, dataset.Options{Pictures: dataset.Pictures{Size: size, Channels: data.Shape[2], Background: d.Config.Pictures.Background}})
	if err != nil {
		return err
	}
	w.c.warn(set.Warnings())
	if len(set.Skipped) > 0 {
		w.c.warn([]string{fmt.Sprintf("samples are numbered by the %s that could be read", counted(set.X.N, "small picture"))})
	}
	if w.N < 1 {
		return fmt.Errorf("n: found %d, expected at least 1", w.N)
	}
	copies := max(1, w.copies)
	if w.copies == 0 && w.recipe != nil && w.N%set.X.N == 0 {
		copies = w.N / set.X.N // as many as the recipe had
	}
	if copies > run.MaxSamples/set.X.N {
		return fmt.Errorf("n: found %d of each of %d small pictures, expected at most %d in all", copies, set.X.N, run.MaxSamples)
	}
	w.N = copies * set.X.N
	w.Small = drift.NewBatch(w.N, set.X.Shape...)
	for i := range w.N {
		copy(w.Small.Row(i), set.X.Row(i/copies))
	}
	return nil
}

// named are the classes whose names stand in a grid of the samples: of one alone it does not.
func (w *walk) named(data run.Data) ([]string, error) {
	if len(data.Classes) == 0 || w.Class == "" {
		return data.Classes, nil
	}
	among, err := data.ClassesLike(w.Class)
	if err != nil || len(among) == 1 {
		return nil, err
	}
	var names []string
	for _, c := range among {
		names = append(names, data.Classes[c])
	}
	return names, nil
}
