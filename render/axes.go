package render

import (
	"fmt"
	"math"
	"strconv"

	"drift"
)

// Bounds is the part of the plane that a picture shows.
type Bounds struct{ X0, X1, Y0, Y1 float64 }

// BoundsOf covers the first two values of every finite sample, with a margin as a
// share of the extent. Samples of one value get a line of height 2.
func BoundsOf(margin float64, batches ...*drift.Batch) Bounds {
	b := Bounds{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, x := range batches {
		for i := range x.N {
			if px, py := position(x, i); finite(px, py) {
				b.X0, b.X1 = min(b.X0, px), max(b.X1, px)
				b.Y0, b.Y1 = min(b.Y0, py), max(b.Y1, py)
			}
		}
	}
	return b.grown(margin)
}

// grown widens bounds, and makes empty ones sensible.
func (b Bounds) grown(margin float64) Bounds {
	grow := func(lo, hi float64) (float64, float64) {
		switch {
		case !finite(lo, hi) || lo > hi:
			return -1, 1
		case lo == hi:
			pad := max(math.Abs(lo)/10, 1)
			return lo - pad, hi + pad
		}
		return lo - margin*(hi-lo), hi + margin*(hi-lo)
	}
	b.X0, b.X1 = grow(b.X0, b.X1)
	b.Y0, b.Y1 = grow(b.Y0, b.Y1)
	return b
}

// position is where a sample stands: its first two values, or, of a single value,
// that and a height that tells samples apart.
func position(x *drift.Batch, i int) (px, py float64) {
	switch row := x.Row(i); len(row) {
	case 0:
		return math.NaN(), math.NaN()
	case 1:
		_, jitter := math.Modf(float64(i) * math.Phi)
		return row[0], 2*jitter - 1
	default:
		return row[0], row[1]
	}
}

func finite(v ...float64) bool {
	for _, x := range v {
		if math.IsNaN(x) || math.IsInf(x, 0) {
			return false
		}
	}
	return true
}

// frame is a rectangle of a canvas that shows some bounds.
type frame struct {
	canvas
	b              Bounds
	x0, y0, x1, y1 float64 // logical pixels; y0 is the top
	logX, logY     bool    // the bounds are logarithms to base 10
}

func (f frame) x(v float64) float64 { return f.x0 + (v-f.b.X0)/(f.b.X1-f.b.X0)*(f.x1-f.x0) }
func (f frame) y(v float64) float64 { return f.y1 - (v-f.b.Y0)/(f.b.Y1-f.b.Y0)*(f.y1-f.y0) }

// inside says whether a point of the plane is shown.
func (f frame) inside(x, y float64) bool {
	return x >= f.b.X0 && x <= f.b.X1 && y >= f.b.Y0 && y <= f.b.Y1
}

// axes draws the border and, where asked for, ticks with numbers.
func (f frame) axes(bottom, side bool) {
	for _, l := range [][4]float64{{f.x0, f.y0, f.x1, f.y0}, {f.x0, f.y1, f.x1, f.y1}, {f.x0, f.y0, f.x0, f.y1}, {f.x1, f.y0, f.x1, f.y1}} {
		f.line(l[0], l[1], l[2], l[3], 1, faint)
	}
	for _, v := range ticks(f.b.X0, f.b.X1, int((f.x1-f.x0)/55)) {
		f.line(f.x(v), f.y1, f.x(v), f.y1+4, 1, faint)
		if bottom {
			f.text(number(v), f.x(v), f.y1+16, 11, centre, false, soft)
		}
	}
	for _, v := range ticks(f.b.Y0, f.b.Y1, int((f.y1-f.y0)/45)) {
		f.line(f.x0-4, f.y(v), f.x0, f.y(v), 1, faint)
		if side {
			f.text(number(v), f.x0-7, f.y(v)+4, 11, right, false, soft)
		}
	}
}

// ticks are round numbers in [lo, hi], about count of them: steps of 1, 2 or 5
// times a power of ten.
func ticks(lo, hi float64, count int) []float64 {
	count = min(max(count, 2), 50)
	if !finite(lo, hi) || !(hi > lo) {
		return nil
	}
	raw := (hi - lo) / float64(count)
	power := math.Pow(10, math.Floor(math.Log10(raw)))
	step := 10 * power
	for _, m := range []float64{1, 2, 5} {
		if m*power >= raw {
			step = m * power
			break
		}
	}
	var all []float64
	for k := math.Ceil(lo / step); k*step <= hi && len(all) < 100; k++ {
		all = append(all, k*step)
	}
	return all
}

// number writes a tick without the dust of floating point.
func number(v float64) string { return strconv.FormatFloat(v+0, 'g', 5, 64) }

// plotHeight is the height of a panel that shows bounds to scale, within reason.
func plotHeight(b Bounds, width float64) float64 {
	return width * min(max((b.Y1-b.Y0)/(b.X1-b.X0), 0.5), 1.4)
}

// legend names the classes in a row that ends at x and begins no further left than
// from: as many as fit, and how many more there are. Classes without a name are left
// out.
func legend(c canvas, classes []string, from, x, y float64) {
	const gap, disc = 14.0, 18.0
	type entry struct {
		class int
		name  string
		width float64
	}
	var all []entry
	for i, name := range classes {
		if r := []rune(name); len(r) > 18 {
			name = string(r[:17]) + "…"
		}
		if name != "" {
			all = append(all, entry{i, name, disc + textWidth(name, 12, false) + gap})
		}
	}
	room, more := x-from, ""
	fit := func(n int) (width float64) {
		for _, e := range all[:n] {
			width += e.width
		}
		if more = ""; n < len(all) {
			more = fmt.Sprintf("and %d more", len(all)-n)
			width += textWidth(more, 12, false) + gap
		}
		return width - gap
	}
	n := len(all)
	for n > 0 && fit(n) > room {
		n--
	}
	if n == 0 {
		return
	}
	at := x - fit(n)
	for _, e := range all[:n] {
		c.disc(at+9, y-4, 4, classColour(e.class))
		c.text(e.name, at+disc, y, 12, left, false, ink)
		at += e.width
	}
	c.text(more, at, y, 12, left, false, soft)
}

// occurring are the names of the classes that labels hold, and "" for the others.
func occurring(classes []string, labels []int) []string {
	if labels == nil {
		return nil
	}
	names := make([]string, len(classes))
	for _, l := range labels {
		if l >= 0 && l < len(classes) {
			names[l] = classes[l]
		}
	}
	return names
}
