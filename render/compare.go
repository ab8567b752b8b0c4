package render

import (
	"fmt"
	"math"
)

// Compare shows an exact terrain, a learned one, and by how much the second is too
// high or too low, as a share of the exact peak.
func Compare(title string, exact, learned Density, b Bounds) Drawing {
	b = b.grown(0)
	const cells = 120
	width, high := panelWidth, plotHeight(b, panelWidth)
	a, l := sample(orFlat(exact), b, cells), sample(orFlat(learned), b, cells)
	off := field{cells: cells, v: make([]float64, len(a.v)), peak: 1}
	worst, apart, mass := 0.0, 0.0, 0.0
	for i := range off.v {
		off.v[i] = (l.v[i] - a.v[i]) / a.peak
		worst = max(worst, math.Abs(off.v[i]))
		apart, mass = apart+math.Abs(l.v[i]-a.v[i])/2, mass+a.v[i]
	}
	reach := ceil125(max(worst, 1e-6))
	rim := []float64{0.02, 0.1, 0.3, 0.6, 0.9}
	pale := func(float64) nrgba { return withAlpha(rgba(0xff, 0xff, 0xff, 0xff), 0.55) }
	// Half of the integral of |learned - exact|: the distance of total variation.
	names := []string{"exact", "learned", fmt.Sprintf("learned - exact, share of the peak; %.1f %% misplaced", 100*apart/mass)}
	return newDrawing(marginLeft+labelRoom+3*width+2*(gapX+52)+70, marginTop+high+marginBottom+36, func(c canvas) {
		c.text(title, marginLeft+labelRoom, 24, 15, left, true, ink)
		for k, name := range names {
			x0 := marginLeft + labelRoom + float64(k)*(width+gapX+52)
			f := frame{canvas: c, b: b, x0: x0, y0: marginTop + 14, x1: x0 + width, y1: marginTop + 14 + high}
			g, colours, lo, hi := a, height.table(256), 0.0, a.peak
			switch k {
			case 1:
				g = l
			case 2:
				g, colours, lo, hi = off, difference.table(256), -reach, reach
			}
			f.paint(func(u, v float64) int {
				return int(math.Round(255 * min(max((g.between(u, v)-lo)/(hi-lo), 0), 1)))
			}, colours)
			if k < 2 {
				f.contours(field{cells, g.v, a.peak}, rim, 0.8, pale)
			} else {
				f.contours(field{cells, a.v, a.peak}, rim, 0.6, func(float64) nrgba { return withAlpha(soft, 0.4) })
			}
			f.axes(true, k == 0)
			f.text(name, x0, f.y0-9, 12, left, false, ink)
			f.text("x₁", (f.x0+f.x1)/2, f.y1+34, 12, centre, false, soft)
			if k == 0 {
				f.textUp("x₂", f.x0-40, (f.y0+f.y1)/2, 12, soft)
			}
			f.bar(colours, lo, hi)
		}
	})
}

// bar draws a scale of colours to the right of a frame.
func (f frame) bar(colours colours, lo, hi float64) {
	b := frame{canvas: f.canvas, b: Bounds{0, 1, lo, hi}, x0: f.x1 + 10, y0: f.y0, x1: f.x1 + 20, y1: f.y1}
	b.paint(func(_, v float64) int { return min(max(int(v*float64(len(colours))), 0), len(colours)-1) }, colours)
	for _, v := range ticks(lo, hi, 5) {
		b.line(b.x1, b.y(v), b.x1+3, b.y(v), 1, faint)
		b.text(number(v), b.x1+6, b.y(v)+4, 10, left, false, soft)
	}
}

// ceil125 is the next 1, 2 or 5 times a power of ten.
func ceil125(v float64) float64 {
	power := math.Pow(10, math.Floor(math.Log10(v)))
	for _, m := range []float64{1, 2, 5} {
		if m*power >= v {
			return m * power
		}
	}
	return 10 * power
}
