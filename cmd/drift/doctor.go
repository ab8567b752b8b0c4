package main

import (
	"errors"
	"fmt"
	"time"

	"drift/run"

	"github.com/spf13/cobra"
)

func newDoctor(c *console) *cobra.Command {
	t := training{flags: run.DefaultConfig(""), Options: run.Options{Reading: c.reading()}}
	cmd := &cobra.Command{
		Use:   "doctor DATASET|RUN",
		Short: "Look at data and settings before they cost hours: what fits, what is doubtful, what makes no sense",
		Long: "Doctor takes the flags of train that say what is learnt and how, or a run that there is already, and\n" +
			"trains a few steps that it throws away. It asks whether sampling starts where training ends, whether\n" +
			"data, classes, batch, rate and averages fit together, and what the whole run would take. Train looks\n" +
			"too, but for the time.",
		Example: example("drift doctor photos/ --size 32", "drift doctor runs/photos", "drift doctor digits --process scaled-linear --json"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			config, err := t.asked(cmd, args[0])
			if err != nil {
				return err
			}
			c.warn(t.changed)
			return c.examine(cmd, config, t)
		},
	}
	t.configFlags(cmd)
	return cmd
}

// asked is the config that doctor is asked about: that of a run, or one for a data set.
// It opens the data.
func (t *training) asked(cmd *cobra.Command, name string) (run.Config, error) {
	if !run.Exists(name) {
		return t.settle(cmd, name)
	}
	d, err := run.Open(name)
	if err != nil {
		return run.Config{}, err
	}
	config, err := t.over(cmd, d.Config)
	if err != nil {
		return config, err
	}
	t.walk = d.Manifest.Walk
	if t.Set, err = config.OpenSetContext(cmd.Context(), t.Reading); err == nil {
		t.suit(&config, len(t.Set.Classes))
	}
	return config, err
}

// examine prints what the doctor finds, and fails if it is nonsense.
func (c *console) examine(cmd *cobra.Command, config run.Config, t training) error {
	c.warn(t.Set.Warnings())
	found, err := config.Examine(t.Set, t.walk)
	if err != nil {
		return err
	}
	bad := 0
	for _, f := range found {
		if f.Verdict == run.Nonsense {
			bad++
		}
		c.say("%-9s %-9s %s", f.Verdict, f.Check, f.Text)
	}
	if bad > 0 {
		c.object(map[string]any{"findings": found})
		return errors.New("doctor: found nonsense, expected none: see above")
	}
	cost, err := config.Measure(cmd.Context(), t.Set)
	if err != nil {
		return err
	}
	c.say("%-9s %-9s %d steps of %s, %s in all; %s of memory, %s of it for steps and %s samples; %d weights, up to %s on disk", run.Good, "cost", config.Train.Steps,
		rounded(cost.Each), cost.Whole.Round(time.Second), mebibytes(cost.Memory), mebibytes(cost.Step), mebibytes(cost.Data), cost.Weight, mebibytes(cost.Disk))
	c.object(map[string]any{"findings": found, "cost": cost})
	return nil
}

// rounded is a duration to three digits.
func rounded(d time.Duration) time.Duration {
	unit := time.Duration(1)
	for d/unit >= 1000 {
		unit *= 10
	}
	return d.Round(unit)
}

func mebibytes(n uint64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }
