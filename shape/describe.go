package shape

import (
	"fmt"
	"math"

	"drift"
	"drift/internal/parallel"
)

const (
	cells = 8 // along each side of a picture
	bins  = 9 // of directions, over half a turn (Dalal & Triggs 2005, section 6.3)

	// outlineNumbers and lightNumbers are how many components of each kind are kept, and
	// lightShare is how far the light of two pictures counts beside their outlines: groups by
	// light alone are of one brightness and any form.
	outlineNumbers, lightNumbers, lightShare = 48, 12, 0.6

	clip = 0.2  // of a direction's share in a block (Dalal & Triggs 2005, section 6.4)
	dark = 1e-2 // mean gradient below which a block counts as plain, of the range of values
)

// Describe gives every picture of x, of shape [height, width, channels] with values from
// low to high, 60 numbers whose distances tell how differently the outlines and the light of
// two pictures lie: for each of 8×8 cells the directions of its gradients as shares of
// those around it (Dalal & Triggs 2005, Histograms of oriented gradients; clipped shares
// summed over the four blocks that hold a cell, as in Felzenszwalb et al. 2010), and its
// mean colour less that of the picture; of both what differs most among the pictures, their
// principal components. What brightens a whole picture or strengthens its contrast changes
// the directions little. From the mean, outlines have a mean square distance of 1 and light
// of 0.36.
func Describe(x *drift.Rows, low, high float64) (*drift.Batch, error) {
	if len(x.Shape) != 3 || x.N < 1 || x.Dim() < 1 {
		return nil, fmt.Errorf("shape: found %d samples of shape %v, expected pictures [height, width, channels]", x.N, x.Shape)
	}
	if !(low < high) || math.IsInf(high-low, 0) {
		return nil, fmt.Errorf("shape: found values from %v to %v, expected a range", low, high)
	}
	outlines, light := cells*cells*bins, cells*cells*x.Shape[2]
	if most := drift.MostFloats / (outlines + light); x.N > most {
		return nil, fmt.Errorf("shape: found %d pictures, expected at most %d", x.N, most)
	}
	drawn, lit := drift.NewBatch(x.N, outlines), drift.NewBatch(x.N, light)
	parallel.Blocks(x.N, 32*x.Dim(), func(from, to int) {
		p := newPlan(x.Shape)
		for i := from; i < to; i++ {
			x.Read(p.pixels, i)
			for j, v := range p.pixels {
				p.pixels[j] = (v - low) / (high - low)
			}
			p.outlines(drawn.Row(i))
			p.light(lit.Row(i))
		}
	})
	all := drift.NewBatch(x.N, outlineNumbers+lightNumbers)
	components(all, 0, outlineNumbers, drawn, 1)
	components(all, outlineNumbers, lightNumbers, lit, lightShare)
	return all, nil
}

// plan is what the pictures of one shape share.
type plan struct {
	height, width, channels int
	pixels                  []float64
	rows, columns           [][]part  // of each row and column of pixels, what it is of the cells
	sums                    []float64 // of each cell's directions
}

// part is the share of a cell along one side that a pixel covers.
type part struct {
	cell  int
	share float64
}

func newPlan(shape []int) *plan {
	return &plan{
		height: shape[0], width: shape[1], channels: shape[2],
		pixels: make([]float64, shape[0]*shape[1]*shape[2]),
		rows:   parts(shape[0]), columns: parts(shape[1]),
		sums: make([]float64, cells*cells*bins),
	}
}

// parts lays n pixels over the cells of a side: a pixel at a border is shared by both.
func parts(n int) [][]part {
	all := make([][]part, n)
	for i := range all {
		for cell := i * cells / n; cell*n < (i+1)*cells; cell++ {
			begin, end := max(i*cells, cell*n), min((i+1)*cells, (cell+1)*n) // in shares of 1/(n·cells)
			all[i] = append(all[i], part{cell, float64(end-begin) / float64(n)})
		}
	}
	return all
}

// each calls f for every cell that a pixel is part of, with the share of it that it is.
func (p *plan) each(y, x int, f func(cell int, share float64)) {
	for _, row := range p.rows[y] {
		for _, column := range p.columns[x] {
			f(row.cell*cells+column.cell, row.share*column.share)
		}
	}
}

// outlines writes the shares of the directions of each cell.
func (p *plan) outlines(to []float64) {
	clear(p.sums)
	for y := range p.height {
		for x := range p.width {
			size, turn := p.gradient(y, x)
			at := turn*bins - 0.5 // the middle of bin b is at (b+½)/bins of half a turn
			low := math.Floor(at)
			b := (int(low) + bins) % bins
			p.each(y, x, func(cell int, share float64) {
				p.sums[cell*bins+b] += (1 - (at - low)) * size * share
				p.sums[cell*bins+(b+1)%bins] += (at - low) * size * share
			})
		}
	}
	clear(to)
	for y := range cells + 1 { // blocks of 2×2 cells, whose last is (y, x)
		for x := range cells + 1 {
			square := 0.0
			p.block(y, x, func(cell []float64, _ int) {
				for _, v := range cell {
					square += v * v
				}
			})
			scale := 1 / math.Sqrt(square+dark*dark)
			p.block(y, x, func(cell []float64, first int) {
				for b, v := range cell {
					to[first+b] += min(v*scale, clip)
				}
			})
		}
	}
}

// block calls f for the cells of a block, as far as there are any.
func (p *plan) block(y, x int, f func(cell []float64, first int)) {
	for i := max(0, y-1); i <= min(y, cells-1); i++ {
		for j := max(0, x-1); j <= min(x, cells-1); j++ {
			first := (i*cells + j) * bins
			f(p.sums[first:][:bins], first)
		}
	}
}

// gradient is that of the channel where it is largest, and its direction in half turns,
// at least 0 and below 1.
func (p *plan) gradient(y, x int) (size, turn float64) {
	up, down := max(y-1, 0)*p.width, min(y+1, p.height-1)*p.width
	left, right := max(x-1, 0), min(x+1, p.width-1)
	var gy, gx float64
	for c := range p.channels {
		dy := p.pixels[(down+x)*p.channels+c] - p.pixels[(up+x)*p.channels+c]
		dx := p.pixels[(y*p.width+right)*p.channels+c] - p.pixels[(y*p.width+left)*p.channels+c]
		if square := dy*dy + dx*dx; square > size {
			size, gy, gx = square, dy, dx
		}
	}
	turn = math.Atan2(gy, gx) / math.Pi
	if turn < 0 {
		turn++
	}
	if turn >= 1 {
		turn = 0
	}
	return math.Sqrt(size), turn
}

// light writes the mean colour of each cell less that of the picture.
func (p *plan) light(to []float64) {
	clear(to)
	mean := make([]float64, p.channels)
	for y := range p.height {
		for x := range p.width {
			pixel := p.pixels[(y*p.width+x)*p.channels:][:p.channels]
			for c, v := range pixel {
				mean[c] += v / float64(p.height*p.width)
			}
			p.each(y, x, func(cell int, share float64) {
				for c, v := range pixel {
					to[cell*p.channels+c] += v * share
				}
			})
		}
	}
	for i := range to {
		to[i] -= mean[i%p.channels]
	}
}
