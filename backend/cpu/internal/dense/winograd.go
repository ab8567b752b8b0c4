package dense

import (
	"unsafe"

	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// winograd is a 3×3 convolution without strides by F(4×4, 3×3) of Lavin and Gray, "Fast
// Algorithms for Convolutional Neural Networks" (2015): 6×6 pixels of the source are
// transformed, multiplied with the transformed kernel number by number, channels by
// channels, and transformed back to 4×4 pixels of the result. There are 36
// multiplications in place of 144.
type winograd struct {
	images, in, out        int
	srcH, srcW, dstH, dstW int
	firstH, firstW         int  // the pixel of the source that pixel (0, 0) sees first
	gradient               bool // with a kernel that is turned round and whose channels are swapped
}

const (
	winogradBytes = 512 << 10 // of a block's numbers on both sides of the products
	winogradParts = 16
	pixelsIn      = kernel.WinogradIn // of a tile, in a row
	pixelsOut     = kernel.WinogradOut
	spectrum      = pixelsIn * pixelsIn // products for each tile
)

func (w *winograd) panels() int { return ceil(w.out, tile.N) }
func (w *winograd) tilesH() int { return ceil(w.dstH, pixelsOut) }
func (w *winograd) tilesW() int { return ceil(w.dstW, pixelsOut) }
func (w *winograd) tiles() int  { return w.images * w.tilesH() * w.tilesW() }

// block is how many tiles are transformed and multiplied at once, and how many such
// blocks there are.
func (w *winograd) block() (size, blocks int) {
	size = winogradBytes / 4 / spectrum / (w.in + w.panels()*tile.N) / tile.M * tile.M
	size = min(max(size, 4*tile.M), 16*tile.M)
	blocks = ceil(w.tiles(), 2*size) * 2
	size = ceil(ceil(w.tiles(), blocks), tile.M) * tile.M
	return size, ceil(w.tiles(), size)
}

// sizes are how many float32s the transformed kernel needs, the kernel before, and a
// part: for its source, its result, a pixel that is not there, and addresses. The
// numbers of a block that are multiplied apart lie an odd number of lines apart.
func (w *winograd) sizes() (kernels, taps, src, dst, none, table int) {
	size, _ := w.block()
	panel := w.in * tile.N
	return spectrum * pitch(w.panels()*panel), 9 * w.panels() * panel, spectrum * pitch(size*w.in), spectrum * pitch(size*w.panels()*tile.N), align(w.out), 2 * max(size, spectrum)
}

func (w *winograd) scratch() int {
	_, _, src, dst, none, table := w.sizes()
	return align(src) + align(dst) + none + align(table)
}

func (w *winograd) parts() int {
	_, blocks := w.block()
	return min(blocks, winogradParts)
}

func (w *winograd) empty() bool { return w.tiles()*w.in*w.out == 0 }

func (w *winograd) workspace() int {
	if w.empty() {
		return 0
	}
	kernels, taps, _, _, _, _ := w.sizes()
	return alignment + align(kernels) + align(w.in) + max(align(taps), w.parts()*w.scratch())
}

func (w *winograd) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:w.images*w.dstH*w.dstW*w.out])
		return
	}
	r := winograds.Get().(*winogradding)
	r.winograd, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	kernels, _, _, _, _, _ := w.sizes()
	r.kernels, work = cut(aligned(work), kernels)
	r.zero, r.work = cut(work, w.in)
	clear(r.zero)
	pl.Run(r.panels(), r.runKernel)
	pl.Run(r.parts(), r.runPart)
	r.c, r.a, r.b, r.kernels, r.zero, r.work = nil, nil, nil, nil, nil, nil
	winograds.Put(r)
}

// winogradding is a winograd under way.
type winogradding struct {
	winograd
	tile                *kernel.Tile
	c, a, b             []float32
	kernels, zero, work []float32
	runKernel, runPart  func(int)
}

var winograds = reuse(func(r *winogradding) { r.runKernel, r.runPart = r.kernel, r.part })

// kernel packs and transforms one panel of the kernel.
func (r *winogradding) kernel(panel int) {
	n, j := r.tile.N, panel*r.tile.N
	size := r.in * n
	taps := r.work[9*panel*size:][:9*size]
	for i := range 9 {
		tap, down, right := i, r.out, 1
		if r.gradient {
			tap, down, right = 8-i, 1, r.in
		}
		from := r.b[tap*r.in*r.out:][:r.in*r.out]
		pack(r.tile, taps[i*size:][:size], from[j*right:], min(n, r.out-j), down, right)
	}
	r.tile.WinogradKernel(&r.kernels[panel*size], float*uintptr(len(r.kernels)/spectrum), &taps[0], float*uintptr(size), uintptr(size/8))
}

// part computes some blocks.
func (r *winogradding) part(i int) {
	_, _, src, dst, none, table := r.sizes()
	size, blocks := r.block()
	var b winogradBlock
	var addresses []float32
	work := r.work[i*r.scratch():]
	b.src, work = cut(work, src)
	b.dst, work = cut(work, dst)
	b.none, work = cut(work, none)
	addresses, _ = cut(work, table)
	b.table = unsafe.Slice((*uintptr)(unsafe.Pointer(&addresses[0])), table/2)
	for j := i * blocks / r.parts(); j < (i+1)*blocks/r.parts(); j++ {
		b.first, b.tiles = j*size, min(size, r.tiles()-j*size)
		r.input(&b)
		r.multiply(&b)
		r.output(&b)
	}
}

// winogradBlock is some tiles, transformed: number by number, tile by tile, channel by
// channel.
type winogradBlock struct {
	first, tiles   int
	src, dst, none []float32
	table          []uintptr
}

const float = 4 // bytes

func address(x []float32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

// input transforms the pixels that the tiles of a block see.
func (r *winogradding) input(b *winogradBlock) {
	for t := range b.tiles {
		n, h, w := r.at(b.first + t)
		h, w = pixelsOut*h+r.firstH, pixelsOut*w+r.firstW
		for i := range spectrum {
			b.table[i] = pixel(r.a, r.zero, n, h+i/pixelsIn, w+i%pixelsIn, r.srcH, r.srcW, r.in, 0)
		}
		r.tile.WinogradInput(&b.src[t*r.in], float*uintptr(len(b.src)/spectrum), &b.table[0], uintptr(r.in/8))
	}
}

// at is the image, the row and the column of a tile.
func (w *winograd) at(tile int) (image, row, col int) {
	return tile / w.tilesW() / w.tilesH(), tile / w.tilesW() % w.tilesH(), tile % w.tilesW()
}

// multiply multiplies the numbers of a block with those of the kernel. Rows that fill
// the last tile of the kernels are computed from what lies there, and left there.
func (r *winogradding) multiply(b *winogradBlock) {
	t := r.tile
	panel, rows := r.in*t.N, ceil(b.tiles, t.M)*t.M
	terms := ceil(r.in, ceil(r.in, blockTerms))
	for s := range spectrum {
		src, dst := b.src[s*len(b.src)/spectrum:], b.dst[s*len(b.dst)/spectrum:]
		for term := 0; term < r.in; term += terms {
			for i := range rows {
				b.table[i] = address(src) + float*uintptr(i*r.in+term)
			}
			for p := range r.panels() {
				from := &r.kernels[s*len(r.kernels)/spectrum+p*panel+term*t.N]
				for i := 0; i < rows; i += t.M {
					t.Rows(&dst[(i*r.panels()+p)*t.N], float*uintptr(r.panels()*t.N), from, float*uintptr(t.N), &b.table[i], 1, uintptr(min(terms, r.in-term)), flag(term > 0))
				}
			}
		}
	}
}

// output transforms the products of a block to pixels.
func (r *winogradding) output(b *winogradBlock) {
	for t := range b.tiles {
		n, h, w := r.at(b.first + t)
		for i := range pixelsOut * pixelsOut {
			b.table[i] = pixel(r.c, b.none, n, pixelsOut*h+i/pixelsOut, pixelsOut*w+i%pixelsOut, r.dstH, r.dstW, r.out, 0)
		}
		r.tile.WinogradOutput(&b.table[0], &b.dst[t*r.panels()*r.tile.N], float*uintptr(len(b.dst)/spectrum), uintptr(r.out/8))
	}
}
