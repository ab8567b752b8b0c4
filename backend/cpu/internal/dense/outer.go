package dense

import (
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
	"drift/backend/cpu/internal/vec"
)

// outer is a kernel gradient: for each tap, the sum over the pixels of y of the
// channels of x under the tap, times those of dy. A product with a transposed A is one
// whose image is a row of pixels. It is done groups times, for operands that lie one
// after another.
//
// Each part has some channels of x and of dy. It goes through the pixels in chunks, copies
// its channels of a chunk, those of dy into panels, and adds what they give to its tiles
// of the result, which lie one after another until they are complete.
//
// Many pixels are summed in spans, and their sums added up. Where the result is small,
// spans are parts too, so that a pixel is read by one thread alone.
type outer struct {
	groups     int
	conv       Conv
	bk, bn     int  // between the pixels and the channels of dy
	accumulate bool // add to what is there
	parts      int  // that one group is cut into, if it is worth it; no result depends on it

	outH, outW int // of y
}

// newOuter is a kernel gradient of a convolution, groups times.
func newOuter(groups int, c Conv) outer {
	return outer{groups: groups, conv: c, bk: c.Out, bn: 1, outH: c.OutH(), outW: c.OutW()}
}

const (
	chunkPixels = 256 // of y at once: a panel of x and one of dy stay in the first cache
	outerParts  = 8   // at most, of one group
	outerTiles  = 40  // at least, for a part to be worth its copies

	spanPixels = 256       // of y, at least
	spanBytes  = 512 << 10 // of a result, at most: they stay in the second cache
	mostSpans  = 8
	joinParts  = 8 // that add up what parts of one result have summed
)

func (o *outer) ins() int    { return ceil(o.conv.In, tile.M) }
func (o *outer) outs() int   { return ceil(o.conv.Out, tile.N) }
func (o *outer) taps() int   { return o.conv.KH * o.conv.KW }
func (o *outer) pixels() int { return o.conv.N * o.outH * o.outW }

// spans is how many spans the pixels are cut into. The order of a sum depends on it, and
// so it depends on nothing but how long the sum is.
func (o *outer) spans() int { return max(1, min(o.pixels()/spanPixels, mostSpans)) }

// apart says that spans are parts of their own.
func (o *outer) apart() bool {
	return o.spans() > 1 && o.groups == 1 && 4*o.taps()*o.conv.In*o.conv.Out <= spanBytes
}

// units is how many groups or spans there are, each of which is cut into parts, and sets
// how many sets of tiles each of them has: one for its sums, and one for those of the span
// that a part is at.
func (o *outer) units() (units, sets int) {
	switch {
	case o.apart():
		return o.spans(), 1
	case o.spans() > 1:
		return o.groups, 2
	}
	return o.groups, 1
}

// split is how many parts the channels of x and of dy of one unit are cut into: as few
// as there are threads, since each copies all pixels of its own. Groups and spans are
// parts already, of which there should be more.
func (o *outer) split() (ins, outs int) {
	flops := 2 * float64(o.ins()*tile.M) * float64(o.outs()*tile.N) * float64(o.taps()*o.pixels())
	tiles, parts := o.ins()*o.outs(), o.parts
	if o.groups > 1 {
		parts = ceil(4*parts, o.groups)
	} else if o.apart() {
		parts /= o.spans()
	}
	parts = min(worthwhile(flops), parts, max(tiles*o.taps()/outerTiles, ceil(2, o.groups)), tiles)
	return halve(parts, o.ins(), o.outs(), tile.M, tile.N)
}

// chunk is how many rows of y, and how many pixels of each, are summed at once.
func (o *outer) chunk() (rows, cols int) {
	if o.outW >= chunkPixels {
		return 1, ceil(o.outW, ceil(o.outW, chunkPixels))
	}
	return min(chunkPixels/o.outW, o.conv.N*o.outH), o.outW
}

// window is the pixels of x along an axis that out pixels of y see: as many as it
// returns, step apart for neighbours in y. Between them lie those that other taps see.
func window(out, taps, stride, dilation int) (size, step int) {
	if taps == 1 {
		return out, 1
	}
	return (out-1)*stride + (taps-1)*dilation + 1, stride
}

// strip is the chunk of a part: how many rows of y and pixels of each it has, how far apart
// its panels of x and of dy lie, and how many numbers it needs for all of them.
type strip struct{ rows, cols, x, dy, allX, allDY int }

// strip is the chunk of a split.
func (o *outer) strip(ins, outs int) strip {
	c := &o.conv
	var s strip
	s.rows, s.cols = o.chunk()
	images := min(s.rows, (s.rows-1)/o.outH+2) // that the chunk may touch
	height, _ := window(1, c.KH, c.StrideH, c.DilationH)
	width, _ := window(s.cols, c.KW, c.StrideW, c.DilationW)
	s.x, s.dy = pitch(tile.M*(images*height+(s.rows-1)*c.StrideH)*width), pitch(tile.N*s.rows*s.cols)
	s.allX, s.allDY = ceil(o.ins(), ins)*s.x, ceil(o.outs(), outs)*s.dy
	return s
}

// scratch is what one worker needs in float32s: the segments of a chunk, and its channels
// of a chunk.
func (s strip) scratch() int { return align(2*s.rows) + align(s.allX) + align(s.allDY) }

// tiles is how many numbers a set of tiles has.
func (o *outer) tiles() int { return o.taps() * o.ins() * o.outs() * tile.M * tile.N }

func (o *outer) empty() bool { return o.groups*o.pixels()*o.conv.In*o.conv.Out == 0 }

// workspace is enough for any number of threads.
func (o outer) workspace() int {
	if o.empty() {
		return 0
	}
	most := 0
	units, sets := o.units()
	for o.parts = 1; o.parts <= outerParts; o.parts *= 2 {
		ins, outs := o.split()
		most = max(most, ins*outs*o.strip(ins, outs).scratch())
	}
	return alignment + units*(sets*align(o.tiles())+most)
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
	for r.parts = 1; r.parts < min(pl.Threads(), outerParts); {
		r.parts *= 2
	}
	r.c, r.a, r.b = c, a, b
	units, sets := o.units()
	r.sums, r.work = cut(aligned(work), units*sets*align(o.tiles()))
	r.inParts, r.outParts = r.split()
	r.strip = r.outer.strip(r.inParts, r.outParts)
	pl.Run(units*r.inParts*r.outParts, r.runPart)
	if o.apart() {
		pl.Run(min(joinParts, o.ins()*o.outs()), r.runJoin)
	}
	r.c, r.a, r.b, r.sums, r.work = nil, nil, nil, nil, nil
	outers.Put(r)
}

// outering is an outer under way.
type outering struct {
	outer
	strip             strip
	tile              *kernel.Tile
	c, a, b           []float32
	sums, work        []float32
	inParts, outParts int
	runPart, runJoin  func(part, worker int)
}

var outers = reuse(func(r *outering) { r.runPart, r.runJoin = r.part, r.join })

// chunk is one part's channels of some pixels, in panels.
type chunk struct {
	group, set           int
	in0, in1, out0, out1 int       // panels
	x, dy                []float32 // panel by panel, pixel by pixel
	segments             []uintptr // where in x the rows of y begin
	width, colStep       int       // of x, and in it for neighbours in y
	pixels, k            int       // of y, and in a row
}

// part computes one part of the result, or of a span's sums.
func (r *outering) part(i, worker int) {
	t := r.tile
	unit, inPart, outPart := i/(r.inParts*r.outParts), i/r.outParts%r.inParts, i%r.outParts
	p := chunk{
		in0: inPart * r.ins() / r.inParts, in1: (inPart + 1) * r.ins() / r.inParts,
		out0: outPart * r.outs() / r.outParts, out1: (outPart + 1) * r.outs() / r.outParts,
	}
	if r.apart() {
		p.set = unit
		r.span(&p, worker, unit)
		return
	}
	_, sets := r.units()
	sums := chunk{group: unit, set: unit * sets, in0: p.in0, in1: p.in1, out0: p.out0, out1: p.out1}
	for span := range r.spans() {
		p.group, p.set = unit, sums.set+min(span, 1)
		r.span(&p, worker, span)
		if span > 0 {
			for out := p.out0; out < p.out1; out++ {
				to, from := r.row(&sums, out), r.row(&p, out)
				vec.Accumulate(vec.Add, to, from)
			}
		}
	}
	r.each(&sums, func(sums, c []float32, m, n int) { copyRows(c, r.conv.Out, sums, t.N, m, n) })
}

// span sums the pixels of a span; the first one's are added to what is there.
func (r *outering) span(p *chunk, worker, span int) {
	t, c := r.tile, &r.conv
	rows, cols := r.strip.rows, r.strip.cols
	work := r.work[worker*r.strip.scratch():]
	var table []float32
	table, work = cut(work, 2*rows)
	p.x, work = cut(work, r.strip.allX)
	p.dy, _ = cut(work, r.strip.allDY)
	segments := addresses(table)

	load := r.accumulate && span == 0
	if load {
		r.each(p, func(sums, c []float32, m, n int) { copyRows(sums, t.N, c, r.conv.Out, m, n) })
	}
	across := ceil(r.outW, cols)
	chunks := ceil(c.N*r.outH, rows) * across
	for i := span * chunks / r.spans(); i < (span+1)*chunks/r.spans(); i++ {
		row, col := i/across*rows, i%across*cols
		p.segments = segments[:min(rows, c.N*r.outH-row)]
		p.k = min(cols, r.outW-col)
		p.pixels = len(p.segments) * p.k
		r.packX(p, row, col)
		r.packDY(p, row*r.outW+col)
		r.multiply(p, load)
		load = true
	}
}

// join adds up some tiles of all spans.
func (r *outering) join(part, _ int) {
	pairs := r.ins() * r.outs()
	parts := min(joinParts, pairs)
	for i := part * pairs / parts; i < (part+1)*pairs/parts; i++ {
		out, in := i/r.ins(), i%r.ins()
		p := chunk{in0: in, in1: in + 1, out0: out, out1: out + 1}
		sums := r.row(&p, out)
		for p.set = 1; p.set < r.spans(); p.set++ {
			vec.Accumulate(vec.Add, sums, r.row(&p, out))
		}
		p.set = 0
		r.each(&p, func(sums, c []float32, m, n int) { copyRows(c, r.conv.Out, sums, r.tile.N, m, n) })
	}
}

// straight says that the sums of a tile are those of one chunk, and lie in the result itself.
func (r *outering) straight(out, in int) bool {
	return r.spans() == 1 && r.strip.rows*r.strip.cols >= r.pixels() && (in+1)*r.tile.M <= r.conv.In && (out+1)*r.tile.N <= r.conv.Out
}

// each calls f for the tiles of a part with their sums, where those go, and how many
// rows and columns they have, but for those that are straight.
func (r *outering) each(p *chunk, f func(sums, c []float32, m, n int)) {
	t, in, out := r.tile, r.conv.In, r.conv.Out
	c := r.c[p.group*r.taps()*in*out:][:r.taps()*in*out]
	for i := p.out0; i < p.out1; i++ {
		for j := p.in0; j < p.in1; j++ {
			if r.straight(i, j) {
				continue
			}
			for tap := range r.taps() {
				f(r.sum(p.set, i, j, tap), c[(tap*in+j*t.M)*out+i*t.N:], min(t.M, in-j*t.M), min(t.N, out-i*t.N))
			}
		}
	}
}

// sum is the tile of a panel of dy and one of x under a tap.
func (r *outering) sum(set, out, in, tap int) []float32 {
	size := r.tile.M * r.tile.N
	return r.sums[set*align(r.tiles())+((out*r.ins()+in)*r.taps()+tap)*size:][:size]
}

// row is the tiles of a panel of dy and a part's panels of x.
func (r *outering) row(p *chunk, out int) []float32 {
	size := r.taps() * r.tile.M * r.tile.N
	return r.sums[p.set*align(r.tiles())+(out*r.ins()+p.in0)*size:][:(p.in1-p.in0)*size]
}

// packX copies the pixels of x that the rows of y from row on see, from column col on.
// Rows of y in one image share rows of x.
func (r *outering) packX(p *chunk, row, col int) {
	c := &r.conv
	x := r.a[p.group*c.N*c.H*c.W*c.In:][:c.N*c.H*c.W*c.In]
	p.width, p.colStep = window(p.k, c.KW, c.StrideW, c.DilationW)
	rowJump := 1 // from one row that is copied to the next
	if c.KH == 1 {
		rowJump = c.StrideH
	}
	height := 0
	for at := 0; at < len(p.segments); {
		n, oh := (row+at)/r.outH, (row+at)%r.outH
		count := min(len(p.segments)-at, r.outH-oh)
		rows, step := window(count, c.KH, c.StrideH, c.DilationH)
		for i := range count {
			p.segments[at+i] = float * uintptr((height+i*step)*p.width*r.tile.M)
		}
		for i := range rows {
			var from []float32 // a row of x, if there is one
			if h := oh*c.StrideH - c.PadTop + i*rowJump; h >= 0 && h < c.H {
				from = x[(n*c.H+h)*c.W*c.In:][:c.W*c.In]
			}
			r.packRow(p, (height+i)*p.width, from, col*c.StrideW-c.PadLeft)
		}
		height += rows
		at += count
	}
}

// packRow copies pixels of a row of x, from pixel w of it on, to those from at on of
// the part's panels.
func (r *outering) packRow(p *chunk, at int, from []float32, w int) {
	c, m := &r.conv, r.tile.M
	jump := 1 // from one pixel that is copied to the next
	if c.KW == 1 {
		jump = c.StrideW
	}
	none := min(max(0, ceil(-w, jump)), p.width) // pixels before the row begins
	some := max(none, min(p.width, ceil(c.W-w, jump)))
	if from == nil {
		none, some = p.width, p.width
	}
	for in := range p.in1 - p.in0 {
		to := p.x[in*r.strip.x+at*m:][:p.width*m]
		clear(to[:none*m])
		clear(to[some*m:])
	}
	if n := some - none; n > 0 {
		first := p.in0 * m
		panels(r.tile.PanelsM, m, p.x[(at+none)*m:], r.strip.x, from[(w+none*jump)*c.In+first:], n, min(p.in1*m, c.In)-first, jump*c.In)
	}
}

// packDY copies the channels of the pixels of y from pixel on.
func (r *outering) packDY(p *chunk, pixel int) {
	n := r.tile.N
	dy := r.b[p.group*r.pixels()*r.conv.Out:][:r.pixels()*r.conv.Out]
	if r.bn == 1 {
		first := p.out0 * n
		panels(r.tile.PanelsN, n, p.dy, r.strip.dy, dy[pixel*r.bk+first:], p.pixels, min(p.out1*n, r.conv.Out)-first, r.bk)
		return
	}
	for out := p.out0; out < p.out1; out++ {
		to := p.dy[(out-p.out0)*r.strip.dy:][:p.pixels*n]
		pack(r.tile, to, dy[pixel*r.bk+out*n*r.bn:], min(n, r.conv.Out-out*n), r.bk, r.bn)
	}
}

// multiply adds the products of a chunk to the sums, or sets them unless load.
func (r *outering) multiply(p *chunk, load bool) {
	t, c := r.tile, &r.conv
	for out := p.out0; out < p.out1; out++ {
		dy := p.dy[(out-p.out0)*r.strip.dy:]
		for in := p.in0; in < p.in1; in++ {
			straight := r.straight(out, in)
			for tap := range r.taps() {
				h, w := tap/c.KW*c.DilationH, tap%c.KW*c.DilationW
				x := p.x[(in-p.in0)*r.strip.x+(h*p.width+w)*t.M:]
				sum, pitch := r.sum(p.set, out, in, tap), t.N
				if straight {
					sum, pitch = r.c[((p.group*r.taps()+tap)*c.In+in*t.M)*c.Out+out*t.N:], c.Out
				}
				t.Cols(&sum[0], uintptr(4*pitch), &dy[0], uintptr(4*t.N), &x[0], uintptr(float*p.colStep*t.M), &p.segments[0], uintptr(len(p.segments)), uintptr(p.k), flag(load))
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
