package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
)

// gathering is a gather under way.
type gathering struct {
	gather
	tile               *kernel.Tile
	c, a, b            []float32
	packed, zero, work []float32
	rowParts, colParts int
	sizes              layout
	has                []bool // whether a worker has packed a panel
	packPanel, runPart func(part, worker int)
}

var gathers = reuse(func(r *gathering) { r.packPanel, r.runPart = r.whole, r.part })

// whole packs one panel of B for all parts.
func (r *gathering) whole(i, _ int) {
	if group, panel := i/r.panels(), i%r.panels(); !r.direct(panel) {
		r.pack(r.panel(r.packed, group, panel), group, block{panel0: panel, taps: r.taps(), terms: r.in})
	}
}

// panel is where a panel of a packed B lies.
func (r *gathering) panel(packed []float32, group, panel int) []float32 {
	size := r.taps() * r.in * r.tile.N
	return packed[group*align(size*r.panels())+panel*size:][:size]
}

// packsOwn says that each worker packs all panels that its parts need.
func (r *gathering) packsOwn() bool { return len(r.packed) == 0 && r.rowParts > 1 }

// packAll packs the panels of a small B that a worker has not packed yet.
func (r *gathering) packAll(worker int, own []float32, panel0, panel1 int) {
	for panel := panel0; panel < panel1; panel++ {
		if has := &r.has[worker*r.panels()+panel]; !*has && !r.direct(panel) {
			r.pack(r.panel(own, 0, panel), 0, block{panel0: panel, taps: r.taps(), terms: r.in})
			*has = true
		}
	}
}

// block is some terms of some panels of B.
type block struct {
	panel0, panel1 int
	tap0, taps     int
	term0, terms   int
	packed         []float32 // if one part needs it alone
	load           bool      // there are sums to add it to
}

// pack copies the first panel of a block, taps and terms in the order of the sum.
func (r *gathering) pack(dst []float32, group int, b block) {
	n, j := r.tile.N, b.panel0*r.tile.N
	for i := range b.taps {
		h, w := (b.tap0+i)/r.w.taps, (b.tap0+i)%r.w.taps
		tap := (r.h.wFirst+h*r.h.wStep)*r.kw + r.w.wFirst + w*r.w.wStep
		from := r.b[(group+tap)*r.in*r.out:][:r.in*r.out]
		pack(r.tile, dst[i*b.terms*n:][:b.terms*n], from[b.term0*r.bk+j*r.bn:], min(n, r.out-j), r.bk, r.bn)
	}
}

// part computes one part of C, block after block of its sums.
func (r *gathering) part(i, worker int) {
	t := r.tile
	group, rowPart, colPart := i/(r.rowParts*r.colParts), i/r.colParts%r.rowParts, i%r.colParts
	tiles := ceil(r.rows(), t.M)
	tile0, tile1 := rowPart*tiles/r.rowParts, (rowPart+1)*tiles/r.rowParts
	panel0, panel1 := colPart*r.panels()/r.colParts, (colPart+1)*r.panels()/r.colParts
	p, work := part{group: group}, r.work[worker*r.sizes.scratch():]
	var own, table []float32
	own, work = cut(work, r.sizes.own)
	p.rows, work = cut(work, r.sizes.rows)
	p.sums, work = cut(work, r.sizes.sums)
	table, _ = cut(work, r.sizes.table)
	p.table = unsafe.Slice((*uintptr)(unsafe.Pointer(&table[0])), len(table)/2)
	p.packed = r.packed
	if r.packsOwn() {
		p.packed = own
		r.packAll(worker, own, panel0, panel1)
	}

	taps, terms := r.block()
	for tap := 0; tap < r.taps(); tap += taps {
		for term := 0; term < r.in; term += terms {
			for from := panel0; from < panel1; from += r.width() {
				b := block{
					panel0: from, panel1: min(from+r.width(), panel1), tap0: tap, taps: min(taps, r.taps()-tap), term0: term, terms: min(terms, r.in-term),
					load: r.accumulate || tap+term > 0,
				}
				if r.rowParts == 1 {
					b.packed = own
					r.packOwn(group, b)
				}
				for i := tile0; i < tile1; i++ {
					p.row = i * t.M
					r.address(p.table[:b.taps*t.M], group, p.row, tap, term)
					r.copyRows(&p, b)
					r.tiles(&p, b)
				}
			}
		}
	}
}

// part is the tiles of one row of them, and their scratch.
type part struct {
	group, row int
	rows, sums []float32
	packed     []float32 // B, unless block by block
	table      []uintptr
}

// direct says that a panel of B is read where it is: few rows of A are not worth a copy, if
// the rows of B are not so far apart that they fight for the same lines of the cache.
func (r *gathering) direct(panel int) bool {
	rows := directRows
	if r.bk <= nearColumns {
		rows = nearRows
	}
	return r.rows() <= rows && r.taps() == 1 && r.bn == 1 && (panel+1)*r.tile.N <= r.out
}

// packOwn packs the block that only one part needs.
func (r *gathering) packOwn(group int, b block) {
	size := b.taps * b.terms * r.tile.N
	for ; b.panel0 < b.panel1; b.panel0++ {
		if !r.direct(b.panel0) {
			r.pack(b.packed[:size], group, b)
		}
		b.packed = b.packed[size:]
	}
}

// copyRows copies the rows of A if they alias.
func (r *gathering) copyRows(p *part, b block) {
	if !r.aliases() {
		return
	}
	stride := pitch(b.terms)
	for i := range min(r.tile.M, r.rows()-p.row) {
		to := p.rows[i*stride:][:b.terms]
		copy(to, r.a[(p.group*r.rows()+p.row+i)*r.in+b.term0:])
		p.table[i] = uintptr(unsafe.Pointer(&to[0]))
	}
}

// address fills the table with where the rows from row on have their terms from k on,
// for the taps from tap on. Rows after the last are 0.
func (r *gathering) address(table []uintptr, group, row, tap, k int) {
	const size = unsafe.Sizeof(r.a[0])
	m := r.tile.M
	base := uintptr(unsafe.Pointer(unsafe.SliceData(r.a))) + size*uintptr(group*r.rows()*r.in+k)
	zero := uintptr(unsafe.Pointer(unsafe.SliceData(r.zero)))
	if r.plain {
		for i := range m {
			table[i] = zero
			if row+i < r.w.out {
				table[i] = base + size*uintptr((row+i)*r.in)
			}
		}
		return
	}
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

// tiles computes one row of tiles for the panels of a block.
func (r *gathering) tiles(p *part, b block) {
	t := r.tile
	m := min(t.M, r.rows()-p.row)
	first := r.at(p.group, p.row)
	dense := r.row == r.w.out*r.pixel && r.image == r.h.out*r.row
	equal := m == t.M && (dense || p.row%r.w.out+m <= r.w.out) // steps from row to row
	for panel := b.panel0; panel < b.panel1; panel++ {
		j := panel * t.N
		n := min(t.N, r.out-j)
		var from []float32
		ldb := t.N
		switch {
		case r.direct(panel):
			tap := r.h.wFirst*r.kw + r.w.wFirst
			from, ldb = r.b[(p.group+tap)*r.in*r.out+b.term0*r.bk+j:], r.bk
		case b.packed != nil:
			from = b.packed[(panel-b.panel0)*b.taps*b.terms*t.N:]
		default:
			from = r.panel(p.packed, p.group, panel)[(b.tap0*r.in+b.term0)*t.N:]
		}
		c, ldc := p.sums, t.N
		whole := equal && n == t.N
		if whole {
			c, ldc = r.c[first+j:], r.pixel
		} else if b.load {
			for i := range m {
				copy(c[i*t.N:][:n], r.c[r.at(p.group, p.row+i)+j:])
			}
		}
		t.Rows(&c[0], uintptr(4*ldc), &from[0], uintptr(4*ldb), &p.table[0], uintptr(b.taps), uintptr(b.terms), flag(b.load))
		if !whole {
			for i := range m {
				copy(r.c[r.at(p.group, p.row+i)+j:][:n], c[i*t.N:])
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
