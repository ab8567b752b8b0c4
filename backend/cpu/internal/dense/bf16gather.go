package dense

import (
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// bf16Gather is what gather is, in bfloat16: a product of the pixels under each tap, in a
// grid, with B. Each part rounds the pixels of its rows, chunk by chunk, and the columns of
// B that it needs once.
type bf16Gather struct {
	grid
	groups, in, out int
	turned          bool // the taps of the kernel are in the reverse order

	// Element (k, j) of B under a tap is bk·k + bn·j after the tap's in·out numbers.
	bk, bn int
}

func (g *bf16Gather) panels() int { return ceil(g.out, kernel.Block) }

// split is how many parts there are: of the groups, of the rows of each, and of its columns.
func (g *bf16Gather) split() (groups, rows, cols int) {
	moves := float64(g.pixels() * (g.in + g.out))
	flops := 2*float64(g.pixels()*g.taps())*float64(g.in*g.out)/bf16s().Gain + moveFLOPs*moves
	if g.groups > 1 {
		return min(g.groups, 2*bf16Parts), 1, 1
	}
	parts := min(worthwhile(flops), bf16Parts)
	if parts > 1 && g.panels() > 1 && 2*float64(g.taps()*g.in*g.out) >= moves {
		cols = 2 // each packs its own half of B
	} else {
		cols = 1
	}
	return 1, max(1, min(parts/cols, g.pixels()/(2*kernel.Block))), cols
}

// atOnce is how many pixels of the result a part computes at once.
func (g *bf16Gather) atOnce() int {
	_, rows, _ := g.split()
	return chunkOf(2*blocks(g.in)+float*blocks(g.out), ceil(g.pixels(), rows))
}

// bf16Layout is how many numbers a worker needs: bfloat16 of a packed B, of its making, and of
// the pixels of a chunk; float32 for its results; and the offsets of taps.
type bf16Layout struct{ b, rows, x, y, table int }

func (l bf16Layout) scratch() int {
	return wordsIn(l.b) + wordsIn(l.rows) + wordsIn(l.x) + align(l.y) + align(l.table)
}

func (g *bf16Gather) layout() bf16Layout {
	_, _, cols := g.split()
	low, high := g.reach()
	panels, in := ceil(g.panels(), cols), blocks(g.in)
	return bf16Layout{
		b: panels * g.taps() * in * kernel.Block, rows: in * kernel.Block,
		x: (g.atOnce() + high - low) * in, y: g.atOnce() * panels * kernel.Block, table: 2 * g.taps(),
	}
}

func (g *bf16Gather) workspace() int {
	groups, rows, cols := g.split()
	return alignment + groups*rows*cols*g.layout().scratch()
}

func (g *bf16Gather) run(pl *pool.Pool, work, c, a, b []float32) {
	r := bf16Gathers.Get().(*bf16Gathering)
	r.bf16Gather, r.kernel = *g, bf16s()
	r.c, r.a, r.b, r.work = c, a, b, aligned(work)
	r.groupParts, r.rowParts, r.colParts = g.split()
	r.sizes, r.once = g.layout(), g.atOnce()
	parts := r.groupParts * r.rowParts * r.colParts
	r.packed = append(r.packed[:0], make([]int, parts)...)
	pl.Run(parts, r.runPart)
	r.c, r.a, r.b, r.work = nil, nil, nil, nil
	bf16Gathers.Put(r)
}

// bf16Gathering is a bf16Gather under way.
type bf16Gathering struct {
	bf16Gather
	kernel                         *kernel.BF16
	c, a, b, work                  []float32
	groupParts, rowParts, colParts int
	sizes                          bf16Layout
	once                           int   // pixels
	packed                         []int // what each worker's B is: a number for its group and columns
	runPart                        func(part, worker int)
}

var bf16Gathers = reuse(func(r *bf16Gathering) { r.runPart = r.part })

// bf16Part is one part's columns and the scratch of its worker.
type bf16Part struct {
	group, panel0, panel1 int
	b, rows, x            []uint16
	y                     []float32
	table                 []uintptr
}

func (r *bf16Gathering) part(i, worker int) {
	groupPart, rowPart, colPart := i/(r.rowParts*r.colParts), i/r.colParts%r.rowParts, i%r.colParts
	p, work := bf16Part{panel0: colPart * r.panels() / r.colParts, panel1: (colPart + 1) * r.panels() / r.colParts}, r.work[worker*r.sizes.scratch():]
	p.b, work = cutWords(work, r.sizes.b)
	p.rows, work = cutWords(work, r.sizes.rows)
	p.x, work = cutWords(work, r.sizes.x)
	p.y, work = cut(work, r.sizes.y)
	p.table = addresses(work[:r.sizes.table])
	low, _ := r.reach()
	for tap := range p.table {
		p.table[tap] = uintptr(2 * (r.offset(tap) - low) * blocks(r.in))
	}
	chunks := ceil(r.pixels(), r.once)
	for p.group = groupPart * r.groups / r.groupParts; p.group < (groupPart+1)*r.groups/r.groupParts; p.group++ {
		if b := p.group*r.colParts + colPart + 1; r.packed[worker] != b {
			r.pack(&p)
			r.packed[worker] = b
		}
		for chunk := rowPart * chunks / r.rowParts; chunk < (rowPart+1)*chunks/r.rowParts; chunk++ {
			from := chunk * r.once
			r.compute(&p, from, min(r.once, r.pixels()-from))
		}
	}
}

// pack makes the blocks of B of a part's columns: panel by panel, tap by tap, term by term.
func (r *bf16Gathering) pack(p *bf16Part) {
	in := blocks(r.in)
	for panel := p.panel0; panel < p.panel1; panel++ {
		first := panel * kernel.Block
		cols := min(kernel.Block, r.out-first)
		for i := range r.taps() {
			tap := i
			if r.turned {
				tap = r.taps() - 1 - i
			}
			from := r.b[(p.group*r.taps()+tap)*r.in*r.out:][first*r.bn : r.in*r.out]
			to := p.b[((panel-p.panel0)*r.taps()+i)*in*kernel.Block:][:in*kernel.Block]
			if r.bn == 1 { // rows of B are terms
				r.kernel.Round(&p.rows[0], 2*kernel.Block, &from[0], uintptr(float*r.bk), uintptr(cols), uintptr(r.in))
				clear(p.rows[r.in*kernel.Block:])
				r.kernel.Pairs(&to[0], &p.rows[0], 2*kernel.Block, uintptr(in/kernel.Block))
				continue
			}
			r.kernel.Round(&p.rows[0], uintptr(2*in), &from[0], uintptr(float*r.bn), uintptr(r.in), uintptr(cols))
			clear(p.rows[cols*in:])
			for k := 0; k < in; k += kernel.Block {
				r.kernel.TurnPairs(&to[k*kernel.Block], &p.rows[k], uintptr(2*in))
			}
		}
	}
}

// compute makes some pixels from a place of the grid on.
func (r *bf16Gathering) compute(p *bf16Part, from, count int) {
	in, out := blocks(r.in), (p.panel1-p.panel0)*kernel.Block
	low, high := r.reach()
	a := r.a[p.group*r.images*r.srcH*r.srcW*r.in:]
	r.round(r.kernel, p.x, in, a, r.srcH, r.srcW, r.in, from+low, blocks(count)+high-low)
	done := 0 // pixels that could be written where they belong
	if r.whole() && r.out%kernel.Block == 0 {
		done = count / kernel.Block * kernel.Block
	}
	c := r.c[p.group*r.images*r.dstH*r.dstW*r.out:]
	for panel := p.panel0; panel < p.panel1; panel++ {
		b := &p.b[(panel-p.panel0)*r.taps()*in*kernel.Block]
		multiply := func(c []float32, width, from, count int) {
			r.kernel.Multiply(&c[0], uintptr(float*width), uintptr(float*width*kernel.Block), &p.x[from*in], uintptr(2*in), uintptr(2*in*kernel.Block),
				b, &p.table[0], uintptr(r.taps()), uintptr(in/kernel.Block), uintptr(ceil(count, kernel.Block)), 0)
		}
		if done > 0 {
			multiply(c[from*r.out+panel*kernel.Block:], r.out, 0, done)
		}
		if done < count {
			multiply(p.y[(panel-p.panel0)*kernel.Block:], out, done, count-done)
		}
	}
	r.write(p, c, out, from+done, count-done)
}

// write copies pixels from a place of the grid on, if the result has them.
func (r *bf16Gathering) write(p *bf16Part, c []float32, width, from, count int) {
	gridW, gridH := r.size()
	first := p.panel0 * kernel.Block
	cols := min(width, r.out-first)
	for at, end := from, from+count; at < end; {
		row, col := at/gridW, at%gridW
		next := min((row+1)*gridW, end)
		if n := min(r.dstW-col, next-at); n > 0 && row%gridH < r.dstH {
			to, y := c[((row/gridH*r.dstH+row%gridH)*r.dstW+col)*r.out+first:], p.y[(at-from)*width:]
			if cols == width && cols == r.out {
				copy(to[:n*cols], y)
			} else {
				copyRows(to, r.out, y, width, n, cols)
			}
		}
		at = next
	}
}
