package main

import (
	"fmt"

	"drift"
	"drift/dataset"
	"drift/figure"
	"drift/render"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func newData(c *console) *cobra.Command {
	cmd := &cobra.Command{
		Use:     "data",
		Short:   "List, bring, show and check data sets",
		Example: example("drift data list", "drift data show moons --out moons.png"),
		Args:    oneOf,
		RunE:    func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newDataList(c), newDataGet(c), newDataShow(c), newDataCheck(c), newDataGroup(c))
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
			c.say("\nor the path of a CSV or TSV file with a column for each coordinate and, optionally, one for the class,\n" +
				"or of pictures: a folder or zip archive with folders as classes, IDX, CIFAR, Parquet or NumPy files")
			c.object(map[string]any{"datasets": dataset.List()})
			return nil
		},
	}
}

func newDataGet(c *console) *cobra.Command {
	var o dataset.GetOptions
	cmd := &cobra.Command{
		Use:     "get NAME",
		Short:   "Download a data set that others publish, checked by SHA-256, to train on it by its name",
		Example: example("drift data get mnist", "drift data get cifar10 --from ~/Downloads"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.Client.Watch = func(name string, done, total int64) {
				c.progress(name, int(done>>10), int(total>>10), " KiB")
			}
			dir, err := dataset.Get(cmd.Context(), args[0], o)
			if err != nil {
				return orUnfinished(err)
			}
			c.say("%s is in %s; next: drift train %s", args[0], dir, quoted(args[0]))
			c.object(map[string]any{"name": args[0], "folder": dir})
			return nil
		},
	}
	cmd.Flags().StringVar(&o.From, "from", "", "folder that holds the files already, or the file itself")
	cmd.Flags().StringVar(&o.Root, "dir", "", "folder of data sets, which train finds if DRIFT_DATA names it (default $DRIFT_DATA, or drift in the folder for caches)")
	return cmd
}

func newDataShow(c *console) *cobra.Command {
	var o dataset.Options
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:     "show DATASET",
		Short:   "Describe a data set and draw it dissolving into noise",
		Example: example("drift data show dogcat --out dogcat.png", "drift data show points.csv --label-column species", "drift data show photos.zip --size 32 --out photos.png"),
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if out != "" {
				if err := pngReady("--out", out, force); err != nil {
					return err
				}
			}
			set, err := c.opened(cmd.Context(), args[0], o)
			if err != nil {
				return err
			}
			c.warn(set.Warnings())
			scale, err := dataset.Fit(set)
			if err != nil {
				return err
			}
			result := map[string]any{"name": set.Name, "samples": set.X.N, "shape": set.X.Shape, "classes": set.Classes, "scale": scale, "skipped": len(set.Skipped), "files": []string{}}
			c.say("%s: %s of shape %v", set.Name, counted(set.X.N, "sample"), set.X.Shape)
			if len(set.Classes) > 0 {
				c.say("%s", classesOf(set))
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
	dataFlags(f, &o)
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}

// classesOf names the classes of a set, the first of many.
func classesOf(set *dataset.Set) string {
	const most = 20
	text := fmt.Sprintf("%d classes: %q", len(set.Classes), set.Classes[:min(most, len(set.Classes))])
	if more := len(set.Classes) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}

// dataFlags are the flags that say how a data set is opened.
func dataFlags(f *pflag.FlagSet, o *dataset.Options) {
	f.StringVar(&o.LabelColumn, "label-column", "", "column of a CSV file that holds the class (default: detected)")
	f.IntVar(&o.N, "samples", 0, "samples to use, of those in the data set (default: all)")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of a generated data set")
	picturesFlags(f, &o.Pictures)
}

// picturesFlags are the flags that say how files of pictures are read.
func picturesFlags(f *pflag.FlagSet, p *dataset.Pictures) {
	f.StringVar(&p.Size, "size", "", "of pictures: a side to resize and crop them to, or height x width as in 32x48 (default: their own)")
	f.IntVar(&p.Channels, "channels", 0, "of pictures: 1 for grey, 3 for colour (default: grey if all are)")
	f.StringVar(&p.Background, "background", "", "of pictures: what shows through transparent pixels, white, black or #rrggbb (default white)")
	f.BoolVar(&p.Strict, "strict", false, "of pictures: one that cannot be read is an error and not left out")
}
