package render

import (
	"image"
	"math"
)

// Curve is a named line through points. Values that are not finite, or not above 0
// on a logarithmic axis, are left out.
type Curve struct {
	Name string
	X, Y []float64
}

// Lines plots curves with a legend; either axis may be logarithmic.
func Lines(title, xlabel, ylabel string, logX, logY bool, curves ...Curve) image.Image {
	const width, high = 620.0, 330.0
	b := Bounds{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	scaled := make([]Curve, len(curves))
	for i, c := range curves {
		scaled[i] = Curve{Name: c.Name}
		for k := range min(len(c.X), len(c.Y)) {
			x, y := onAxis(c.X[k], logX), onAxis(c.Y[k], logY)
			if !finite(x, y) {
				continue
			}
			scaled[i].X, scaled[i].Y = append(scaled[i].X, x), append(scaled[i].Y, y)
			b.X0, b.X1, b.Y0, b.Y1 = min(b.X0, x), max(b.X1, x), min(b.Y0, y), max(b.Y1, y)
		}
	}
	if !logY && b.Y0 > 0 && b.Y0 < b.Y1/2 {
		b.Y0 = 0 // an honest foot
	}
	b = b.grown(0.02)
	c := newCanvas(72+width+24, 58+high+54, fine)
	f := frame{c, b, 72, 58, 72 + width, 58 + high}
	f.grid(logX, logY)
	f.text(title, f.x0, 24, 15, left, true, ink)
	f.text(xlabel, (f.x0+f.x1)/2, f.y1+40, 12, centre, false, soft)
	c.textUp(ylabel, 24, (f.y0+f.y1)/2, 12, soft)
	names := make([]string, len(scaled))
	for i, s := range scaled {
		names[i] = s.Name
		xs, ys := make([]float64, len(s.X)), make([]float64, len(s.X))
		for k := range s.X {
			xs[k], ys[k] = f.x(s.X[k]), f.y(s.Y[k])
		}
		f.polyline(xs, ys, 1.8, classColour(i))
		if len(xs) <= 60 {
			for k := range xs {
				f.disc(xs[k], ys[k], 2.6, classColour(i))
			}
		}
	}
	c.legend(names, f.x1, 46)
	return c.img
}

func onAxis(v float64, log bool) float64 {
	if log {
		return math.Log10(v)
	}
	return v
}

// grid draws light lines at the ticks, and their numbers.
func (f frame) grid(logX, logY bool) {
	for _, v := range axisTicks(f.b.X0, f.b.X1, logX) {
		f.line(f.x(v), f.y0, f.x(v), f.y1, 1, hair)
		f.text(axisNumber(v, logX), f.x(v), f.y1+17, 11, centre, false, soft)
	}
	for _, v := range axisTicks(f.b.Y0, f.b.Y1, logY) {
		f.line(f.x0, f.y(v), f.x1, f.y(v), 1, hair)
		f.text(axisNumber(v, logY), f.x0-8, f.y(v)+4, 11, right, false, soft)
	}
	f.line(f.x0, f.y1, f.x1, f.y1, 1, faint)
}

// axisTicks are round numbers: on a logarithmic axis powers of ten, and their
// multiples of 2 and 5 where there is room.
func axisTicks(lo, hi float64, log bool) []float64 {
	if !log {
		return ticks(lo, hi, 7)
	}
	var all []float64
	steps := []float64{1}
	if hi-lo < 3 {
		steps = []float64{1, 2, 5}
	}
	for p := math.Floor(lo); p <= hi && len(all) < 100; p++ {
		for _, m := range steps {
			if v := p + math.Log10(m); v >= lo && v <= hi {
				all = append(all, v)
			}
		}
	}
	return all
}

func axisNumber(v float64, log bool) string {
	if log {
		return number(math.Pow(10, v))
	}
	return number(v)
}
