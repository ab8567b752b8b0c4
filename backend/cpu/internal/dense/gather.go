package dense

import (
	"math"

	"drift/backend/cpu/internal/pool"
)

// axis is the height or the width of what a gather does. Under tap t, pixel p of the
// result sees pixel first + p·step + t·tap of the source, or 0 if there is none; the
// tap is number wFirst + t·wStep of the kernel.
type axis struct {
	out, src, taps   int
	first, step, tap int
	wFirst, wStep    int
}

// gather is a product C = A·B whose rows of A lie in images: row (n, h, w) is the
// pixels of image n that pixel (h, w) of the result sees under the taps. Nothing of A
// is copied. It is done groups times, for operands that lie one after another.
type gather struct {
	groups, images int
	h, w           axis
	in, out        int // channels: terms of a tap, columns of C
	kw             int // width of the whole kernel, of which a phase has some taps

	image, row, pixel, dst int  // of C: how far apart, and where the first is
	accumulate             bool // add to C

	plain bool // a product, of one image: row r of A is the pixel r

	// Element (k, j) of B under a tap is bk·k + bn·j after the tap's in·out numbers.
	bk, bn int
}

// The blocks in which a gather goes through its operands.
const (
	blockTerms = 352       // of K: a tile's rows of A stay in the first cache
	blockBytes = 256 << 10 // of B: it stays in the second cache
	partFLOPs  = 512 << 10 // at least, for a part to be worth another thread
	moveFLOPs  = 16        // to read or write a number takes as long
	ownBytes   = 256 << 10 // of a B that every part packs
	mostParts  = 32

	directRows  = 12 // at most, for a B that is not worth packing
	nearRows    = 96 // the same, if its rows are no longer than nearColumns
	nearColumns = 256
)

func (g *gather) rows() int   { return g.images * g.h.out * g.w.out }
func (g *gather) taps() int   { return g.h.taps * g.w.taps }
func (g *gather) panels() int { return ceil(g.out, tile.N) }

// block is how many taps, and how many terms of each, are summed at once.
func (g *gather) block() (taps, terms int) {
	if g.in <= blockTerms {
		return min(g.taps(), blockTerms/g.in), g.in
	}
	return 1, ceil(g.in, ceil(g.in, blockTerms))
}

// split is how many parts the rows and the columns of one group are cut into: enough
// for all threads, and such that the parts read little.
func (g *gather) split() (rows, cols int) {
	tiles, panels := ceil(g.rows(), tile.M), g.panels()
	flops := 2 * float64(tiles*tile.M) * float64(panels*tile.N) * float64(g.taps()*g.in)
	flops += moveFLOPs * float64(g.rows()*(g.in+g.out))
	parts := min(worthwhile(flops), ceil(mostParts, g.groups), tiles*panels)
	if parts == 2 && panels%2 == 0 && g.taps()*g.in*g.out >= g.rows()*(g.in+g.out)/2 {
		return 1, 2 // each packs its own half of B
	}
	return halve(parts, tiles, panels, tile.M, tile.N*g.taps())
}

// worthwhile is how many parts so many FLOPs are worth; half as many as two parts have are
// still worth a second thread.
func worthwhile(flops float64) int {
	return max(int(flops/partFLOPs), min(2, int(2*flops/partFLOPs)))
}

// halve cuts rows and cols until there are so many parts, those first of which a part
// reads more: rowSize and colSize tell what one of each takes.
func halve(parts, rows, cols, rowSize, colSize int) (rowParts, colParts int) {
	rowParts, colParts = 1, 1
	for rowParts*colParts < parts {
		if colParts == cols || rowParts < rows && rows*rowSize/rowParts >= cols*colSize/colParts {
			rowParts = min(2*rowParts, rows)
		} else {
			colParts = min(2*colParts, cols)
		}
	}
	return rowParts, colParts
}

// width is how many panels of B a block has, if there are so many.
func (g *gather) width() int {
	taps, terms := g.block()
	return max(1, blockBytes/4/(taps*terms*tile.N))
}

// layout is how many float32s a group needs for its packed B, and a worker for what it packs
// of B by itself, for the copy of a tile's rows of A, its sums and the table of its
// addresses.
type layout struct{ packed, own, rows, sums, table int }

// scratch is what one worker needs.
func (l layout) scratch() int {
	return align(l.own) + align(l.rows) + align(l.sums) + align(l.table)
}

// layout of a split: a part packs a block of B if no other part needs it, and a worker all
// that it needs of a B so small that this takes less time than to read what another thread
// has packed.
func (g *gather) layout(rowParts, colParts int) layout {
	taps, terms := g.block()
	l := layout{packed: g.taps() * g.in * g.panels() * tile.N, sums: tile.M * tile.N, table: 2 * taps * tile.M}
	switch {
	case rowParts == 1:
		l.packed, l.own = 0, taps*terms*min(g.width(), ceil(g.panels(), colParts))*tile.N
	case g.groups == 1 && 4*l.packed <= ownBytes:
		l.packed, l.own = 0, l.packed
	}
	if g.aliases() {
		l.rows = tile.M * pitch(terms)
	}
	return l
}

// aliases says that the rows of A are so far apart that a tile's rows would fight for
// the same lines of the first cache: they are copied, block by block.
func (g *gather) aliases() bool { return g.plain && g.in%512 == 0 }

// workspace is enough for so many workers.
func (g *gather) workspace(workers int) int {
	if g.empty() {
		return 0
	}
	rows, cols := g.split()
	l := g.layout(rows, cols)
	return alignment + g.groups*align(l.packed) + min(g.groups*rows*cols, workers)*l.scratch() + align(g.in)
}

// anyWorkers is for pools of any size.
const anyWorkers = math.MaxInt

func (g *gather) empty() bool { return g.groups*g.rows()*g.out*g.taps()*g.in == 0 }

func (g *gather) run(pl *pool.Pool, work, c, a, b []float32) {
	if g.empty() {
		g.clear(c)
		return
	}
	r := gathers.Get().(*gathering)
	r.gather, r.tile = *g, tile
	r.c, r.a, r.b = c, a, b
	r.rowParts, r.colParts = g.split()
	r.sizes = g.layout(r.rowParts, r.colParts)
	r.packed, work = cut(aligned(work), g.groups*align(r.sizes.packed))
	r.zero, r.work = cut(work, g.in)
	clear(r.zero)
	if r.sizes.packed > 0 {
		pl.Run(g.groups*r.panels(), r.packPanel)
	} else if r.packsOwn() {
		r.has = append(r.has[:0], make([]bool, r.rowParts*r.colParts*r.panels())...)
	}
	pl.Run(g.groups*r.rowParts*r.colParts, r.runPart)
	r.c, r.a, r.b, r.packed, r.zero, r.work = nil, nil, nil, nil, nil, nil
	gathers.Put(r)
}

// clear is a run without terms.
func (g *gather) clear(c []float32) {
	if g.accumulate || g.out == 0 {
		return
	}
	for r := range g.groups * g.rows() {
		at := g.at(r/g.rows(), r%g.rows())
		clear(c[at : at+g.out])
	}
}

// at is where row r of a group's result begins.
func (g *gather) at(group, r int) int {
	w, h, n := r%g.w.out, r/g.w.out%g.h.out, r/g.w.out/g.h.out
	return group*g.rows()*g.out + g.dst + n*g.image + h*g.row + w*g.pixel
}
