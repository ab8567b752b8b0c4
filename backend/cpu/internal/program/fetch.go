package program

import (
	"sync"

	"drift/backend/cpu/internal/vec"
)

// runs says how to read elements that stand at equal distances.
type runs[T any] struct {
	copy   func(dst []float32, src []T)             // one after another
	gather func(dst []float32, src []T, stride int) // stride elements apart, from the first on
	repeat func(dst []float32, src []T, times int)  // each one several times; nil if there is no quick way
}

var floatRuns = runs[float32]{
	copy:   func(dst, src []float32) { copy(dst, src) },
	gather: func(dst, src []float32, stride int) { vec.Gather(dst, src, stride) },
	repeat: vec.Repeat,
}

var boolRuns = runs[bool]{
	copy: vec.BoolToMask,
	gather: func(dst []float32, src []bool, stride int) {
		for i := range dst {
			dst[i] = 0
			if src[i*stride] {
				dst[i] = 1
			}
		}
	},
}

// offsetOf is where element number from of a collapsed view stands.
func offsetOf(v View, from int) int {
	off := v.Off
	for i := len(v.Dims) - 1; i >= 0; i-- {
		off += from % v.Dims[i] * v.Strides[i]
		from /= v.Dims[i]
	}
	return off
}

// fetchView reads elements from, from+1, … of a collapsed view of src.
func fetchView[T any](dst []float32, src []T, v View, from int, how runs[T]) {
	last := len(v.Dims) - 1
	if last < 0 {
		how.gather(dst, src[v.Off:], 0)
		return
	}
	inner, stride := v.Dims[last], v.Strides[last]
	for len(dst) > 0 {
		off, in := offsetOf(v, from), from%inner
		n := min(inner-in, len(dst))
		switch {
		case stride == 1:
			how.copy(dst[:n], src[off:off+n])
		case stride == 0 && in == 0 && how.repeat != nil && last > 0 && v.Strides[last-1] == 1 && len(dst) >= 2*inner:
			rows := min(v.Dims[last-1]-from/inner%v.Dims[last-1], len(dst)/inner)
			n = rows * inner
			how.repeat(dst[:n], src[off:off+rows], inner)
		case stride < 0:
			for j := range n {
				how.copy(dst[j:j+1], src[off+j*stride:])
			}
		default:
			how.gather(dst[:n], src[off:], stride)
		}
		dst, from = dst[n:], from+n
	}
}

// workers are kept for the next chunk.
var workers sync.Pool

func takeWorker(regs, scalars, inputs int) *worker {
	w, _ := workers.Get().(*worker)
	if w == nil {
		w = &worker{}
	}
	w.regs, w.scalars, w.keys = grown(w.regs, regs), grown(w.scalars, scalars), grown(w.keys, inputs)
	for i := range w.keys {
		w.keys[i] = -1
	}
	return w
}

func giveWorker(w *worker) { workers.Put(w) }

// grown is a slice of length n, with the same memory if that is large enough.
func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n)
	}
	return s[:n]
}
