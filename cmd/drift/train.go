package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"strings"
	"time"
	"unicode"

	"drift"
	"drift/run"

	"github.com/spf13/cobra"
)

func newTrain(c *console) *cobra.Command {
	o := run.Options{}
	var out, file string
	var minutes float64
	flags := run.DefaultConfig("")
	cmd := &cobra.Command{
		Use:   "train DATASET",
		Short: "Train on a data set: a name that `drift data list` shows, a CSV file, or pictures",
		Example: example("drift train dogcat --out runs/dogcat",
			"drift train points.csv --label-column species --minutes 2",
			"drift train digits --steps 8000 --width 256",
			"drift train photos/ --size 32 --steps 8000",
			"drift train dogcat --process edm --predict edm --train-levels log-normal --loss-weight min-snr",
			"drift train dogcat --out runs/dogcat --resume --steps 8000"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("steps") && cmd.Flags().Changed("minutes") {
				return usageError{errors.New("--steps, --minutes: found both, expected one of them")}
			}
			config := run.DefaultConfig(args[0])
			if o.Resume && run.Exists(or(out, defaultOut(args[0]))) {
				d, err := run.Open(or(out, defaultOut(args[0])))
				if err != nil {
					return err
				}
				config = d.Config
				config.Dataset = args[0]
			}
			var err error
			if file != "" {
				if config, err = run.ReadConfig(file, config); err != nil {
					return err
				}
			}
			override(cmd, &config, flags)
			out = or(out, defaultOut(args[0]))
			if cmd.Flags().Changed("minutes") {
				if !(minutes > 0) || minutes > 60*24*365 {
					return fmt.Errorf("minutes: found %v, expected above 0 and at most a year", minutes)
				}
				if err := fitMinutes(cmd.Context(), c, &config, minutes); err != nil {
					return err
				}
			}
			last, err := c.train(cmd.Context(), out, config, o)
			if err != nil {
				return err
			}
			c.object(last)
			if last.Kind == "stopped" {
				c.say("stopped at step %d of %d; everything is kept in %s; go on with: drift train %s --out %s --resume",
					last.Step, last.Steps, out, quoted(args[0]), quoted(out))
				return errStopped
			}
			if last.Note != "" {
				c.say("%s", last.Note)
			}
			c.say("trained %d steps in %s; next: drift sample %s", last.Step, seconds(last.Seconds), quoted(out))
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "folder of the run (default runs/DATASET)")
	f.StringVar(&file, "config", "", "TOML file with any of the keys of a run's config.toml; flags override it")
	f.IntVar(&flags.Train.Steps, "steps", flags.Train.Steps, "training steps")
	f.Float64Var(&minutes, "minutes", 0, "train about this long: sets the steps after timing a few")
	f.IntVar(&flags.Train.Batch, "batch", flags.Train.Batch, "samples a step")
	f.Float64Var(&flags.Train.Rate, "rate", flags.Train.Rate, "peak learning rate")
	f.StringVar(&flags.Process, "process", flags.Process, "way from data to noise: "+names(drift.Processes(), func(p drift.Process) string { return p.Name }))
	f.StringVar(&flags.Predict, "predict", flags.Predict, "what the network predicts: "+names(drift.Predictions(), func(k drift.Prediction) string { return k.Name }))
	f.BoolVar(&flags.FullRange, "full-range", false, "map the range of pixels to -1 to 1, as diffusers does, in place of standardising them")
	f.StringVar(&flags.Noise, "noise", flags.Noise, "what the network is told of its level: "+names(drift.NoiseScales(), noiseName)+" (default log-ratio; networks of diffusers hear timestep, or flow-time)")
	f.StringVar(&flags.Train.Levels, "train-levels", flags.Train.Levels, "noise levels to train at: "+names(drift.AllTrainLevels(), levelsName))
	f.StringVar(&flags.Train.LossWeight, "loss-weight", flags.Train.LossWeight, "weight of the error of D at a level: "+names(drift.LossWeights(), weightName))
	f.IntVar(&flags.Network.Width, "width", flags.Network.Width, "width of the network's hidden layers")
	f.IntVar(&flags.Network.Blocks, "blocks", flags.Network.Blocks, "residual blocks of the network")
	f.StringVar(&flags.LabelColumn, "label-column", "", "column of a CSV file that holds the class (default: detected)")
	picturesFlags(f, &flags.Pictures)
	f.IntVar(&flags.Samples, "samples", 0, "samples to use, of those in the data set (default: all)")
	f.BoolVar(&o.Resume, "resume", false, "go on with the run, or start it if there is none")
	f.StringVar(&o.From, "from", "", "start from the weights of another run")
	f.IntVar(&flags.CheckpointEvery, "checkpoint-every", flags.CheckpointEvery, "steps between checkpoints")
	f.Uint64Var(&flags.Seed, "seed", flags.Seed, "seed of everything that is drawn")
	cmd.RegisterFlagCompletionFunc("process", complete(drift.Processes(), func(p drift.Process) string { return p.Name }))
	cmd.RegisterFlagCompletionFunc("predict", complete(drift.Predictions(), func(k drift.Prediction) string { return k.Name }))
	cmd.RegisterFlagCompletionFunc("noise", complete(drift.NoiseScales(), noiseName))
	cmd.RegisterFlagCompletionFunc("train-levels", complete(drift.AllTrainLevels(), levelsName))
	cmd.RegisterFlagCompletionFunc("loss-weight", complete(drift.LossWeights(), weightName))
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}

func levelsName(l drift.TrainLevels) string { return l.Name }
func noiseName(s drift.NoiseScale) string   { return s.Name }
func weightName(w drift.LossWeight) string  { return w.Name }

// override lets the flags that were given override a config.
func override(cmd *cobra.Command, config *run.Config, flags run.Config) {
	given := cmd.Flags().Changed
	for name, set := range map[string]func(){
		"steps":            func() { config.Train.Steps = flags.Train.Steps },
		"batch":            func() { config.Train.Batch = flags.Train.Batch },
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
}

// train runs a training and shows it; it returns the last event.
func (c *console) train(ctx context.Context, out string, config run.Config, o run.Options) (run.Event, error) {
	var last run.Event
	for e, err := range run.Train(ctx, out, config, o) {
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
		if e.Step < e.Steps {
			c.say("going on at step %d of %d", e.Step, e.Steps)
		}
		c.object(e)
	case "start", "checkpoint":
		c.warn(e.Warnings)
		c.object(e)
	case "step":
		if every := max(1, e.Steps/100); e.Step%every == 0 || e.Step == e.Steps {
			c.object(e)
		}
		c.progress("training", e.Step, e.Steps, fmt.Sprintf("  loss %.4f", e.Loss))
	}
}

// fitMinutes sets the steps that fit into a time, by timing the first few of a
// throw-away run. From then on the run is an ordinary one of so many steps.
func fitMinutes(ctx context.Context, c *console, config *run.Config, minutes float64) error {
	config.Train.Steps = 1
	each, fixed, err := run.TimeSteps(ctx, *config)
	if err != nil {
		return err
	}
	budget := time.Duration(minutes*float64(time.Minute)) - 2*fixed
	config.Train.Steps = int(math.Max(1, 0.95*float64(budget)/float64(each)))
	c.say("%d steps of %s fit into %g minutes", config.Train.Steps, each.Round(10*time.Microsecond), minutes)
	return nil
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

func defaultOut(dataset string) string {
	base := filepath.Base(dataset)
	return filepath.Join("runs", strings.TrimSuffix(base, filepath.Ext(base)))
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

func seconds(s float64) string { return fmt.Sprintf("%.1f s", s) }
