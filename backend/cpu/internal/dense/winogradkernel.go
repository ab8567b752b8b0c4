package dense

import (
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
	"drift/backend/cpu/internal/vec"
)

// winogradKernel is the kernel gradient of a 3×3 convolution without strides, by the
// transposed steps of [winograd]: 6×6 pixels of x and 4×4 of dy are transformed, their
// channels multiplied number by number and summed over all tiles, and the sums
// transformed to taps.
//
// A part has a slab of the channels of x, one of those of dy, and a range of the tiles,
// which it goes through in blocks. What it transforms and sums stays in its own cache,
// for which some channels are transformed by several parts. The taps of parts that differ
// in their tiles alone are added up in the end.
type winogradKernel struct{ winograd }

const (
	slabIn, slabOut = 72, 64 // channels of x and of dy in a slab, at most
	blockTiles      = 32     // transformed at once
)

// slabs are channels cut into as few slabs of tiles of a kernel as there must be.
type slabs struct{ channels, tile, unit, count int }

func slabsOf(channels, tile, most int) slabs {
	unit := tile
	for unit%lanes != 0 {
		unit += tile
	}
	return slabs{channels, tile, unit, ceil(channels, max(most/unit, 1)*unit)}
}

// at is the first channel of a slab, and how many it has.
func (s slabs) at(i int) (first, n int) {
	units := ceil(s.channels, s.unit)
	first = i * units / s.count * s.unit
	return first, min((i+1)*units/s.count*s.unit, s.channels) - first
}

// tiles is how many tiles of a kernel the largest slab has.
func (s slabs) tiles() int {
	units := ceil(s.channels, s.unit)
	return ceil(min(ceil(units, s.count)*s.unit, s.channels), s.tile)
}

// pitch is how far apart the channels of neighbouring tiles of pixels lie.
func (s slabs) pitch() int { return pitch(s.tiles() * s.tile) }

func (w *winogradKernel) slabs() (ins, outs slabs) {
	return slabsOf(w.in, tile.M, slabIn), slabsOf(w.out, tile.N, slabOut)
}

// ranges is how many ranges the tiles of pixels are cut into.
func (w *winogradKernel) ranges() int {
	ins, outs := w.slabs()
	return max(1, min(ceil(leastParts, ins.count*outs.count), w.tiles()/blockTiles))
}

// parts is how many parts there are, and how many of them are done in turn at most.
func (w *winogradKernel) parts() (parts, inTurn int) {
	ins, outs := w.slabs()
	parts = ins.count * outs.count * w.ranges()
	return parts, ceil(parts, winogradParts)
}

// sizes are how many float32s are needed for a block's x, its dy and a part's sums, for
// the taps of one tile of those, and for the addresses of pixels.
func (w *winogradKernel) sizes() (x, dy, sums, taps, table int) {
	ins, outs := w.slabs()
	block, size := min(blockTiles, w.tiles()), tile.M*tile.N
	return spectrum * pitch(block*ins.pitch()), spectrum * pitch(block*outs.pitch()), ins.tiles() * outs.tiles() * spectrum * pitch(size), kernelTaps * size, 2 * spectrum
}

func (w *winogradKernel) scratch() int {
	x, dy, sums, taps, table := w.sizes()
	return align(x) + align(dy) + align(sums) + align(taps) + align(table)
}

// taps is how many numbers the result has.
func (w *winogradKernel) taps() int { return kernelTaps * w.in * w.out }

func (w *winogradKernel) workspace() int {
	if w.empty() {
		return 0
	}
	parts, inTurn := w.parts()
	size := alignment + align(max(w.in, w.out)) + ceil(parts, inTurn)*w.scratch()
	if n := w.ranges(); n > 1 {
		size += n * align(w.taps())
	}
	return size
}

func (w *winogradKernel) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:w.taps()])
		return
	}
	r := winogradKernels.Get().(*winogradKernelling)
	r.winogradKernel, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	r.zero, r.work = cut(aligned(work), max(w.in, w.out))
	clear(r.zero)
	ranges := w.ranges()
	if ranges > 1 {
		r.c, r.work = cut(r.work, ranges*align(w.taps()))
	}
	parts, inTurn := w.parts()
	pl.Run(ceil(parts, inTurn), r.runParts)
	if ranges > 1 {
		r.joined = c
		pl.Run(joinParts, r.runJoin)
	}
	r.c, r.a, r.b, r.joined, r.zero, r.work = nil, nil, nil, nil, nil, nil
	winogradKernels.Put(r)
}

// winogradKernelling is a winogradKernel under way. c is the taps of each range, one after
// another; all tiles of a block are one segment, which begins at 0.
type winogradKernelling struct {
	winogradKernel
	tile              *kernel.Tile
	c, a, b, joined   []float32
	zero, work        []float32
	segment           uintptr
	runParts, runJoin func(part, worker int)
}

var winogradKernels = reuse(func(r *winogradKernelling) { r.runParts, r.runJoin = r.doParts, r.join })

// winogradSlab is what a part works on: channels of x and of dy, transformed number by
// number, tile by tile; the sums, tile by tile of the kernels, number by number; and taps.
type winogradSlab struct {
	in0, in, out0, out int
	x, dy, sums, taps  []float32
	xPitch, dyPitch    int
	inTiles, outTiles  int
	table              []uintptr
}

// doParts does some parts in turn.
func (r *winogradKernelling) doParts(turn, worker int) {
	ins, outs := r.slabs()
	x, dy, sums, taps, table := r.sizes()
	var s winogradSlab
	work := r.work[worker*r.scratch():]
	s.x, work = cut(work, x)
	s.dy, work = cut(work, dy)
	s.sums, work = cut(work, sums)
	s.taps, work = cut(work, taps)
	s.table = addresses(work[:table])
	s.xPitch, s.dyPitch = ins.pitch(), outs.pitch()
	parts, inTurn := r.parts()
	for part := turn * inTurn; part < min((turn+1)*inTurn, parts); part++ {
		pair, i := part%(ins.count*outs.count), part/(ins.count*outs.count)
		s.in0, s.in = ins.at(pair / outs.count)
		s.out0, s.out = outs.at(pair % outs.count)
		s.inTiles, s.outTiles = ceil(s.in, r.tile.M), ceil(s.out, r.tile.N)
		r.part(&s, r.c[i*align(r.taps()):][:r.taps()], i*r.tiles()/r.ranges(), (i+1)*r.tiles()/r.ranges())
	}
}

// part computes the taps of a slab over the tiles from begin to end.
func (r *winogradKernelling) part(s *winogradSlab, c []float32, begin, end int) {
	most := min(blockTiles, r.tiles())
	r.pad(s.x, most, s.xPitch, s.in, s.inTiles*r.tile.M)
	r.pad(s.dy, most, s.dyPitch, s.out, s.outTiles*r.tile.N)
	blocks := ceil(end-begin, most)
	for i := range blocks {
		first, last := begin+i*(end-begin)/blocks, begin+(i+1)*(end-begin)/blocks
		r.transform(s, first, last)
		r.multiply(s, last-first, flag(i > 0))
	}
	t := r.tile
	size, apart := t.M*t.N, pitch(t.M*t.N)
	for i := range s.inTiles * s.outTiles {
		in, out := i%s.inTiles*t.M, i/s.inTiles*t.N
		t.WinogradTaps(&s.taps[0], float*uintptr(size), &s.sums[i*spectrum*apart], float*uintptr(apart), uintptr(size/lanes))
		for tap := range kernelTaps {
			copyRows(c[(tap*r.in+s.in0+in)*r.out+s.out0+out:], r.out, s.taps[tap*size:], t.N, min(t.M, s.in-in), min(t.N, s.out-out))
		}
	}
}

// pad clears the channels that fill the last tile of the kernels: they lead to no result,
// but what was there could slow one down.
func (r *winogradKernelling) pad(to []float32, rows, pitch, from, end int) {
	if from == end {
		return
	}
	for s := range spectrum {
		plane := to[s*len(to)/spectrum:]
		for i := range rows {
			clear(plane[i*pitch:][from:end])
		}
	}
}

// transform transforms the tiles from first on.
func (r *winogradKernelling) transform(s *winogradSlab, first, last int) {
	a, b := r.a[s.in0:], r.b[s.out0:]
	for i := range last - first {
		n, h, w := r.at(first + i)
		for p := range spectrum {
			s.table[p] = pixel(a, r.zero, n, h+r.firstH+p/pixelsIn, w+r.firstW+p%pixelsIn, r.srcH, r.srcW, r.in)
		}
		r.tile.WinogradInput(&s.x[i*s.xPitch], float*uintptr(len(s.x)/spectrum), &s.table[0], uintptr(s.in/lanes))
		for p := range pixelsOut * pixelsOut {
			s.table[p] = pixel(b, r.zero, n, h+p/pixelsOut, w+p%pixelsOut, r.dstH, r.dstW, r.out)
		}
		r.tile.WinogradGradient(&s.dy[i*s.dyPitch], float*uintptr(len(s.dy)/spectrum), &s.table[0], uintptr(s.out/lanes))
	}
}

// multiply adds the products of so many tiles to the sums, or sets them unless load.
func (r *winogradKernelling) multiply(s *winogradSlab, count int, load uintptr) {
	t, apart := r.tile, pitch(r.tile.M*r.tile.N)
	for p := range spectrum {
		x, dy := s.x[p*len(s.x)/spectrum:], s.dy[p*len(s.dy)/spectrum:]
		for i := range s.inTiles * s.outTiles {
			in, out := i%s.inTiles*t.M, i/s.inTiles*t.N
			t.Cols(&s.sums[(i*spectrum+p)*apart], float*uintptr(t.N), &dy[out], float*uintptr(s.dyPitch), &x[in], float*uintptr(s.xPitch), &r.segment, 1, uintptr(count), load)
		}
	}
}

// join adds up some of the taps of all ranges.
func (r *winogradKernelling) join(part, _ int) {
	first, last := part*r.taps()/joinParts, (part+1)*r.taps()/joinParts
	to := r.joined[first:last]
	taps := func(i int) []float32 { return r.c[i*align(r.taps())+first:] }
	vec.Map2(vec.Add, to, taps(0), taps(1))
	for i := 2; i < r.ranges(); i++ {
		vec.Accumulate(vec.Add, to, taps(i))
	}
}
