package render

import (
	"image"
	"io"
)

// Walk animates points over the terrain of each moment, on common axes.
func Walk(w io.Writer, frames []Scatter, b Bounds) error {
	const width = 460.0
	b = b.grown(0)
	high := plotHeight(b, width)
	return animate(w, len(frames), func(i int) *image.RGBA {
		p := frames[i]
		c := newRaster(46+width+16, 44+high+32, 1)
		f := frame{canvas: c, b: b, x0: 46, y0: 44, x1: 46 + width, y1: 44 + high}
		f.scatter(p, 2.4, 0.6)
		f.axes(true, true)
		f.text(p.Title, f.x0, 28, 15, left, true, ink)
		legend(c, occurring(p.Classes, p.Labels), f.x0+textWidth(p.Title, 15, true)+24, f.x1, 28)
		return c.img
	})
}
