package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
	"unicode"

	"drift"
	"drift/nn"
	"drift/run"
	"drift/watch"

	"github.com/spf13/cobra"
)

// training is what the flags of train and doctor say.
type training struct {
	run.Options
	flags     run.Config
	out, file string
	minutes   float64
	preview   int         // steps between previews
	walk      *run.Manner // of the run that doctor looks at; nil for as ever
	changed   []string    // what was changed of what was asked for, and why
}

func newTrain(c *console) *cobra.Command {
	t := training{flags: run.DefaultConfig(""), Options: run.Options{Reading: c.reading()}}
	cmd := &cobra.Command{
		Use:   "train DATASET",
		Short: "Train on a data set: a name that `drift data list` shows, a CSV file, or pictures",
		Example: example("drift train dogcat --out runs/dogcat",
			"drift train points.csv --label-column species --minutes 2",
			"drift train digits --steps 8000 --width 256",
			"drift train photos/ --size 32 --flip --minutes 60",
			"drift train more-photos/ --size 32 --from runs/photos --minutes 20",
			"drift train dogcat --process edm --predict edm --train-levels log-normal --loss-weight min-snr",
			"drift train dogcat --out runs/dogcat --resume --steps 8000"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if t.out == "" {
				t.out = t.unnamed(args[0])
			}
			if err := t.limit(cmd); err != nil {
				return err
			}
			config, err := t.settle(cmd, args[0])
			if err != nil {
				return err
			}
			c.warn(t.changed)
			if err := t.look(cmd.Context(), c, config); err != nil {
				return err
			}
			last, err := c.train(cmd.Context(), t.out, config, t.Options)
			if err != nil {
				return err
			}
			c.object(last)
			if last.Kind == "stopped" {
				c.say("stopped at step %d of %d; everything is kept in %s; go on with: drift train %s --out %s --resume",
					last.Step, last.Steps, t.out, quoted(args[0]), quoted(t.out))
				return errStopped
			}
			if last.Note != "" {
				c.say("%s", last.Note)
			}
			c.say("trained %d steps in %s; next: drift sample %s", last.Step, seconds(last.Seconds), quoted(t.out))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&t.out, "out", "", "folder of the run (default runs/DATASET)")
	f.Float64Var(&t.minutes, "minutes", 0, "train until so much time is over: fits the steps, and with them the fall of the rate, to the speed of the machine")
	f.BoolVar(&t.Resume, "resume", false, "go on with the run, or start it if there is none")
	f.StringVar(&t.From, "from", "", "start from the weights of another run, imported ones too; process, prediction, noise, network and size are its own unless flags say otherwise")
	f.IntVar(&t.preview, "preview-every", 0, "steps between looks at the quality of few pictures (FID with its range); 0 for none")
	f.BoolVar(&t.Force, "force", false, "train although drift doctor calls it nonsense, or memory seems too little")
	t.configFlags(cmd)
	return cmd
}

// configFlags adds the flags that decide the config of a run.
func (t *training) configFlags(cmd *cobra.Command) {
	f, c := cmd.Flags(), &t.flags
	f.StringVar(&t.file, "config", "", "TOML file with any of the keys of a run's config.toml, whose dataset the argument overrides, and flags the rest")
	f.IntVar(&c.Train.Steps, "steps", 0, "training steps"+suits(func(c run.Config) any { return c.Train.Steps }))
	f.IntVar(&c.Train.Batch, "batch", 0, "samples a step"+suits(func(c run.Config) any { return c.Train.Batch }))
	f.IntVar(&c.Train.Accumulate, "accumulate", c.Train.Accumulate, "batches that make a step together, for large steps in little memory; 0 for one")
	f.BoolVar(&c.Train.Recompute, "recompute", false, "compute the inner values of blocks a second time rather than keep them: about a third of the memory for half as much time again")
	f.Float64Var(&c.Train.Rate, "rate", 0, "peak learning rate"+suits(func(c run.Config) any { return c.Train.Rate }))
	f.IntVar(&c.Train.Warmup, "warmup", 0, "steps in which the rate rises, at most a quarter of all"+suits(func(c run.Config) any { return c.Train.Warmup }))
	f.Float64Var(&c.Train.EMA, "ema", 0, "decay of the averaged weights, which samples are made with"+suits(func(c run.Config) any { return c.Train.EMA }))
	f.Float64SliceVar(&c.Train.EMALengths, "ema-lengths", nil, "also keep power averages of these lengths, from which sample --ema-length makes others"+suits(func(c run.Config) any { return lengths(c.Train.EMALengths) }))
	f.Lookup("ema-lengths").DefValue = "" // said above
	f.Float64Var(&c.Train.LabelDropout, "label-dropout", 0, "share of samples that are seen without class and numbers, for guidance; of the others it is also the share without class, and without numbers, where there are both"+suits(func(c run.Config) any { return c.Train.LabelDropout }))
	f.StringVar(&c.Process, "process", "", "way from data to noise: "+names(drift.Processes(), func(p drift.Process) string { return p.Name })+suits(func(c run.Config) any { return c.Process }))
	f.StringVar(&c.Predict, "predict", c.Predict, "what the network predicts: "+names(drift.Predictions(), func(k drift.Prediction) string { return k.Name }))
	f.BoolVar(&c.FullRange, "full-range", false, "map the range of pixels to -1 to 1, as diffusers does, in place of standardising them")
	f.StringVar(&c.Noise, "noise", c.Noise, "what the network is told of its level: "+names(drift.NoiseScales(), noiseName)+" (default log-ratio; networks of diffusers hear timestep, or flow-time)")
	f.StringVar(&c.Train.Levels, "train-levels", c.Train.Levels, "noise levels to train at: "+names(drift.AllTrainLevels(), levelsName))
	f.StringVar(&c.Train.LossWeight, "loss-weight", c.Train.LossWeight, "weight of the error of D at a level: "+names(drift.LossWeights(), weightName))
	f.BoolVar(&c.Train.Uncertainty, "uncertainty", false, "learn how uncertain the loss is at each level, and weigh by it")
	f.StringVar(&c.Network.Kind, "network", "", "kind of network: "+strings.Join(nn.Kinds, ", ")+" (default unet for pictures larger than 12×12, else mlp)")
	f.StringVar(&c.Network.Preset, "preset", "", "size of the network: "+strings.Join(nn.Presets, ", ")+" (default small, or an MLP of 2 blocks of 64)")
	f.IntVar(&c.Network.Width, "width", 0, "width of an MLP's hidden layers (default 64)")
	f.IntVar(&c.Network.Blocks, "blocks", 0, "residual blocks of an MLP (default 2)")
	f.StringVar(&c.LabelColumn, "label-column", "", "column of a table, or of a Parquet file, that holds the class (default: detected)")
	picturesFlags(f, &c.Pictures)
	f.BoolVar(&c.Flip, "flip", false, "mirror every other picture: for photographs and faces, not for letters")
	f.Float64Var(&c.Augment, "augment", 0, "mirror every other picture, turn, scale, stretch and shift each with this probability, stand it on its head with half of it, and tell the network, so that samples do not show it: for few pictures, 0.12 is usual")
	f.IntVar(&c.Upscale, "upscale", 0, "learn to make pictures so many times larger, given the small ones; 0 for not")
	f.IntVar(&c.Samples, "samples", 0, "samples to use, or of a generated set to make (default: all, or 20000)")
	f.IntVar(&c.CheckpointEvery, "checkpoint-every", c.CheckpointEvery, "steps between checkpoints")
	f.IntVar(&c.SampleEvery, "sample-every", 0, "steps between grids of samples in the run's folder, 0 for none"+suits(func(c run.Config) any { return c.SampleEvery }))
	f.Uint64Var(&c.Seed, "seed", c.Seed, "seed of everything that is drawn")
	cmd.RegisterFlagCompletionFunc("network", cobra.FixedCompletions(nn.Kinds, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("preset", cobra.FixedCompletions(nn.Presets, cobra.ShellCompDirectiveNoFileComp))
	cmd.RegisterFlagCompletionFunc("process", complete(drift.Processes(), func(p drift.Process) string { return p.Name }))
	cmd.RegisterFlagCompletionFunc("predict", complete(drift.Predictions(), func(k drift.Prediction) string { return k.Name }))
	cmd.RegisterFlagCompletionFunc("noise", complete(drift.NoiseScales(), noiseName))
	cmd.RegisterFlagCompletionFunc("train-levels", complete(drift.AllTrainLevels(), levelsName))
	cmd.RegisterFlagCompletionFunc("loss-weight", complete(drift.LossWeights(), weightName))
	cmd.ValidArgsFunction = completeDatasets
}

// suits says what a flag is where it is not given, for points and small pictures and for larger
// ones.
func suits(of func(run.Config) any) string {
	return fmt.Sprintf(" (default %v; %v for pictures larger than 12×12)", of(run.DefaultConfig("")), of(run.DefaultConfigFor("", []int{13, 13, 1})))
}

// lengths are written as --ema-lengths takes them.
func lengths(all []float64) string {
	if len(all) == 0 {
		return "none"
	}
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(all), " ", ","), "[]")
}

// limit reads --minutes, which count from now.
func (t *training) limit(cmd *cobra.Command) error {
	given := cmd.Flags().Changed
	switch {
	case !given("minutes"):
		return nil
	case given("steps"):
		return usageError{errors.New("--steps, --minutes: found both, expected one of them")}
	case !(t.minutes > 0) || t.minutes > 60*24*365:
		return fmt.Errorf("minutes: found %v, expected above 0 and at most a year", t.minutes)
	}
	t.Until = time.Now().Add(time.Duration(t.minutes * float64(time.Minute)))
	return nil
}

// look prepares the looks of --preview-every.
func (t *training) look(ctx context.Context, c *console, config run.Config) (err error) {
	if t.preview == 0 {
		return nil
	}
	if t.Set == nil {
		if t.Set, err = config.OpenSetContext(ctx, t.Reading); err != nil {
			return err
		}
	}
	if t.Engine, err = nn.Engine(); err != nil {
		return err
	}
	t.Preview, err = watch.Preview(ctx, t.Engine, t.Set, t.preview, func(step, steps int, _ float64) {
		c.progress("learning features", step, steps, "")
	})
	return err
}

// settle makes the config of a run: that of the run if it is resumed, or else what suits
// the data, which it opens; then what the run of --from was trained with; then what a
// file says, then what flags say.
func (t *training) settle(cmd *cobra.Command, name string) (run.Config, error) {
	if t.Resume && run.Exists(t.out) {
		d, err := run.Open(t.out)
		if err != nil {
			return run.Config{}, err
		}
		d.Config.Dataset = name
		n := len(d.Manifest.Data.Classes)
		suited := d.Config.Network.Knows(n) == n
		config, err := t.over(cmd, d.Config)
		if suited {
			t.suit(&config, n)
		}
		return config, err
	}
	follow := func(c run.Config) run.Config { return c }
	if t.From != "" {
		d, err := run.Open(t.From)
		if err != nil {
			return run.Config{}, err
		}
		follow = func(c run.Config) run.Config { return c.Following(d, t.Set) }
	}
	config, err := t.over(cmd, follow(run.DefaultConfig(name)))
	if err != nil {
		return config, err
	}
	if t.Set, err = config.OpenSetContext(cmd.Context(), t.Reading); err != nil {
		return config, err
	}
	config, err = t.over(cmd, follow(run.DefaultConfigFor(name, t.Set.X.Shape)))
	t.suit(&config, len(t.Set.Classes))
	return config, err
}

// suit gives a network that the file of --config describes, as the config of a run on
// other data does, a table with as many classes as the data have.
func (t *training) suit(config *run.Config, classes int) {
	if known := config.Network.Knows(classes); t.file != "" && known < classes {
		t.changed = append(t.changed, fmt.Sprintf("network: that of %s tells %d classes apart, and the data have %d; it has a table for these now", t.file, known, classes))
		config.Network = config.Network.WithClasses(classes)
	}
}

// over lets the file of --config and the flags that were given override a config. The
// data are not theirs to say: the argument does, and every run's config.toml names others.
func (t *training) over(cmd *cobra.Command, config run.Config) (run.Config, error) {
	was := config
	config.Schedule = slices.Clone(config.Schedule) // which reading a file writes into, as
	if m := config.Network.EDM2; m != nil {         // into this
		config.Network.EDM2 = new(*m)
	}
	if t.file != "" {
		var err error
		if config, err = run.ReadConfig(t.file, config); err != nil {
			return config, err
		}
		config.Dataset = was.Dataset
		config = fitting(config, was)
	}
	was = config
	override(cmd, &config, t.flags)
	return fitting(config, was), nil
}

// fitting is a config without what fitted another noise or process alone, where what
// overrode it names one and leaves that as it was.
func fitting(config, was run.Config) run.Config {
	if run.Stepped(config.Noise) != run.Stepped(was.Noise) {
		if config.Network.NoiseScale == was.Network.NoiseScale {
			config.Network.NoiseScale = 0
		}
		if config.Train.UncertaintyScale == was.Train.UncertaintyScale {
			config.Train.UncertaintyScale = 0
		}
		if is, before := config.Network.EDM2, was.Network.EDM2; is != nil && before != nil && is.NoiseScale == before.NoiseScale {
			config.Network.EDM2 = new(*is)
			config.Network.EDM2.NoiseScale = 0
		}
	}
	if config.Process != was.Process && slices.Equal(config.Schedule, was.Schedule) {
		config.Schedule = nil // the table of another process
	}
	return config
}

func levelsName(l drift.TrainLevels) string { return l.Name }
func noiseName(s drift.NoiseScale) string   { return s.Name }
func weightName(w drift.LossWeight) string  { return w.Name }

// override lets the flags that were given override a config.
func override(cmd *cobra.Command, config *run.Config, flags run.Config) {
	given := cmd.Flags().Changed
	if given("network") || given("preset") {
		n := nn.Spec{Kind: config.Network.Kind, Preset: config.Network.Preset}
		if given("network") {
			n.Kind = flags.Network.Kind
		}
		if given("preset") {
			n.Preset = flags.Network.Preset
		}
		config.Network = n
	}
	for name, set := range map[string]func(){
		"steps":            func() { config.Train.Steps = flags.Train.Steps },
		"batch":            func() { config.Train.Batch = flags.Train.Batch },
		"accumulate":       func() { config.Train.Accumulate = flags.Train.Accumulate },
		"recompute":        func() { config.Train.Recompute = flags.Train.Recompute },
		"warmup":           func() { config.Train.Warmup = flags.Train.Warmup },
		"ema":              func() { config.Train.EMA = flags.Train.EMA },
		"ema-lengths":      func() { config.Train.EMALengths = flags.Train.EMALengths },
		"label-dropout":    func() { config.Train.LabelDropout = flags.Train.LabelDropout },
		"uncertainty":      func() { config.Train.Uncertainty = flags.Train.Uncertainty },
		"flip":             func() { config.Flip = flags.Flip },
		"augment":          func() { config.Augment = flags.Augment },
		"upscale":          func() { config.Upscale = flags.Upscale },
		"sample-every":     func() { config.SampleEvery = flags.SampleEvery },
		"rate":             func() { config.Train.Rate = flags.Train.Rate },
		"process":          func() { config.Process = flags.Process },
		"full-range":       func() { config.FullRange = flags.FullRange },
		"noise":            func() { config.Noise = flags.Noise },
		"predict":          func() { config.Predict = flags.Predict },
		"train-levels":     func() { config.Train.Levels = flags.Train.Levels },
		"loss-weight":      func() { config.Train.LossWeight = flags.Train.LossWeight },
		"width":            func() { config.Network.Width = flags.Network.Width },
		"blocks":           func() { config.Network.Blocks = flags.Network.Blocks },
		"label-column":     func() { config.LabelColumn = flags.LabelColumn },
		"size":             func() { config.Pictures.Size = flags.Pictures.Size },
		"channels":         func() { config.Pictures.Channels = flags.Pictures.Channels },
		"background":       func() { config.Pictures.Background = flags.Pictures.Background },
		"strict":           func() { config.Pictures.Strict = flags.Pictures.Strict },
		"samples":          func() { config.Samples = flags.Samples },
		"checkpoint-every": func() { config.CheckpointEvery = flags.CheckpointEvery },
		"seed":             func() { config.Seed = flags.Seed },
	} {
		if given(name) {
			set()
		}
	}
	if given("ema-lengths") && config.Snapshots < 2 { // lengths need some
		config.Snapshots = 20
	}
}

// train runs a training and shows it; it returns the last event.
func (c *console) train(ctx context.Context, out string, config run.Config, o run.Options) (run.Event, error) {
	var last run.Event
	for e, err := range watch.Train(ctx, out, config, o) {
		if err != nil {
			return last, err
		}
		last = e
		c.trained(e)
	}
	return last, nil
}

// trained shows one event of a training.
func (c *console) trained(e run.Event) {
	switch e.Kind {
	case "resume":
		c.warn(e.Warnings)
		c.say("%s", e.Plan)
		if e.Step < e.Steps {
			c.say("going on at step %d of %d", e.Step, e.Steps)
		}
		c.object(e)
	case "start", "checkpoint", "preview":
		c.warn(e.Warnings)
		if e.Plan != "" {
			c.say("%s", e.Plan)
		}
		c.object(e)
		if e.FID != nil {
			c.say("step %d: FID of few pictures %.1f (%.1f to %.1f)", e.Step, e.FID.Value, e.FID.Low, e.FID.High)
		}
	case "step":
		if every := max(1, e.Steps/100); e.Step%every == 0 || e.Step == e.Steps {
			c.object(e)
		}
		c.progress("training", e.Step, e.Steps, fmt.Sprintf("  loss %.4f", e.Loss))
	}
}

// quoted is an argument as a shell takes it.
func quoted(arg string) string {
	plain := func(r rune) bool {
		return unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("./_-+=:,@%", r)
	}
	if arg != "" && strings.IndexFunc(arg, func(r rune) bool { return !plain(r) }) < 0 {
		return arg
	}
	return "'" + strings.ReplaceAll(arg, "'", `'\''`) + "'"
}

// counted is so many things by their name.
func counted(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// dataEndings are the endings of files of data, which a run is called without.
var dataEndings = []string{".csv", ".tsv", ".tab", ".txt", ".gz", ".tgz", ".zip", ".npy", ".npz", ".parquet", ".bin"}

// defaultOut is the folder of a run on a data set.
func defaultOut(dataset string) string {
	base := filepath.Base(named(dataset))
	ending := filepath.Ext(base)
	if stem := strings.TrimSuffix(base, ending); stem != "" && slices.Contains(dataEndings, strings.ToLower(ending)) {
		base = stem
	}
	return filepath.Join("runs", base)
}

// unnamed is the folder of a run on a data set where no flag says it. A run that is resumed
// may be one from when any ending was left out: then it says so.
func (t *training) unnamed(dataset string) string {
	out := defaultOut(dataset)
	earlier := strings.TrimSuffix(out, filepath.Ext(out))
	if !t.Resume || run.Exists(out) || earlier == out || !run.Exists(earlier) {
		return out
	}
	if d, err := run.Open(earlier); err != nil || filepath.Base(named(d.Config.Dataset)) != filepath.Base(named(dataset)) {
		return out
	}
	t.changed = append(t.changed, fmt.Sprintf("out: found no run in %s, and in %s one on %s from when runs were called so; it goes on there (--out %s starts another)", out, earlier, dataset, quoted(out)))
	return earlier
}

// named is a path that ends in a name: the whole one for ".", "..", and what ends in them.
func named(path string) string {
	path = filepath.Clean(path)
	if base := filepath.Base(path); base == "." || base == ".." {
		if whole, err := filepath.Abs(path); err == nil {
			return whole
		}
	}
	return path
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func seconds(s float64) string { return fmt.Sprintf("%.1f s", s) }
