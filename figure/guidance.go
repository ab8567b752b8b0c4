package figure

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/render"
	"drift/solver"
)

// guidance is figure (h): the density of what guided walks make, beside the tilted
// density p(x|dog)^w·p(x)^(1-w) that guidance is often taken for.
func guidance(ctx context.Context, o Options) ([]Picture, error) {
	// Broad hills that overlap: where they do not, there is nothing to tell apart.
	set, err := dataset.Open("dogcat", dataset.Options{Seed: o.Seed, N: 2000, Std: 2.4})
	if err != nil {
		return nil, err
	}
	scale, err := dataset.Fit(set)
	if err != nil {
		return nil, err
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		return nil, err
	}
	known := set.Truth.Affine(scale.Mean, scale.Std)
	b := render.Bounds{X0: 2, X1: 22, Y0: 8, Y1: 28}
	s := render.Sheet{Title: "Guidance towards the dogs, and the tilted density", Cols: 4, Width: 230, Common: true,
		Caption: "Two broad hills that overlap. Points: guided walks with the exact denoisers. Lines: 0.03, 0.1, 0.3, 0.6 and 0.9 of the peak. " +
			"Cross: the mean of the dogs."}
	var above, below []render.Panel
	for _, w := range []float64{1, 1.5, 2, 4} {
		guided := func(n int) drift.Denoiser {
			dogs := make([]int, n)
			return drift.Guided(known.Denoiser(dogs), known.Denoiser(nil), w)
		}
		levels, err := drift.Grid(p, o.some(40, 10))
		if err != nil {
			return nil, err
		}
		x, noise := started(levels[0], o.some(500, 100), []int{2}, o.Seed, "figure: guidance")
		if _, err := path(ctx, p, guided(x.N), solver.Heun(), levels, x, noise); err != nil {
			return nil, err
		}
		g, err := newLikelihoodGrid(guided, scale, p, p.AtLambda(-math.Log(0.02)), b)
		if err != nil {
			return nil, err
		}
		tilted := tiltedDensity(set.Truth, w, b)
		above = append(above, render.Panel{Title: fmt.Sprintf("guided, w = %g", w), Note: spread(g.density, b), Bounds: b, XLabel: "x₁", YLabel: "x₂",
			Layers: hillLayers(g.density, scale.Restore(x))})
		below = append(below, render.Panel{Title: fmt.Sprintf("tilted, w = %g", w), Note: spread(tilted, b), Bounds: b, XLabel: "x₁", YLabel: "x₂",
			Layers: hillLayers(tilted, nil)})
	}
	s.Panels = append(above, below...)
	return plot("guidance", s.Drawing()), nil
}

func hillLayers(d render.Density, x *drift.Batch) []render.Layer {
	layers := []render.Layer{render.Shade(d), render.Contours(d, []float64{0.03, 0.1, 0.3, 0.6, 0.9}, render.Style{Colour: 7, Width: 0.8, Alpha: 0.6})}
	if x != nil {
		layers = append(layers, render.Points(x, nil, 1.4, 0.5))
	}
	return append(layers, render.Line(render.Curve{X: []float64{10}, Y: []float64{20}}, render.Style{Colour: 1, Mark: render.Plus}))
}

// tiltedDensity is p(x|dog)^w·p(x)^(1-w), up to a factor that brings it to 1 at its
// highest.
func tiltedDensity(m *exact.Mixture, w float64, b render.Bounds) render.Density {
	log := func(x, y float64) float64 {
		z := []float64{x, y}
		return w*m.LogDensity(z, drift.Clean, 0) + (1-w)*m.LogDensity(z, drift.Clean, -1)
	}
	peak := math.Inf(-1)
	cells(b, func(x, y float64) { peak = max(peak, log(x, y)) })
	return func(x, y float64) float64 { return math.Exp(log(x, y) - peak) }
}

// cells visits the points of a fine grid over bounds.
func cells(b render.Bounds, visit func(x, y float64)) {
	const n = 100
	for i := range n {
		for j := range n {
			visit(b.X0+(b.X1-b.X0)*(float64(i)+0.5)/n, b.Y0+(b.Y1-b.Y0)*(float64(j)+0.5)/n)
		}
	}
}

// spread says where a density lies and how wide it is across the hills, by sums over
// a grid.
func spread(d render.Density, b render.Bounds) string {
	var mass, mx, my, along float64
	cells(b, func(x, y float64) {
		p := d(x, y)
		mass, mx, my = mass+p, mx+p*x, my+p*y
	})
	mx, my = mx/mass, my/mass
	cells(b, func(x, y float64) {
		u := (x - mx - y + my) / math.Sqrt2
		along += d(x, y) / mass * u * u
	})
	return fmt.Sprintf("mean (%.1f, %.1f), std %.2f towards the cats", mx, my, math.Sqrt(along))
}
