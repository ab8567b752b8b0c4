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
//
// Many tiles are cut into blocks, with which parts do all of that, in their own cache. Few
// are one block: they are transformed by all threads, then multiplied by all, each with
// some channels of the result, so that a panel of the kernel is used where it was
// transformed.
type winograd struct {
	images, in, out        int
	srcH, srcW, dstH, dstW int
	firstH, firstW         int  // the pixel of the source that pixel (0, 0) sees first
	gradient               bool // with a kernel that is turned round and whose channels are swapped
}

const (
	pixelsIn   = kernel.WinogradIn // of a tile, in a row
	pixelsOut  = kernel.WinogradOut
	spectrum   = pixelsIn * pixelsIn // products for each tile
	kernelTaps = kernel.WinogradTaps * kernel.WinogradTaps

	lanes = 8 // channels that the transforms handle at once

	winogradBytes = 512 << 10 // of a block's numbers on both sides of the products
	winogradParts = 16
	fewTiles      = 96
	leastParts    = 8 // of few tiles
)

func (w *winograd) panels() int { return ceil(w.out, tile.N) }
func (w *winograd) tilesH() int { return ceil(w.dstH, pixelsOut) }
func (w *winograd) tilesW() int { return ceil(w.dstW, pixelsOut) }
func (w *winograd) tiles() int  { return w.images * w.tilesH() * w.tilesW() }
func (w *winograd) few() bool   { return w.tiles() <= fewTiles }
func (w *winograd) empty() bool { return w.tiles()*w.in*w.out == 0 }

// at is the image and the first pixel of a tile of the result.
func (w *winograd) at(tile int) (image, row, col int) {
	return tile / w.tilesW() / w.tilesH(), tile / w.tilesW() % w.tilesH() * pixelsOut, tile % w.tilesW() * pixelsOut
}

// block is how many tiles are transformed and multiplied at once, and how many such
// blocks there are.
func (w *winograd) block() (size, blocks int) {
	size = w.tiles()
	if !w.few() {
		most := winogradBytes / 4 / spectrum / (w.in + w.panels()*tile.N)
		size = ceil(size, 2*ceil(size, 2*min(max(most, 4*tile.M), 16*tile.M)))
	}
	size = ceil(size, tile.M) * tile.M
	return size, ceil(w.tiles(), size)
}

// groups is how many parts few tiles are cut into, for each panel of the result.
func (w *winograd) groups() int {
	size, _ := w.block()
	return min(ceil(leastParts, w.panels()), size/tile.M)
}

func (w *winograd) parts() int {
	if w.few() {
		return max(w.panels()*w.groups(), winogradParts)
	}
	_, blocks := w.block()
	return min(blocks, winogradParts)
}

// sizes are how many float32s are needed for the transformed kernel, for a block of the
// transformed source, and for its products with the panels that a part has; for the taps of
// a panel, a pixel that is not there, and addresses. Numbers that are multiplied apart lie
// an odd number of lines apart.
func (w *winograd) sizes() (kernels, src, dst, taps, none, table int) {
	size, _ := w.block()
	panel, width := w.in*tile.N, tile.N
	if !w.few() {
		width *= w.panels()
	}
	return w.panels() * spectrum * pitch(panel), spectrum * pitch(size*w.in), spectrum * pitch(size*width), kernelTaps * panel, width, 2 * max(size, spectrum)
}

func (w *winograd) scratch() int {
	_, src, dst, taps, none, table := w.sizes()
	if w.few() {
		src, dst = 0, max(dst, taps)
	}
	return align(src) + align(dst) + align(none) + align(table)
}

func (w *winograd) workspace() int {
	if w.empty() {
		return 0
	}
	kernels, src, _, taps, _, _ := w.sizes()
	if !w.few() {
		src = 0
	}
	return alignment + align(kernels) + align(src) + align(w.in) + max(w.parts()*w.scratch(), w.panels()*align(taps))
}

func (w *winograd) run(pl *pool.Pool, work, c, a, b []float32) {
	if w.empty() {
		clear(c[:w.images*w.dstH*w.dstW*w.out])
		return
	}
	r := winograds.Get().(*winogradding)
	r.winograd, r.tile = *w, tile
	r.c, r.a, r.b = c, a, b
	kernels, src, _, _, _, _ := w.sizes()
	r.kernels, work = cut(aligned(work), kernels)
	if w.few() {
		r.src, work = cut(work, src)
	}
	r.zero, r.work = cut(work, w.in)
	clear(r.zero)
	switch {
	case !w.few():
		pl.Run(w.panels(), r.runKernel)
		pl.Run(w.parts(), r.runBlocks)
	case w.groups() > 1:
		pl.Run(w.panels(), r.runKernel)
		fallthrough
	default:
		pl.Run(winogradParts, r.runInput)
		pl.Run(w.panels()*w.groups(), r.runProducts)
	}
	r.c, r.a, r.b, r.kernels, r.src, r.zero, r.work = nil, nil, nil, nil, nil, nil, nil
	winograds.Put(r)
}

// winogradding is a winograd under way. src is of few tiles.
type winogradding struct {
	winograd
	tile                                        *kernel.Tile
	c, a, b                                     []float32
	kernels, src, zero, work                    []float32
	runKernel, runBlocks, runInput, runProducts func(part, worker int)
}

var winograds = reuse(func(r *winogradding) {
	r.runKernel, r.runBlocks, r.runInput, r.runProducts = r.kernelPart, r.blocks, r.input, r.products
})

// winogradBlock is a worker's place for tiles from first on, transformed, number by number,
// tile by tile, channel by channel; for their products; and, where tiles are few, for taps
// before those.
type winogradBlock struct {
	first                int
	src, dst, taps, none []float32
	table                []uintptr
}

func (r *winogradding) blockOf(worker int) (b winogradBlock) {
	_, src, dst, taps, none, table := r.sizes()
	work := r.work[worker*r.scratch():]
	if r.few() {
		b.src = r.src
		b.taps, work = cut(work, max(dst, taps))
		b.dst, b.taps = b.taps[:dst], b.taps[:taps]
	} else {
		b.src, work = cut(work, src)
		b.dst, work = cut(work, dst)
	}
	b.none, work = cut(work, none)
	b.table = addresses(work[:table])
	return b
}

// kernelPart transforms a panel of the kernel before all else.
func (r *winogradding) kernelPart(panel, worker int) {
	taps := kernelTaps * r.in * r.tile.N
	r.kernel(panel, r.work[worker*align(taps):][:taps])
}

// blocks computes some blocks.
func (r *winogradding) blocks(part, worker int) {
	b := r.blockOf(worker)
	size, blocks := r.block()
	for i := part * blocks / r.parts(); i < (part+1)*blocks/r.parts(); i++ {
		b.first = i * size
		tiles := min(size, r.tiles()-b.first)
		r.transform(&b, 0, tiles)
		r.multiply(&b, 0, r.panels(), 0, tiles)
	}
}

// input transforms some of few tiles.
func (r *winogradding) input(part, worker int) {
	b := r.blockOf(worker)
	r.transform(&b, part*r.tiles()/winogradParts, (part+1)*r.tiles()/winogradParts)
}

// products computes some of few tiles' channels.
func (r *winogradding) products(part, worker int) {
	b := r.blockOf(worker)
	panel, group := part/r.groups(), part%r.groups()
	if r.groups() == 1 {
		r.kernel(panel, b.taps)
	}
	rows := ceil(r.tiles(), r.tile.M)
	r.multiply(&b, panel, 1, group*rows/r.groups()*r.tile.M, min((group+1)*rows/r.groups()*r.tile.M, r.tiles()))
}

// panel is the transformed kernel of a panel: its numbers, a 36th of it apart.
func (r *winogradding) panel(i int) []float32 {
	size := len(r.kernels) / r.panels()
	return r.kernels[i*size:][:size]
}

// kernel packs the taps of a panel of the kernel and transforms them.
func (r *winogradding) kernel(panel int, taps []float32) {
	n, first := r.tile.N, panel*r.tile.N
	size, dst := r.in*n, r.panel(panel)
	for i := range kernelTaps {
		tap, down, right := i, r.out, 1
		if r.gradient {
			tap, down, right = kernelTaps-1-i, 1, r.in
		}
		from := r.b[tap*r.in*r.out:][:r.in*r.out]
		pack(r.tile, taps[i*size:][:size], from[first*right:], min(n, r.out-first), down, right)
	}
	r.tile.WinogradKernel(&dst[0], float*uintptr(len(dst)/spectrum), &taps[0], float*uintptr(size), uintptr(size/lanes))
}

// transform transforms the pixels that the tiles from begin to end of a block see.
func (r *winogradding) transform(b *winogradBlock, begin, end int) {
	for t := begin; t < end; t++ {
		n, h, w := r.at(b.first + t)
		for i := range spectrum {
			b.table[i] = pixel(r.a, r.zero, n, h+r.firstH+i/pixelsIn, w+r.firstW+i%pixelsIn, r.srcH, r.srcW, r.in)
		}
		r.tile.WinogradInput(&b.src[t*r.in], float*uintptr(len(b.src)/spectrum), &b.table[0], uintptr(r.in/lanes))
	}
}

// multiply multiplies the numbers of the tiles from begin to end of a block with those of
// some panels of the kernel, and transforms the products to pixels. Rows that fill the
// last tile of the kernels are computed from what lies there, and left there.
func (r *winogradding) multiply(b *winogradBlock, panel, panels, begin, end int) {
	t := r.tile
	rows, terms, width := ceil(end-begin, t.M)*t.M, ceil(r.in, ceil(r.in, blockTerms)), panels*t.N
	for s := range spectrum {
		src, dst := b.src[s*len(b.src)/spectrum+begin*r.in:], b.dst[s*len(b.dst)/spectrum:]
		for term := 0; term < r.in; term += terms {
			for i := range rows {
				b.table[i] = address(src) + float*uintptr(i*r.in+term)
			}
			for p := range panels {
				kernels := r.panel(panel + p)
				from := &kernels[s*len(kernels)/spectrum+term*t.N]
				for i := 0; i < rows; i += t.M {
					t.Rows(&dst[i*width+p*t.N], float*uintptr(width), from, float*uintptr(t.N), &b.table[i], 1, uintptr(min(terms, r.in-term)), flag(term > 0))
				}
			}
		}
	}
	channel := panel * t.N
	for i := range end - begin {
		n, h, w := r.at(b.first + begin + i)
		for s := range pixelsOut * pixelsOut {
			b.table[s] = pixel(r.c[channel:], b.none, n, h+s/pixelsOut, w+s%pixelsOut, r.dstH, r.dstW, r.out)
		}
		t.WinogradOutput(&b.table[0], &b.dst[i*width], float*uintptr(len(b.dst)/spectrum), uintptr(min(width, r.out-channel)/lanes))
	}
}

const float = 4 // bytes

func address(x []float32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }

// addresses is a table in work, of half as many addresses as numbers.
func addresses(work []float32) []uintptr {
	return unsafe.Slice((*uintptr)(unsafe.Pointer(unsafe.SliceData(work))), len(work)/2)
}

// pixel is the address of a pixel of image n, or of zeros if the image has no such
// pixel.
func pixel(x, zero []float32, n, h, w, height, width, channels int) uintptr {
	if uint(h) < uint(height) && uint(w) < uint(width) {
		return address(x) + float*uintptr(((n*height+h)*width+w)*channels)
	}
	return address(zero)
}
