package dense

import (
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
	"drift/backend/cpu/internal/vec"
)

// bf16Outer is what outer is, in bfloat16: for each tap, the sum over the pixels of the result
// of the channels of x under the tap, times those of dy. x is rounded and transposed, so that
// a channel's pixels follow each other, and a tap sees them from another one on.
//
// Many pixels are summed in spans, and their sums added up. Where the result is small, spans
// are parts; else parts have some channels of dy each.
type bf16Outer struct {
	grid
	groups, in, out int // channels of x and of dy
	threads         int // that there are parts for; no result depends on it
}

func (o *bf16Outer) panels() int { return ceil(o.out, kernel.Block) }

// spans is how many spans the pixels are cut into, which depends on their number alone, as the
// order of a sum does.
func (o *bf16Outer) spans() int {
	return max(1, min(o.pixels()/spanPixels, 2), min(o.pixels()/bf16SpanPixels, mostSpans))
}

// span is the places from the first to the end of a span.
func (o *bf16Outer) span(i int) (from, end int) {
	n := ceil(o.pixels(), kernel.Block)
	return i * n / o.spans() * kernel.Block, min((i+1)*n/o.spans()*kernel.Block, o.pixels())
}

// apart says that spans are parts of their own.
func (o *bf16Outer) apart() bool {
	return o.spans() > 1 && o.groups == 1 && float*o.taps()*blocks(o.in)*blocks(o.out) <= spanBytes
}

// split is how many parts the groups, the channels of dy of each, and their spans are cut
// into.
func (o *bf16Outer) split() (groups, cols, spans int) {
	switch {
	case o.groups > 1:
		return min(o.groups, 2*bf16Parts), 1, 1
	case o.apart():
		return 1, 1, o.spans()
	}
	flops := 2*float64(o.pixels()*o.taps())*float64(o.in*o.out)/bf16s().Gain + moveFLOPs*float64(o.pixels()*(o.in+o.out))
	cols = o.threads // as few as that, since each rounds all of x
	for cols*bf16Sums < float*o.taps()*blocks(o.in)*blocks(o.out) {
		cols *= 2
	}
	return 1, max(1, min(worthwhile(flops), o.panels(), cols, mostSpans)), 1
}

// atOnce is how many pixels of the result are summed at once.
func (o *bf16Outer) atOnce() int {
	return min(chunkPixels, chunkOf(4*(blocks(o.in)+blocks(o.out)), ceil(o.pixels(), o.spans())))
}

// seen is how many pixels of x a chunk sees, in whole blocks, and how far apart its channels
// lie: an odd number of lines of the cache.
func (o *bf16Outer) seen() (pixels, stride int) {
	low, high := o.reach()
	pixels = blocks(o.atOnce() + high - low)
	return pixels, pixels | kernel.Block
}

// bf16OuterLayout is how many numbers a worker needs: bfloat16 of a chunk's x and dy, as they
// come and as they are multiplied; float32 of sums, and of those of another span.
type bf16OuterLayout struct{ x, turned, dy, b, sums, more int }

func (l bf16OuterLayout) scratch() int {
	return wordsIn(l.x) + wordsIn(l.turned) + wordsIn(l.dy) + wordsIn(l.b) + align(l.sums) + align(l.more)
}

func (o *bf16Outer) layout() bf16OuterLayout {
	_, cols, spans := o.split()
	pixels, stride := o.seen()
	out := ceil(o.panels(), cols) * kernel.Block
	l := bf16OuterLayout{
		x: pixels * blocks(o.in), turned: stride * blocks(o.in), dy: o.atOnce() * blocks(o.out), b: o.atOnce() * out,
		sums: o.taps() * blocks(o.in) * out,
	}
	if spans < o.spans() {
		l.more = l.sums
	}
	return l
}

func (o *bf16Outer) parts() int {
	groups, cols, spans := o.split()
	return groups * cols * spans
}

// workspace is enough for any number of threads.
func (o bf16Outer) workspace() int {
	most := 0
	for o.threads = 1; o.threads <= outerParts; o.threads++ {
		most = max(most, o.parts()*o.layout().scratch())
	}
	return alignment + most
}

func (o *bf16Outer) run(pl *pool.Pool, work, c, x, dy []float32) {
	r := bf16Outers.Get().(*bf16Outering)
	r.bf16Outer, r.kernel = *o, bf16s()
	r.threads = min(pl.Threads(), outerParts)
	r.c, r.x, r.dy, r.work = c, x, dy, aligned(work)
	r.groupParts, r.colParts, r.spanParts = r.split()
	r.sizes, r.once = r.layout(), r.atOnce()
	pl.Run(r.parts(), r.runPart)
	if o.apart() {
		pl.Run(joinParts, r.runJoin)
	}
	r.c, r.x, r.dy, r.work = nil, nil, nil, nil
	bf16Outers.Put(r)
}

// bf16Outering is a bf16Outer under way.
type bf16Outering struct {
	bf16Outer
	kernel                          *kernel.BF16
	c, x, dy, work                  []float32
	groupParts, colParts, spanParts int
	sizes                           bf16OuterLayout
	once                            int     // pixels
	segment                         uintptr // the only one, without an offset
	runPart, runJoin                func(part, worker int)
}

var bf16Outers = reuse(func(r *bf16Outering) { r.runPart, r.runJoin = r.part, r.join })

// bf16OuterPart is one part's panels of dy and its scratch.
type bf16OuterPart struct {
	group, panel0, panel1 int
	x, turned, dy, b      []uint16
	sums, more            []float32
}

// scratch is that of a part: its sums are read when all are done.
func (r *bf16Outering) scratch(part int) (p bf16OuterPart) {
	work := r.work[part*r.sizes.scratch():]
	p.x, work = cutWords(work, r.sizes.x)
	p.turned, work = cutWords(work, r.sizes.turned)
	p.dy, work = cutWords(work, r.sizes.dy)
	p.b, work = cutWords(work, r.sizes.b)
	p.sums, work = cut(work, r.sizes.sums)
	p.more, _ = cut(work, r.sizes.more)
	return p
}

func (r *bf16Outering) part(i, _ int) {
	p := r.scratch(i)
	groupPart, colPart, spanPart := i/(r.colParts*r.spanParts), i/r.spanParts%r.colParts, i%r.spanParts
	p.panel0, p.panel1 = colPart*r.panels()/r.colParts, (colPart+1)*r.panels()/r.colParts
	if r.apart() {
		r.sum(&p, p.sums, spanPart)
		return
	}
	for p.group = groupPart * r.groups / r.groupParts; p.group < (groupPart+1)*r.groups/r.groupParts; p.group++ {
		r.sum(&p, p.sums, 0)
		for span := 1; span < r.spans(); span++ {
			r.sum(&p, p.more, span)
			vec.Accumulate(vec.Add, p.sums, p.more)
		}
		r.write(&p, 0, r.taps()*r.in)
	}
}

// sum sums the products of a span.
func (r *bf16Outering) sum(p *bf16OuterPart, sums []float32, span int) {
	first, end := r.span(span)
	for from := first; from < end; from += r.once {
		r.add(p, sums, from, min(r.once, end-from), from > first)
	}
}

// add adds the products of some pixels to sums, or sets them unless load.
func (r *bf16Outering) add(p *bf16OuterPart, sums []float32, from, count int, load bool) {
	const block = kernel.Block
	in, out, wide := blocks(r.in), blocks(r.out), (p.panel1-p.panel0)*block
	low, high := r.reach()
	_, stride := r.seen()
	x, dy := r.x[p.group*r.images*r.srcH*r.srcW*r.in:], r.dy[p.group*r.images*r.dstH*r.dstW*r.out:]
	some := blocks(blocks(count) + high - low)
	r.round(r.kernel, p.x, in, x, r.srcH, r.srcW, r.in, from+low, some)
	for i := 0; i < some; i += block {
		for j := 0; j < in; j += block {
			r.kernel.Turn(&p.turned[j*stride+i], uintptr(2*stride), &p.x[i*in+j], uintptr(2*in))
		}
	}
	r.round(r.kernel, p.dy, out, dy, r.dstH, r.dstW, r.out, from, count)
	clear(p.dy[count*out : blocks(count)*out])
	for panel := range p.panel1 - p.panel0 {
		b := p.b[panel*r.once*block:]
		r.kernel.Pairs(&b[0], &p.dy[(p.panel0+panel)*block], uintptr(2*out), uintptr(ceil(count, block)))
		for tap := range r.taps() {
			c := &sums[tap*in*wide+panel*block]
			r.kernel.Multiply(c, uintptr(float*wide), uintptr(float*wide*block), &p.turned[r.offset(tap)-low], uintptr(2*stride), uintptr(2*stride*block),
				&b[0], &r.segment, 1, uintptr(ceil(count, block)), uintptr(in/block), flag(load))
		}
	}
}

// join adds up some rows of the sums of all spans.
func (r *bf16Outering) join(part, _ int) {
	p := r.scratch(0)
	p.panel1 = r.panels()
	rows, wide := r.taps()*r.in, blocks(r.out)
	first, end := part*rows/joinParts, (part+1)*rows/joinParts
	for row := first; row < end; row++ {
		at := (row/r.in*blocks(r.in) + row%r.in) * wide
		for span := 1; span < r.spans(); span++ {
			vec.Accumulate(vec.Add, p.sums[at:][:r.out], r.scratch(span).sums[at:][:r.out])
		}
	}
	r.write(&p, first, end)
}

// write copies rows of the sums to where they belong: a row is a channel of x under a tap.
func (r *bf16Outering) write(p *bf16OuterPart, first, end int) {
	wide, from := (p.panel1-p.panel0)*kernel.Block, p.panel0*kernel.Block
	c := r.c[p.group*r.taps()*r.in*r.out:]
	for row := first; row < end; row++ {
		at := (row/r.in*blocks(r.in) + row%r.in) * wide
		copy(c[row*r.out+from:][:min(wide, r.out-from)], p.sums[at:])
	}
}
