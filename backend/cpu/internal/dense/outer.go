package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// outer is a kernel gradient: for each tap, the sum over the pixels of y of the
// channels of x under the tap, times those of dy. A product with a transposed A is one
// whose image is a row of pixels. It is done groups times, for operands that lie one
// after another.
//
// Each part has some channels of x and of dy to itself. It goes through the pixels in
// chunks, copies its channels of a chunk, those of dy into panels, and adds what they
// give to its tiles of the result, which lie one after another until they are complete.
type outer struct {
	groups     int
	conv       Conv
	bk, bn     int  // between the pixels and the channels of dy
	accumulate bool // add to what is there
}

const (
	chunkPixels = 128 // of y at once: a panel of dy and some channels of x stay in the first cache
	outerParts  = 8   // for each group
	outerTiles  = 16  // at least, for a part to be worth its copies
)

func (o *outer) ins() int    { return ceil(o.conv.In, tile.M) }
func (o *outer) outs() int   { return ceil(o.conv.Out, tile.N) }
func (o *outer) taps() int   { return o.conv.KH * o.conv.KW }
func (o *outer) pixels() int { return o.conv.N * o.conv.OutH() * o.conv.OutW() }

// split is how many parts the channels of x and of dy of one group are cut into.
func (o *outer) split() (ins, outs int) {
	flops := 2 * float64(o.ins()*tile.M) * float64(o.outs()*tile.N) * float64(o.taps()*o.pixels())
	tiles := o.ins() * o.outs()
	parts := min(int(flops/partFLOPs), ceil(outerParts, o.groups), max(tiles*o.taps()/outerTiles, ceil(2, o.groups)), tiles)
	return halve(parts, o.ins(), o.outs(), tile.M, tile.N)
}

// chunk is how many rows of y, and how many pixels of each, are summed at once.
func (o *outer) chunk() (rows, cols int) {
	w := o.conv.OutW()
	if w >= chunkPixels {
		return 1, ceil(w, ceil(w, chunkPixels))
	}
	return min(chunkPixels/w, o.conv.N*o.conv.OutH()), w
}

// window is the pixels of x along an axis that out pixels of y see: as many as it
// returns, step apart for neighbours in y. Between them lie those that other taps see.
func window(out, taps, stride, dilation int) (size, step int) {
	if taps == 1 {
		return out, 1
	}
	return (out-1)*stride + (taps-1)*dilation + 1, stride
}

// pitch is how far apart pixels of n channels are put: an odd number of lines of the
// cache, so that a channel's numbers spread over all of it.
func pitch(n int) int { return align(n) | alignment }

// sizes are how many numbers a part needs for the channels of x and of dy in a chunk.
func (o *outer) sizes() (x, dy int) {
	ins, outs := o.split()
	rows, cols := o.chunk()
	c := &o.conv
	images := min(rows, (rows-1)/c.OutH()+2) // that the chunk may touch
	height, _ := window(1, c.KH, c.StrideH, c.DilationH)
	width, _ := window(cols, c.KW, c.StrideW, c.DilationW)
	height = images*height + (rows-1)*c.StrideH
	return pitch(ceil(o.ins(), ins)*tile.M) * height * width, ceil(o.outs(), outs) * tile.N * rows * cols
}

// scratch is what one part needs in float32s: the segments of a chunk, and its channels
// of a chunk.
func (o *outer) scratch() int {
	rows, _ := o.chunk()
	x, dy := o.sizes()
	return align(2*rows) + align(x) + align(dy)
}

// tiles is how many numbers the tiles of one group have.
func (o *outer) tiles() int { return o.taps() * o.ins() * o.outs() * tile.M * tile.N }

func (o *outer) empty() bool { return o.groups*o.pixels()*o.conv.In*o.conv.Out == 0 }

func (o *outer) workspace() int {
	if o.empty() {
		return 0
	}
	ins, outs := o.split()
	return alignment + o.groups*(align(o.tiles())+ins*outs*o.scratch())
}

func (o *outer) run(pl *pool.Pool, work, c, a, b []float32) {
	if o.empty() {
		if !o.accumulate {
			clear(c[:o.groups*o.taps()*o.conv.In*o.conv.Out])
		}
		return
	}
	r := outers.Get().(*outering)
	r.outer, r.tile = *o, tile
	r.c, r.a, r.b = c, a, b
	r.sums, r.work = cut(aligned(work), o.groups*align(o.tiles()))
	r.inParts, r.outParts = o.split()
	pl.Run(o.groups*r.inParts*r.outParts, r.runPart)
	r.c, r.a, r.b, r.sums, r.work = nil, nil, nil, nil, nil
	outers.Put(r)
}

// outering is an outer under way.
type outering struct {
	outer
	tile              *kernel.Tile
	c, a, b           []float32
	sums, work        []float32
	inParts, outParts int
	runPart           func(int)
}

var outers = reuse(func(r *outering) { r.runPart = r.part })

// chunk is one part's channels of some pixels, in panels.
type chunk struct {
	in0, in1, out0, out1 int // panels
	x, dy                []float32
	pitch                int       // of the pixels of x
	segments             []uintptr // where in x the rows of y begin
	width, colStep       int       // of x, and in it for neighbours in y
	pixels, k            int       // of y, and in a row
}

// part computes one part of the result.
func (r *outering) part(i int) {
	t, c := r.tile, &r.conv
	group, inPart, outPart := i/(r.inParts*r.outParts), i/r.outParts%r.inParts, i%r.outParts
	p := chunk{
		in0: inPart * r.ins() / r.inParts, in1: (inPart + 1) * r.ins() / r.inParts,
		out0: outPart * r.outs() / r.outParts, out1: (outPart + 1) * r.outs() / r.outParts,
	}
	p.pitch = pitch((p.in1 - p.in0) * t.M)
	rows, cols := r.chunk()
	x, dy := r.sizes()
	work := r.work[i*r.scratch():]
	var table []float32
	table, work = cut(work, 2*rows)
	p.x, work = cut(work, x)
	p.dy, _ = cut(work, dy)
	segments := unsafe.Slice((*uintptr)(unsafe.Pointer(&table[0])), rows)

	load := r.accumulate
	if load {
		r.each(&p, group, func(sums, c []float32, m, n int) { copyRows(sums, t.N, c, r.conv.Out, m, n) })
	}
	for row := 0; row < c.N*c.OutH(); row += rows {
		p.segments = segments[:min(rows, c.N*c.OutH()-row)]
		for col := 0; col < c.OutW(); col += cols {
			p.k = min(cols, c.OutW()-col)
			p.pixels = len(p.segments) * p.k
			r.packX(&p, group, row, col)
			r.packDY(&p, group, row*c.OutW()+col)
			r.multiply(&p, group, load)
			load = true
		}
	}
	r.each(&p, group, func(sums, c []float32, m, n int) { copyRows(c, r.conv.Out, sums, t.N, m, n) })
}

// each calls f for the tiles of a part with their sums, where those go, and how many
// rows and columns they have.
func (r *outering) each(p *chunk, group int, f func(sums, c []float32, m, n int)) {
	t, in, out := r.tile, r.conv.In, r.conv.Out
	c := r.c[group*r.taps()*in*out:][:r.taps()*in*out]
	for i := p.out0; i < p.out1; i++ {
		for j := p.in0; j < p.in1; j++ {
			for tap := range r.taps() {
				f(r.sum(group, i, j, tap), c[(tap*in+j*t.M)*out+i*t.N:], min(t.M, in-j*t.M), min(t.N, out-i*t.N))
			}
		}
	}
}

// sum is the tile of a panel of dy and one of x under a tap.
func (r *outering) sum(group, out, in, tap int) []float32 {
	size := r.tile.M * r.tile.N
	return r.sums[group*align(r.tiles())+((out*r.ins()+in)*r.taps()+tap)*size:][:size]
}

// packX copies the pixels of x that the rows of y from row on see, from column col on.
// Rows of y in one image share rows of x.
func (r *outering) packX(p *chunk, group, row, col int) {
	c, m := &r.conv, r.tile.M
	x := r.a[group*c.N*c.H*c.W*c.In:][:c.N*c.H*c.W*c.In]
	p.width, p.colStep = window(p.k, c.KW, c.StrideW, c.DilationW)
	colJump, rowJump := 1, 1 // from one pixel that is copied to the next
	if c.KW == 1 {
		colJump = c.StrideW
	}
	if c.KH == 1 {
		rowJump = c.StrideH
	}
	channel, channels := p.in0*m, min(p.in1*m, c.In)-p.in0*m
	height := 0
	for at := 0; at < len(p.segments); {
		n, oh := (row+at)/c.OutH(), (row+at)%c.OutH()
		count := min(len(p.segments)-at, c.OutH()-oh)
		rows, step := window(count, c.KH, c.StrideH, c.DilationH)
		for i := range count {
			p.segments[at+i] = uintptr((height + i*step) * p.width * p.pitch * 4)
		}
		for i := range rows {
			to := p.x[(height+i)*p.width*p.pitch:][:p.width*p.pitch]
			h := oh*c.StrideH - c.PadTop + i*rowJump
			if h < 0 || h >= c.H {
				clear(to)
				continue
			}
			from := x[(n*c.H+h)*c.W*c.In:][:c.W*c.In]
			for w := col*c.StrideW - c.PadLeft; len(to) > 0; w, to = w+colJump, to[p.pitch:] {
				if w < 0 || w >= c.W {
					clear(to[:p.pitch])
					continue
				}
				copy(to[:channels], from[w*c.In+channel:])
				clear(to[channels : (p.in1-p.in0)*m]) // these lead to no result, but could slow one down
			}
		}
		height += rows
		at += count
	}
}

// packDY copies the channels of the pixels of y from pixel on.
func (r *outering) packDY(p *chunk, group, pixel int) {
	n := r.tile.N
	dy := r.b[group*r.pixels()*r.conv.Out:][:r.pixels()*r.conv.Out]
	size := p.pixels * n
	for out := p.out0; out < p.out1; out++ {
		to := p.dy[(out-p.out0)*size:][:size]
		pack(r.tile, to, n, dy[pixel*r.bk+out*n*r.bn:], min(n, r.conv.Out-out*n), r.bk, r.bn)
	}
}

// multiply adds the products of a chunk to the sums, or sets them unless load.
func (r *outering) multiply(p *chunk, group int, load bool) {
	t, c := r.tile, &r.conv
	for out := p.out0; out < p.out1; out++ {
		dy := p.dy[(out-p.out0)*p.pixels*t.N:]
		for in := p.in0; in < p.in1; in++ {
			for tap := range r.taps() {
				h, w := tap/c.KW*c.DilationH, tap%c.KW*c.DilationW
				x := p.x[(h*p.width+w)*p.pitch+(in-p.in0)*t.M:]
				sum := r.sum(group, out, in, tap)
				t.Cols(&sum[0], uintptr(4*t.N), &dy[0], uintptr(4*t.N), &x[0], uintptr(4*p.colStep*p.pitch), &p.segments[0], uintptr(len(p.segments)), uintptr(p.k), flag(load))
			}
		}
	}
}

// copyRows copies m rows of n numbers that lie strides apart.
func copyRows(to []float32, stride int, from []float32, fromStride, m, n int) {
	for i := range m {
		copy(to[i*stride:][:n], from[i*fromStride:])
	}
}
