package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// moves are the kernels that compute nothing; AVX2's are as good as the memory.
func moves(m *machine) {
	m.repeat()
	if !m.wide() {
		m.boolToMask()
		m.maskToBool()
	}
}

// repeat stores whole vectors, which the next elements' overwrite in part.
func (m *machine) repeat() {
	m.text("repeat", "dst, x []float32, times int", append(is("repeatGo"), "where whole vectors are written, beyond the last element too.")...)
	n := m.Load(m.Param("x").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	x := m.Load(m.Param("x").Base(), m.GP64())
	times := m.Load(m.Param("times"), m.GP64())
	i, to, v := m.GP64(), m.GP64(), m.vec()
	m.loop("elements", n, 1, "done", func() {
		m.VBROADCASTSS(operand.Mem{Base: x}, v)
		m.MOVQ(times, i)
		m.MOVQ(dst, to)
		m.Label("fill")
		m.VMOVUPS(v, operand.Mem{Base: to})
		m.ADDQ(imm(m.bytes()), to)
		m.SUBQ(imm(m.lanes), i)
		m.JG(operand.LabelRef("fill"))
		m.LEAQ(operand.Mem{Base: dst, Index: times, Scale: 4}, dst)
		m.ADDQ(operand.Imm(4), x)
	})
	m.Label("done")
	m.end()
}

func (m *machine) boolToMask() {
	m.text("boolToMask", "dst []float32, src []bool", append(is("boolToMaskGo"), "for len(dst) a multiple of 8.")...)
	n := m.Load(m.Param("dst").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	src := m.Load(m.Param("src").Base(), m.GP64())
	v := m.YMM()
	m.loop("many", n, 8, "done", func() {
		m.VPMOVZXBD(operand.Mem{Base: src}, v)
		m.VCVTDQ2PS(v, v)
		m.VMOVUPS(v, operand.Mem{Base: dst})
		m.ADDQ(operand.Imm(8), src)
		m.ADDQ(operand.Imm(32), dst)
	})
	m.Label("done")
	m.end()
}

func (m *machine) maskToBool() {
	m.text("maskToBool", "dst []bool, src []float32", append(is("maskToBoolGo"), "for len(dst) a multiple of 32.")...)
	n := m.Load(m.Param("dst").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	src := m.Load(m.Param("src").Base(), m.GP64())
	zero, order := m.YMM(), m.YMM()
	m.VXORPS(zero, zero, zero)
	g := m.StaticGlobal("packed")
	m.DataAttributes(0x18)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		m.AddDatum(4*i, operand.U32(v))
	}
	m.VMOVDQU(g, order)
	m.loop("many", n, 32, "done", func() {
		var v [4]reg.VecVirtual
		for i := range v {
			v[i] = m.YMM()
			m.VMOVUPS(operand.Mem{Base: src, Disp: 32 * i}, v[i])
			m.VCMPPS(operand.Imm(notEqual), zero, v[i], v[i])
		}
		m.VPACKSSDW(v[1], v[0], v[0])
		m.VPACKSSDW(v[3], v[2], v[2])
		m.VPACKSSWB(v[2], v[0], v[0])
		m.VPERMD(v[0], order, v[0])
		m.VPABSB(v[0], v[0]) // -1 becomes 1
		m.VMOVDQU(v[0], operand.Mem{Base: dst})
		m.ADDQ(operand.Imm(32), dst)
		m.ADDQ(operand.Imm(128), src)
	})
	m.Label("done")
	m.end()
}
