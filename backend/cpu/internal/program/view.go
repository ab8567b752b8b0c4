package program

import "slices"

// View is a way to read memory as a tensor: element (i, j, …) stands at
// Off + i·Strides[0] + j·Strides[1] + ….
type View struct {
	Dims, Strides []int
	Off           int
}

// rowMajorView is the view of a tensor that is stored row-major from the beginning.
func rowMajorView(dims []int) View { return View{Dims: dims, Strides: rowMajor(dims)} }

func rowMajor(dims []int) []int {
	s := make([]int, len(dims))
	step := 1
	for i := len(dims) - 1; i >= 0; i-- {
		s[i] = step
		step *= dims[i]
	}
	return s
}

func sizeOf(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// contiguous says whether the elements stand one after another from Off on.
func (v View) contiguous() bool {
	step := 1
	for i := len(v.Dims) - 1; i >= 0; i-- {
		if v.Dims[i] != 1 && v.Strides[i] != step {
			return sizeOf(v.Dims) == 0
		}
		step *= v.Dims[i]
	}
	return true
}

// single says whether all elements are the same one.
func (v View) single() bool {
	for i, d := range v.Dims {
		if d != 1 && v.Strides[i] != 0 {
			return false
		}
	}
	return true
}

// collapsed joins neighbouring axes that are read as one, and drops those of length 1.
func (v View) collapsed() View {
	c := View{Off: v.Off}
	for i, d := range v.Dims {
		if d == 1 {
			continue
		}
		if n := len(c.Dims) - 1; n >= 0 && c.Strides[n] == d*v.Strides[i] {
			c.Dims[n] *= d
			c.Strides[n] = v.Strides[i]
			continue
		}
		c.Dims, c.Strides = append(c.Dims, d), append(c.Strides, v.Strides[i])
	}
	return c
}

// transposed is the view whose axis i is axis permutation[i].
func (v View) transposed(permutation []int) View {
	t := View{Off: v.Off}
	for _, axis := range permutation {
		t.Dims, t.Strides = append(t.Dims, v.Dims[axis]), append(t.Strides, v.Strides[axis])
	}
	return t
}

// inRuns says that with its axes in another order, the last of more than one element
// stands in memory in order.
func (v View) inRuns(permutation []int) bool {
	for _, axis := range slices.Backward(permutation) {
		if v.Dims[axis] > 1 {
			return v.Strides[axis] == 1
		}
	}
	return true
}

// broadcast is the view as dims, where axis i of v is axis axes[i]; other axes, and
// those of length 1 in v, repeat.
func (v View) broadcast(dims, axes []int) View {
	b := View{Dims: dims, Strides: make([]int, len(dims)), Off: v.Off}
	for i, axis := range axes {
		if v.Dims[i] == dims[axis] {
			b.Strides[axis] = v.Strides[i]
		}
	}
	return b
}

// sliced takes every stride-th of start ≤ i < limit.
func (v View) sliced(starts, limits, strides []int) View {
	s := View{Off: v.Off}
	for i := range v.Dims {
		s.Off += starts[i] * v.Strides[i]
		s.Dims = append(s.Dims, max(0, (limits[i]-starts[i]+strides[i]-1)/strides[i]))
		s.Strides = append(s.Strides, v.Strides[i]*strides[i])
	}
	return s
}

// reversed runs through the given axes backwards.
func (v View) reversed(axes []int) View {
	r := View{Dims: v.Dims, Strides: slices.Clone(v.Strides), Off: v.Off}
	for _, a := range axes {
		r.Off += max(0, v.Dims[a]-1) * v.Strides[a]
		r.Strides[a] = -v.Strides[a]
	}
	return r
}

// reshaped is the view as dims, if that can be had without moving memory.
func (v View) reshaped(dims []int) (View, bool) {
	r := View{Dims: dims, Strides: make([]int, len(dims)), Off: v.Off}
	if sizeOf(dims) == 0 {
		return r, true
	}
	old := View{Off: v.Off} // without axes of length 1
	for i, d := range v.Dims {
		if d != 1 {
			old.Dims, old.Strides = append(old.Dims, d), append(old.Strides, v.Strides[i])
		}
	}
	i, j := 0, 0
	for i < len(old.Dims) {
		// The shortest runs of old axes i..k and new axes j..l of the same size.
		k, l := i+1, j+1
		for j < len(dims) && dims[j] == 1 {
			j, l = j+1, j+2
		}
		a, b := old.Dims[i], dims[j]
		for a != b {
			if a < b {
				a *= old.Dims[k]
				k++
			} else {
				b *= dims[l]
				l++
			}
		}
		for m := i; m < k-1; m++ {
			if old.Strides[m] != old.Dims[m+1]*old.Strides[m+1] {
				return View{}, false
			}
		}
		step := old.Strides[k-1]
		for m := l - 1; m >= j; m-- {
			r.Strides[m] = step
			step *= dims[m]
		}
		i, j = k, l
	}
	step := 1 // axes of length 1 stand where they would in memory
	for m := len(dims) - 1; m >= 0; m-- {
		if dims[m] == 1 {
			r.Strides[m] = step
		}
		step = dims[m] * r.Strides[m]
	}
	return r, true
}

// each calls f with the offset of every element, in row-major order.
func (v View) each(f func(offset int)) { v.collapsed().eachOf(0, sizeOf(v.Dims), f) }

// eachOf does so for the elements from lo to hi of a collapsed view.
func (c View) eachOf(lo, hi int, f func(offset int)) {
	if lo >= hi {
		return
	}
	at, off, rest := make([]int, len(c.Dims)), c.Off, lo
	for i := len(at) - 1; i >= 0; i-- {
		at[i], rest = rest%c.Dims[i], rest/c.Dims[i]
		off += at[i] * c.Strides[i]
	}
	for ; lo < hi; lo++ {
		f(off)
		i := len(at) - 1
		for ; i >= 0; i-- {
			at[i]++
			off += c.Strides[i]
			if at[i] < c.Dims[i] {
				break
			}
			off -= at[i] * c.Strides[i]
			at[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
