package dense

import (
	"sync"
	"unsafe"

	"drift/backend/cpu/internal/kernel"
)

// Products and convolutions in bfloat16 see images as one long row of pixels, the grid: after
// each row of an image, and after each image, there is room for the pixels beyond its edges,
// which are 0. What a tap sees then lies at the same distance from every pixel of the result,
// as in Vasudevan, Anderson and Gregg, "Parallel Multi Channel Convolution using General
// Matrix Multiplication" (2017). Where the result has no such pixel, it is computed and left.

// bf16s is the kernels in use.
var bf16s = sync.OnceValue(kernel.ForBF16)

// grid is the places of pixels. Pixel (h, w) of the result sees under tap (i, j) pixel
// (firstH + h + i·tapH, firstW + w + j·tapW) of the source, or 0.
type grid struct {
	images                 int
	srcH, srcW, dstH, dstW int
	kh, kw, tapH, tapW     int
	firstH, firstW         int
}

// size is how far apart rows are, and how many of them an image has.
func (g *grid) size() (width, height int) {
	return spaced(g.srcW, g.dstW, g.firstW, g.kw, g.tapW), spaced(g.srcH, g.dstH, g.firstH, g.kh, g.tapH)
}

// spaced is how far apart lines of src and of dst must be for taps not to see the next.
func spaced(src, dst, first, taps, tap int) int {
	return max(src-min(0, first), dst+max(0, first+(taps-1)*tap))
}

func (g *grid) taps() int { return g.kh * g.kw }

// pixels is how many places there are up to the last pixel of the result.
func (g *grid) pixels() int {
	width, height := g.size()
	return ((g.images-1)*height+g.dstH-1)*width + g.dstW
}

// offset is how far from a pixel of the result a tap sees.
func (g *grid) offset(tap int) int {
	width, _ := g.size()
	return (g.firstH+tap/g.kw*g.tapH)*width + g.firstW + tap%g.kw*g.tapW
}

// reach is the smallest and the largest offset.
func (g *grid) reach() (low, high int) { return g.offset(0), g.offset(g.taps() - 1) }

// whole says that there is nothing between the pixels of the result.
func (g *grid) whole() bool {
	width, height := g.size()
	return width == g.dstW && (height == g.dstH || g.images == 1)
}

// round copies count places from the given one on of images of h×w pixels to rows of dst,
// which are wide, rounded to bfloat16.
func (g *grid) round(k *kernel.BF16, dst []uint16, wide int, x []float32, h, w, channels, from, count int) {
	width, height := g.size()
	for at, end := from, from+count; at < end; {
		row := floor(at, width)
		col := at - row*width
		next := min((row+1)*width, end)
		to := dst[(at-from)*wide : (next-from)*wide]
		image := floor(row, height)
		some := 0 // pixels that are there
		if r := row - image*height; image >= 0 && image < g.images && r < h {
			some = max(0, min(w-col, next-at))
			if some > 0 {
				src := x[((image*h+r)*w+col)*channels:][:some*channels]
				if wide == channels {
					k.Round(&to[0], 0, &src[0], 0, uintptr(len(src)), 1)
				} else {
					k.Round(&to[0], uintptr(2*wide), &src[0], uintptr(float*channels), uintptr(channels), uintptr(some))
				}
			}
		}
		clear(to[some*wide:])
		at = next
	}
}

// floor is n/d, rounded down.
func floor(n, d int) int {
	if n < 0 {
		return -ceil(-n, d)
	}
	return n / d
}

// blocks is n in whole blocks.
func blocks(n int) int { return ceil(n, kernel.Block) * kernel.Block }

// words is work for twice as many bfloat16.
func words(work []float32) []uint16 {
	return unsafe.Slice((*uint16)(unsafe.Pointer(unsafe.SliceData(work))), 2*len(work))
}

// cutWords takes n bfloat16 off work.
func cutWords(work []float32, n int) (taken []uint16, rest []float32) {
	t, rest := cut(work, ceil(n, 2))
	return words(t)[:n], rest
}

// wordsIn is how many float32s n bfloat16 take.
func wordsIn(n int) int { return align(ceil(n, 2)) }

// The blocks in which operands in bfloat16 are gone through.
const (
	bf16Bytes  = 512 << 10 // of a chunk's operands and results: they stay in the second cache
	bf16Pixels = 1024      // of a chunk, at most
	bf16Sums   = 5 << 18   // bytes that a part sums, at most
	bf16Parts  = 16

	bf16SpanPixels = 1024 // of more than two spans, at least

	bf16Least = 16 // channels: with fewer, most of a block is nothing
	fastGain  = 3  // of a convolution by fewer multiplications, in float32, over one by all
)

// chunkOf is how many pixels are gone through at once, of which each takes so many bytes.
func chunkOf(perPixel, pixels int) int {
	return min(blocks(pixels), max(kernel.Block, min(bf16Pixels, bf16Bytes/perPixel)/kernel.Block*kernel.Block))
}
