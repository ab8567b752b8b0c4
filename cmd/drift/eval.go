package main

import (
	"fmt"

	"drift"

	"github.com/spf13/cobra"
)

func newEval(c *console) *cobra.Command {
	w := newWalk()
	w.N = 2000
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Measure how close a run's samples come to the truth, each metric beside its floor",
		Example: example("drift eval runs/dogcat",
			"drift eval runs/dogcat -n 5000 --solver heun --json"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := w.run(cmd, args[0])
			if err != nil {
				return err
			}
			set, err := d.Config.OpenSet()
			if err != nil {
				return fmt.Errorf("evaluation needs the data set that the run learnt: %w", err)
			}
			m, err := w.open(d)
			if err != nil {
				return err
			}
			report, samples, err := m.Evaluate(cmd.Context(), set, w.Request, func(first int, p drift.Progress) {
				c.walked(w.N*max(1, len(set.Classes)), first, p)
			})
			if err != nil {
				return err
			}
			c.endBar()
			if err := m.Detail(cmd.Context(), report, set, samples, w.Seed); err != nil {
				return err
			}
			report.Run = args[0]
			c.report(report)
			return nil
		},
	}
	w.flags(cmd)
	cmd.Flags().Lookup("n").Usage = "samples a class"
	return cmd
}
