// Package kernel multiplies one tile of a matrix: the innermost loops of products and
// convolutions, for each set of instructions. It imports only isa of the backend.
//
// Every element of a tile is one chain of multiply-adds in the order of its K terms,
// rounded as the set rounds. A chain that was cut goes on with the same bytes.
package kernel

import (
	"time"

	"drift/backend/cpu/internal/isa"
)

//go:generate go run -C ../../_asm ./kernel -out ../internal/kernel/kernel_amd64.s -stubs ../internal/kernel/kernel_amd64.go -pkg kernel

// Tile is the kernels of one set of instructions and the size of their tiles. They
// check no bounds. Strides are in bytes.
type Tile struct {
	Set  isa.Set
	M, N int

	// Rows adds A·B to the tile C of M rows, ldc apart, or sets it if load is 0. B
	// has taps·k rows, ldb apart. A is a table of addresses: for each tap, the M rows
	// of k numbers.
	Rows func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *uintptr, taps, k, load uintptr)

	// Cols does the same for an A whose columns are M contiguous numbers, k columns
	// lda apart in each of count segments; the table says how far from a they begin.
	// B has count·k rows.
	Cols func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *float32, lda uintptr, segments *uintptr, count, k, load uintptr)

	// PanelsM copies n rows, stride apart, into count panels, size apart: those of the
	// first M columns, of the next M and so on, each with its rows one after another.
	// PanelsN does so with N columns.
	PanelsM, PanelsN func(dst *float32, size uintptr, src *float32, stride, n, count uintptr)

	// Transpose8 copies 8 rows of 8·n numbers, stride apart, to the columns of 8·n
	// rows that are down apart.
	Transpose8 func(dst *float32, down uintptr, src *float32, stride, n uintptr)

	// The transforms of Winograd's F(4×4, 3×3), for 8·n channels. WinogradInput takes
	// the addresses of 6×6 pixels to 36 numbers a channel, a stride apart; WinogradKernel
	// does so with 3×3 taps; WinogradOutput takes 36 numbers to the addresses of 4×4
	// pixels.
	WinogradInput  func(dst *float32, dstStride uintptr, src *uintptr, n uintptr)
	WinogradKernel func(dst *float32, dstStride uintptr, src *float32, srcStride, n uintptr)
	WinogradOutput func(dst *uintptr, src *float32, srcStride, n uintptr)

	// Those of its gradient: WinogradGradient takes the addresses of 4×4 pixels to 36
	// numbers a channel, WinogradTaps 36 numbers to 3×3 taps.
	WinogradGradient func(dst *float32, dstStride uintptr, src *uintptr, n uintptr)
	WinogradTaps     func(dst *float32, dstStride uintptr, src *float32, srcStride, n uintptr)

	// peak runs n times 2·width·12 operations that need no memory.
	peak  func(n uintptr)
	width int
}

// For is the kernels of a set, which the machine must have.
func For(s isa.Set) *Tile { return tiles[s] }

// Peak measures the multiply-adds that one core does with set s when no memory
// hinders it, in GFLOP/s, in about 10 ms.
func Peak(s isa.Set) float64 {
	t, best := For(s), time.Duration(1<<62)
	const n = 1 << 16
	for range 16 {
		start := time.Now()
		t.peak(n)
		best = min(best, time.Since(start))
	}
	return 2 * float64(t.width) * peakChains * n / float64(best.Nanoseconds())
}

const peakChains = 12
