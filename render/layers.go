package render

import (
	"math"

	"drift"
)

// Layer is something to see in a panel: points, lines, arrows, a terrain.
type Layer func(frame)

// Style is how lines and marks look. The zero Style shows nothing.
type Style struct {
	Colour int     // as that of a class; -1 for grey
	Width  float64 // of the line in logical pixels; 0 for none
	Alpha  float64 // 0 stands for 1: opaque
	Dashed bool
	Mark   Mark
}

// Mark is the shape at the points of a line.
type Mark int

// Marks that tell lines of one colour apart.
const (
	NoMark Mark = iota
	Disc
	Square
	Diamond
	Triangle
	Down
	Cross
	Plus
	Ring
)

func (s Style) colour() nrgba {
	col := soft
	if s.Colour >= 0 {
		col = classColour(s.Colour)
	}
	if s.Alpha > 0 {
		return withAlpha(col, s.Alpha)
	}
	return col
}

// stroke draws a line through pixels of a frame, cut at its edges unless free.
func (s Style) stroke(f frame, xs, ys []float64, free bool) {
	if s.Width == 0 {
		return
	}
	if !free {
		xs, ys = f.clip(xs, ys)
	}
	if s.Dashed {
		xs, ys = dashes(xs, ys, 5, 4)
	}
	f.polyline(xs, ys, s.Width, s.colour())
}

// mark draws the mark at a pixel.
func (s Style) mark(f frame, x, y float64) {
	const r = 3.1
	col := s.colour()
	around := func(turn float64, corners int, r float64) (path [][2]float64) {
		for k := range corners {
			sin, cos := math.Sincos(turn + 2*math.Pi*float64(k)/float64(corners))
			path = append(path, [2]float64{x + r*sin, y - r*cos})
		}
		return path
	}
	switch s.Mark {
	case Disc:
		f.disc(x, y, r, col)
	case Ring:
		f.disc(x, y, r+0.4, col)
		f.disc(x, y, r-1.2, rgba(0xff, 0xff, 0xff, 0xff))
	case Square:
		f.polygon(around(math.Pi/4, 4, r*1.3), col)
	case Diamond:
		f.polygon(around(0, 4, r*1.35), col)
	case Triangle:
		f.polygon(around(0, 3, r*1.4), col)
	case Down:
		f.polygon(around(math.Pi, 3, r*1.4), col)
	case Cross:
		f.line(x-r, y-r, x+r, y+r, 1.6, col)
		f.line(x-r, y+r, x+r, y-r, 1.6, col)
	case Plus:
		f.line(x-r-0.8, y, x+r+0.8, y, 1.6, col)
		f.line(x, y-r-0.8, x, y+r+0.8, 1.6, col)
	}
}

// Shade fills the panel with bands of a terrain.
func Shade(d Density) Layer { return func(f frame) { f.shade(d) } }

// Contours draws the lines where a terrain has a share of its highest point.
func Contours(d Density, shares []float64, s Style) Layer {
	return func(f frame) {
		f.contours(sample(d, f.b, 120), shares, s.Width, func(float64) nrgba { return s.colour() })
	}
}

// Points shows samples, coloured by label; labels may be nil.
func Points(x *drift.Batch, labels []int, radius, alpha float64) Layer {
	return func(f frame) { f.points(x, labels, radius, alpha) }
}

// Line draws a curve, with a mark at each point.
func Line(c Curve, s Style) Layer {
	return func(f frame) {
		xs, ys := f.places(c)
		s.stroke(f, xs, ys, false)
		for k := range xs {
			if finite(xs[k], ys[k]) && xs[k] >= f.x0-1 && xs[k] <= f.x1+1 && ys[k] >= f.y0-1 && ys[k] <= f.y1+1 {
				s.mark(f, xs[k], ys[k])
			}
		}
	}
}

// Label writes to the right of a point of the panel.
func Label(name string, x, y float64, s Style) Layer {
	return func(f frame) {
		f.text(name, f.x(onAxis(x, f.logX))+6, f.y(onAxis(y, f.logY))+4, 11, left, false, s.colour())
	}
}

// Arrows draws a field of n by n arrows, or as many rows as fit. at gives the
// direction at a point, and how much the arrow counts, from 0 (unseen) to 1.
func Arrows(n int, at func(x, y float64) (dx, dy, weight float64)) Layer {
	return func(f frame) {
		step := (f.x1 - f.x0) / float64(n)
		rows := int((f.y1 - f.y0) / step)
		for j := range rows {
			for i := range n {
				px, py := f.x0+(float64(i)+0.5)*step, f.y0+(float64(j)+0.5)*(f.y1-f.y0)/float64(rows)
				x := f.b.X0 + (px-f.x0)/(f.x1-f.x0)*(f.b.X1-f.b.X0)
				y := f.b.Y0 + (f.y1-py)/(f.y1-f.y0)*(f.b.Y1-f.b.Y0)
				dx, dy, weight := at(x, y)
				// On the screen, y grows downwards and scales may differ.
				dx, dy = dx*(f.x1-f.x0)/(f.b.X1-f.b.X0), -dy*(f.y1-f.y0)/(f.b.Y1-f.b.Y0)
				if size := math.Hypot(dx, dy); finite(size) && size > 0 {
					f.arrow(px, py, dx/size, dy/size, 0.76*step, weight)
				}
			}
		}
	}
}

// arrow draws an arrow of some length around a pixel, and a faint dot for one that
// does not count.
func (f frame) arrow(x, y, dx, dy, length, weight float64) {
	if weight < 0.02 {
		f.disc(x, y, 0.9, faint)
		return
	}
	col := height.at(0.62 * (1 - weight)) // dark where it counts
	col = withAlpha(col, 0.25+0.75*weight)
	x0, y0, x1, y1 := x-dx*length/2, y-dy*length/2, x+dx*length/2, y+dy*length/2
	const head = 3.4
	f.line(x0, y0, x1-dx*head*0.7, y1-dy*head*0.7, 1.1, col)
	f.polygon([][2]float64{{x1, y1}, {x1 - dx*head - dy*head*0.55, y1 - dy*head + dx*head*0.55}, {x1 - dx*head + dy*head*0.55, y1 - dy*head - dx*head*0.55}}, col)
}

// places are the pixels of a curve.
func (f frame) places(c Curve) (xs, ys []float64) {
	for k := range min(len(c.X), len(c.Y)) {
		xs = append(xs, f.x(onAxis(c.X[k], f.logX)))
		ys = append(ys, f.y(onAxis(c.Y[k], f.logY)))
	}
	return xs, ys
}

// clip cuts a line of pixels at the edges of the frame (Liang & Barsky 1984), with a
// NaN between pieces.
func (f frame) clip(xs, ys []float64) (cx, cy []float64) {
	nan := math.NaN()
	for i := 1; i < len(xs); i++ {
		if !finite(xs[i-1], ys[i-1], xs[i], ys[i]) {
			continue
		}
		lo, hi := 0.0, 1.0
		dx, dy := xs[i]-xs[i-1], ys[i]-ys[i-1]
		for _, side := range [4][2]float64{{-dx, xs[i-1] - f.x0}, {dx, f.x1 - xs[i-1]}, {-dy, ys[i-1] - f.y0}, {dy, f.y1 - ys[i-1]}} {
			switch p, q := side[0], side[1]; {
			case p < 0:
				lo = max(lo, q/p)
			case p > 0:
				hi = min(hi, q/p)
			case q < 0:
				hi = -1
			}
		}
		if lo > hi {
			continue
		}
		a, b := [2]float64{xs[i-1] + lo*dx, ys[i-1] + lo*dy}, [2]float64{xs[i-1] + hi*dx, ys[i-1] + hi*dy}
		if n := len(cx); n == 0 || cx[n-1] != a[0] || cy[n-1] != a[1] {
			cx, cy = append(cx, nan, a[0]), append(cy, nan, a[1])
		}
		cx, cy = append(cx, b[0]), append(cy, b[1])
	}
	return cx, cy
}

// dashes cuts a line into dashes of some length with gaps between them.
func dashes(xs, ys []float64, on, off float64) (dx, dy []float64) {
	nan, drawn, gone := math.NaN(), true, 0.0
	for i := range xs {
		if i > 0 && finite(xs[i-1], ys[i-1], xs[i], ys[i]) {
			length := math.Hypot(xs[i]-xs[i-1], ys[i]-ys[i-1])
			for at := 0.0; length > 0; {
				rest := on - gone
				if !drawn {
					rest = off - gone
				}
				if at+rest > length {
					gone += length - at
					break
				}
				at, gone = at+rest, 0
				t := at / length
				dx, dy = append(dx, xs[i-1]+t*(xs[i]-xs[i-1])), append(dy, ys[i-1]+t*(ys[i]-ys[i-1]))
				if drawn {
					dx, dy = append(dx, nan), append(dy, nan)
				}
				drawn = !drawn
			}
		}
		if drawn || !finite(xs[i], ys[i]) {
			dx, dy = append(dx, xs[i]), append(dy, ys[i])
		}
	}
	return dx, dy
}
