package render

import (
	"image"
	"io"
	"math"

	"drift"

	xdraw "golang.org/x/image/draw"
)

// TerrainWalk animates points that walk over the landscape of each moment, seen from
// an angle that turns a little. Hills hide what is behind them. Heights are as in
// Terrain.
func TerrainWalk(w io.Writer, frames []Scatter, b Bounds) error {
	b = b.grown(0)
	fields, peak := make([]field, len(frames)), 0.0
	for i, p := range frames {
		if fields[i] = sample(orFlat(p.Density), b, 56); fields[i].any() {
			peak = max(peak, fields[i].peak)
		}
	}
	if peak == 0 {
		peak = 1
	}
	return animate(w, len(frames), func(i int) *image.RGBA {
		turn := math.Pi * (0.14 + 0.16*float64(i)/float64(max(1, len(frames)-1)))
		return terrainFrame(frames[i], fields[i], peak, b, turn)
	})
}

// terrainFrame draws one moment. The landscape is drawn larger without smoothing and
// then shrunk, as in Terrain.
func terrainFrame(p Scatter, f field, peak float64, b Bounds, turn float64) *image.RGBA {
	const width, high = 470.0, 392.0
	big := newRaster(width, high, 3)
	s := surface{c: big, b: b, f: f, peak: peak, x: width / 2, y: high * 0.66, turn: turn, zoom: 1.5}
	standing := standingOn(p.X, b, f.cells)
	s.visitor = func(i, j int) {
		for _, k := range standing[[2]int{i, j}] {
			px, py := position(p.X, k)
			u, v := (px-b.X0)/(b.X1-b.X0), (py-b.Y0)/(b.Y1-b.Y0)
			x, y := s.project(u, v, math.Sqrt(max(0, f.between(u, v))/peak))
			class := 0
			if k < len(p.Labels) {
				class = p.Labels[k]
			}
			big.disc(x, y-1.5, 3.4, rgba(0xff, 0xff, 0xff, 0xff))
			big.disc(x, y-1.5, 2.6, classColour(class))
		}
	}
	s.draw()
	c := newRaster(width, high, 1)
	xdraw.BiLinear.Scale(c.img, c.img.Rect, big.img, big.img.Rect, xdraw.Src, nil)
	s.c = c
	s.label("", 0, 0)
	c.text(p.Title, 20, 30, 15, left, true, ink)
	legend(c, occurring(p.Classes, p.Labels), 20+textWidth(p.Title, 15, true)+24, width-16, 30)
	return c.img
}

// standingOn lists the samples that stand on each cell of a grid over bounds.
func standingOn(x *drift.Batch, b Bounds, cells int) map[[2]int][]int {
	on := map[[2]int][]int{}
	if x == nil {
		return on
	}
	for k := range x.N {
		px, py := position(x, k)
		if finite(px, py) && px >= b.X0 && px <= b.X1 && py >= b.Y0 && py <= b.Y1 {
			i := min(int((px-b.X0)/(b.X1-b.X0)*float64(cells)), cells-1)
			j := min(int((py-b.Y0)/(b.Y1-b.Y0)*float64(cells)), cells-1)
			on[[2]int{i, j}] = append(on[[2]int{i, j}], k)
		}
	}
	return on
}
