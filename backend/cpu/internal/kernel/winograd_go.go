package kernel

import "unsafe"

// The transforms of F(2×2, 3×3) of Lavin and Gray, "Fast Algorithms for Convolutional
// Neural Networks" (2015), section 4.1, in one dimension: the output of two pixels is
//
//	Aᵀ·((G·g) ⊙ (Bᵀ·d))
//
// for three taps g and four pixels d of the input.
func winogradBT(d [4]float32) [4]float32 {
	return [4]float32{d[0] - d[2], d[1] + d[2], d[2] - d[1], d[1] - d[3]}
}

func winogradG(g [3]float32) [4]float32 {
	outer := g[0] + g[2]
	return [4]float32{g[0], (outer + g[1]) / 2, (outer - g[1]) / 2, g[2]}
}

func winogradAT(m [4]float32) [2]float32 {
	return [2]float32{m[0] + m[1] + m[2], m[1] - m[2] - m[3]}
}

// and the gradient of the taps is, transposed, Gᵀ·((A·y) ⊙ (Bᵀ·d)) for that of the
// output, y.
func winogradA(y [2]float32) [4]float32 {
	return [4]float32{y[0], y[0] + y[1], y[0] - y[1], 0 - y[1]}
}

func winogradGT(m [4]float32) [3]float32 {
	sum, difference := (m[1]+m[2])/2, (m[1]-m[2])/2
	return [3]float32{m[0] + sum, difference, sum + m[3]}
}

// In two dimensions each transform goes over the columns, then over the rows.

func winogradInputGo(dst *float32, stride uintptr, src *uintptr, n uintptr) {
	for c := range 8 * n {
		var t [4][4]float32 // by columns
		for j := range 4 {
			var column [4]float32
			for i := range column {
				column[i] = *(*float32)(pointer(*at(src, uintptr(4*i+j)*unsafe.Sizeof(*src)) + 4*c))
			}
			t[j] = winogradBT(column)
		}
		for i := range 4 {
			for j, x := range winogradBT([4]float32{t[0][i], t[1][i], t[2][i], t[3][i]}) {
				*at(dst, uintptr(4*i+j)*stride+4*c) = x
			}
		}
	}
}

func winogradKernelGo(dst *float32, stride uintptr, src *float32, taps, n uintptr) {
	for c := range 8 * n {
		var t [3][4]float32 // by columns
		for j := range t {
			var column [3]float32
			for i := range column {
				column[i] = *at(src, uintptr(3*i+j)*taps+4*c)
			}
			t[j] = winogradG(column)
		}
		for i := range 4 {
			for j, x := range winogradG([3]float32{t[0][i], t[1][i], t[2][i]}) {
				*at(dst, uintptr(4*i+j)*stride+4*c) = x
			}
		}
	}
}

func winogradOutputGo(dst *uintptr, src *float32, stride, n uintptr) {
	for c := range 8 * n {
		var t [4][2]float32 // by columns
		for j := range t {
			var column [4]float32
			for i := range column {
				column[i] = *at(src, uintptr(4*i+j)*stride+4*c)
			}
			t[j] = winogradAT(column)
		}
		for i := range 2 {
			for j, x := range winogradAT([4]float32{t[0][i], t[1][i], t[2][i], t[3][i]}) {
				*(*float32)(pointer(*at(dst, uintptr(2*i+j)*unsafe.Sizeof(*dst)) + 4*c)) = x
			}
		}
	}
}

func winogradGradientGo(dst *float32, stride uintptr, src *uintptr, n uintptr) {
	for c := range 8 * n {
		var t [2][4]float32 // by columns
		for j := range t {
			var column [2]float32
			for i := range column {
				column[i] = *(*float32)(pointer(*at(src, uintptr(2*i+j)*unsafe.Sizeof(*src)) + 4*c))
			}
			t[j] = winogradA(column)
		}
		for i := range 4 {
			for j, x := range winogradA([2]float32{t[0][i], t[1][i]}) {
				*at(dst, uintptr(4*i+j)*stride+4*c) = x
			}
		}
	}
}

func winogradTapsGo(dst *float32, taps uintptr, src *float32, stride, n uintptr) {
	for c := range 8 * n {
		var t [4][3]float32 // by columns
		for j := range t {
			var column [4]float32
			for i := range column {
				column[i] = *at(src, uintptr(4*i+j)*stride+4*c)
			}
			t[j] = winogradGT(column)
		}
		for i := range 3 {
			for j, x := range winogradGT([4]float32{t[0][i], t[1][i], t[2][i], t[3][i]}) {
				*at(dst, uintptr(3*i+j)*taps+4*c) = x
			}
		}
	}
}
