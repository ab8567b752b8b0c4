package main

import (
	"fmt"
	"strings"

	"drift"
	"drift/run"

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
			d, err := run.Open(args[0])
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
			report, _, err := m.Evaluate(cmd.Context(), set, w.Request, func(first int, p drift.Progress) {
				c.walked(w.N*max(1, len(set.Classes)), first, p)
			})
			if err != nil {
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

// report prints a report: a table for people, one object for machines.
func (c *console) report(r *run.Report) {
	c.object(r)
	var rows [][]string
	add := func(name string, value any, floor string) {
		rows = append(rows, []string{name, fmt.Sprint(value), floor})
	}
	if r.ClassAccuracy != nil {
		add("class accuracy", percent(*r.ClassAccuracy), percent(*r.ClassAccuracyReal)+" of real samples")
	}
	if len(r.ClassMean) > 0 && len(r.ClassMean) <= 20 && len(r.ClassMean[0]) <= 4 {
		for i, class := range r.Classes {
			add("mean of "+class, vector(r.ClassMean[i]), "")
			add("standard deviation of "+class, vector(r.ClassStd[i]), "")
		}
	}
	add("sliced Wasserstein", fmt.Sprintf("%.4f", r.SlicedWasserstein), fmt.Sprintf("%.4f between real draws", r.SlicedWassersteinReal))
	errors := func(name string, e *run.ErrorReport) {
		if e != nil && e.Conditional != nil {
			add(name+", conditional", fmt.Sprintf("%.4f", *e.Conditional), "0 for the exact one")
		}
		if e != nil {
			add(name+", unconditional", fmt.Sprintf("%.4f", e.Unconditional), "0 for the exact one")
		}
	}
	errors("denoiser error", r.Denoiser)
	errors("score error", r.Score)
	c.endBar()
	c.table([]string{"metric", "found", "floor"}, rows)
	if len(r.Files) > 0 {
		c.say("\nfiles:\n  %s", strings.Join(r.Files, "\n  "))
	}
	c.say("\n%d samples, %s", r.Samples, seconds(r.Seconds))
}

func percent(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }

func vector(v []float64) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = fmt.Sprintf("%.4g", x)
	}
	return "(" + strings.Join(s, ", ") + ")"
}
