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

// panels copies rows of the given number of columns, stride apart in from, into panels
// of a width, size apart in dst: row k of panel p is dst[p·size + k·width:]. Columns
// after the last lead to no result, and may hold any number of from, or zero: what was
// there before could slow one down.
func panels(copyRows func(dst *float32, size uintptr, src *float32, stride, n, count uintptr), width int, dst []float32, size int, from []float32, rows, cols, stride int) {
	count, whole := ceil(cols, width), 0 // rows whose last panel ends within from
	if rest := len(from) - count*width; rest >= 0 {
		whole = rows
		if rows > 1 {
			whole = min(rows, rest/stride+1)
		}
		copyRows(&dst[0], float*uintptr(size), &from[0], float*uintptr(stride), uintptr(whole), uintptr(count))
	}
	for k := whole; k < rows; k++ {
		row := from[k*stride:][:cols]
		for p := range count {
			to := dst[p*size+k*width:][:width]
			clear(to[copy(to, row[p*width:]):])
		}
	}
}

// pack fills the rows of a panel, as long as the tile is wide, with up to so many
// numbers: column j of row k is from[k·down + j·right]. Columns after the last may hold
// anything. down or right is 1.
func pack(t *kernel.Tile, dst []float32, from []float32, cols, down, right int) {
	n := t.N
	rows := len(dst) / n
	if right == 1 {
		panels(t.PanelsN, n, dst, 0, from, rows, cols, down)
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
