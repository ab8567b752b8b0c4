package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// adam takes the coefficients in the order of AdamCoefficients.
func (m *machine) adam(name string, decays bool) {
	lines := []string{"", "\tm[i] = beta1*m[i] + rest1*grad[i]", "\tv[i] = beta2*v[i] + rest2*(grad[i]*grad[i])",
		"\tstep := rate * (m[i]*debias1) / (sqrt(v[i]*debias2) + epsilon)"}
	if decays {
		lines = append(lines, "\tstep += rate * (param[i]*decay)")
	}
	m.text(name, "param, m, v, grad, c []float32", append(lines, "\tparam[i] -= step")...)
	n := m.Load(m.Param("param").Len(), m.GP64()).(reg.GPVirtual)
	var base []reg.Register
	for _, p := range []string{"param", "m", "v", "grad"} {
		base = append(base, m.Load(m.Param(p).Base(), m.GP64()))
	}
	c := m.Load(m.Param("c").Base(), m.GP64())
	var k [9]reg.VecVirtual
	for i := range k {
		if i < 8 || decays {
			k[i] = m.vec()
			m.VBROADCASTSS(operand.Mem{Base: c, Disp: 4 * i}, k[i])
		}
	}
	rate, beta1, beta2, rest1, rest2, debias1, debias2, epsilon, decay := k[0], k[1], k[2], k[3], k[4], k[5], k[6], k[7], k[8]
	i := m.GP64()
	m.XORQ(i, i)
	one := func(load func(operand.Mem, reg.VecVirtual), store func(reg.VecVirtual, operand.Mem)) {
		at := func(j int) operand.Mem { return operand.Mem{Base: base[j], Index: i, Scale: 4} }
		p, m1, m2, g, t := m.vec(), m.vec(), m.vec(), m.vec(), m.vec()
		load(at(3), g)
		load(at(1), m1)
		m.VMULPS(beta1, m1, m1)
		m.VMULPS(rest1, g, t)
		m.VADDPS(t, m1, m1)
		store(m1, at(1))
		load(at(2), m2)
		m.VMULPS(beta2, m2, m2)
		m.VMULPS(g, g, g)
		m.VMULPS(rest2, g, g)
		m.VADDPS(g, m2, m2)
		store(m2, at(2))
		m.VMULPS(debias1, m1, m1)
		m.VMULPS(rate, m1, m1)
		m.VMULPS(debias2, m2, m2)
		m.VSQRTPS(m2, m2)
		m.VADDPS(epsilon, m2, m2)
		m.VDIVPS(m2, m1, m1)
		load(at(0), p)
		if decays {
			m.VMULPS(decay, p, t)
			m.VMULPS(rate, t, t)
			m.VADDPS(t, m1, m1)
		}
		m.VSUBPS(m1, p, p)
		store(p, at(0))
	}
	m.loop("single", n, m.lanes, "rest", func() {
		one(func(from operand.Mem, to reg.VecVirtual) { m.VMOVUPS(from, to) }, func(from reg.VecVirtual, to operand.Mem) { m.VMOVUPS(from, to) })
		m.ADDQ(imm(m.lanes), i)
	})
	m.Label("rest")
	m.TESTQ(n, n)
	m.JE(operand.LabelRef("done"))
	t := m.tail(n)
	one(t.load, t.store)
	m.Label("done")
	m.end()
}
