package main

import (
	"math"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The polynomials' coefficients are printed by ../fit, from the lowest power.
var (
	expQ    = []uint32{0x3f000006, 0x3e2aaa87, 0x3d2aa4ff, 0x3c08942d, 0x3ab8df71, 0x394da3cd}
	expHalf = []uint32{0x3e2aaa32, 0x3d2aa97e, 0x3c092c70, 0x3ab7f93f}
	tanhP   = []uint32{0xbeaaaa9f, 0x3e0884d7, 0xbd5c4c6f, 0x3caa5c50, 0xbbc12c2c}
	logP    = []uint32{0x3eaaaa83, 0xbe7fff78, 0x3e4ce814, 0xbe2acee6, 0x3e0f6b8c, 0xbdf9889e, 0x3e0f335d, 0xbe0402c8}
	sinS    = []uint32{0xbe2aaaa3, 0x3c0883a4, 0xb94ca2f2}
	cosC    = []uint32{0x3d2aaaa5, 0xbab60639, 0x37ccfd39}
	erfP    = []uint32{0x3e0375d4, 0xbec0939f, 0x3de71690, 0xbcdbfdda, 0x3baa0cfb, 0xba5242f6, 0x38a57268}
	erfcQ   = []uint32{0x39459f9d, 0xbf909616, 0xbf221a78, 0xbdde0c68, 0x3cce85eb, 0xbb89cc7e, 0x39e77579, 0xb7b6034b}
)

func bits(f float64) uint32 { return math.Float32bits(float32(f)) }

// shifter added to a number of magnitude under 2²² rounds it to an integer, which
// then stands in the low bits.
var shifter = bits(3 << 22)

// split returns the high part of f and the rest, as float32s.
func split(f float64) (high, low uint32) {
	h := float64(float32(f))
	return bits(h), bits(f - h)
}

// horner returns Σ c[i]·x^i, by fused steps.
func (m *machine) horner(x reg.VecVirtual, c []uint32) reg.VecVirtual {
	v := m.vec()
	m.VMOVUPS(m.k(c[len(c)-1]), v)
	for i := len(c) - 2; i >= 0; i-- {
		m.VFMADD213PS(m.k(c[i]), x, v) // v = v·x + c
	}
	return v
}

// halving reduces x = 2h·ln 2 + r with an integer h, |r| ≤ ln 2. It returns r, which
// takes x's place, and 2^h: e^x is e^r·2^h·2^h, where the first product is exact and
// the second rounds a denormal or overflows as it must. |x| is at most 104.
func (m *machine) halving(x reg.VecVirtual) (r, power reg.VecVirtual) {
	t, h := m.vec(), m.vec()
	high, low := split(-2 * math.Ln2)
	m.VMOVUPS(m.k(bits(1/(2*math.Ln2))), t)
	m.VFMADD213PS(m.k(shifter), x, t)
	m.VSUBPS(m.k(shifter), t, h)
	m.VFMADD231PS(m.k(high), h, x)
	m.VFMADD231PS(m.k(low), h, x)
	m.VPSLLD(operand.Imm(23), t, t)
	m.VPADDD(m.k(one), t, t)
	return x, t
}

// exp clamps x to where the result is neither 0 nor infinite (a NaN stays) and sums
// e^r = 1 + r·(1 + r·q(r)).
func exp(m *machine, x reg.VecVirtual) reg.VecVirtual {
	m.VMINPS(x, m.kr(bits(89)), x)
	m.VMAXPS(x, m.kr(bits(-104)), x)
	return expInRange(m, x)
}

func expInRange(m *machine, x reg.VecVirtual) reg.VecVirtual {
	r, power := m.halving(x)
	p := m.horner(r, append([]uint32{one, one}, expQ...))
	m.VMULPS(power, p, p)
	m.VMULPS(power, p, p)
	return p
}

// logistic is 1/(1 + e) for x ≥ 0 and e/(1 + e) below, e = e^-|x| = 2^n·p. Both terms of
// the fraction are 2^24 times as large, so that a denormal e keeps its bits, and what
// rounding took from 1 + e is made good: a/(d + c) is nearly a/d - a/d·c for d in [1, 2].
func logistic(m *machine, x reg.VecVirtual) reg.VecVirtual {
	r, t, h := m.vec(), m.vec(), m.vec()
	high, low := split(-math.Ln2)
	scale, unscale := bits(1<<24), bits(1.0/(1<<24))
	m.VORPS(m.k(signBit), x, r)
	m.VMAXPS(r, m.kr(bits(-104)), r)
	m.VMOVUPS(m.k(bits(1/math.Ln2)), t)
	m.VFMADD213PS(m.k(shifter), r, t)
	m.VSUBPS(m.k(shifter), t, h)
	m.VFMADD231PS(m.k(high), h, r)
	m.VFMADD231PS(m.k(low), h, r)
	e := m.horner(r, append([]uint32{one, one, bits(0.5)}, expHalf...))
	m.VPSLLD(operand.Imm(23), t, t)
	m.VPADDD(m.k(scale), t, t)
	m.VMULPS(t, e, e)
	v := m.negative(x, e, m.kr(scale))
	d, c := h, r
	m.VMOVAPS(e, d)
	m.VFMADD132PS(m.k(unscale), m.kr(one), d)
	m.VSUBPS(m.k(one), d, c)
	m.VFMSUB132PS(m.k(unscale), c, e) // e - (d - 1)
	m.VDIVPS(d, v, v)
	m.VFNMADD231PS(e, v, v)
	m.VMULPS(m.k(unscale), v, v)
	return v
}

// tanh is x + x·u·p(u), u = x², up to 0.6, and 1 - 2/(e^2|x| + 1) with the sign of x beyond.
func tanh(m *machine, x reg.VecVirtual) reg.VecVirtual {
	a, u := m.vec(), m.vec()
	m.VMULPS(x, x, u)
	near := m.horner(u, tanhP)
	m.VMULPS(u, near, near)
	m.VFMADD213PS(x, x, near)
	m.VANDPS(m.k(magnitude), x, a)
	m.VMINPS(a, m.kr(bits(10)), a) // where it is 1
	m.VADDPS(a, a, a)
	e := expInRange(m, a)
	m.VADDPS(m.k(one), e, e)
	far := m.vec()
	m.VMOVUPS(m.k(bits(-2)), far)
	m.VDIVPS(e, far, far)
	m.VADDPS(m.k(one), far, far)
	m.VANDPS(m.k(signBit), x, u)
	m.VORPS(u, far, far)
	m.VANDPS(m.k(magnitude), x, a)
	v := m.choose(lessEqual, a, m.k(bits(0.6)), near, far)
	m.VORPS(u, v, v) // of -0 too
	return v
}

// logarithm takes x = 2^n·(1 + f) with -1/3 ≤ f < 1/3 and sums n·ln 2 + f + f²·(f·p(f) - 1/2).
// A denormal is scaled by 2^23 first.
func logarithm(m *machine, x reg.VecVirtual) reg.VecVirtual {
	const twoThirds = 0x3f2aaaab
	scaled, n := m.vec(), m.vec()
	m.VMULPS(m.k(bits(1<<23)), x, scaled)
	v := m.choose(less, x, m.k(0x00800000), scaled, x)
	shift := m.compare(less, x, m.k(0x00800000), bits(-23))
	m.VPSUBD(m.k(twoThirds), v, n)
	m.andBits(m.k(0xff800000), n, n)
	m.VPSUBD(n, v, v) // 1 + f
	m.VPSRAD(operand.Imm(23), n, n)
	m.VCVTDQ2PS(n, n)
	m.VADDPS(shift, n, n)
	m.VSUBPS(m.k(one), v, v)
	p := m.horner(v, append([]uint32{bits(-0.5)}, logP...))
	f2 := m.vec()
	m.VMULPS(v, v, f2)
	m.VFMADD213PS(v, f2, p)
	m.VFMADD231PS(m.k(bits(math.Ln2)), n, p)
	// infinity and NaN stay, what is below 0 is NaN, 0 is -infinity
	p = m.choose(less, x, m.k(infinity), p, x)
	p = m.choose(less, x, m.kr(0), m.kr(0x7fc00000), p)
	return m.choose(equal, x, m.kr(0), m.kr(0xff800000), p)
}

// erf is x + x·p(x²) up to 1, and 1 - e^q(|x|) with the sign of x beyond.
func erf(m *machine, x reg.VecVirtual) reg.VecVirtual {
	u := m.vec()
	m.VMULPS(x, x, u)
	near := m.horner(u, erfP)
	m.VFMADD213PS(x, x, near)
	a := m.vec()
	m.VANDPS(m.k(magnitude), x, a)
	m.VMINPS(a, m.kr(bits(4)), a) // where it is 1
	q := m.horner(a, erfcQ)
	e := expInRange(m, q)
	far := m.vec()
	m.VSUBPS(e, m.kr(one), far)
	m.VANDPS(m.k(signBit), x, u)
	m.VORPS(u, far, far)
	m.VANDPS(m.k(magnitude), x, a)
	return m.choose(lessEqual, a, m.k(one), near, far)
}

// trigonometric reduces x = q·π/2 + r with an integer q, |r| ≤ π/4, by a π/2 of three
// parts. The first step is exact, as both terms are multiples of 2^-24 under 1. It is for
// |x| ≤ reach in package vec, beyond which the third part falls short.
func trigonometric(ahead bool) func(m *machine, x reg.VecVirtual) reg.VecVirtual {
	return func(m *machine, x reg.VecVirtual) reg.VecVirtual {
		high, rest := split(-math.Pi / 2)
		low := math.Float32frombits(rest)
		last := -math.Pi/2 - float64(math.Float32frombits(high)) - float64(low) - 6.123233995736766e-17 // π/2 less its float64
		q, h, r := m.vec(), m.vec(), m.vec()
		m.VMOVUPS(m.k(bits(2/math.Pi)), q)
		m.VFMADD213PS(m.k(shifter), x, q)
		m.VSUBPS(m.k(shifter), q, h)
		m.VMOVAPS(x, r)
		m.VFMADD231PS(m.k(high), h, r)
		m.VFMADD231PS(m.k(rest), h, r)
		m.VFMADD231PS(m.k(bits(last)), h, r)
		if ahead { // cos x = sin(x + π/2)
			m.VPSUBD(m.k(0xffffffff), q, q)
		}
		u := h
		m.VMULPS(r, r, u)
		cos := m.horner(u, append([]uint32{one, bits(-0.5)}, cosC...))
		sin := m.horner(u, sinS)
		m.VMULPS(u, sin, sin)
		m.VFMADD213PS(r, r, sin) // r·(u·s) + r
		odd := u
		m.VPSLLD(operand.Imm(31), q, odd)
		v := m.negative(odd, cos, sin)
		m.VPSRLD(operand.Imm(1), q, q)
		m.VPSLLD(operand.Imm(31), q, q)
		m.VXORPS(q, v, v)
		if !ahead { // the sum loses the sign of -0
			v = m.choose(equal, x, m.kr(0), x, v)
		}
		return v
	}
}
