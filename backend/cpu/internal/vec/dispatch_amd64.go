//go:build !purego

package vec

import (
	"math"

	"drift/backend/cpu/internal/isa"
)

// kernelsOf returns the portable kernels, those that a set has in assembly replaced.
func kernelsOf(set isa.Set) *kernels {
	k := portable()
	switch set {
	case isa.AVX2:
		k.useAVX2()
		k.sum = sumAVX2
		k.sumWithin = sumWithinBy(sumWithinAVX2)
		k.repeat = repeatBy(repeatAVX2, 8)
		k.map1[Sin] = within(reachAVX2, sinAVX2, Sin)
		k.map1[Cos] = within(reachAVX2, cosAVX2, Cos)
	case isa.AVX512:
		k.useAVX512()
		k.sum = sumAVX512
		k.sumWithin = sumWithinBy(sumWithinAVX512)
		k.repeat = repeatBy(repeatAVX512, 16)
		k.map1[Sin] = within(reachAVX512, sinAVX512, Sin)
		k.map1[Cos] = within(reachAVX512, cosAVX512, Cos)
	default:
		return k
	}
	for op, turned := range mirror {
		if turned != 0 {
			f := k.map2s[turned]
			k.maps2[op] = func(dst []float32, s float32, y []float32) { f(dst, y, s) }
		}
	}
	for _, op := range []Op{Greater, GreaterEqual} {
		f := k.map2[mirror[op]]
		k.map2[op] = func(dst, x, y []float32) { f(dst, y, x) }
	}
	k.boolToMask, k.maskToBool = boolToMaskBlocks, maskToBoolBlocks
	return k
}

// mirror is the operation with its operands exchanged: op(x, y) = mirror[op](y, x).
var mirror = [ops]Op{
	Add: Add, Mul: Mul, Max: Max, Min: Min, Equal: Equal, NotEqual: NotEqual,
	Less: Greater, LessEqual: GreaterEqual, Greater: Less, GreaterEqual: LessEqual,
}

// sumAVX2 and sumAVX512 are sumWithin of one row.
func sumAVX2(x []float32) float32 {
	var s [1]float32
	sumWithinAVX2(s[:], x, len(x))
	return s[0]
}

func sumAVX512(x []float32) float32 {
	var s [1]float32
	sumWithinAVX512(s[:], x, len(x))
	return s[0]
}

// sumWithinBy sums short rows eight at a time.
func sumWithinBy(rows func(dst, x []float32, width int)) func(dst, x []float32, width int) {
	return func(dst, x []float32, width int) {
		n := len(dst) &^ 7
		switch width {
		case 8:
			sum8AVX2(dst[:n], x)
		case 16:
			sum16AVX2(dst[:n], x)
		case 32:
			sum32AVX2(dst[:n], x)
		case 64:
			sum64AVX2(dst[:n], x)
		default:
			n = 0
		}
		rows(dst[n:], x[n*width:], width)
	}
}

// repeatBy leaves to Go what a kernel that writes whole vectors would write too far.
func repeatBy(fill func(dst, x []float32, times int), vector int) func(dst, x []float32, times int) {
	return func(dst, x []float32, times int) {
		if times == 0 {
			return
		}
		over := (times+vector-1)/vector*vector - times
		n := max(0, len(x)-(over+times-1)/times)
		fill(dst, x[:n], times)
		repeatGo(dst[n*times:], x[n:], times)
	}
}

// reach is the magnitude up to which the kernels of Sin and Cos are exact enough.
const reach = 100_000

// within computes what lies beyond reach in plain Go, element by element.
func within(greatest func(x []float32) float32, kernel func(dst, x []float32), op Op) func(dst, x []float32) {
	return func(dst, x []float32) {
		for len(dst) > 0 {
			n := min(len(dst), 4096)
			if greatest(x[:n]) <= reach {
				kernel(dst[:n], x[:n])
			} else {
				n = min(n, 64)
				var near [64]float32
				for i, v := range x[:n] {
					if !beyond(v) {
						near[i] = v
					}
				}
				kernel(near[:n], near[:n])
				for i, v := range x[:n] {
					if beyond(v) {
						near[i] = scalar1[op](v)
					}
				}
				copy(dst, near[:n])
			}
			dst, x = dst[n:], x[n:]
		}
	}
}

func beyond(x float32) bool { return math.Abs(float64(x)) > reach }

func boolToMaskBlocks(dst []float32, src []bool) {
	n := len(dst) &^ 7
	boolToMaskAVX2(dst[:n], src)
	boolToMaskGo(dst[n:], src[n:])
}

func maskToBoolBlocks(dst []bool, src []float32) {
	n := len(dst) &^ 31
	maskToBoolAVX2(dst[:n], src)
	maskToBoolGo(dst[n:], src[n:])
}
