package kernel

import (
	"runtime"
	"unsafe"

	"drift/backend/cpu/internal/isa"
)

// Loops are kernels for tiles of any size: what the assembly is, and the portable ones.
func Loops(m, n int) *Tile {
	return &Tile{
		Set: isa.Portable, M: m, N: n,
		Rows: func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *uintptr, taps, k, load uintptr) {
			rowsLoop(m, n, c, ldc, b, ldb, a, taps, k, load)
		},
		Cols: func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *float32, lda uintptr, segments *uintptr, count, k, load uintptr) {
			colsLoop(m, n, c, ldc, b, ldb, a, lda, segments, count, k, load)
		},
		PanelsM: func(dst *float32, size uintptr, src *float32, stride, rows, count uintptr) {
			panelsLoop(m, dst, size, src, stride, rows, count)
		},
		PanelsN: func(dst *float32, size uintptr, src *float32, stride, rows, count uintptr) {
			panelsLoop(n, dst, size, src, stride, rows, count)
		},
		Transpose8:    transpose8Loop,
		WinogradInput: winogradInputLoop, WinogradKernel: winogradKernelLoop, WinogradOutput: winogradOutputLoop,
		WinogradGradient: winogradGradientLoop, WinogradTaps: winogradTapsLoop,
		peak: peakLoop, width: 1,
	}
}

// portable are the loops for tiles of a size that compilers do well with.
var portable = Loops(4, 16)

// rowsLoop is Rows for tiles of m×n.
func rowsLoop(m, n int, c *float32, ldc uintptr, b *float32, ldb uintptr, a *uintptr, taps, k, load uintptr) {
	for i := range m {
		row := begin(n, c, uintptr(i)*ldc, load)
		for tap := range taps {
			x := *at(a, (tap*uintptr(m)+uintptr(i))*unsafe.Sizeof(*a))
			for l := range k {
				addMul(row, *(*float32)(pointer(x + 4*l)), b, (tap*k+l)*ldb)
			}
		}
	}
}

// colsLoop is Cols for tiles of m×n.
func colsLoop(m, n int, c *float32, ldc uintptr, b *float32, ldb uintptr, a *float32, lda uintptr, segments *uintptr, count, k, load uintptr) {
	for i := range m {
		row := begin(n, c, uintptr(i)*ldc, load)
		for s := range count {
			from := *at(segments, s*unsafe.Sizeof(s)) + 4*uintptr(i)
			for l := range k {
				addMul(row, *at(a, from+l*lda), b, (s*k+l)*ldb)
			}
		}
	}
}

// panelsLoop is PanelsM or PanelsN for panels of the given width.
func panelsLoop(width int, dst *float32, size uintptr, src *float32, stride, n, count uintptr) {
	row := 4 * uintptr(width)
	for i := range n {
		for p := range count {
			copy(unsafe.Slice(at(dst, p*size+i*row), width), unsafe.Slice(at(src, i*stride+p*row), width))
		}
	}
}

// transpose8Loop is Transpose8.
func transpose8Loop(dst *float32, down uintptr, src *float32, stride, n uintptr) {
	for i := range uintptr(8) {
		for k := range 8 * n {
			*at(dst, k*down+4*i) = *at(src, i*stride+4*k)
		}
	}
}

// begin is the row of n numbers at c, cleared unless load.
func begin(n int, c *float32, offset, load uintptr) []float32 {
	row := unsafe.Slice(at(c, offset), n)
	if load == 0 {
		clear(row)
	}
	return row
}

// addMul adds x times the row at b to row.
func addMul(row []float32, x float32, b *float32, offset uintptr) {
	for j, y := range unsafe.Slice(at(b, offset), len(row)) {
		row[j] += x * y
	}
}

// at is the element offset bytes after p.
func at[T any](p *T, offset uintptr) *T { return (*T)(unsafe.Add(unsafe.Pointer(p), offset)) }

// pointer is what lies at an address; the caller of a kernel keeps it alive.
func pointer(address uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&address)) }

// peakLoop is a loop of independent multiply-adds.
func peakLoop(n uintptr) {
	var acc [peakChains]float32
	for range n {
		for i := range acc {
			acc[i] += acc[i] * acc[i]
		}
	}
	runtime.KeepAlive(&acc)
}
