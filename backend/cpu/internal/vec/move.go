package vec

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

// BoolToMask writes 1 for true, 0 for false.
func BoolToMask(dst []float32, src []bool) { active.boolToMask(dst, src[:len(dst)]) }

// MaskToBool writes whether src[i] is not 0.
func MaskToBool(dst []bool, src []float32) { active.maskToBool(dst, src[:len(dst)]) }
