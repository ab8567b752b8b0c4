package kernel

import "unsafe"

// Lavin and Gray, "Fast Algorithms for Convolutional Neural Networks" (2015), section
// 4, in one dimension: the output of four pixels is
//
//	Aᵀ·((G·g) ⊙ (Bᵀ·d))
//
// for three taps g and six pixels d of the input, and the gradient of the taps is,
// transposed, Gᵀ·((A·y) ⊙ (Bᵀ·d)) for that of the output, y. Taps and outputs stand for
// polynomials, which are multiplied where their values are known: at 0, ±a, ±b and, as
// it were, infinity. The points of the paper, ±1 and ±2, double the error of these
// (docs/lab-notes.md). Row x of Aᵀ's transpose is (1, x, x², x³), of G (1, x, x²)
// divided by the product of the differences of x and the others, and of Bᵀ the
// coefficients of the product of all (t - other).
const (
	pointA, pointB   = 3. / 4, 3. / 2
	squareA, squareB = pointA * pointA, pointB * pointB
	cubeA, cubeB     = squareA * pointA, squareB * pointB

	weight0 = 1 / (squareA * squareB)
	weightA = 1 / (2 * squareA * (squareB - squareA)) // minus this at ±a
	weightB = 1 / (2 * squareB * (squareB - squareA))
)

// The sides of what is transformed: pixels of the input, of the output, and taps.
const (
	WinogradIn   = 6
	WinogradOut  = 4
	WinogradTaps = 3
)

// numbers are those of one column or row, from the first on.
type numbers [WinogradIn]float32

func winogradBT(d numbers) numbers {
	evenA, oddA := d[4]-squareB*d[2], pointA*(d[3]-squareB*d[1])
	evenB, oddB := d[4]-squareA*d[2], pointB*(d[3]-squareA*d[1])
	return numbers{
		squareA*squareB*d[0] - (squareA+squareB)*d[2] + d[4],
		evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB,
		squareA*squareB*d[1] - (squareA+squareB)*d[3] + d[5],
	}
}

func winogradG(g numbers) numbers {
	evenA, oddA := -weightA*(g[0]+squareA*g[2]), -weightA*pointA*g[1]
	evenB, oddB := weightB*(g[0]+squareB*g[2]), weightB*pointB*g[1]
	return numbers{weight0 * g[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, g[2]}
}

func winogradAT(m numbers) numbers {
	evenA, oddA, evenB, oddB := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
	return numbers{m[0] + evenA + evenB, pointA*oddA + pointB*oddB, squareA*evenA + squareB*evenB, cubeA*oddA + cubeB*oddB + m[5]}
}

func winogradA(y numbers) numbers {
	evenA, oddA := y[0]+squareA*y[2], pointA*(y[1]+squareA*y[3])
	evenB, oddB := y[0]+squareB*y[2], pointB*(y[1]+squareB*y[3])
	return numbers{y[0], evenA + oddA, evenA - oddA, evenB + oddB, evenB - oddB, y[3]}
}

func winogradGT(m numbers) numbers {
	evenA, oddA, evenB, oddB := m[1]+m[2], m[1]-m[2], m[3]+m[4], m[3]-m[4]
	return numbers{
		weight0*m[0] - weightA*evenA + weightB*evenB,
		weightB*pointB*oddB - weightA*pointA*oddA,
		weightB*squareB*evenB - weightA*squareA*evenA + m[5],
	}
}

// apart is the place of number i of a channel, stride from the one before, and inTable
// that of which the table has the address.
func apart(first *float32, stride uintptr) func(i, c uintptr) *float32 {
	return func(i, c uintptr) *float32 { return at(first, i*stride+4*c) }
}

func inTable(table *uintptr) func(i, c uintptr) *float32 {
	return func(i, c uintptr) *float32 {
		return (*float32)(pointer(*at(table, i*unsafe.Sizeof(*table)) + 4*c))
	}
}

// twice transforms 8·n channels in both dimensions: their columns of ins numbers to
// outs, then the rows.
func twice(once func(numbers) numbers, ins, outs int, src, dst func(i, c uintptr) *float32, n uintptr) {
	for c := range 8 * n {
		var rows [WinogradIn]numbers
		for j := range ins {
			var column numbers
			for i := range ins {
				column[i] = *src(uintptr(ins*i+j), c)
			}
			for i, x := range once(column) {
				rows[i][j] = x
			}
		}
		for i := range outs {
			row := once(rows[i])
			for j := range outs {
				*dst(uintptr(outs*i+j), c) = row[j]
			}
		}
	}
}

func winogradInputLoop(dst *float32, dstStride uintptr, src *uintptr, n uintptr) {
	twice(winogradBT, WinogradIn, WinogradIn, inTable(src), apart(dst, dstStride), n)
}

func winogradKernelLoop(dst *float32, dstStride uintptr, src *float32, srcStride, n uintptr) {
	twice(winogradG, WinogradTaps, WinogradIn, apart(src, srcStride), apart(dst, dstStride), n)
}

func winogradOutputLoop(dst *uintptr, src *float32, srcStride, n uintptr) {
	twice(winogradAT, WinogradIn, WinogradOut, apart(src, srcStride), inTable(dst), n)
}

func winogradGradientLoop(dst *float32, dstStride uintptr, src *uintptr, n uintptr) {
	twice(winogradA, WinogradOut, WinogradIn, inTable(src), apart(dst, dstStride), n)
}

func winogradTapsLoop(dst *float32, dstStride uintptr, src *float32, srcStride, n uintptr) {
	twice(winogradGT, WinogradIn, WinogradTaps, apart(src, srcStride), apart(dst, dstStride), n)
}
