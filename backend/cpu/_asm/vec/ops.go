package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Constants, as bits.
const (
	one       = 0x3f800000
	minusOne  = 0xbf800000
	infinity  = 0x7f800000
	signBit   = 0x80000000
	magnitude = 0x7fffffff
)

// three is an instruction of two sources and a destination.
type three = func(m *machine) func(ops ...operand.Op)

// plain is an operation that is one instruction: y op x is VOP x, y.
func plain(f three) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual {
			v := m.vec()
			f(m)(in[1], in[0], v)
			return v
		}
	}
}

func add(m *machine) func(ops ...operand.Op) { return m.VADDPS }
func sub(m *machine) func(ops ...operand.Op) { return m.VSUBPS }
func mul(m *machine) func(ops ...operand.Op) { return m.VMULPS }
func div(m *machine) func(ops ...operand.Op) { return m.VDIVPS }
func and(m *machine) func(ops ...operand.Op) { return m.VANDPS }
func or(m *machine) func(ops ...operand.Op)  { return m.VORPS }
func xor(m *machine) func(ops ...operand.Op) { return m.VXORPS }

// constant is x op c in place.
func constant(f three, bits uint32) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual {
			f(m)(m.k(bits), in[0], in[0])
			return in[0]
		}
	}
}

// from is c op x.
func from(f three, bits uint32) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual {
			f(m)(in[0], m.kr(bits), in[0])
			return in[0]
		}
	}
}

func comparison(predicate uint64) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual { return m.compare(predicate, in[0], in[1], one) }
	}
}

func rounding(how uint64) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual { return m.round(how, in[0]) }
	}
}

// least is Go's min. The instruction gives its last operand if one is NaN or both are
// zeros; of both orders, the bits together are NaN or -0 if one is.
func least(m *machine, x, y reg.VecVirtual) reg.VecVirtual {
	v, w := m.vec(), m.vec()
	m.VMINPS(x, y, v)
	m.VMINPS(y, x, w)
	m.VORPS(v, w, v)
	return v
}

// greatest is Go's max: -min(-x, -y).
func greatest(m *machine, x, y reg.VecVirtual) reg.VecVirtual {
	nx, ny := m.vec(), m.vec()
	m.VXORPS(m.k(signBit), x, nx)
	m.VXORPS(m.k(signBit), y, ny)
	v := least(m, nx, ny)
	m.VXORPS(m.k(signBit), v, v)
	return v
}

func extreme(f func(m *machine, x, y reg.VecVirtual) reg.VecVirtual) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual { return f(m, in[0], in[1]) }
	}
}

// with turns a function of one vector into a body.
func with(f func(m *machine, x reg.VecVirtual) reg.VecVirtual) func(m *machine) body {
	return func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual { return f(m, in[0]) }
	}
}

var x, xy = []string{"x"}, []string{"x", "y"}

var mappings = []mapping{
	{name: "neg", operands: x, body: constant(xor, signBit)},
	{name: "abs", operands: x, body: constant(and, magnitude)},
	{name: "sqrt", operands: x, unroll: 2, body: with(func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		m.VSQRTPS(x, x)
		return x
	})},
	{name: "rsqrt", operands: x, unroll: 2, body: with(func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		m.VSQRTPS(x, x)
		m.VDIVPS(x, m.kr(one), x)
		return x
	})},
	{name: "recip", operands: x, unroll: 2, body: from(div, one)},
	{name: "not", operands: x, body: from(sub, one)},
	{name: "sign", operands: x, unroll: 2, body: with(func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		zero := m.kr(0)
		v := m.compare(greater, x, zero, one)
		m.VORPS(m.compare(less, x, zero, minusOne), v, v)
		return v
	})},
	{name: "isFinite", operands: x, unroll: 2, body: with(func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		m.VANDPS(m.k(magnitude), x, x)
		return m.compare(less, x, m.k(infinity), one)
	})},
	{name: "isNaN", operands: x, body: with(func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		return m.compare(notEqual, x, x, one)
	})},
	{name: "round", operands: x, body: rounding(0)},
	{name: "floor", operands: x, body: rounding(1)},
	{name: "ceil", operands: x, body: rounding(2)},
	{name: "exp", where: "within 2 ulp.", operands: x, unroll: 4, held: 4, body: with(exp)},
	{name: "expSub", where: "within 2 ulp.", field: true, operands: x, scalar: "s", unroll: 4, held: 3, body: func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual {
			m.VSUBPS(in[1], in[0], in[0])
			return exp(m, in[0])
		}
	}},
	{name: "logistic", where: "within 2 ulp.", operands: x, unroll: 3, held: 1, body: with(logistic)},
	{name: "tanh", where: "within 2 ulp.", operands: x, unroll: 2, held: 4, body: with(tanh)},
	{name: "log", where: "within 2 ulp.", operands: x, unroll: 2, held: 4, body: with(logarithm)},
	{name: "erf", where: "within 2 ulp.", operands: x, unroll: 2, held: 4, body: with(erf)},
	{name: "sin", where: "within 2 ulp where abs(x[i]) <= reach.", operands: x, unroll: 2, held: 4, body: with(trigonometric(false))},
	{name: "cos", where: "within 2 ulp where abs(x[i]) <= reach.", operands: x, unroll: 2, held: 4, body: with(trigonometric(true))},

	{name: "add", operands: xy, body: plain(add)},
	{name: "sub", operands: xy, body: plain(sub)},
	{name: "mul", operands: xy, body: plain(mul)},
	{name: "div", operands: xy, unroll: 2, body: plain(div)},
	{name: "max", operands: xy, unroll: 2, body: extreme(greatest)},
	{name: "min", operands: xy, unroll: 2, body: extreme(least)},
	{name: "and", where: "for masks.", operands: xy, body: plain(and)},
	{name: "or", where: "for masks.", operands: xy, body: plain(or)},
	{name: "xor", where: "for masks.", operands: xy, body: plain(xor)},
	{name: "equal", operands: xy, body: comparison(equal)},
	{name: "notEqual", operands: xy, body: comparison(notEqual)},
	{name: "less", operands: xy, body: comparison(less)},
	{name: "lessEqual", operands: xy, body: comparison(lessEqual)},

	{name: "addS", operands: x, scalar: "s", body: plain(add)},
	{name: "subS", operands: x, scalar: "s", body: plain(sub)},
	{name: "mulS", operands: x, scalar: "s", body: plain(mul)},
	{name: "divS", operands: x, scalar: "s", unroll: 2, body: plain(div)},
	{name: "maxS", operands: x, scalar: "s", unroll: 2, body: extreme(greatest)},
	{name: "minS", operands: x, scalar: "s", unroll: 2, body: extreme(least)},
	{name: "equalS", operands: x, scalar: "s", body: comparison(equal)},
	{name: "notEqualS", operands: x, scalar: "s", body: comparison(notEqual)},
	{name: "lessS", operands: x, scalar: "s", body: comparison(less)},
	{name: "lessEqualS", operands: x, scalar: "s", body: comparison(lessEqual)},
	{name: "greaterS", operands: x, scalar: "s", body: comparison(greater)},
	{name: "greaterEqualS", operands: x, scalar: "s", body: comparison(greaterEqual)},
	{name: "sSub", operands: []string{"y"}, scalar: "s", first: true, body: plain(sub)},
	{name: "sDiv", operands: []string{"y"}, scalar: "s", first: true, unroll: 2, body: plain(div)},

	{name: "choose", field: true, operands: []string{"mask", "x", "y"}, body: func(m *machine) body {
		return func(in []reg.VecVirtual) reg.VecVirtual {
			return m.choose(notEqual, in[0], m.kr(0), in[1], in[2])
		}
	}},
}
