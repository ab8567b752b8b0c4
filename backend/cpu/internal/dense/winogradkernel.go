package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
	"drift/backend/cpu/internal/vec"
)

// winogradKernel is the kernel gradient of a 3×3 convolution without strides, by the
// transposed steps of [winograd]: 6×6 pixels of x and 4×4 of dy are transformed, their
// channels multiplied number by number and summed over all tiles, and the sums
// transformed to taps. Each part has some channels of x and of dy, and a slice of the
// tiles; the sums of the slices are added in order.
type winogradKernel struct{ winograd }

const (
	unit         = 24        // channels of x that parts are made of: whole tiles and whole vectors
	longestBlock = 96        // tiles: a panel's numbers stay in the first cache
	mostSums     = 640 << 10 // bytes of a part's sums, which stay near it
)

func (w *winogradKernel) units() int { return ceil(w.in, unit) }
func (w *winogradKernel) ins() int   { return ceil(w.in, tile.M) }

// split is how many parts the channels of x and of dy are cut into, and how many slices
// the tiles: channels no more than the size of the sums asks for, since the transforms
// are repeated for each part of them.
func (w *winogradKernel) split() (ins, outs, slices int) {
	const parts, products = 8, 11 // fewer products of a tile are not worth a part
	channels := min(parts, ceil(4*w.numbers(), mostSums), w.units()*w.panels())
	ins, outs = halve(channels, w.units(), w.panels(), unit, tile.N)
	return ins, outs, min(ceil(parts, ins*outs), max(2, w.ins()*w.panels()/products), ceil(w.tiles(), longestBlock))
}

// numbers is how many sums there are.
func (w *winogradKernel) numbers() int {
	return spectrum * w.ins() * w.panels() * tile.M * tile.N
}

// block is how many tiles are transformed and multiplied at once, and how far apart
// their channels of x and of dy lie.
func (w *winogradKernel) block() (size, x, dy int) {
	ins, outs, _ := w.split()
	x, dy = pitch(ceil(w.units(), ins)*unit), pitch(ceil(w.panels(), outs)*tile.N)
	size = winogradBytes / 4 / spectrum / (x + dy)
	return min(max(size, 16), longestBlock, w.tiles()), x, dy
}

// sizes are how many float32s a part needs for its x, its dy, and addresses.
func (w *winogradKernel) sizes() (x, dy, table int) {
	size, x, dy := w.block()
	return spectrum * pitch(size*x), spectrum * pitch(size*dy), 2 * (spectrum + 1)
}

func (w *winogradKernel) scratch() int {
	x, dy, table := w.sizes()
	return align(x) + align(dy) + align(table)
}

// taps is how many numbers the taps of a tile have.
func (w *winogradKernel) taps() int { return 9 * tile.M * tile.N }

func (w *winogradKernel) workspace() int {
	if w.empty() {
		return 0
	}
	ins, outs, slices := w.split()
	return alignment + slices*align(w.numbers()) + align(max(w.in, w.out)) + max(ins*outs*slices*w.scratch(), w.panels()*align(w.taps()))
}

func (w *winogradKernel) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:9*w.in*w.out])
		return
	}
	r := winogradKernels.Get().(*winogradKernelling)
	r.winogradKernel, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	r.inParts, r.outParts, r.slices = w.split()
	r.sums, work = cut(aligned(work), r.slices*align(w.numbers()))
	r.zero, r.work = cut(work, max(w.in, w.out))
	clear(r.zero)
	pl.Run(r.slices*r.inParts*r.outParts, r.runPart)
	pl.Run(r.panels(), r.runFinish)
	r.c, r.a, r.b, r.sums, r.zero, r.work = nil, nil, nil, nil, nil, nil
	winogradKernels.Put(r)
}

// winogradKernelling is a winogradKernel under way.
type winogradKernelling struct {
	winogradKernel
	tile                      *kernel.Tile
	c, a, b                   []float32
	sums, zero, work          []float32
	inParts, outParts, slices int
	runPart, runFinish        func(int)
}

var winogradKernels = reuse(func(r *winogradKernelling) { r.runPart, r.runFinish = r.part, r.finish })

// winogradPart is one part's channels of some tiles.
type winogradPart struct {
	in0, in1, out0, out1 int // panels
	slice, first, tiles  int
	x, dy                []float32
	xPitch, dyPitch      int
	table                []uintptr
}

// part computes one part.
func (r *winogradKernelling) part(i int) {
	t, perUnit := r.tile, unit/r.tile.M
	slice, inPart, outPart := i/(r.inParts*r.outParts), i/r.outParts%r.inParts, i%r.outParts
	p := winogradPart{
		slice: slice,
		in0:   inPart * r.units() / r.inParts * perUnit, in1: min((inPart+1)*r.units()/r.inParts*perUnit, r.ins()),
		out0: outPart * r.panels() / r.outParts, out1: (outPart + 1) * r.panels() / r.outParts,
	}
	var size int
	size, p.xPitch, p.dyPitch = r.block()
	x, dy, table := r.sizes()
	work := r.work[i*r.scratch():]
	p.x, work = cut(work, x)
	p.dy, work = cut(work, dy)
	addresses, _ := cut(work, table)
	p.table = unsafe.Slice((*uintptr)(unsafe.Pointer(&addresses[0])), table/2)
	if r.in%t.M != 0 || r.out%t.N != 0 {
		// Some channels too many are multiplied: they lead to no result, but what was
		// there could slow one down.
		clear(p.x)
		clear(p.dy)
	}
	begin, end := slice*r.tiles()/r.slices, (slice+1)*r.tiles()/r.slices
	for p.first = begin; p.first < end; p.first += size {
		p.tiles = min(size, end-p.first)
		r.transform(&p)
		r.multiply(&p, p.first > begin)
	}
}

// transform transforms a part's channels of a block.
func (r *winogradKernelling) transform(p *winogradPart) {
	t := r.tile
	in, out := p.in0*t.M, p.out0*t.N
	ins, outs := min(p.in1*t.M, r.in)-in, min(p.out1*t.N, r.out)-out
	for i := range p.tiles {
		n, h, w := r.at(p.first + i)
		for s := range spectrum {
			p.table[s] = pixel(r.a, r.zero, n, pixelsOut*h+r.firstH+s/pixelsIn, pixelsOut*w+r.firstW+s%pixelsIn, r.srcH, r.srcW, r.in, in)
		}
		t.WinogradInput(&p.x[i*p.xPitch], float*uintptr(len(p.x)/spectrum), &p.table[0], uintptr(ins/8))
		for s := range pixelsOut * pixelsOut {
			p.table[s] = pixel(r.b, r.zero, n, pixelsOut*h+s/pixelsOut, pixelsOut*w+s%pixelsOut, r.dstH, r.dstW, r.out, out)
		}
		t.WinogradGradient(&p.dy[i*p.dyPitch], float*uintptr(len(p.dy)/spectrum), &p.table[0], uintptr(outs/8))
	}
}

// multiply adds the products of a block to the sums, or sets them unless load.
func (r *winogradKernelling) multiply(p *winogradPart, load bool) {
	t := r.tile
	segment := &p.table[spectrum]
	*segment = 0
	for s := range spectrum {
		x, dy := p.x[s*len(p.x)/spectrum:], p.dy[s*len(p.dy)/spectrum:]
		for out := p.out0; out < p.out1; out++ {
			for in := p.in0; in < p.in1; in++ {
				sum := r.sum(p.slice, s, out, in)
				t.Cols(&sum[0], float*uintptr(t.N), &dy[(out-p.out0)*t.N], float*uintptr(p.dyPitch), &x[(in-p.in0)*t.M], float*uintptr(p.xPitch), segment, 1, uintptr(p.tiles), flag(load))
			}
		}
	}
}

// sum is the tile of number s of the spectrum for a panel of dy and one of x.
func (r *winogradKernelling) sum(slice, s, out, in int) []float32 {
	return r.sums[slice*align(r.numbers())+((s*r.panels()+out)*r.ins()+in)*r.tile.M*r.tile.N:]
}

// finish adds the slices' sums of a panel of dy and transforms them to taps.
func (r *winogradKernelling) finish(out int) {
	t := r.tile
	size := t.M * t.N
	for s := range spectrum {
		sum := r.sum(0, s, out, 0)[:r.ins()*size]
		for slice := 1; slice < r.slices; slice++ {
			vec.Accumulate(vec.Add, sum, r.sum(slice, s, out, 0))
		}
	}
	taps := r.work[out*align(r.taps()):]
	for in := range r.ins() {
		t.WinogradTaps(&taps[0], float*uintptr(size), &r.sum(0, 0, out, in)[0], float*uintptr(r.numbers()/spectrum), uintptr(size/8))
		for tap := range 9 {
			copyRows(r.c[(tap*r.in+in*t.M)*r.out+out*t.N:], r.out, taps[tap*size:], t.N, min(t.M, r.in-in*t.M), min(t.N, r.out-out*t.N))
		}
	}
}

// pixel is the address of the channels from channel on of a pixel of image n, or of
// zeros if the image has no such pixel.
func pixel(x, zero []float32, n, h, w, height, width, channels, channel int) uintptr {
	if uint(h) < uint(height) && uint(w) < uint(width) {
		return address(x) + float*uintptr(((n*height+h)*width+w)*channels+channel)
	}
	return address(zero)
}
