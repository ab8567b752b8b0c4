package vec

import "math"

// lanes is the number of partial sums of [Sum].
const lanes = 64

// scalar1 and scalar2 say what an operation is, for one element.
var scalar1 = [ops]func(x float32) float32{
	Neg:   func(x float32) float32 { return -x },
	Abs:   func(x float32) float32 { return math.Float32frombits(math.Float32bits(x) &^ (1 << 31)) },
	Sqrt:  sqrt,
	Rsqrt: func(x float32) float32 { return 1 / sqrt(x) },
	Recip: func(x float32) float32 { return 1 / x },
	Exp:   in64(math.Exp),
	Expm1: in64(math.Expm1),
	Log:   in64(math.Log),
	Log1p: in64(math.Log1p),
	Logistic: func(x float32) float32 {
		e := math.Exp(-math.Abs(float64(x)))
		if x < 0 {
			return float32(e / (1 + e))
		}
		return float32(1 / (1 + e))
	},
	Tanh: in64(math.Tanh),
	Sin:  in64(math.Sin),
	Cos:  in64(math.Cos),
	Erf:  in64(math.Erf),
	Sign: func(x float32) float32 {
		switch {
		case x < 0:
			return -1
		case x > 0:
			return 1
		}
		return 0
	},
	Floor:    in64(math.Floor),
	Ceil:     in64(math.Ceil),
	Round:    in64(math.RoundToEven),
	Not:      func(x float32) float32 { return 1 - x },
	IsFinite: func(x float32) float32 { return mask(x-x == 0) },
	IsNaN:    func(x float32) float32 { return mask(x != x) },
}

var scalar2 = [ops]func(x, y float32) float32{
	Add:          func(x, y float32) float32 { return x + y },
	Sub:          func(x, y float32) float32 { return x - y },
	Mul:          func(x, y float32) float32 { return x * y },
	Div:          func(x, y float32) float32 { return x / y },
	Max:          func(x, y float32) float32 { return max(x, y) },
	Min:          func(x, y float32) float32 { return min(x, y) },
	Pow:          func(x, y float32) float32 { return float32(math.Pow(float64(x), float64(y))) },
	Rem:          func(x, y float32) float32 { return float32(math.Mod(float64(x), float64(y))) },
	Atan2:        func(x, y float32) float32 { return float32(math.Atan2(float64(x), float64(y))) },
	Equal:        func(x, y float32) float32 { return mask(x == y) },
	NotEqual:     func(x, y float32) float32 { return mask(x != y) },
	Less:         func(x, y float32) float32 { return mask(x < y) },
	LessEqual:    func(x, y float32) float32 { return mask(x <= y) },
	Greater:      func(x, y float32) float32 { return mask(x > y) },
	GreaterEqual: func(x, y float32) float32 { return mask(x >= y) },
	And:          func(x, y float32) float32 { return mask(x != 0 && y != 0) },
	Or:           func(x, y float32) float32 { return mask(x != 0 || y != 0) },
	Xor:          func(x, y float32) float32 { return mask((x != 0) != (y != 0)) },
}

func in64(f func(float64) float64) func(float32) float32 {
	return func(x float32) float32 { return float32(f(float64(x))) }
}

func sqrt(x float32) float32 { return float32(math.Sqrt(float64(x))) }

func mask(is bool) float32 {
	if is {
		return 1
	}
	return 0
}

// portable returns the kernels in plain Go, which the others must equal.
func portable() *kernels {
	k := &kernels{
		choose: chooseGo, sum: sumGo, sumWithin: sumWithinGo, max1: max1Go, min1: min1Go, sumRows: sumRowsGo,
		repeat: repeatGo, expSub: expSubGo,
		boolToMask: boolToMaskGo, maskToBool: maskToBoolGo,
	}
	for op, f := range scalar1 {
		if f != nil {
			k.map1[op] = func(dst, x []float32) {
				for i := range dst {
					dst[i] = f(x[i])
				}
			}
		}
	}
	for op, f := range scalar2 {
		if f != nil {
			k.map2[op] = func(dst, x, y []float32) {
				for i := range dst {
					dst[i] = f(x[i], y[i])
				}
			}
			k.map2s[op] = func(dst, x []float32, s float32) {
				for i := range dst {
					dst[i] = f(x[i], s)
				}
			}
			k.maps2[op] = func(dst []float32, s float32, y []float32) {
				for i := range dst {
					dst[i] = f(s, y[i])
				}
			}
		}
	}
	k.map2[Add], k.map2s[Add] = addGo, addSGo // these are most of a network's work
	k.map2[Mul], k.map2s[Mul] = mulGo, mulSGo
	return k
}

func addGo(dst, x, y []float32) {
	for i := range dst {
		dst[i] = x[i] + y[i]
	}
}

func addSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] + s
	}
}

func mulGo(dst, x, y []float32) {
	for i := range dst {
		dst[i] = x[i] * y[i]
	}
}

func mulSGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = x[i] * s
	}
}

func chooseGo(dst, mask, x, y []float32) {
	for i := range dst {
		if mask[i] != 0 {
			dst[i] = x[i]
		} else {
			dst[i] = y[i]
		}
	}
}

func sumWithinGo(dst, x []float32, width int) {
	for i := range dst {
		dst[i] = sumGo(x[i*width : (i+1)*width])
	}
}

func sumGo(x []float32) float32 {
	var s [lanes]float32
	for i, v := range x {
		s[i%lanes] += v
	}
	return fold(&s)
}

func fold(s *[lanes]float32) float32 {
	for n := lanes / 2; n > 0; n /= 2 {
		for j := range n {
			s[j] += s[j+n]
		}
	}
	return s[0]
}

func max1Go(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		m = max(m, v)
	}
	return m
}

func min1Go(x []float32) float32 {
	m := float32(math.Inf(1))
	for _, v := range x {
		m = min(m, v)
	}
	return m
}

func sumRowsGo(dst, x []float32, n, width int) {
	for i := range n {
		for j, v := range x[i*width : (i+1)*width] {
			dst[j] += v
		}
	}
}

func repeatGo(dst, x []float32, times int) {
	for i, v := range x {
		for j := range times {
			dst[i*times+j] = v
		}
	}
}

func expSubGo(dst, x []float32, s float32) {
	for i := range dst {
		dst[i] = float32(math.Exp(float64(x[i] - s)))
	}
}

func boolToMaskGo(dst []float32, src []bool) {
	for i := range dst {
		dst[i] = mask(src[i])
	}
}

func maskToBoolGo(dst []bool, src []float32) {
	for i := range dst {
		dst[i] = src[i] != 0
	}
}
