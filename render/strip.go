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

// Sizes of panels in logical pixels.
const (
	panelWidth   = 270.0
	marginLeft   = 52.0
	marginBottom = 36.0
	marginTop    = 52.0
	marginRight  = 22.0
	gapX         = 26.0
	gapY         = 44.0
)

// Strip shows panels with common axes in rows of three.
func Strip(panels []Scatter, b Bounds) image.Image {
	b = b.grown(0)
	cols := min(3, max(1, len(panels)))
	width := panelWidth
	if len(panels) == 1 {
		width = 460
	}
	rows := (len(panels) + cols - 1) / cols
	high := plotHeight(b, width)
	c := newCanvas(marginLeft+float64(cols)*(width+gapX)-gapX+marginRight,
		marginTop+float64(rows)*(high+gapY)-gapY+marginBottom, fine)
	for k, p := range panels {
		x0 := marginLeft + float64(k%cols)*(width+gapX)
		y0 := marginTop + float64(k/cols)*(high+gapY)
		f := frame{c, b, x0, y0, x0 + width, y0 + high}
		last := k+cols >= len(panels)
		f.scatter(p, 2.1, 0.5)
		f.axes(last, k%cols == 0)
		f.text(p.Title, x0, y0-10, 13, left, true, ink)
	}
	if len(panels) > 0 {
		c.legend(panels[0].Classes, float64(c.img.Rect.Dx())/fine-marginRight, 18)
	}
	return c.img
}

// scatter draws the points of a panel over its terrain.
func (f frame) scatter(p Scatter, radius, alpha float64) {
	if p.Density != nil {
		f.shade(p.Density)
	}
	if p.X == nil {
		return
	}
	if p.X.N < 400 {
		alpha = math.Sqrt(alpha)
	}
	for i := range p.X.N {
		x, y := position(p.X, i)
		if !finite(x, y) || !f.inside(x, y) {
			continue
		}
		class := 0
		if i < len(p.Labels) {
			class = p.Labels[i]
		}
		f.disc(f.x(x), f.y(y), radius, withAlpha(classColour(class), alpha))
	}
}
