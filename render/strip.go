package render

import (
	"image"
	"math"

	"drift"
)

// Scatter is one panel of points.
type Scatter struct {
	Title   string
	X       *drift.Batch // of each sample the first two values are shown
	Labels  []int        // colours of the samples; nil for one colour
	Classes []string     // names in the legend
	Density Density      // a terrain under the points; may be nil
}

// Strip shows panels with common axes in rows of three.
func Strip(panels []Scatter, b Bounds) image.Image {
	s := Sheet{Cols: 3, Common: true}
	if len(panels) == 1 {
		s.Width = 460
	}
	for i, p := range panels {
		if i == 0 {
			s.Classes = occurring(p.Classes, p.Labels)
		}
		s.Panels = append(s.Panels, Panel{Title: p.Title, Bounds: b, Layers: []Layer{func(f frame) { f.scatter(p, 2.1, 0.5) }}})
	}
	return s.Image()
}

// scatter draws the points of a panel over its terrain.
func (f frame) scatter(p Scatter, radius, alpha float64) {
	if p.Density != nil {
		f.shade(p.Density)
	}
	f.points(p.X, p.Labels, radius, alpha)
}

// points draws samples, stronger where there are few.
func (f frame) points(x *drift.Batch, labels []int, radius, alpha float64) {
	if x == nil {
		return
	}
	if x.N < 400 {
		alpha = math.Sqrt(alpha)
	}
	for i := range x.N {
		px, py := position(x, i)
		if !finite(px, py) || !f.inside(px, py) {
			continue
		}
		col := classColour(0)
		if i < len(labels) {
			col = classColour(labels[i])
			if labels[i] < 0 {
				col = soft
			}
		}
		f.disc(f.x(px), f.y(py), radius, withAlpha(col, alpha))
	}
}
