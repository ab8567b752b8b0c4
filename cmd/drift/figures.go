package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"drift/figure"
	"drift/internal/safefile"

	"github.com/spf13/cobra"
)

func newFigures(c *console) *cobra.Command {
	var o figure.Options
	var out, trained string
	var force, list bool
	cmd := &cobra.Command{
		Use:   "figures [NAME…]",
		Short: "Draw the figures that explain diffusion: all of them, or those that are named",
		Long:  "Draw the figures that explain diffusion: all of them, or those that are named.\n\n" + figureList(),
		Example: example("drift figures", "drift figures nfe trajectories --out figures",
			"drift figures dissolve --run runs/digits --out learned"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if list {
				c.listFigures()
				return nil
			}
			began := time.Now()
			chosen, err := figuresNamed(args)
			if err != nil {
				return err
			}
			if err := os.MkdirAll(out, 0o755); err != nil {
				return fmt.Errorf("%s: cannot create: %w", out, err)
			}
			for _, f := range chosen {
				for _, file := range f.Files {
					if err := safefile.Ready(filepath.Join(out, file), force); err != nil {
						return err // before the work, not after it
					}
				}
			}
			if err := c.findLearned(cmd.Context(), &o, chosen, trained, out); err != nil {
				return err
			}
			files, err := c.drawFigures(cmd.Context(), chosen, o, out, force)
			if errors.Is(err, context.Canceled) {
				c.say("stopped; %d files are whole in %s: name the figures that are missing, or draw all anew with --force", len(files), out)
				c.object(map[string]any{"event": "stopped", "files": files})
				return errStopped
			}
			if err != nil {
				return err
			}
			took := time.Since(began).Seconds()
			c.say("%s\n\n%d files, %s", strings.Join(files, "\n"), len(files), seconds(took))
			c.object(map[string]any{"figures": len(chosen), "files": files, "seconds": took})
			return nil
		},
		ValidArgsFunction: complete(figure.All(), func(f figure.Figure) string { return f.Name + "\t" + f.About }),
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "./drift-figures", "folder for the pictures")
	f.Uint64Var(&o.Seed, "seed", 0, "seed of everything that is drawn")
	f.StringVar(&trained, "run", "", "trained run to show: of pictures in dissolve, of points with a known density in learned (default: train one briefly)")
	f.BoolVar(&force, "force", false, "overwrite existing files")
	f.BoolVar(&list, "list", false, "list the figures and the files that they make")
	return cmd
}

func figureList() string {
	var s strings.Builder
	for _, f := range figure.All() {
		fmt.Fprintf(&s, "  %-13s %s\n", f.Name, f.About)
	}
	return s.String()
}

func (c *console) listFigures() {
	var cells [][]string
	for _, f := range figure.All() {
		cells = append(cells, []string{f.Name, f.About, f.Shows, strings.Join(f.Files, " ")})
	}
	c.table([]string{"name", "about", "--run", "files"}, cells)
	c.object(map[string]any{"figures": figure.All()})
}

// figuresNamed are the figures of these names, once each and in the order of the
// table; all of them without a name.
func figuresNamed(names []string) ([]figure.Figure, error) {
	for _, name := range names {
		if _, err := figure.ByName(name); err != nil {
			return nil, usageError{err}
		}
	}
	return slices.DeleteFunc(figure.All(), func(f figure.Figure) bool {
		return len(names) > 0 && !slices.Contains(names, f.Name)
	}), nil
}

// findLearned says where the learned model comes from: the run that is named, or a
// brief training in the folder of the figures.
func (c *console) findLearned(ctx context.Context, o *figure.Options, chosen []figure.Figure, trained, out string) error {
	o.Learned = func(ctx context.Context) (*figure.Learned, error) {
		return figure.Train(ctx, filepath.Join(out, fmt.Sprintf("run-seed-%d", o.Seed)), o.Seed, c.trained)
	}
	if trained == "" {
		return nil
	}
	l, err := figure.Open(ctx, trained)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(chosen, func(f figure.Figure) bool { return f.Shows == l.Kind() }) {
		return fmt.Errorf("run %s: found a run of %s, which none of the figures shows; see `drift figures --list`", trained, l.Kind())
	}
	if l.Kind() == "pictures" {
		o.Pictures = l
	} else if err := l.Comparable(); err != nil {
		return fmt.Errorf("run %s: %w", trained, err)
	} else {
		o.Learned = func(context.Context) (*figure.Learned, error) { return l, nil }
	}
	return nil
}

// drawFigures writes figure after figure, and says which files are there.
func (c *console) drawFigures(ctx context.Context, chosen []figure.Figure, o figure.Options, out string, force bool) (files []string, err error) {
	total, done := 0, 0
	for _, f := range chosen {
		total += len(f.Files)
	}
	for _, f := range chosen {
		c.progress("drawing", done, total, "  "+f.Name)
		pictures, err := f.Make(ctx, o)
		if err != nil {
			return files, err
		}
		for _, p := range pictures {
			if err := ctx.Err(); err != nil {
				return files, err
			}
			path := filepath.Join(out, p.File)
			if err := publish(path, force, p.Write); err != nil {
				return files, err
			}
			files, done = append(files, path), done+1
			c.object(map[string]any{"event": "drawn", "figure": f.Name, "file": path, "done": done, "total": total})
			c.progress("drawing", done, total, "  "+p.File)
		}
	}
	return files, nil
}
