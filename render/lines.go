package render

import (
	"image"
	"math"
	"strconv"
	"strings"
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
	apart := 1.0
	if hi-lo > 9 {
		apart = ceil125((hi - lo) / 9)
	}
	for p := math.Floor(lo/apart) * apart; p <= hi && len(all) < 100; p += apart {
		for _, m := range steps {
			if v := p + math.Log10(m); v >= lo && v <= hi {
				all = append(all, v)
			}
		}
	}
	return all
}

func axisNumber(v float64, log bool) string {
	switch {
	case !log:
		return number(v)
	case v > -2.5 && v < 4.5:
		return number(math.Pow(10, v))
	}
	whole := math.Floor(v + 1e-9)
	digits := strings.NewReplacer("-", "⁻", "0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	power := "10" + digits.Replace(strconv.Itoa(int(whole)))
	if front := math.Round(math.Pow(10, v-whole)); front != 1 {
		power = number(front) + "·" + power
	}
	return power
}
