package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
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

	// Element (k, j) of B under a tap is bk·k + bn·j after the tap's in·out numbers.
	bk, bn int
}

// The blocks in which a gather goes through its operands.
const (
	blockTerms = 320       // of K: a tile's rows of A stay in the first cache
	blockBytes = 256 << 10 // of B: it stays in the second cache
	partFLOPs  = 2 << 20   // at least, for a part to be worth another thread
	mostParts  = 32
)

func (g *gather) rows() int   { return g.images * g.h.out * g.w.out }
func (g *gather) taps() int   { return g.h.taps * g.w.taps }
func (g *gather) panels() int { return ceil(g.out, tile.N) }
func (g *gather) packed() int { return g.taps() * g.in * g.panels() * tile.N }

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
	parts := min(int(flops/partFLOPs), ceil(mostParts, g.groups), tiles*panels)
	return halve(parts, tiles, panels, tile.M, tile.N*g.taps())
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

// scratch is what one part needs: a tile, and a table of addresses, in float32s.
func (g *gather) scratch() int {
	taps, _ := g.block()
	return align(tile.M*tile.N) + align(2*taps*tile.M)
}

func (g *gather) workspace() int {
	if g.groups*g.rows()*g.out*g.taps()*g.in == 0 {
		return 0
	}
	rows, cols := g.split()
	return alignment + g.groups*(align(g.packed())+rows*cols*g.scratch()) + align(g.in)
}

func (g *gather) run(pl *pool.Pool, work, c, a, b []float32) {
	if g.groups*g.rows()*g.out*g.taps()*g.in == 0 {
		g.clear(c)
		return
	}
	r := gathers.Get().(*gathering)
	r.gather, r.tile = *g, tile
	r.c, r.a, r.b = c, a, b
	work = aligned(work)
	r.packed, work = cut(work, g.groups*align(g.packed()))
	r.zero, r.work = cut(work, g.in)
	clear(r.zero)
	r.rowParts, r.colParts = g.split()
	pl.Run(g.groups*r.panels(), r.packPanel)
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

// gathering is a gather under way.
type gathering struct {
	gather
	tile               *kernel.Tile
	c, a, b            []float32
	packed, zero, work []float32
	rowParts, colParts int
	packPanel, runPart func(int)
}

var gathers = reuse(func(r *gathering) { r.packPanel, r.runPart = r.pack, r.part })

// pack copies one panel of B, taps and terms in the order of the sum.
func (r *gathering) pack(i int) {
	n := r.tile.N
	group, j := i/r.panels(), i%r.panels()*n
	panel := r.packed[group*align(r.gather.packed()):][j*r.taps()*r.in:][:r.taps()*r.in*n]
	size := r.in * r.out
	for h := range r.h.taps {
		for w := range r.w.taps {
			tap := (r.h.wFirst+h*r.h.wStep)*r.kw + r.w.wFirst + w*r.w.wStep
			from := r.b[group*size+tap*size:][:size]
			pack(r.tile, panel[(h*r.w.taps+w)*r.in*n:][:r.in*n], n, from[j*r.bn:], min(n, r.out-j), r.bk, r.bn)
		}
	}
}

// part computes one part of C, block after block of its sums.
func (r *gathering) part(i int) {
	t := r.tile
	group, rowPart, colPart := i/(r.rowParts*r.colParts), i/r.colParts%r.rowParts, i%r.colParts
	tiles := ceil(r.rows(), t.M)
	tile0, tile1 := rowPart*tiles/r.rowParts, (rowPart+1)*tiles/r.rowParts
	panel0, panel1 := colPart*r.panels()/r.colParts, (colPart+1)*r.panels()/r.colParts
	scratch, work := cut(r.work[i*r.scratch():], t.M*t.N)
	taps, terms := r.block()
	table := unsafe.Slice((*uintptr)(unsafe.Pointer(&work[0])), taps*t.M)
	width := max(1, blockBytes/(taps*terms*t.N*4))
	for tap := 0; tap < r.taps(); tap += taps {
		taps := min(taps, r.taps()-tap)
		for k := 0; k < r.in; k += terms {
			terms := min(terms, r.in-k)
			load := r.accumulate || tap+k > 0
			for from := panel0; from < panel1; from += width {
				to := min(from+width, panel1)
				for i := tile0; i < tile1; i++ {
					r.address(table[:taps*t.M], group, i*t.M, tap, k)
					r.tiles(scratch, table, group, i*t.M, from, to, (tap*r.in+k)*t.N, taps, terms, load)
				}
			}
		}
	}
}

// address fills the table with where the rows from row on have their terms from k on,
// for the taps from tap on. Rows after the last are 0.
func (r *gathering) address(table []uintptr, group, row, tap, k int) {
	const size = unsafe.Sizeof(r.a[0])
	m := r.tile.M
	base := uintptr(unsafe.Pointer(unsafe.SliceData(r.a))) + size*uintptr(group*r.rows()*r.in+k)
	zero := uintptr(unsafe.Pointer(unsafe.SliceData(r.zero)))
	w, h := row%r.w.out, row/r.w.out
	h, n := h%r.h.out, h/r.h.out
	for i := range m {
		sh, sw := r.h.first+h*r.h.step, r.w.first+w*r.w.step
		th, tw := tap/r.w.taps, tap%r.w.taps
		for at := i; at < len(table); at += m {
			y, x := sh+th*r.h.tap, sw+tw*r.w.tap
			table[at] = zero
			if uint(y) < uint(r.h.src) && uint(x) < uint(r.w.src) && n < r.images {
				table[at] = base + size*uintptr(((n*r.h.src+y)*r.w.src+x)*r.in)
			}
			if tw++; tw == r.w.taps {
				th, tw = th+1, 0
			}
		}
		if w++; w == r.w.out {
			if w, h = 0, h+1; h == r.h.out {
				h, n = 0, n+1
			}
		}
	}
}

// tiles computes the tiles of one row of tiles, from panel from to panel to.
func (r *gathering) tiles(scratch []float32, table []uintptr, group, row, from, to, k, taps, terms int, load bool) {
	t := r.tile
	m := min(t.M, r.rows()-row)
	first := r.at(group, row)
	dense := r.row == r.w.out*r.pixel && r.image == r.h.out*r.row
	direct := m == t.M && (dense || row%r.w.out+m <= r.w.out)
	packed := r.packed[group*align(r.gather.packed()):]
	for p := from; p < to; p++ {
		j := p * t.N
		n := min(t.N, r.out-j)
		c, ldc := r.c, r.pixel
		at := first + j
		if !direct || n < t.N {
			c, ldc, at = scratch, t.N, 0
			if load {
				for i := range m {
					copy(scratch[i*t.N:][:n], r.c[r.at(group, row+i)+j:])
				}
			}
		}
		t.Rows(&c[at], uintptr(4*ldc), &packed[j*r.taps()*r.in+k], uintptr(4*t.N), &table[0], uintptr(taps), uintptr(terms), flag(load))
		if !direct || n < t.N {
			for i := range m {
				copy(r.c[r.at(group, row+i)+j:][:n], scratch[i*t.N:])
			}
		}
	}
}

func flag(b bool) uintptr {
	if b {
		return 1
	}
	return 0
}
