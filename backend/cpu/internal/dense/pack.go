package dense

import (
	"sync"
	"unsafe"

	"drift/backend/cpu/internal/kernel"
)

// alignment of what lies in a workspace, in float32s: a line of the cache.
const alignment = 16

func ceil(n, d int) int { return (n + d - 1) / d }

func align(n int) int { return ceil(n, alignment) * alignment }

// aligned is work from the first line of the cache on.
func aligned(work []float32) []float32 {
	const line = alignment * 4
	address := uintptr(unsafe.Pointer(unsafe.SliceData(work)))
	return work[(line-address%line)%line/4:]
}

// pitch is how far apart rows of n numbers are put: an odd number of lines of the
// cache, so that a column's numbers spread over all of it.
func pitch(n int) int { return align(n) | alignment }

// cut takes n numbers off work.
func cut(work []float32, n int) (taken, rest []float32) { return work[:n:n], work[align(n):] }

// reuse is a pool of operations whose methods are bound once, so that running one does
// not allocate.
func reuse[T any](bind func(*T)) *sync.Pool {
	return &sync.Pool{New: func() any {
		t := new(T)
		bind(t)
		return t
	}}
}

// within is how many of n rows of the given width, stride apart, lie within length
// numbers.
func within(n, width, stride, length int) int {
	if length < width {
		return 0
	}
	return min(n, (length-width)/stride+1)
}

// pack fills the rows of dst, n numbers each, with cols numbers: column j of row k is
// from[k·down + j·right]. Columns after the last lead to no result, and may hold any
// number of from, or zero. n is a multiple of 16, and down or right is 1.
func pack(t *kernel.Tile, dst []float32, n int, from []float32, cols, down, right int) {
	rows := len(dst) / n
	if right == 1 {
		for j := 0; j < n; j += 16 {
			whole := 0
			if j < cols {
				whole = within(rows, 16, down, len(from)-j)
			}
			if whole > 0 {
				t.Copy16(&dst[j], uintptr(4*n), &from[j], uintptr(4*down), uintptr(whole))
			}
			for k := whole; k < rows; k++ {
				row := dst[k*n+j:][:16]
				clear(row)
				if j < cols {
					copy(row[:min(16, cols-j)], from[k*down+j:])
				}
			}
		}
		return
	}
	if cols < n {
		clear(dst)
	}
	across, along := cols&^7, rows&^7
	if along == 0 {
		across = 0
	}
	for j := 0; j < across; j += 8 {
		_ = from[(along-1)+(j+7)*right]
		t.Transpose8(&dst[j], uintptr(4*n), &from[j*right], uintptr(4*right), uintptr(along/8))
	}
	for j := range cols {
		first := along
		if j >= across {
			first = 0
		}
		column := from[j*right:]
		for k := first; k < rows; k++ {
			dst[k*n+j] = column[k]
		}
	}
}
