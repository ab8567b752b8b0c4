package render

import (
	"math"
	"slices"
)

// Density is the height of a terrain over a point of the plane; it need not be
// normalised. A value that is not finite counts as 0.
type Density func(x, y float64) float64

// field is a density on a grid of cells+1 by cells+1 points over bounds.
type field struct {
	cells int
	v     []float64
	peak  float64
}

func sample(d Density, b Bounds, cells int) field {
	f := field{cells: cells, v: make([]float64, (cells+1)*(cells+1))}
	for j := range cells + 1 {
		for i := range cells + 1 {
			v := d(b.X0+(b.X1-b.X0)*float64(i)/float64(cells), b.Y0+(b.Y1-b.Y0)*float64(j)/float64(cells))
			if !finite(v) {
				v = 0
			}
			f.v[j*(cells+1)+i] = v
			f.peak = max(f.peak, math.Abs(v))
		}
	}
	if f.peak == 0 {
		f.peak = 1
	}
	return f
}

func (f field) at(i, j int) float64 { return f.v[j*(f.cells+1)+i] }

// between interpolates at (u, v) in [0, 1]².
func (f field) between(u, v float64) float64 {
	u, v = min(max(u, 0), 1)*float64(f.cells), min(max(v, 0), 1)*float64(f.cells)
	i, j := min(int(u), f.cells-1), min(int(v), f.cells-1)
	a, b := u-float64(i), v-float64(j)
	return (f.at(i, j)*(1-a)+f.at(i+1, j)*a)*(1-b) + (f.at(i, j+1)*(1-a)+f.at(i+1, j+1)*a)*b
}

// bands are the heights, as shares of the peak, between which a terrain under points
// has one colour.
var bands = []float64{0.02, 0.08, 0.2, 0.4, 0.6, 0.8}

// shade fills a frame with bands of a terrain.
func (f frame) shade(d Density) {
	g := sample(d, f.b, 96)
	colours := tint.table(len(bands) + 1)
	f.paint(func(u, v float64) int {
		h := g.between(u, v) / g.peak
		k := 0
		for k < len(bands) && h >= bands[k] {
			k++
		}
		return k
	}, colours)
}

// paint fills a frame with pixels: see canvas.
func (f frame) paint(index func(u, v float64) int, colours colours) {
	f.canvas.paint(f.x0, f.y0, f.x1, f.y1, index, colours)
}

// contours draws the lines of equal height at shares of the peak, by marching
// squares (Lorensen & Cline 1987, in two dimensions).
func (f frame) contours(g field, shares []float64, width float64, colour func(share float64) nrgba) {
	for _, share := range shares {
		var pieces [][2][2]float64
		for j := range g.cells {
			for i := range g.cells {
				pieces = append(pieces, f.cell(g, i, j, share*g.peak)...)
			}
		}
		for _, line := range joined(pieces) {
			xs, ys := make([]float64, len(line)), make([]float64, len(line))
			for k, p := range line {
				xs[k], ys[k] = p[0], p[1]
			}
			f.polyline(xs, ys, width, colour(share))
		}
	}
}

// cell is the pieces of one contour in one cell. Its corners go round.
func (f frame) cell(g field, i, j int, level float64) (pieces [][2][2]float64) {
	corners := [4][2]int{{i, j}, {i + 1, j}, {i + 1, j + 1}, {i, j + 1}}
	var cuts [][2]float64
	for k, p := range corners {
		q := corners[(k+1)%4]
		a, b := g.at(p[0], p[1])-level, g.at(q[0], q[1])-level
		if (a < 0) == (b < 0) {
			continue
		}
		t := a / (a - b)
		u := (float64(p[0]) + t*float64(q[0]-p[0])) / float64(g.cells)
		v := (float64(p[1]) + t*float64(q[1]-p[1])) / float64(g.cells)
		cuts = append(cuts, [2]float64{f.x0 + u*(f.x1-f.x0), f.y1 - v*(f.y1-f.y0)})
	}
	for k := 0; k+1 < len(cuts); k += 2 {
		pieces = append(pieces, [2][2]float64{cuts[k], cuts[k+1]})
	}
	return pieces
}

// joined makes long lines of pieces that meet. Ends count as one if they agree to a
// thousandth of a pixel.
func joined(pieces [][2][2]float64) (lines [][][2]float64) {
	type place [2]int64
	at := func(p [2]float64) place { return place{int64(math.Round(p[0] * 1000)), int64(math.Round(p[1] * 1000))} }
	meeting := map[place][]int{}
	for k, piece := range pieces {
		for _, end := range piece {
			meeting[at(end)] = append(meeting[at(end)], k)
		}
	}
	used := make([]bool, len(pieces))
	follow := func(line [][2]float64) [][2]float64 {
		for {
			end, next := at(line[len(line)-1]), -1
			for _, k := range meeting[end] {
				if !used[k] {
					next = k
				}
			}
			if next < 0 {
				return line
			}
			used[next] = true
			other := pieces[next][1]
			if at(other) == end {
				other = pieces[next][0]
			}
			line = append(line, other)
		}
	}
	for k, piece := range pieces {
		if used[k] {
			continue
		}
		used[k] = true
		line := follow([][2]float64{piece[0], piece[1]})
		slices.Reverse(line)
		lines = append(lines, follow(line))
	}
	return lines
}
