package main

import (
	"fmt"
	"strconv"
	"strings"

	"drift"
	"drift/edit"
	"drift/internal/near"
	"drift/run"
	"drift/solver"

	"github.com/spf13/cobra"
)

// painting is how to make what a picture does not show.
type painting struct {
	*editing
	method string
	effort int
}

// methods are the ways to paint, with the efforts that are usual.
var methods = []struct {
	name   string
	effort int
	solver func(known solver.Known, effort int) drift.Solver
}{
	{"filter", 16, edit.Filter},
	{"repaint", 10, func(k solver.Known, effort int) drift.Solver { return solver.RePaint(solver.DDPM(), k, effort) }},
}

func newPainting(c *console) *painting {
	return &painting{editing: newEditing(c, 4), method: methods[0].name}
}

func (p *painting) paintFlags(cmd *cobra.Command, file *string) {
	p.editFlags(cmd)
	f := cmd.Flags()
	f.Lookup("solver").Usage = "none: --method says how to walk"
	f.Lookup("solver").DefValue = ""
	f.StringVar(file, "picture", "", "what is known: a PNG, JPEG, GIF, WebP or BMP file")
	f.StringVar(&p.method, "method", p.method, "filter (particles that are led to what is known) or repaint (steps back and forth, RePaint)")
	f.IntVar(&p.effort, "effort", 0, "particles of a filter (default 16) or tries of a step of repaint (default 10); each takes an evaluation a step")
	cmd.RegisterFlagCompletionFunc("method", cobra.FixedCompletions([]string{"filter", "repaint"}, cobra.ShellCompDirectiveNoFileComp))
	cmd.MarkFlagRequired("picture")
}

// paint makes what is not known; known is of one sample.
func (p *painting) paint(cmd *cobra.Command, known solver.Known) error {
	if cmd.Flags().Changed("solver") {
		return usageError{fmt.Errorf("--solver: found one for painting, which has steps of its own; expected --method")}
	}
	names := make([]string, len(methods))
	for i, m := range methods {
		names[i] = m.name
	}
	name, err := near.Find("method", p.method, names, func(s string) string { return s })
	if err != nil {
		return err
	}
	for _, m := range methods {
		if m.name != name {
			continue
		}
		effort := p.effort
		if effort == 0 {
			effort = m.effort
		}
		if effort < 1 || effort > 10_000 {
			return fmt.Errorf("effort: found %d, expected 1 to 10000", effort)
		}
		result, err := p.each(func(w run.Walk, x *drift.Batch, watch run.Watch) error {
			w.Solver = m.solver(repeated(known, x.N), effort)
			if err := w.Start(x); err != nil {
				return err
			}
			return w.Follow(cmd.Context(), x, watch)
		})
		if err != nil {
			return err
		}
		return p.finish(cmd, result, nil)
	}
	return nil
}

// repeated is what is known of one sample, for n.
func repeated(known solver.Known, n int) solver.Known {
	all := solver.Known{Clean: drift.NewBatch(n, known.Clean.Shape...)}
	for i := range n {
		copy(all.Clean.Row(i), known.Clean.Data)
		all.Mask = append(all.Mask, known.Mask...)
	}
	return all
}

func newInpaint(c *console) *cobra.Command {
	p := newPainting(c)
	var file, mask string
	cmd := &cobra.Command{
		Use:   "inpaint RUN",
		Short: "Make new what a mask shows in white, and keep the rest of a picture",
		Example: example("drift edit inpaint runs/pets --picture dog.png --mask hole.png --class dog --out filled.png",
			"drift edit inpaint runs/pets --picture dog.png --mask hole.png -n 9 --method repaint --out filled/"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := p.start(cmd, args); err != nil {
				return err
			}
			picture, err := p.standardised(file)
			if err != nil {
				return err
			}
			keep, err := readMask(mask, picture.Shape)
			if err != nil {
				return err
			}
			known, err := edit.Keep(picture, keep, 1)
			if err != nil {
				return err
			}
			return p.paint(cmd, known)
		},
	}
	p.paintFlags(cmd, &file)
	cmd.Flags().StringVar(&mask, "mask", "", "picture of the same size: white is made new, black stays; where nothing is white, what is transparent is made new")
	cmd.MarkFlagRequired("mask")
	return cmd
}

func newOutpaint(c *console) *cobra.Command {
	p := newPainting(c)
	var file, at string
	cmd := &cobra.Command{
		Use:   "outpaint RUN",
		Short: "Lay a picture onto a canvas of the model's size, moved or smaller, and make what is around it",
		Example: example("drift edit outpaint runs/pets --picture dog.png --at 0,12 --out right.png",
			"drift edit outpaint runs/pets --picture small.png --at -4,-4 -n 9 --out around/"),
		RunE: func(cmd *cobra.Command, args []string) error {
			row, column, err := place(at)
			if err != nil {
				return err
			}
			if err := p.start(cmd, args); err != nil {
				return err
			}
			canvas := p.model.Manifest.Data.Shape
			part, err := p.picture(file)
			if err != nil {
				return err
			}
			known, err := edit.Place(part, row, column, 1, canvas)
			if err != nil {
				return err
			}
			if known.Clean, err = p.model.Standardise(known.Clean); err != nil {
				return err
			}
			return p.paint(cmd, known)
		},
	}
	p.paintFlags(cmd, &file)
	cmd.Flags().StringVar(&at, "at", "0,0", "ROW,COLUMN of the canvas where the picture's upper left corner lies; may be negative")
	return cmd
}

// place reads what --at says.
func place(text string) (row, column int, err error) {
	a, b, found := strings.Cut(text, ",")
	row, err = strconv.Atoi(strings.TrimSpace(a))
	column, err2 := strconv.Atoi(strings.TrimSpace(b))
	if !found || err != nil || err2 != nil || max(row, -row, column, -column) > 1<<20 {
		return 0, 0, fmt.Errorf("at: found %q, expected ROW,COLUMN", text)
	}
	return row, column, nil
}
