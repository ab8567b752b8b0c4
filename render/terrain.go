package render

import (
	"image"
	"math"

	xdraw "golang.org/x/image/draw"
)

// Hill is a landscape: one panel of a terrain.
type Hill struct {
	Title   string
	Density Density
	Bounds  Bounds
}

// Terrain shows landscapes as lit surfaces, in rows of three. Heights share one
// scale, on which a hill of a tenth of the highest peak still has a third of its
// height (the root of the density), so that flat ones can be seen beside sharp ones.
func Terrain(hills []Hill) image.Image {
	const width, high = 320.0, 270.0
	cols := min(3, max(1, len(hills)))
	rows := (len(hills) + cols - 1) / cols
	// Surfaces are drawn twice as fine as the picture without smoothing, then shrunk:
	// smoothed facets would show their seams.
	c := newRaster(float64(cols)*width+24, float64(max(rows, 1))*high+46, fine*2)
	fields := make([]field, len(hills))
	peak := 0.0
	for i, h := range hills {
		fields[i] = sample(orFlat(h.Density), h.Bounds.grown(0), 64)
		if fields[i].any() {
			peak = max(peak, fields[i].peak)
		}
	}
	if peak == 0 {
		peak = 1
	}
	for i, h := range hills {
		s := surface{c: c, b: h.Bounds.grown(0), f: fields[i], peak: peak, turn: stillTurn, zoom: 1,
			x: 12 + (float64(i%cols)+0.5)*width, y: 30 + (float64(i/cols)+0.60)*high}
		s.draw()
	}
	small := newRaster(float64(cols)*width+24, float64(max(rows, 1))*high+46, fine)
	xdraw.BiLinear.Scale(small.img, small.img.Rect, c.img, c.img.Rect, xdraw.Src, nil)
	for i, h := range hills {
		s := surface{c: small, b: h.Bounds.grown(0), f: fields[i], peak: peak, turn: stillTurn, zoom: 1,
			x: 12 + (float64(i%cols)+0.5)*width, y: 30 + (float64(i/cols)+0.60)*high}
		s.label(h.Title, 12+float64(i%cols)*width+8, 24+float64(i/cols)*high)
	}
	small.text("height: root of the density, one scale for all", 20, float64(max(rows, 1))*high+34, 11, left, false, soft)
	return small.img
}

func orFlat(d Density) Density {
	if d == nil {
		return func(float64, float64) float64 { return 0 }
	}
	return d
}

// any says whether the field is anywhere above 0.
func (f field) any() bool {
	for _, v := range f.v {
		if v > 0 {
			return true
		}
	}
	return false
}

// surface draws one landscape around (x, y), the middle of its floor.
type surface struct {
	c       *raster
	b       Bounds
	f       field
	peak    float64
	x, y    float64
	turn    float64 // angle from which it is seen
	zoom    float64
	visitor func(i, j int) // draws what stands on a cell, after the cell; may be nil
}

// Size of the floor and of the highest peak, in logical pixels.
const (
	floorHalf  = 120.0
	floorTilt  = 0.46 // how much the far edge is foreshortened
	peakHeight = 118.0
)

// stillTurn is the angle from which still landscapes are seen.
const stillTurn = math.Pi * 0.22

// project places a point of the floor, u and v in [0, 1], at height h.
func (s surface) project(u, v, h float64) (x, y float64) {
	a, b := u-0.5, v-0.5
	across := a*math.Cos(s.turn) - b*math.Sin(s.turn)
	away := a*math.Sin(s.turn) + b*math.Cos(s.turn)
	return s.x + across*2*floorHalf*0.86*s.zoom, s.y - (away*2*floorHalf*0.86*floorTilt+h*peakHeight)*s.zoom
}

// lift is the drawn height of a grid point, in [0, 1].
func (s surface) lift(i, j int) float64 { return math.Sqrt(max(0, s.f.at(i, j)) / s.peak) }

// draw paints the floor and the facets, far ones first.
func (s surface) draw() {
	n := s.f.cells
	for k := 0; k <= 4; k++ {
		u := float64(k) / 4
		for _, l := range [][4]float64{{u, 0, u, 1}, {0, u, 1, u}} {
			x0, y0 := s.project(l[0], l[1], 0)
			x1, y1 := s.project(l[2], l[3], 0)
			s.c.line(x0, y0, x1, y1, 0.8, faint)
		}
	}
	for j := n - 1; j >= 0; j-- { // v grows away from the eye, and so does u
		for i := n - 1; i >= 0; i-- {
			s.facet(i, j)
			if s.visitor != nil { // once the facets around it are there, which would cut into it
				s.visitor(i+2, j+2)
			}
		}
	}
	for k := 0; s.visitor != nil && k < 2*n+2; k++ {
		s.visitor(k/2+2, k%2)
		s.visitor(k%2, k/2)
	}
}

// facet paints one cell of the grid, coloured by height and lit from the left.
func (s surface) facet(i, j int) {
	n := float64(s.f.cells)
	h := [4]float64{s.lift(i, j), s.lift(i+1, j), s.lift(i+1, j+1), s.lift(i, j+1)}
	mean := (h[0] + h[1] + h[2] + h[3]) / 4
	solid := min(1, mean/0.08) // the floor shows through where little rises
	if solid < 0.02 {
		return
	}
	var path [][2]float64
	for k, d := range [4][2]float64{{0, 0}, {1, 0}, {1, 1}, {0, 1}} {
		x, y := s.project((float64(i)+d[0])/n, (float64(j)+d[1])/n, h[k])
		path = append(path, [2]float64{x, y})
	}
	// Slopes in units of the floor; light comes from the front left.
	du, dv := (h[1]+h[2]-h[0]-h[3])/2*n, (h[2]+h[3]-h[0]-h[1])/2*n
	nx, ny, nz := -du*peakHeight/(2*floorHalf), -dv*peakHeight/(2*floorHalf), 1.0
	length := math.Sqrt(nx*nx + ny*ny + nz*nz)
	lit := (-0.55*nx - 0.25*ny + 0.8*nz) / length
	c := height.at(0.06 + 0.94*mean)
	shade := min(max(0.55+0.5*lit, 0.4), 1.12)
	col := rgba(brighter(c.R, shade), brighter(c.G, shade), brighter(c.B, shade), uint8(math.Round(255*solid)))
	mesh := withAlpha(rgba(0xff, 0xff, 0xff, 0xff), 0.35*solid)
	s.c.polygon(path, col)
	if i%4 == 0 {
		s.c.line(path[0][0], path[0][1], path[3][0], path[3][1], 0.35, mesh)
	}
	if j%4 == 0 {
		s.c.line(path[0][0], path[0][1], path[1][0], path[1][1], 0.35, mesh)
	}
}

func brighter(v uint8, by float64) uint8 { return uint8(math.Round(min(255, float64(v)*by))) }

// label writes title and the numbers along the two near edges of the floor.
func (s surface) label(title string, x, y float64) {
	s.c.text(title, x, y, 13, left, true, ink)
	for _, v := range ticks(s.b.X0, s.b.X1, 4) {
		px, py := s.project((v-s.b.X0)/(s.b.X1-s.b.X0), 0, 0)
		s.c.text(number(v), px+3, py+14, 10, left, false, soft)
	}
	for _, v := range ticks(s.b.Y0, s.b.Y1, 4) {
		px, py := s.project(0, (v-s.b.Y0)/(s.b.Y1-s.b.Y0), 0)
		s.c.text(number(v), px-5, py+10, 10, right, false, soft)
	}
	px, py := s.project(0.5, 0, 0)
	s.c.text("x₁", px+26, py+26, 11, left, false, soft)
	px, py = s.project(0, 0.5, 0)
	s.c.text("x₂", px-30, py+22, 11, right, false, soft)
}
