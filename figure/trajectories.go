package figure

import (
	"context"
	"fmt"

	"drift"
	"drift/render"
	"drift/solver"
)

// trajectories is figure (g): six solvers, sixteen evaluations each, from the same
// noise, over the path that they approximate.
func trajectories(ctx context.Context, o Options) ([]Picture, error) {
	const evaluations = 16
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	denoiser := h.known.Denoiser(nil)
	fine := turning(h.process, o.some(400, 100))
	start, _ := started(fine[0], 12, []int{2}, o.Seed, "figure: trajectories")
	truth, err := path(ctx, h.process, denoiser, solver.Heun(), fine, start.Clone(), nil)
	if err != nil {
		return nil, err
	}
	end := truth[len(truth)-1]
	s := render.Sheet{Title: "The same noise, six solvers", Cols: 3, Common: true, Classes: h.Classes,
		Caption: fmt.Sprintf("%d evaluations each; a ring is where a point starts and a dot a step; levels by Karras et al. 2022.\nGrey: the exact path of the flow. Points are scaled to the width of the data.", evaluations)}
	for _, name := range []string{"ddim", "heun", "dpm++2m", "unipc-3", "lms", "ddpm"} {
		info, err := solver.ByName(name)
		if err != nil {
			return nil, err
		}
		levels, err := drift.Grid(h.process, (evaluations+info.NFE-1)/info.NFE)
		if err != nil {
			return nil, err
		}
		at, err := path(ctx, h.process, denoiser, info.New(), levels, start.Clone(), drift.NewNoise(o.Seed, "figure: trajectories", 0))
		if err != nil {
			return nil, err
		}
		shown := start.N
		panel := render.Panel{Title: name, Bounds: h.bounds(), XLabel: "x₁", YLabel: "x₂", Layers: []render.Layer{render.Shade(h.density(levels[len(levels)-1]))},
			Note: fmt.Sprintf("%d steps, off by %.2g on average", len(levels)-1, meanDistance(at[len(at)-1], end)*h.scale.Std[0])}
		if info.Stochastic {
			panel.Note = fmt.Sprintf("%d steps with fresh noise: other ends, the same law", len(levels)-1)
			shown = 3 // more would be a tangle
		}
		for i := range start.N {
			panel.Layers = append(panel.Layers, render.Line(h.trace(truth, fine, i), render.Style{Colour: -1, Width: 1.6, Alpha: 0.5}))
		}
		for i := range shown {
			class := max(0, h.hill(end.Row(i)))
			panel.Layers = append(panel.Layers, render.Line(h.trace(at, levels, i), render.Style{Colour: class, Width: 1.3, Alpha: 0.85}))
			steps := h.trace(at, levels, i)
			dots := drift.NewBatch(len(steps.X), 2)
			labels := make([]int, dots.N)
			for k := range dots.N {
				copy(dots.Row(k), []float64{steps.X[k], steps.Y[k]})
				labels[k] = class
			}
			panel.Layers = append(panel.Layers, render.Points(dots, labels, 2, 1),
				render.Line(render.Curve{X: steps.X[:1], Y: steps.Y[:1]}, render.Style{Colour: class, Mark: render.Ring}))
		}
		s.Panels = append(s.Panels, panel)
	}
	return plot("trajectories", s.Drawing()), nil
}

// trace is the way of one sample in the user's units.
func (h hills) trace(at []*drift.Batch, levels []drift.Level, i int) (c render.Curve) {
	for k, x := range at {
		one := h.restored(x.Slice(i, i+1), levels[k]).Row(0)
		c.X, c.Y = append(c.X, one[0]), append(c.Y, one[1])
	}
	return c
}
