package vec

import "math"

// Repeat writes each x[i] the given number of times in a row: dst[i·times+j] = x[i].
func Repeat(dst, x []float32, times int) {
	active.repeat(dst[:len(x)*times], x, times)
}

// Gather writes dst[i] = src[i·stride].
func Gather(dst, src []float32, stride int) {
	if len(dst) == 0 {
		return
	}
	src = src[:(len(dst)-1)*stride+1]
	for i := range dst {
		dst[i] = src[i*stride]
	}
}

// Transpose writes dst[j·rows+i] = src[i·cols+j]. dst must not overlap src.
func Transpose(dst, src []float32, rows, cols int) {
	active.transpose(dst[:rows*cols], src[:rows*cols], rows, cols)
}

// BoolToMask writes 1 for true, 0 for false.
func BoolToMask(dst []float32, src []bool) { active.boolToMask(dst, src[:len(dst)]) }

// MaskToBool writes whether src[i] is not 0.
func MaskToBool(dst []bool, src []float32) { active.maskToBool(dst, src[:len(dst)]) }

// IntsToFloat converts, rounding to nearest even.
func IntsToFloat[T int32 | int64](dst []float32, src []T) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = float32(src[i])
	}
}

// FloatToInts converts towards 0, as Go does; what does not fit is the machine's choice.
func FloatToInts[T int32 | int64](dst []T, src []float32) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = T(src[i])
	}
}

// Float32ToFloat64 widens.
func Float32ToFloat64(dst []float64, src []float32) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = float64(src[i])
	}
}

// Float64ToFloat32 rounds to nearest even.
func Float64ToFloat32(dst []float32, src []float64) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = float32(src[i])
	}
}

// Float32ToBFloat16 rounds to nearest even; a NaN stays one.
func Float32ToBFloat16[T ~uint16](dst []T, src []float32) {
	src = src[:len(dst)]
	for i := range dst {
		b := math.Float32bits(src[i])
		if b&0x7fffffff > 0x7f800000 {
			dst[i] = T(b>>16 | 0x40)
			continue
		}
		dst[i] = T((b + 0x7fff + b>>16&1) >> 16)
	}
}

// BFloat16ToFloat32 widens.
func BFloat16ToFloat32[T ~uint16](dst []float32, src []T) {
	src = src[:len(dst)]
	for i := range dst {
		dst[i] = math.Float32frombits(uint32(src[i]) << 16)
	}
}
