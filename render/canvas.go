package render

import (
	"image"
	"image/color"
	"math"
)

// canvas is what pictures are drawn on, in logical pixels from the upper left. A
// raster is one of pixels.
type canvas interface {
	// disc draws a filled circle of radius r around (x, y).
	disc(x, y, r float64, col color.NRGBA)
	// line draws a straight line with round ends.
	line(x0, y0, x1, y1, width float64, col color.NRGBA)
	// polyline joins points by lines.
	polyline(xs, ys []float64, width float64, col color.NRGBA)
	// rect fills a rectangle.
	rect(x0, y0, x1, y1 float64, col color.NRGBA)
	// polygon fills a closed path of (x, y) pairs.
	polygon(points [][2]float64, col color.NRGBA)
	// text writes s with its baseline at y, at the left of, around or right of x.
	text(s string, x, y, size float64, anchor int, bold bool, col color.NRGBA)
	// textUp writes s from bottom to top, centred at y, with its baseline at x.
	textUp(s string, x, y, size float64, col color.NRGBA)
	// paint fills a rectangle with pixels of few colours. index chooses one for a
	// place in [0, 1]², (0, 0) being the lower left.
	paint(left, top, right, bottom float64, index func(u, v float64) int, colours colours)
}

// fine is how many device pixels a logical one has in a still picture.
const fine = 2

// Drawing is a picture that can be had as pixels and as shapes: the same calls draw
// both.
type Drawing struct {
	width, height float64 // logical pixels, whole
	draw          func(canvas)
}

func newDrawing(width, height float64, draw func(canvas)) Drawing {
	return Drawing{math.Ceil(width), math.Ceil(height), draw}
}

// Image is the drawing at two device pixels for each logical one.
func (d Drawing) Image() *image.RGBA {
	c := newRaster(d.width, d.height, fine)
	d.draw(c)
	return c.img
}
