package main

import (
	"fmt"
	"time"

	"drift"
	"drift/figure"
	"drift/run"

	"github.com/spf13/cobra"
)

func newSample(c *console) *cobra.Command {
	w := newWalk(c)
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "sample [RUN]",
		Short: "Sample a trained run: points as CSV or NPY, pictures as PNG, the walk as GIF",
		Long: "Sample a trained run. Sample number i depends on the run, the seed, i and the settings of the walk, and\n" +
			"on nothing else: --index makes it alone. PNG files of pictures hold what made them, and --like makes\n" +
			"the same again, byte for byte on the same engine; flags beside it change what they name.",
		Example: example("drift sample runs/dogcat -n 500 --class dog --out dogs.csv",
			"drift sample runs/digits -n 100 --guidance 3 --guidance-to 5 --clip data --out digits.png",
			"drift sample runs/digits --each-class 20 --out digits/",
			"drift sample --like digits/000007-7.png --out seven.png",
			"drift sample runs/dogcat -n 300 --out walk.gif"),
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			began := time.Now()
			d, err := w.dir(cmd, args)
			if err != nil {
				return err
			}
			if cmd.Flags().Changed("each-class") && w.EachClass < 1 {
				return fmt.Errorf("each class: found %d, expected at least 1", w.EachClass)
			}
			if err := d.Manifest.Data.CheckEachClass(w.Request); err != nil {
				return err
			}
			pictures := d.Manifest.Data.Image()
			w.count(cmd, d.Manifest.Data, animated(out))
			if out == "" {
				out = "samples.csv"
				if pictures {
					out = "samples.png"
				}
			}
			write, err := writerFor(out, pictures)
			if err != nil {
				return err
			}
			if err := ready(out, force); err != nil {
				return err // before the work, not after it
			}
			m, err := w.open(cmd.Context(), d)
			if err != nil {
				return err
			}
			c.warn(m.Doubts(w.Request))
			n := m.Count(w.Request)
			classes, err := w.named(d.Manifest.Data)
			if err != nil {
				return err
			}
			if err := drawable(out, m, n, classes); err != nil {
				return err
			}
			tape := figure.NewTape(m.Manifest, n)
			s, err := m.Sample(cmd.Context(), w.Request, func(first int, p drift.Progress) {
				if animated(out) {
					tape.Record(first, p)
				}
				c.walked(n, first, p)
			})
			if err != nil {
				return err
			}
			if err := write(out, force, made{Model: m, Samples: s, recipe: m.Recipe(w.Request), tape: tape}); err != nil {
				return err
			}
			took := time.Since(began).Seconds()
			c.say("%s in %s: %s", counted(s.X.N, "sample"), seconds(took), out)
			c.object(map[string]any{"samples": s.X.N, "seconds": took, "files": []string{out}})
			return nil
		},
	}
	w.flags(cmd)
	f := cmd.Flags()
	f.Lookup("n").Usage = fmt.Sprintf("samples, or with --small of each of its pictures (default %d; %d of pictures and for .gif; 1 with --index or --small)", w.N, fewer)
	f.Lookup("n").DefValue = "0" // said above
	f.StringVar(&w.Class, "class", "", "class of all samples, or a pattern as \"dog-*\" of some (default: drawn as in the training data; beside --given whatever goes with that)")
	f.IntVar(&w.EachClass, "each-class", 0, "so many samples of every class, in turn, in place of -n")
	f.IntVar(&w.First, "index", 0, "index of the first sample, of one unless -n or --each-class says of more")
	f.StringVar(&w.like, "like", "", "a picture that drift sampled, to be made again")
	f.StringVar(&out, "out", "", "file to write: .csv, .npy, .png or .gif, or a folder/ for a picture each (default samples.csv, samples.png for pictures)")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	cmd.MarkFlagsMutuallyExclusive("class", "each-class")
	cmd.MarkFlagsMutuallyExclusive("n", "each-class")
	completeClasses(cmd)
	return cmd
}

const fewer = 100 // samples of what takes longer

// count is how many samples there are where nothing says so: fewer of what takes
// longer, and one where its index is named.
func (w *walk) count(cmd *cobra.Command, data run.Data, animation bool) {
	given := cmd.Flags().Changed
	switch {
	case given("n") && w.small != "":
		w.copies = w.N
	case given("n") || given("each-class"):
	case given("index"):
		if w.N = 1; w.EachClass > 0 && w.First >= 0 && len(data.Classes) > 0 { // one of a grid
			w.EachClass, w.Class = 0, data.Classes[w.First%len(data.Classes)]
		}
	case w.recipe == nil && (animation || data.Image()):
		w.N = fewer
	}
}

// completeClasses offers the classes of the run that a command line names.
func completeClasses(cmd *cobra.Command) {
	cmd.RegisterFlagCompletionFunc("class", func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		if len(args) == 0 {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		d, err := run.Open(args[0])
		if err != nil {
			return nil, cobra.ShellCompDirectiveNoFileComp
		}
		return d.Manifest.Data.Classes, cobra.ShellCompDirectiveNoFileComp
	})
}

// walked shows how far sampling has come: steps over all batches.
func (c *console) walked(n, first int, p drift.Progress) {
	share := (float64(first) + float64(p.X.N)*float64(p.Step)/float64(p.Steps)) / float64(n)
	c.progress("sampling", int(share*float64(n)), n, "")
}
