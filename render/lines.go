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
	b := BoundsOfCurves(logX, logY, curves...)
	if !logY && b.Y0 > 0 && b.Y0 < b.Y1/2 {
		b.Y0 = 0 // an honest foot
	}
	p := Panel{XLabel: xlabel, YLabel: ylabel, LogX: logX, LogY: logY, Bounds: b.grown(0.02), High: 0.53, Grid: true}
	s := Sheet{Title: title, Width: 620}
	for i, c := range curves {
		style := Style{Colour: i, Width: 1.8}
		if len(c.X) <= 60 {
			style.Mark = Disc
		}
		p.Layers = append(p.Layers, Line(c, style))
		s.Classes = append(s.Classes, c.Name)
	}
	s.Panels = []Panel{p}
	return s.Image()
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
