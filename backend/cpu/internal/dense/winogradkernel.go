package dense

import (
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// winogradKernel is the kernel gradient of a 3×3 convolution without strides, by the
// transposed steps of [winograd]: 6×6 pixels of x and 4×4 of dy are transformed, their
// channels multiplied number by number and summed over all tiles, and the sums
// transformed to taps. A block of tiles is transformed by all threads, then multiplied by
// all, each with some channels: so nothing is transformed twice.
type winogradKernel struct{ winograd }

const (
	kernelBytes   = 2 << 20 // of a block's numbers of x and dy
	shortestBlock = 64      // tiles: a sum is read and written once for so many products
	longestBlock  = 128     // a panel's numbers stay in the first cache
	widestPart    = 16      // tiles of the kernels: a part's sums stay in the second cache
)

func (w *winogradKernel) ins() int { return ceil(w.in, tile.M) }

// groups is how many parts the channels of x are cut into, for each panel of dy.
func (w *winogradKernel) groups() int {
	return min(max(ceil(w.ins(), widestPart), ceil(leastParts, w.panels())), w.ins())
}

func (w *winogradKernel) parts() int { return w.panels() * w.groups() }

// block is how many tiles are transformed and multiplied at once, and how far apart
// their channels of x and of dy lie.
func (w *winogradKernel) block() (size, x, dy int) {
	x, dy = pitch(w.ins()*tile.M), pitch(w.panels()*tile.N)
	size = kernelBytes / 4 / spectrum / (x + dy)
	return min(max(size, shortestBlock), longestBlock, w.tiles()), x, dy
}

// sizes are how many float32s are needed for a block's x, its dy and all sums, and for
// the taps of a part's tile and the addresses of a tile.
func (w *winogradKernel) sizes() (x, dy, sums, taps, table int) {
	size, x, dy := w.block()
	tileSize := tile.M * tile.N
	return spectrum * pitch(size*x), spectrum * pitch(size*dy), spectrum * w.ins() * w.panels() * tileSize, kernelTaps * tileSize, 2 * spectrum
}

func (w *winogradKernel) workspace() int {
	if w.empty() {
		return 0
	}
	x, dy, sums, taps, table := w.sizes()
	return alignment + align(x) + align(dy) + align(sums) + align(max(w.in, w.out)) + max(w.parts()*align(taps), winogradParts*align(table))
}

func (w *winogradKernel) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:kernelTaps*w.in*w.out])
		return
	}
	r := winogradKernels.Get().(*winogradKernelling)
	r.winogradKernel, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	x, dy, sums, _, _ := w.sizes()
	r.x, work = cut(aligned(work), x)
	r.dy, work = cut(work, dy)
	r.sums, work = cut(work, sums)
	r.zero, r.work = cut(work, max(w.in, w.out))
	clear(r.zero)
	size, xPitch, dyPitch := w.block()
	r.xPitch, r.dyPitch = xPitch, dyPitch
	for r.first = 0; r.first < w.tiles(); r.first += size {
		r.count = min(size, w.tiles()-r.first)
		pl.Run(winogradParts, r.runTransform)
		pl.Run(w.parts(), r.runMultiply)
	}
	r.c, r.a, r.b, r.x, r.dy, r.sums, r.zero, r.work = nil, nil, nil, nil, nil, nil, nil, nil
	winogradKernels.Put(r)
}

// winogradKernelling is a winogradKernel under way, at count tiles from first on, which are
// one segment that begins at 0.
type winogradKernelling struct {
	winogradKernel
	tile                      *kernel.Tile
	c, a, b                   []float32
	x, dy, sums, zero, work   []float32
	xPitch, dyPitch           int
	first, count              int
	segment                   uintptr
	runTransform, runMultiply func(part, worker int)
}

var winogradKernels = reuse(func(r *winogradKernelling) { r.runTransform, r.runMultiply = r.transform, r.multiply })

// transform transforms some tiles of a block.
func (r *winogradKernelling) transform(part, worker int) {
	table := addresses(r.work[worker*align(2*spectrum):][:2*spectrum])
	for i := part * r.count / winogradParts; i < (part+1)*r.count/winogradParts; i++ {
		n, h, w := r.at(r.first + i)
		for s := range spectrum {
			table[s] = pixel(r.a, r.zero, n, h+r.firstH+s/pixelsIn, w+r.firstW+s%pixelsIn, r.srcH, r.srcW, r.in)
		}
		r.tile.WinogradInput(&r.x[i*r.xPitch], float*uintptr(len(r.x)/spectrum), &table[0], uintptr(r.in/8))
		for s := range pixelsOut * pixelsOut {
			table[s] = pixel(r.b, r.zero, n, h+s/pixelsOut, w+s%pixelsOut, r.dstH, r.dstW, r.out)
		}
		r.tile.WinogradGradient(&r.dy[i*r.dyPitch], float*uintptr(len(r.dy)/spectrum), &table[0], uintptr(r.out/8))
		if r.first == 0 {
			// Some channels too many are multiplied: they lead to no result, but what
			// was there could slow one down.
			for s := range spectrum {
				clear(r.x[s*len(r.x)/spectrum+i*r.xPitch:][r.in : r.ins()*r.tile.M])
				clear(r.dy[s*len(r.dy)/spectrum+i*r.dyPitch:][r.out : r.panels()*r.tile.N])
			}
		}
	}
}

// multiply adds the products of a block to the sums of a part, and transforms them to
// taps after the last.
func (r *winogradKernelling) multiply(part, worker int) {
	t := r.tile
	size := t.M * t.N
	out, group := part/r.groups(), part%r.groups()
	in0, in1 := group*r.ins()/r.groups(), (group+1)*r.ins()/r.groups()
	sums := r.sums[spectrum*size*(out*r.ins()+in0):]
	apart := (in1 - in0) * size
	for s := range spectrum {
		x, dy := r.x[s*len(r.x)/spectrum:], &r.dy[s*len(r.dy)/spectrum+out*t.N]
		for in := in0; in < in1; in++ {
			t.Cols(&sums[s*apart+(in-in0)*size], float*uintptr(t.N), dy, float*uintptr(r.dyPitch), &x[in*t.M], float*uintptr(r.xPitch), &r.segment, 1, uintptr(r.count), flag(r.first > 0))
		}
	}
	if r.first+r.count < r.tiles() {
		return
	}
	taps := r.work[worker*align(kernelTaps*size):]
	for in := in0; in < in1; in++ {
		t.WinogradTaps(&taps[0], float*uintptr(size), &sums[(in-in0)*size], float*uintptr(apart), uintptr(size/8))
		for tap := range kernelTaps {
			copyRows(r.c[(tap*r.in+in*t.M)*r.out+out*t.N:], r.out, taps[tap*size:], t.N, min(t.M, r.in-in*t.M), min(t.N, r.out-out*t.N))
		}
	}
}
