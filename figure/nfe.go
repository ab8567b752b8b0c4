package figure

import (
	"context"
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/metric"
	"drift/render"
	"drift/solver"
)

// nfe is figure (f): what each solver makes of a number of evaluations, on the exact
// denoiser, with usual grids.
func nfe(ctx context.Context, o Options) ([]Picture, error) {
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	budgets := []int{5, 10, 20, 40, 80, 160, 320}[:o.some(7, 5)]
	exactly, err := h.deterministic(ctx, o, budgets)
	if err != nil {
		return nil, err
	}
	inLaw, err := h.stochastic(ctx, o, budgets[:5])
	if err != nil {
		return nil, err
	}
	s := render.Sheet{Title: "Error against evaluations", Cols: 2, Width: 430, Panels: []render.Panel{exactly, inLaw},
		Caption: "Exact denoiser of the two hills in float64; levels by Karras et al. 2022 (ρ = 7) from Sigma/Alpha = 80 to 0.002.\n" +
			fmt.Sprintf("Right: %d walks each from the same noise; ddpm and euler-a take the same step; so do, without bounds, ddim and ddim-compat.", o.some(12000, 300))}
	return plot("nfe", s.Drawing()), nil
}

var marks = []render.Mark{render.Disc, render.Square, render.Triangle, render.Diamond, render.Down, render.Cross, render.Plus, render.Ring}

// deterministic compares where walks end with where the flow does.
func (h hills) deterministic(ctx context.Context, o Options, budgets []int) (render.Panel, error) {
	p, err := drift.ProcessByName("edm")
	if err != nil {
		return render.Panel{}, err
	}
	start, _ := started(p.Last(), o.some(64, 16), []int{2}, o.Seed, "figure: nfe")
	truth, _, err := h.flow(ctx, p, solver.DormandPrince(1e-13), 100, start) // far below the least error shown
	if err != nil {
		return render.Panel{}, err
	}
	panel := render.Panel{Title: "Without noise: distance to the end of the flow", High: 1.08, Grid: true, LogX: true, LogY: true,
		XLabel: "evaluations of the denoiser a sample", YLabel: "root mean square distance / standard deviation of the data"}
	all := map[int][]render.Key{}
	var curves []render.Curve
	for _, info := range solver.All() {
		if info.Stochastic {
			continue
		}
		c := render.Curve{}
		for _, budget := range budgets {
			if budget < info.NFE {
				continue
			}
			s, steps := info.New(), budget/info.NFE
			if info.Adaptive {
				s, steps = solver.DormandPrince(2/math.Pow(float64(budget), 3)), 1
			}
			x, evaluations, err := h.flow(ctx, p, s, steps, start)
			if err != nil {
				return panel, err
			}
			c.X, c.Y = append(c.X, evaluations), append(c.Y, rmsDistance(x, truth))
		}
		style := render.Style{Colour: info.Order - 1, Width: 1.5, Mark: marks[len(all[info.Order])%len(marks)], Dashed: len(all[info.Order]) >= 4}
		all[info.Order] = append(all[info.Order], render.Key{Name: fmt.Sprintf("%s  %s", info.Name, fitted(info, c)), Style: style})
		panel.Layers = append(panel.Layers, render.Line(c, style))
		curves = append(curves, c)
	}
	for order := range 6 {
		if keys := all[order]; len(keys) > 0 {
			panel.Keys = append(append(panel.Keys, render.Key{Name: fmt.Sprintf("order %d: fitted slope", order)}), keys...)
		}
	}
	panel.Bounds = render.BoundsOfCurves(true, true, curves...)
	panel.Bounds.X0, panel.Bounds.X1 = panel.Bounds.X0-0.06, panel.Bounds.X1+0.06
	panel.Bounds.Y0, panel.Bounds.Y1 = panel.Bounds.Y0-0.3, panel.Bounds.Y1+0.3
	return panel, nil
}

// flow walks from noise to Sigma/Alpha = 0.002, before the last step of a usual grid,
// and counts evaluations of a sample.
func (h hills) flow(ctx context.Context, p drift.Process, s drift.Solver, steps int, start *drift.Batch) (*drift.Batch, float64, error) {
	levels, err := drift.Grid(p, steps+1)
	if err != nil {
		return nil, 0, err
	}
	x, count := start.Clone(), &counter{Denoiser: h.known.Denoiser(nil)}
	_, err = path(ctx, p, count, s, levels[:steps+1], x, nil)
	return x, float64(count.rows) / float64(x.N), err
}

// fitted is the slope of log error against log evaluations, by least squares over
// the last three doublings, where the order shows.
func fitted(info solver.Info, c render.Curve) string {
	n := min(4, len(c.X))
	var x, y []float64
	for k := len(c.X) - n; k < len(c.X); k++ {
		x, y = append(x, math.Log(c.X[k])), append(y, math.Log(c.Y[k]))
	}
	slope := fmt.Sprintf("%.1f", -regression(x, y))
	if info.Adaptive {
		slope += " (by tolerance)"
	}
	return slope
}

// regression is the slope of the line of least squares.
func regression(x, y []float64) float64 {
	var mx, my, top, bottom float64
	for i := range x {
		mx, my = mx+x[i]/float64(len(x)), my+y[i]/float64(len(x))
	}
	for i := range x {
		top, bottom = top+(x[i]-mx)*(y[i]-my), bottom+(x[i]-mx)*(x[i]-mx)
	}
	return top / bottom
}

// stochastic compares the law of where walks end with that of the data.
func (h hills) stochastic(ctx context.Context, o Options, budgets []int) (render.Panel, error) {
	p, err := drift.ProcessByName("edm")
	if err != nil {
		return render.Panel{}, err
	}
	n, projections := o.some(12000, 300), o.some(64, 16)
	start, _ := started(p.Last(), n, []int{2}, o.Seed, "figure: nfe")
	draw := func(i int) *drift.Batch {
		x, _ := h.known.Draw(n, -1, o.Seed+uint64(i), "figure: nfe")
		return x
	}
	real, dogs := draw(0), n/2 // as many of each as there should be, so that what differs is the walks
	for class, part := range []*drift.Batch{real.Slice(0, dogs), real.Slice(dogs, n)} {
		even, _ := h.known.Draw(part.N, class, o.Seed, "figure: nfe")
		copy(part.Data, even.Data)
	}
	panel := render.Panel{Title: "With noise: sliced Wasserstein distance to the data", High: 1.08, Grid: true, LogX: true, LogY: true,
		XLabel: "evaluations of the denoiser a sample", YLabel: "distance / standard deviation of the data", Keys: []render.Key{{Name: "with fresh noise"}}}
	var curves []render.Curve
	for _, info := range solver.All() {
		if !info.Stochastic {
			continue
		}
		c := render.Curve{}
		for _, budget := range budgets {
			levels, err := drift.Grid(p, (budget+info.NFE-1)/info.NFE)
			if err != nil {
				return panel, err
			}
			x, count := start.Clone(), &counter{Denoiser: h.known.Denoiser(nil)}
			sampler := drift.Sampler{Process: p, Denoiser: count, Solver: info.New(), Levels: levels, Noise: drift.NewNoise(o.Seed, "figure: nfe, on the way", 0)}
			for _, err := range sampler.Walk(ctx, x) {
				if err != nil {
					return panel, err
				}
			}
			c.X, c.Y = append(c.X, float64(count.rows)/float64(n)), append(c.Y, metric.SlicedWasserstein(x, real, projections, o.Seed))
		}
		k := len(curves)
		style := render.Style{Colour: k % 8, Width: 1.5, Mark: marks[k%len(marks)], Dashed: k >= 8}
		panel.Keys = append(panel.Keys, render.Key{Name: info.Name, Style: style})
		panel.Layers = append(panel.Layers, render.Line(c, style))
		curves = append(curves, c)
	}
	low, high := math.Inf(1), 0.0
	for i := 1; i <= 10; i++ {
		d := metric.SlicedWasserstein(draw(i), real, projections, o.Seed)
		low, high = min(low, d), max(high, d)
	}
	panel.Bounds = render.BoundsOfCurves(true, true, append(slices.Clone(curves), render.Curve{X: []float64{5, 5}, Y: []float64{low, high}})...)
	panel.Bounds.X0, panel.Bounds.X1 = panel.Bounds.X0-0.06, panel.Bounds.X1+0.06
	panel.Bounds.Y0, panel.Bounds.Y1 = panel.Bounds.Y0-0.1, panel.Bounds.Y1+0.1
	least := render.Style{Colour: -1, Width: 1.4, Dashed: true}
	for _, floor := range []float64{low, high} {
		panel.Layers = append(panel.Layers, render.Line(render.Curve{
			X: []float64{math.Pow(10, panel.Bounds.X0), math.Pow(10, panel.Bounds.X1)}, Y: []float64{floor, floor}}, least))
	}
	panel.Keys = append(panel.Keys, render.Key{Name: "floor"}, render.Key{Name: "10 sets of perfect samples", Style: least}, render.Key{Name: "lie between these", Style: render.Style{Alpha: 1}})
	return panel, nil
}

// counter counts how many samples a denoiser has been asked about.
type counter struct {
	drift.Denoiser
	rows int
}

func (c *counter) Denoise(dst, x *drift.Batch, at drift.Level) error {
	c.rows += x.N
	return c.Denoiser.Denoise(dst, x, at)
}

// meanDistance and rmsDistance are those between samples of the same index.
func meanDistance(a, b *drift.Batch) (sum float64) {
	for i := range a.N {
		sum += rmsDistance(a.Slice(i, i+1), b.Slice(i, i+1))
	}
	return sum / float64(a.N)
}

func rmsDistance(a, b *drift.Batch) float64 {
	sum := 0.0
	for i, v := range a.Data {
		sum += (v - b.Data[i]) * (v - b.Data[i])
	}
	return math.Sqrt(sum / float64(a.N))
}
