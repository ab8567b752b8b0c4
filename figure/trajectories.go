package figure

import (
	"context"
	"fmt"

	"drift"
	"drift/render"
	"drift/solver"
)

// trajectories is figure (g): six solvers, eight evaluations each, from the same
// noise, over the path that they approximate.
func trajectories(ctx context.Context, o Options) ([]Picture, error) {
	const evaluations = 8
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		return nil, err
	}
	denoiser := h.known.Denoiser(nil)
	fine := turning(p, o.some(400, 100))
	start, _ := started(fine[0], 12, []int{2}, o.Seed, "figure: trajectories")
	truth, err := path(ctx, p, denoiser, solver.Heun(), fine, start.Clone(), nil)
	if err != nil {
		return nil, err
	}
	end := truth[len(truth)-1]
	s := render.Sheet{Title: "The same noise, six solvers", Cols: 3, Common: true, Classes: h.Classes,
		Caption: fmt.Sprintf("%d evaluations each; a dot is a step. Grey: the exact path of the flow. Points are scaled to the width of the data.", evaluations)}
	for _, name := range []string{"ddim", "heun", "dpm++2m", "unipc-3", "lms", "ddpm"} {
		info, err := solver.ByName(name)
		if err != nil {
			return nil, err
		}
		levels := turning(p, evaluations/info.NFE)
		at, err := path(ctx, p, denoiser, info.New(), levels, start.Clone(), drift.NewNoise(o.Seed, "figure: trajectories", 0))
		if err != nil {
			return nil, err
		}
		panel := render.Panel{Title: name, Bounds: h.bounds(), Layers: []render.Layer{render.Shade(h.density(levels[len(levels)-1]))},
			Note: fmt.Sprintf("%d steps, off by %.2g on average", len(levels)-1, meanDistance(at[len(at)-1], end)*h.scale.Std[0])}
		if info.Stochastic {
			panel.Note = fmt.Sprintf("%d steps with fresh noise: other ends, the same law", len(levels)-1)
		}
		for i := range start.N {
			panel.Layers = append(panel.Layers, render.Line(h.trace(truth, fine, i), render.Style{Colour: -1, Width: 1, Alpha: 0.45}))
		}
		for i := range start.N {
			class := max(0, h.hill(end.Row(i)))
			panel.Layers = append(panel.Layers, render.Line(h.trace(at, levels, i), render.Style{Colour: class, Width: 1.3, Alpha: 0.85}))
			steps := h.trace(at, levels, i)
			dots := drift.NewBatch(len(steps.X), 2)
			labels := make([]int, dots.N)
			for k := range dots.N {
				copy(dots.Row(k), []float64{steps.X[k], steps.Y[k]})
				labels[k] = class
			}
			panel.Layers = append(panel.Layers, render.Points(dots, labels, 2, 1))
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
