package main

import (
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// moves are the kernels that compute nothing; AVX2's are as good as the memory.
func moves(m *machine) {
	m.repeat()
	if !m.wide() {
		m.transpose()
		m.boolToMask()
		m.maskToBool()
	}
}

// repeat stores whole vectors, which the next elements' overwrite in part.
func (m *machine) repeat() {
	m.text("repeat", "dst, x []float32, times int", "", "\tfor i := range x {", "\t\tfill(dst[i*times:], x[i])", "\t}", "",
		"where fill writes times elements, rounded up to whole vectors.")
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

// transpose goes by blocks of 8 by 8, each as two of 8 by 4.
func (m *machine) transpose() {
	m.text("transpose", "dst, src []float32, rows, cols int", "", "\tfor i := range rows &^ 7 {", "\t\tfor j := range cols &^ 7 {", "\t\t\tdst[j*rows+i] = src[i*cols+j]", "\t\t}", "\t}")
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	src := m.Load(m.Param("src").Base(), m.GP64())
	rows := m.Load(m.Param("rows"), m.GP64()).(reg.GPVirtual)
	cols := m.Load(m.Param("cols"), m.GP64())
	up, down, up3, down3 := m.GP64(), m.GP64(), m.GP64(), m.GP64() // strides in bytes
	m.LEAQ(operand.Mem{Index: rows, Scale: 4, Base: zeroed(m)}, up)
	m.LEAQ(operand.Mem{Index: cols, Scale: 4, Base: zeroed(m)}, down)
	m.LEAQ(operand.Mem{Base: up, Index: up, Scale: 2}, up3)
	m.LEAQ(operand.Mem{Base: down, Index: down, Scale: 2}, down3)
	n, from, to := m.GP64(), m.GP64(), m.GP64()
	at := func(base, stride, stride3 reg.Register, i int) operand.Mem {
		return [4]operand.Mem{{Base: base}, {Base: base, Index: stride, Scale: 1}, {Base: base, Index: stride, Scale: 2}, {Base: base, Index: stride3, Scale: 1}}[i]
	}
	m.loop("bands", rows, 8, "done", func() {
		m.MOVQ(src, from)
		m.MOVQ(dst, to)
		m.MOVQ(cols, n)
		m.loop("blocks", n, 8, "band_done", func() {
			below, beyond := m.GP64(), m.GP64() // the fourth rows
			m.LEAQ(operand.Mem{Base: from, Index: down, Scale: 4}, below)
			m.LEAQ(operand.Mem{Base: to, Index: up, Scale: 4}, beyond)
			for half := range 2 {
				var a, b [4]reg.VecVirtual
				for i := range a { // four columns of the rows i and i+4
					a[i] = m.YMM()
					m.VBROADCASTF128(at(from, down, down3, i).Offset(16*half), a[i])
					m.VINSERTF128(operand.Imm(1), at(below, down, down3, i).Offset(16*half), a[i], a[i])
				}
				for i := range 2 { // pairs of rows, interleaved
					b[2*i], b[2*i+1] = m.YMM(), m.YMM()
					m.VUNPCKLPS(a[2*i+1], a[2*i], b[2*i])
					m.VUNPCKHPS(a[2*i+1], a[2*i], b[2*i+1])
				}
				base := to
				if half == 1 {
					base = beyond
				}
				for i := range 4 {
					lo, hi, v := b[i/2], b[i/2+2], m.YMM()
					m.VSHUFPS(operand.Imm([]uint64{0x44, 0xee}[i%2]), hi, lo, v)
					m.VMOVUPS(v, at(base, up, up3, i))
				}
			}
			m.ADDQ(operand.Imm(32), from)
			m.LEAQ(operand.Mem{Base: to, Index: up, Scale: 8}, to)
		})
		m.Label("band_done")
		m.LEAQ(operand.Mem{Base: src, Index: down, Scale: 8}, src)
		m.ADDQ(operand.Imm(32), dst)
	})
	m.Label("done")
	m.end()
}

func zeroed(m *machine) reg.Register {
	r := m.GP64()
	m.XORQ(r, r)
	return r
}

func (m *machine) boolToMask() {
	m.text("boolToMask", "dst []float32, src []bool", "", "\tfor i := range len(dst) &^ 7 {", "\t\tdst[i] = mask(src[i])", "\t}")
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
	m.text("maskToBool", "dst []bool, src []float32", "", "\tfor i := range len(dst) &^ 31 {", "\t\tdst[i] = src[i] != 0", "\t}")
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
