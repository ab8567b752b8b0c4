package dense

import (
	"sync"
	"unsafe"
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

// pack fills the rows of dst, n numbers each, with cols numbers and zeros: column j of
// row k is from[k·down + j·right]. n is a multiple of 16.
func pack(dst []float32, n int, from []float32, cols, down, right int) {
	rows := len(dst) / n
	switch {
	case right == 1 && cols == n:
		for k := range rows {
			to, from := dst[k*n:][:n], from[k*down:][:n]
			for i := 0; i+16 <= len(to) && i+16 <= len(from); i += 16 {
				*(*[16]float32)(to[i:]) = *(*[16]float32)(from[i:])
			}
		}
	case right == 1:
		for k := range rows {
			clear(dst[k*n+copy(dst[k*n:][:n], from[k*down:][:cols]) : (k+1)*n])
		}
	default:
		if cols < n {
			clear(dst)
		}
		for j := range cols {
			column := from[j*right:]
			for k := range rows {
				dst[k*n+j] = column[k*down]
			}
		}
	}
}
