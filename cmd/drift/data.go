package main

import (
	"fmt"

	"drift"
	"drift/dataset"
	"drift/figure"
	"drift/internal/safefile"
	"drift/render"

	"github.com/spf13/cobra"
)

func newData(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "List and show data sets",
		Example: example("drift data list", "drift data show moons --out moons.png"),
		Args:    oneOf,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDataList(c), newDataShow(c))
	return cmd
}

func newDataList(c *console) *cobra.Command {
	return &cobra.Command{
		Use:     "list",
		Short:   "List the data sets that drift knows by name",
		Example: example("drift data list"),
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			var rows [][]string
			for _, d := range dataset.List() {
				rows = append(rows, []string{d.Name, d.About, d.Source})
			}
			c.table([]string{"name", "about", "source"}, rows)
			c.say("\nor the path of a CSV or TSV file with a column for each coordinate and, optionally, one for the class")
			c.object(map[string]any{"datasets": dataset.List()})
			return nil
		},
	}
}

func newDataShow(c *console) *cobra.Command {
	var o dataset.Options
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:     "show DATASET",
		Short:   "Describe a data set and draw it dissolving into noise",
		Example: example("drift data show dogcat --out dogcat.png", "drift data show points.csv --label-column species"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" {
				if err := safefile.Ready(out, force); err != nil {
					return err
				}
			}
			set, err := dataset.Open(args[0], o)
			if err != nil {
				return err
			}
			scale, err := dataset.Fit(set)
			if err != nil {
				return err
			}
			result := map[string]any{"name": set.Name, "samples": set.X.N, "shape": set.X.Shape, "classes": set.Classes, "scale": scale, "files": []string{}}
			c.say("%s: %d samples of shape %v", set.Name, set.X.N, set.X.Shape)
			if len(set.Classes) > 0 {
				c.say("%d classes: %q", len(set.Classes), set.Classes[:min(20, len(set.Classes))])
			}
			if !set.Image() {
				for i, name := range set.Columns[:min(20, len(set.Columns))] {
					c.say("%s: mean %.4g, standard deviation %.4g", name, scale.Mean[i], scale.Std[i])
				}
			}
			if out != "" {
				p, err := drift.ProcessByName("vp")
				if err != nil {
					return err
				}
				picture, err := figure.Forward(set, scale, p, o.Seed)
				if err != nil {
					return err
				}
				if err := render.WritePNG(out, picture, force); err != nil {
					return fmt.Errorf("picture: %w", err)
				}
				c.say("drawn: %s", out)
				result["files"] = []string{out}
			}
			c.object(result)
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "PNG file to draw")
	f.StringVar(&o.LabelColumn, "label-column", "", "column of a CSV file that holds the class (default: detected)")
	f.IntVar(&o.N, "samples", 0, "size of a generated data set (default: its own)")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of a generated data set")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}
