package figure

import (
	"math"

	"drift"
	"drift/dataset"
	"drift/render"
)

// likelihoodGrid is the log density of a denoiser on a grid over bounds.
type likelihoodGrid struct {
	b   render.Bounds
	log []float64 // side × side, row after row, in the user's units
}

const (
	side      = 24 // points on an edge of the grid
	flowSteps = 12 // Runge-Kutta steps of each likelihood
	noisiest  = 80 // Sigma/Alpha from which on a hill counts as one Gaussian around 0
)

// newLikelihoodGrid asks the probability flow for the density at a level, for points
// of the plane that onUnit scaled.
func newLikelihoodGrid(d func(n int) drift.Denoiser, scale dataset.Scale, p drift.Process, at drift.Level, b render.Bounds) (*likelihoodGrid, error) {
	c := unit(at)
	x := drift.NewBatch(side*side, 2)
	for i := range x.N {
		u, v := float64(i%side)/(side-1), float64(i/side)/(side-1)
		x.Row(i)[0] = (b.X0 + u*(b.X1-b.X0) - scale.Mean[0]) / scale.Std[0] / c
		x.Row(i)[1] = (b.Y0 + v*(b.Y1-b.Y0) - scale.Mean[1]) / scale.Std[1] / c
	}
	g := &likelihoodGrid{b: b, log: make([]float64, x.N)}
	flow := drift.Likelihood{Process: p, Denoiser: d(x.N), From: at, To: p.AtLambda(-math.Log(min(noisiest, p.Last().Ratio()))), Spread: 1, Steps: flowSteps}
	if err := flow.LogDensity(g.log, x); err != nil {
		return nil, err
	}
	for i := range g.log {
		g.log[i] -= math.Log(c * c * scale.Std[0] * scale.Std[1])
	}
	return g, nil
}

// density interpolates the logarithm by cubics, which is exact for a Gaussian hill.
func (g *likelihoodGrid) density(x, y float64) float64 {
	u := min(max((x-g.b.X0)/(g.b.X1-g.b.X0), 0), 1) * (side - 1)
	v := min(max((y-g.b.Y0)/(g.b.Y1-g.b.Y0), 0), 1) * (side - 1)
	i, j := min(max(int(u), 1), side-3), min(max(int(v), 1), side-3)
	var rows [4]float64
	for k := range rows {
		row := g.log[(j-1+k)*side+i-1:]
		rows[k] = cubic(row[0], row[1], row[2], row[3], u-float64(i))
	}
	return math.Exp(cubic(rows[0], rows[1], rows[2], rows[3], v-float64(j)))
}

// cubic runs through a, b, c, d at -1, 0, 1, 2 (Lagrange).
func cubic(a, b, c, d, t float64) float64 {
	return -a*t*(t-1)*(t-2)/6 + b*(t+1)*(t-1)*(t-2)/2 - c*(t+1)*t*(t-2)/2 + d*(t+1)*t*(t-1)/6
}
