package main

import (
	"fmt"
	"path"

	"drift"
	"drift/dataset"
	"drift/render"

	"github.com/spf13/cobra"
)

func newDataCheck(c *console) *cobra.Command {
	var o dataset.Options
	var out string
	var force bool
	cmd := &cobra.Command{
		Use:   "check DATASET",
		Short: "Look for what would spoil training: duplicates, unreadable or odd pictures, mistaken classes",
		Long: "Look for what would spoil training: duplicates, unreadable or odd pictures, mistaken classes. Of pairs of\n" +
			"near duplicates, and of outliers, it names at most 200 of each, with --json too.",
		Example: example("drift data check photos/ --size 32 --out suspicious.png",
			"drift data check mnist --json"),
		Args: cobra.ExactArgs(1),
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
			r := dataset.Check(set)
			c.checked(set, r)
			files := []string{}
			groups := suspicious(set, r)
			switch {
			case out == "":
			case !set.Image():
				return fmt.Errorf("--out: found a data set of points, expected pictures to draw")
			case len(groups) == 0:
				c.say("nothing to draw: no picture is suspicious")
			default:
				sheet, err := render.PictureGroups(groups, sheetCols, set.Min, set.Max)
				if err != nil {
					return err
				}
				if err := render.WritePNG(out, sheet, force); err != nil {
					return fmt.Errorf("picture: %w", err)
				}
				c.say("drawn: %s", out)
				files = append(files, out)
			}
			c.object(struct {
				*dataset.Report
				SampleFiles []string `json:"sample_files,omitempty"`
				Files       []string `json:"files"`
			}{r, set.Files, files})
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&out, "out", "", "PNG file for a sheet of the suspicious pictures")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	dataFlags(f, &o)
	cmd.ValidArgsFunction = completeDatasets
	return cmd
}

// fewRows is how many of a kind are listed for people; machines get all.
const fewRows = 8

// checked tells people what was found.
func (c *console) checked(set *dataset.Set, r *dataset.Report) {
	c.say("%s: %s of shape %v", r.Name, counted(r.Samples, "sample"), r.Shape)
	if len(r.Classes) > 0 {
		var rows [][]string
		for _, class := range r.Classes[:min(len(r.Classes), 30)] {
			rows = append(rows, []string{class.Name, fmt.Sprint(class.Count)})
		}
		c.say("")
		c.table([]string{"class", "samples"}, rows)
		if n := len(r.Classes) - len(rows); n > 0 {
			c.say("and %d classes more", n)
		}
	}
	for _, note := range r.Notes {
		c.say("note: %s", note)
	}
	section := func(title string, n int, row func(i int) string) {
		if n == 0 {
			return
		}
		c.say("\n%s: %d", title, n)
		for i := range min(n, fewRows) {
			c.say("  %s", row(i))
		}
		if n > fewRows {
			c.say("  and %d more", n-fewRows)
		}
	}
	class := func(i int) string {
		if set.Labels == nil {
			return set.Item(i)
		}
		return fmt.Sprintf("%s (%s)", set.Item(i), set.Classes[set.Labels[i]])
	}
	section("could not be read", len(r.Skipped), func(i int) string { return r.Skipped[i] })
	section("the same, groups", len(r.Duplicates), func(i int) string {
		text := ""
		for k, j := range r.Duplicates[i] {
			if k == 3 {
				return fmt.Sprintf("%s and %d more", text, len(r.Duplicates[i])-k)
			}
			if k > 0 {
				text += ", "
			}
			text += class(j)
		}
		return text
	})
	section("almost the same, pairs", len(r.Near), func(i int) string {
		p := r.Near[i]
		return fmt.Sprintf("%s, %s: %.3f standard deviations apart", class(p.A), class(p.B), p.Distance)
	})
	section("unlike the others", len(r.Outliers), func(i int) string {
		return fmt.Sprintf("%s: %s, %.1f standard deviations", class(r.Outliers[i].Index), r.Outliers[i].Why, r.Outliers[i].Score)
	})
	section("classes", len(r.Problems), func(i int) string { return r.Problems[i] })
	if !r.Suspicious() {
		c.say("\nnothing suspicious was found")
	}
}

// sheetCols and sheetRows bound each group of the sheet.
const sheetCols, sheetRows = 12, 4

// suspicious are the pictures of a report, in groups.
func suspicious(set *dataset.Set, r *dataset.Report) (groups []render.PictureGroup) {
	if !set.Image() {
		return nil
	}
	add := func(title string, index []int) {
		index = index[:min(len(index), sheetCols*sheetRows)]
		if len(index) == 0 {
			return
		}
		g := render.PictureGroup{Title: title, X: drift.NewBatch(len(index), set.X.Shape...)}
		for k, i := range index {
			copy(g.X.Row(k), set.X.Row(i))
			g.Captions = append(g.Captions, path.Base(set.Item(i)))
		}
		groups = append(groups, g)
	}
	var same, near, odd []int
	for _, group := range r.Duplicates {
		same = append(same, group[:2]...)
	}
	for _, p := range r.Near {
		near = append(near, p.A, p.B)
	}
	for _, o := range r.Outliers {
		odd = append(odd, o.Index)
	}
	add("the same, in pairs", same)
	add("almost the same, in pairs", near)
	add("unlike the others", odd)
	return groups
}
