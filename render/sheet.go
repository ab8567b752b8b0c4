package render

import (
	"image"
	"math"
	"strings"
)

// Sheet is one or more panels under a title.
type Sheet struct {
	Title   string
	Caption string // lines under the title
	Cols    int    // panels in a row
	Width   float64
	Common  bool     // panels share their axes, so that only outer ones are numbered
	Classes []string // legend of the points, at the upper right
	Panels  []Panel
}

// Panel is one plot: layers over common axes, each drawn over those before.
type Panel struct {
	Title, Note    string // Note is a smaller line under the title
	XLabel, YLabel string
	LogX, LogY     bool
	Bounds         Bounds  // logarithms to base 10 where the axis is logarithmic
	High           float64 // height as a share of the width; 0 shows the bounds to scale
	Grid           bool    // light lines at the ticks and no frame
	Layers         []Layer
	Keys           []Key // a legend to the right of the panel
}

// Key is a line of a legend. One without a style is a heading.
type Key struct {
	Name  string
	Style Style
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
	lineHigh     = 15.0 // of a note or a caption
	labelRoom    = 18.0 // of the label of an axis
	numberRoom   = 40.0 // of the numbers of an axis
	keyHigh      = 17.0
)

// sheetLayout is where the panels of a sheet stand.
type sheetLayout struct {
	width, keys             float64 // of each panel, and of its legend
	left, top, stepX, stepY float64
	totalWidth, totalHeight float64
	cols                    int
}

func (s Sheet) layout() sheetLayout {
	l := sheetLayout{width: s.Width, cols: max(1, min(s.Cols, len(s.Panels)))}
	var anyX, anyY, notes bool
	high := 0.0
	if l.width == 0 {
		l.width = panelWidth
	}
	for _, p := range s.Panels {
		anyX, anyY, notes = anyX || p.XLabel != "", anyY || p.YLabel != "", notes || p.Note != ""
		high = max(high, p.height(l.width))
		for _, k := range p.Keys {
			l.keys = max(l.keys, 44+textWidth(k.Name, 11.5, false))
		}
	}
	rows := (len(s.Panels) + l.cols - 1) / l.cols
	beside, between := gapX, gapY
	if !s.Common {
		beside, between = beside+numberRoom, between+12
	}
	l.left, l.top = marginLeft, marginTop
	below := marginBottom
	if s.Title != "" {
		l.top += 12
	}
	if s.Caption != "" {
		l.top += lineHigh * float64(1+strings.Count(s.Caption, "\n"))
	}
	if notes {
		l.top, between = l.top+lineHigh, between+lineHigh
	}
	if anyY {
		l.left += labelRoom
		if !s.Common {
			beside += labelRoom
		}
	}
	if anyX {
		below += labelRoom
		if !s.Common {
			between += labelRoom
		}
	}
	l.stepX, l.stepY = l.width+l.keys+beside, high+between
	l.totalWidth = l.left + float64(l.cols)*l.stepX - beside + marginRight
	l.totalHeight = l.top + float64(max(rows, 1))*l.stepY - between + below
	return l
}

// height is the height of a panel of some width.
func (p Panel) height(width float64) float64 {
	if p.High > 0 {
		return width * p.High
	}
	return plotHeight(p.Bounds.grown(0), width)
}

// Drawing lays the sheet out.
func (s Sheet) Drawing() Drawing {
	l := s.layout()
	return newDrawing(l.totalWidth, l.totalHeight, func(c canvas) {
		y := 26.0
		c.text(s.Title, l.left, y, 15, left, true, ink)
		if s.Title != "" {
			y += 19
		}
		for line := range strings.SplitSeq(s.Caption, "\n") {
			c.text(line, l.left, y, 11.5, left, false, soft)
			y += lineHigh
		}
		for k, p := range s.Panels {
			x0, y0 := l.left+float64(k%l.cols)*l.stepX, l.top+float64(k/l.cols)*l.stepY
			f := frame{canvas: c, b: p.Bounds.grown(0), x0: x0, y0: y0, x1: x0 + l.width, y1: y0 + p.height(l.width), logX: p.LogX, logY: p.LogY}
			f.panel(p, !s.Common || k+l.cols >= len(s.Panels), !s.Common || k%l.cols == 0)
		}
		legend(c, s.Classes, l.left+textWidth(s.Title, 15, true)+24, l.totalWidth-marginRight, 18)
	})
}

// Image is the sheet as pixels.
func (s Sheet) Image() image.Image { return s.Drawing().Image() }

// panel draws one panel into its frame, with numbers and labels where asked for.
func (f frame) panel(p Panel, bottom, side bool) {
	if p.Grid {
		f.grid(p.LogX, p.LogY)
	}
	for _, layer := range p.Layers {
		layer(f)
	}
	if !p.Grid {
		f.axes(bottom, side)
	}
	y := f.y0 - 10
	if p.Note != "" {
		f.text(p.Note, f.x0, y, 11.5, left, false, soft)
		y -= lineHigh + 1
	}
	f.text(p.Title, f.x0, y, 13, left, true, ink)
	if bottom {
		f.text(p.XLabel, (f.x0+f.x1)/2, f.y1+36, 12, centre, false, soft)
	}
	if side {
		f.textUp(p.YLabel, f.x0-46, (f.y0+f.y1)/2, 12, soft)
	}
	y = f.y0 + 8
	for i, k := range p.Keys {
		if k.Style == (Style{}) {
			if i > 0 {
				y += 6
			}
			f.text(k.Name, f.x1+14, y+4, 11.5, left, true, ink)
		} else {
			k.Style.stroke(f, []float64{f.x1 + 14, f.x1 + 34}, []float64{y, y}, true)
			k.Style.mark(f, f.x1+24, y)
			f.text(k.Name, f.x1+42, y+4, 11.5, left, false, ink)
		}
		y += keyHigh
	}
}

// BoundsOfCurves covers the points that can be shown on axes that may be logarithmic.
func BoundsOfCurves(logX, logY bool, curves ...Curve) Bounds {
	b := Bounds{math.Inf(1), math.Inf(-1), math.Inf(1), math.Inf(-1)}
	for _, c := range curves {
		for k := range min(len(c.X), len(c.Y)) {
			if x, y := onAxis(c.X[k], logX), onAxis(c.Y[k], logY); finite(x, y) {
				b.X0, b.X1, b.Y0, b.Y1 = min(b.X0, x), max(b.X1, x), min(b.Y0, y), max(b.Y1, y)
			}
		}
	}
	return b
}
