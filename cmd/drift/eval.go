package main

import (
	"fmt"

	"drift"
	"drift/dataset"
	"drift/feature"
	"drift/run"

	"github.com/spf13/cobra"
)

func newEval(c *console) *cobra.Command {
	w := newWalk(c)
	f := &features{}
	cmd := &cobra.Command{
		Use:   "eval RUN",
		Short: "Measure how close a run's samples come to the truth, each metric beside its floor",
		Example: example("drift eval runs/dogcat",
			"drift eval runs/dogcat -n 5000 --solver heun --json",
			"drift eval runs/digits -n 200 --out-neighbours neighbours.png",
			"drift eval runs/mnist -n 200 --test mnist-test",
			"drift eval runs/photos -n 500 --features inception.onnx --features-pixels -1..1"),
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := w.run(cmd, args[0])
			if err != nil {
				return err
			}
			if !cmd.Flags().Changed("n") {
				w.N = enough(d.Manifest.Data)
			}
			if err := f.check(d.Manifest.Data.Image()); err != nil {
				return err
			}
			set, err := d.Config.OpenSetContext(cmd.Context(), c.reading())
			if err != nil {
				return fmt.Errorf("evaluation needs the data set that the run learnt: %w", err)
			}
			test, err := f.testSet(cmd.Context(), c, dataset.Options{Pictures: d.Config.Pictures}, set)
			if err != nil {
				return err
			}
			m, err := w.open(cmd.Context(), d)
			if err != nil {
				return err
			}
			var e feature.Extractor
			if set.Image() && f.name != noFeatures {
				if e, err = f.open(cmd.Context(), c, set); err != nil {
					return err
				}
			}
			n := w.N * max(1, len(set.Classes))
			report, samples, err := m.Evaluate(cmd.Context(), set, w.Request, func(first int, p drift.Progress) {
				c.walked(n, first, p)
				if p.Step == p.Steps && first+p.X.N == n {
					c.progress("measuring", 0, 2, "  distances")
				}
			})
			if err != nil {
				return err
			}
			c.progress("measuring", 1, 2, "  likelihood and what was learned by heart")
			if err := m.Detail(cmd.Context(), report, set, samples, w.Seed); err != nil {
				return err
			}
			var undrawn error // without which the rest is as good
			if e != nil {
				if err := m.Compare(cmd.Context(), report, set, test, samples, e, w.Seed, c.stage); err != nil {
					return err
				}
				report.Files, undrawn = f.draw(report.Features, d.Manifest.Data.Range)
			}
			report.Run = args[0]
			c.report(report)
			return undrawn
		},
	}
	w.flags(cmd)
	f.flags(cmd)
	n := cmd.Flags().Lookup("n")
	n.Usage = fmt.Sprintf("samples of each class, or in all where there are none (default %d; of pictures %d in all, but at least %d of each class)", toMeasure, toMeasure, leastOfEach)
	n.DefValue = "0" // said above
	return cmd
}

const (
	toMeasure   = 2000 // samples of each class of points, or pictures in all, where -n does not say
	leastOfEach = 10   // pictures of each class
)

// enough is how many samples of each class are measured where nothing says so.
func enough(data run.Data) int {
	if !data.Image() || len(data.Classes) == 0 {
		return toMeasure
	}
	return max(leastOfEach, (toMeasure+len(data.Classes)-1)/len(data.Classes))
}
