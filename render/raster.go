package render

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// raster is a canvas of pixels, scale device pixels for each logical one.
type raster struct {
	img   *image.RGBA
	scale float64
}

// maxSide bounds a picture, in device pixels.
const maxSide = 16000

// fits is an error if a picture is larger than may be.
func fits(width, height, scale float64) error {
	if w, h := width*scale, height*scale; max(w, h) > maxSide {
		return fmt.Errorf("pictures: found a grid of %.0f×%.0f pixels, expected at most %d a side: show fewer or smaller ones, or write them to a folder", w, h, maxSide)
	}
	return nil
}

func newRaster(width, height, scale float64) *raster {
	w, h := int(math.Ceil(width*scale)), int(math.Ceil(height*scale))
	c := &raster{img: image.NewRGBA(image.Rect(0, 0, min(max(w, 1), maxSide), min(max(h, 1), maxSide))), scale: scale}
	draw.Draw(c.img, c.img.Bounds(), image.White, image.Point{}, draw.Src)
	return c
}

// blend lays colour over a device pixel with coverage 0 to 1.
func (c *raster) blend(x, y int, col color.NRGBA, coverage float64) {
	if !(coverage > 0) || !(image.Point{X: x, Y: y}).In(c.img.Rect) {
		return
	}
	a := min(coverage, 1) * float64(col.A) / 255
	p := c.img.Pix[c.img.PixOffset(x, y):]
	for i, v := range [3]uint8{col.R, col.G, col.B} {
		p[i] = uint8(math.Round(float64(p[i])*(1-a) + float64(v)*a))
	}
}

// disc draws a filled circle of radius r around (x, y).
func (c *raster) disc(x, y, r float64, col color.NRGBA) {
	c.capsule(x, y, x, y, r, col)
}

// line draws a straight line with round ends.
func (c *raster) line(x0, y0, x1, y1, width float64, col color.NRGBA) {
	c.capsule(x0, y0, x1, y1, width/2, col)
}

// capsule covers every pixel by how far it lies within r of the segment.
func (c *raster) capsule(x0, y0, x1, y1, r float64, col color.NRGBA) {
	c.cover(x0, y0, x1, y1, r, func(x, y int, coverage float64) { c.blend(x, y, col, coverage) })
}

// cover reports the pixels near a segment, and how far each lies within r of it.
func (c *raster) cover(x0, y0, x1, y1, r float64, pixel func(x, y int, coverage float64)) {
	for _, v := range []float64{x0, y0, x1, y1, r} {
		if math.IsNaN(v) || math.Abs(v) > 1e6 {
			return
		}
	}
	s := c.scale
	x0, y0, x1, y1, r = x0*s, y0*s, x1*s, y1*s, r*s
	dx, dy := x1-x0, y1-y0
	length := dx*dx + dy*dy
	b := c.img.Rect
	for y := max(b.Min.Y, int(math.Floor(min(y0, y1)-r-1))); y <= min(b.Max.Y-1, int(max(y0, y1)+r+1)); y++ {
		for x := max(b.Min.X, int(math.Floor(min(x0, x1)-r-1))); x <= min(b.Max.X-1, int(max(x0, x1)+r+1)); x++ {
			px, py := float64(x)+0.5-x0, float64(y)+0.5-y0
			along := 0.0
			if length > 0 {
				along = min(max((px*dx+py*dy)/length, 0), 1)
			}
			pixel(x, y, r+0.5-math.Hypot(px-along*dx, py-along*dy))
		}
	}
}

// polyline joins points by lines; a point that is not finite breaks it. Where lines
// meet, a translucent colour is laid on once.
func (c *raster) polyline(xs, ys []float64, width float64, col color.NRGBA) {
	if col.A == 0xff || len(xs) < 3 {
		for i := 1; i < len(xs); i++ {
			c.line(xs[i-1], ys[i-1], xs[i], ys[i], width, col)
		}
		return
	}
	covered := map[image.Point]float64{}
	for i := 1; i < len(xs); i++ {
		c.cover(xs[i-1], ys[i-1], xs[i], ys[i], width/2, func(x, y int, coverage float64) {
			if p := (image.Point{X: x, Y: y}); coverage > covered[p] {
				covered[p] = min(coverage, 1)
			}
		})
	}
	for p, coverage := range covered {
		c.blend(p.X, p.Y, col, coverage)
	}
}

// rect fills a rectangle.
func (c *raster) rect(x0, y0, x1, y1 float64, col color.NRGBA) {
	s := c.scale
	r := image.Rect(int(math.Round(x0*s)), int(math.Round(y0*s)), int(math.Round(x1*s)), int(math.Round(y1*s)))
	draw.Draw(c.img, r.Intersect(c.img.Rect), image.NewUniform(col), image.Point{}, draw.Over)
}

// polygon fills a closed path of (x, y) pairs.
func (c *raster) polygon(points [][2]float64, col color.NRGBA) {
	lo, hi := [2]float64{math.Inf(1), math.Inf(1)}, [2]float64{math.Inf(-1), math.Inf(-1)}
	for _, p := range points {
		for i, v := range p {
			if math.IsNaN(v) || math.Abs(v) > 1e6 {
				return
			}
			lo[i], hi[i] = min(lo[i], v*c.scale), max(hi[i], v*c.scale)
		}
	}
	r := image.Rect(int(math.Floor(lo[0])), int(math.Floor(lo[1])), int(math.Ceil(hi[0])), int(math.Ceil(hi[1]))).Intersect(c.img.Rect)
	if len(points) < 3 || r.Empty() {
		return
	}
	z := vector.NewRasterizer(r.Dx(), r.Dy())
	for i, p := range points {
		x, y := float32(p[0]*c.scale)-float32(r.Min.X), float32(p[1]*c.scale)-float32(r.Min.Y)
		if i == 0 {
			z.MoveTo(x, y)
		} else {
			z.LineTo(x, y)
		}
	}
	z.ClosePath()
	z.Draw(c.img, r, image.NewUniform(col), image.Point{})
}

// text writes s with its baseline at y.
func (c *raster) text(s string, x, y, size float64, anchor int, bold bool, col color.NRGBA) {
	withFace(size*c.scale, bold, func(face font.Face) {
		d := font.Drawer{Dst: c.img, Src: image.NewUniform(col), Face: face}
		px := x * c.scale
		switch width := float64(d.MeasureString(s)) / 64; anchor {
		case centre:
			px -= width / 2
		case right:
			px -= width
		}
		d.Dot = fixed.Point26_6{X: fixed.Int26_6(math.Round(px) * 64), Y: fixed.Int26_6(math.Round(y*c.scale) * 64)}
		d.DrawString(s)
	})
}

// textUp writes s from bottom to top, centred at y, with its baseline at x.
func (c *raster) textUp(s string, x, y, size float64, col color.NRGBA) {
	width := textWidth(s, size, false)
	flat := newRaster(width+4, 2*size, c.scale)
	draw.Draw(flat.img, flat.img.Rect, image.Transparent, image.Point{}, draw.Src)
	flat.text(s, 2, 1.5*size, size, left, false, col)
	b := flat.img.Rect
	x0, y0 := int(math.Round((x-1.5*size)*c.scale)), int(math.Round((y+width/2)*c.scale))
	for v := range b.Dy() {
		for u := range b.Dx() {
			if p := color.NRGBAModel.Convert(flat.img.At(u, v)).(color.NRGBA); p.A > 0 {
				c.blend(x0+v, y0-u, p, 1)
			}
		}
	}
}

// paint colours every pixel of a rectangle by an index that depends on its place in
// [0, 1]², (0, 0) being the lower left.
func (c *raster) paint(left, top, right, bottom float64, index func(u, v float64) int, colours colours) {
	s := c.scale
	x0, y0, x1, y1 := int(math.Round(left*s)), int(math.Round(top*s)), int(math.Round(right*s)), int(math.Round(bottom*s))
	for y := y0; y < y1; y++ {
		for x := x0; x < x1; x++ {
			u, v := (float64(x)+0.5-left*s)/((right-left)*s), (bottom*s-float64(y)-0.5)/((bottom-top)*s)
			if col := colours[index(u, v)]; (image.Point{X: x, Y: y}).In(c.img.Rect) {
				copy(c.img.Pix[c.img.PixOffset(x, y):], []uint8{col.R, col.G, col.B, 0xff})
			}
		}
	}
}
