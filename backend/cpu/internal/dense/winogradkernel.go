package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// winogradKernel is the kernel gradient of a 3×3 convolution without strides, by the
// transposed steps of [winograd]: 4×4 pixels of x and 2×2 of dy are transformed, their
// channels multiplied number by number and summed over all tiles, and the sums
// transformed to taps. Each part has some channels of x and of dy to itself.
type winogradKernel struct{ winograd }

const (
	unit         = 24 // channels of x that parts are made of: whole tiles and whole vectors
	longestBlock = 96 // tiles: a panel's numbers stay in the first cache
)

func (w *winogradKernel) units() int { return ceil(w.in, unit) }
func (w *winogradKernel) ins() int   { return ceil(w.in, tile.M) }

// split is how many parts the channels of x and of dy are cut into. In smaller ones the
// transforms, which several parts repeat, would take too much of the time.
func (w *winogradKernel) split() (ins, outs int) {
	const most, products = 8, 11
	parts := min(most, max(2, w.ins()*w.panels()/products), w.units()*w.panels())
	return halve(parts, w.units(), w.panels(), unit, tile.N)
}

// block is how many tiles are transformed and multiplied at once, and how far apart
// their channels of x and of dy lie.
func (w *winogradKernel) block() (size, x, dy int) {
	ins, outs := w.split()
	x, dy = pitch(ceil(w.units(), ins)*unit), pitch(ceil(w.panels(), outs)*tile.N)
	size = winogradBytes / 4 / spectrum / (x + dy)
	return min(max(size, 16), longestBlock, w.tiles()), x, dy
}

// sizes are how many float32s the sums need, and a part: for its x, its dy, the taps of
// a tile, and addresses.
func (w *winogradKernel) sizes() (sums, x, dy, taps, table int) {
	size, x, dy := w.block()
	return spectrum * w.ins() * w.panels() * tile.M * tile.N, spectrum * pitch(size*x), spectrum * pitch(size*dy), 9 * tile.M * tile.N, 2 * (spectrum + 1)
}

func (w *winogradKernel) scratch() int {
	_, x, dy, taps, table := w.sizes()
	return align(x) + align(dy) + align(taps) + align(table)
}

func (w *winogradKernel) workspace() int {
	if w.empty() {
		return 0
	}
	ins, outs := w.split()
	sums, _, _, _, _ := w.sizes()
	return alignment + align(sums) + align(max(w.in, w.out)) + ins*outs*w.scratch()
}

func (w *winogradKernel) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:9*w.in*w.out])
		return
	}
	r := winogradKernels.Get().(*winogradKernelling)
	r.winogradKernel, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	sums, _, _, _, _ := w.sizes()
	r.sums, work = cut(aligned(work), sums)
	r.zero, r.work = cut(work, max(w.in, w.out))
	clear(r.zero)
	r.inParts, r.outParts = w.split()
	pl.Run(r.inParts*r.outParts, r.runPart)
	r.c, r.a, r.b, r.sums, r.zero, r.work = nil, nil, nil, nil, nil, nil
	winogradKernels.Put(r)
}

// winogradKernelling is a winogradKernel under way.
type winogradKernelling struct {
	winogradKernel
	tile              *kernel.Tile
	c, a, b           []float32
	sums, zero, work  []float32
	inParts, outParts int
	runPart           func(int)
}

var winogradKernels = reuse(func(r *winogradKernelling) { r.runPart = r.part })

// winogradPart is one part's channels of some tiles.
type winogradPart struct {
	in0, in1, out0, out1 int // panels
	first, tiles         int
	x, dy, taps          []float32
	xPitch, dyPitch      int
	table                []uintptr
}

// part computes one part.
func (r *winogradKernelling) part(i int) {
	t, perUnit := r.tile, unit/r.tile.M
	inPart, outPart := i/r.outParts, i%r.outParts
	p := winogradPart{
		in0: inPart * r.units() / r.inParts * perUnit, in1: min((inPart+1)*r.units()/r.inParts*perUnit, r.ins()),
		out0: outPart * r.panels() / r.outParts, out1: (outPart + 1) * r.panels() / r.outParts,
	}
	var size int
	size, p.xPitch, p.dyPitch = r.block()
	_, x, dy, taps, table := r.sizes()
	work := r.work[i*r.scratch():]
	p.x, work = cut(work, x)
	p.dy, work = cut(work, dy)
	p.taps, work = cut(work, taps)
	addresses, _ := cut(work, table)
	p.table = unsafe.Slice((*uintptr)(unsafe.Pointer(&addresses[0])), table/2)
	if r.in%t.M != 0 || r.out%t.N != 0 {
		// Some channels too many are multiplied: they lead to no result, but what was
		// there could slow one down.
		clear(p.x)
		clear(p.dy)
	}
	for p.first = 0; p.first < r.tiles(); p.first += size {
		p.tiles = min(size, r.tiles()-p.first)
		r.transform(&p)
		r.multiply(&p)
	}
	for out := p.out0; out < p.out1; out++ {
		for in := p.in0; in < p.in1; in++ {
			r.finish(&p, in*t.M, out*t.N, r.sum(0, out, in))
		}
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
			p.table[s] = pixel(r.a, r.zero, n, 2*h+r.firstH+s/4, 2*w+r.firstW+s%4, r.srcH, r.srcW, r.in, in)
		}
		t.WinogradInput(&p.x[i*p.xPitch], float*uintptr(len(p.x)/spectrum), &p.table[0], uintptr(ins/8))
		for s := range 4 {
			p.table[s] = pixel(r.b, r.zero, n, 2*h+s/2, 2*w+s%2, r.dstH, r.dstW, r.out, out)
		}
		t.WinogradGradient(&p.dy[i*p.dyPitch], float*uintptr(len(p.dy)/spectrum), &p.table[0], uintptr(outs/8))
	}
}

// multiply adds the products of a block to the sums.
func (r *winogradKernelling) multiply(p *winogradPart) {
	t := r.tile
	segment := &p.table[spectrum]
	*segment = 0
	for s := range spectrum {
		x, dy := p.x[s*len(p.x)/spectrum:], p.dy[s*len(p.dy)/spectrum:]
		for out := p.out0; out < p.out1; out++ {
			for in := p.in0; in < p.in1; in++ {
				sum := r.sum(s, out, in)
				t.Cols(&sum[0], float*uintptr(t.N), &dy[(out-p.out0)*t.N], float*uintptr(p.dyPitch), &x[(in-p.in0)*t.M], float*uintptr(p.xPitch), segment, 1, uintptr(p.tiles), flag(p.first > 0))
			}
		}
	}
}

// sum is the tile of number s of the spectrum for a panel of dy and one of x.
func (r *winogradKernelling) sum(s, out, in int) []float32 {
	return r.sums[((s*r.panels()+out)*r.ins()+in)*r.tile.M*r.tile.N:]
}

// finish transforms the sums of the channels from in and out on to taps.
func (r *winogradKernelling) finish(p *winogradPart, in, out int, sum []float32) {
	t := r.tile
	size := t.M * t.N
	t.WinogradTaps(&p.taps[0], float*uintptr(size), &sum[0], float*uintptr(len(r.sums)/spectrum), uintptr(size/8))
	for tap := range 9 {
		copyRows(r.c[(tap*r.in+in)*r.out+out:], r.out, p.taps[tap*size:], t.N, min(t.M, r.in-in), min(t.N, r.out-out))
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
