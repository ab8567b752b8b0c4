package main

import (
	"path/filepath"

	"drift"
	"drift/demo"
	"drift/run"

	"github.com/spf13/cobra"
)

func newDemo(c *console) *cobra.Command {
	o := demo.Options{}
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Walk from noise to dogs and cats: train, sample, measure and draw in well under a minute",
		Example: example("drift demo",
			"drift demo --out ~/drift-demo --seed 7"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Training = c.trained
			o.Walking = func(first int, p drift.Progress) { c.walked(4000, first, p) }
			o.Drawing = func(file string, done, total int) { c.progress("drawing", done, total, "  "+filepath.Base(file)) }
			report, err := demo.Run(cmd.Context(), o)
			if err != nil {
				return err
			}
			if report == nil {
				c.object(run.Event{Kind: "stopped", Run: o.Out})
				c.say("stopped; everything is kept in %s, and the same command goes on", o.Out)
				return errStopped
			}
			c.report(report)
			return nil
		},
	}
	cmd.Flags().StringVar(&o.Out, "out", "./drift-demo", "folder for the run and the pictures")
	cmd.Flags().Uint64Var(&o.Seed, "seed", 0, "seed of everything that is drawn")
	return cmd
}
