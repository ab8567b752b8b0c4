package main

import (
	"fmt"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lanes is the number of partial sums of a sum, whatever the machine.
const lanes = 64

func reductions(m *machine) {
	m.sumWithin()
	if !m.wide() {
		for _, width := range []int{8, 16, 32, 64} {
			m.sumShort(width)
		}
	}
	m.extreme("max1", signBit, least)
	m.extreme("min1", 0, least)
	m.reach()
	m.sumRows()
}

// A joiner makes one vector of two, with registers of m's width.
type joiner = func(m *machine, v, w reg.VecVirtual) reg.VecVirtual

func sum(m *machine, v, w reg.VecVirtual) reg.VecVirtual {
	m.VADDPS(w, v, v)
	return v
}

// fold joins the lanes j and j + n/2 of the n of all vectors, and so on down to one.
func (m *machine) fold(acc []reg.VecVirtual, join joiner) reg.VecVirtual {
	for n := len(acc) / 2; n > 0; n /= 2 {
		for j := range n {
			acc[j] = join(m, acc[j], acc[j+n])
		}
	}
	v := acc[0]
	half := *m
	for half.lanes = m.lanes / 2; half.lanes >= 4; half.lanes /= 2 {
		upper := half.vec()
		if half.lanes == 8 {
			m.VEXTRACTF64X4(operand.Imm(1), v, upper)
			v = v.AsY().(reg.VecVirtual)
		} else {
			m.VEXTRACTF128(operand.Imm(1), v, upper)
			v = v.AsX().(reg.VecVirtual)
		}
		v = join(&half, v, upper)
	}
	half.lanes = 4
	for _, swap := range []uint64{0x4e, 0xb1} {
		w := half.vec()
		m.VPERMILPS(operand.Imm(swap), v, w)
		v = join(&half, v, w)
	}
	return v
}

// partialSums adds the n terms at base, …, into 64 lanes; t selects the first n mod
// lanes. It moves the bases on and spends n. The label must be new.
func (m *machine) partialSums(label string, n reg.GPVirtual, t tail, base []reg.Register, term func(in []reg.VecVirtual) reg.VecVirtual) []reg.VecVirtual {
	acc := make([]reg.VecVirtual, lanes/m.lanes)
	for j := range acc {
		acc[j] = m.vec()
		m.VXORPS(acc[j], acc[j], acc[j])
	}
	step := func(j, disp int, load func(operand.Mem, reg.VecVirtual)) {
		in := make([]reg.VecVirtual, len(base))
		for i, b := range base {
			in[i] = m.vec()
			load(operand.Mem{Base: b, Disp: disp}, in[i])
		}
		m.VADDPS(term(in), acc[j], acc[j])
	}
	load := func(from operand.Mem, to reg.VecVirtual) { m.VMOVUPS(from, to) }
	move := func(bytes int) {
		for _, b := range base {
			m.ADDQ(imm(bytes), b)
		}
	}
	m.loop(label+"_all", n, lanes, label+"_last", func() {
		for j := range acc {
			step(j, j*m.bytes(), load)
		}
		move(lanes * 4)
	})
	m.Label(label + "_last")
	for j := range acc {
		m.CMPQ(n, imm(m.lanes))
		m.JL(operand.LabelRef(fmt.Sprintf("%s_part%d", label, j)))
		step(j, 0, load)
		move(m.bytes())
		m.SUBQ(imm(m.lanes), n)
	}
	for j := range acc {
		m.Label(fmt.Sprintf("%s_part%d", label, j))
		m.TESTQ(n, n)
		m.JE(operand.LabelRef(label + "_fold"))
		step(j, 0, t.load)
		if j < len(acc)-1 {
			m.JMP(operand.LabelRef(label + "_fold"))
		}
	}
	m.Label(label + "_fold")
	return acc
}

// rest returns the selection of the first n mod lanes elements.
func (m *machine) rest(n reg.GPVirtual) tail {
	r := m.GP64()
	m.MOVQ(n, r)
	m.ANDQ(imm(m.lanes-1), r)
	return m.tail(r)
}

func (m *machine) sumWithin() {
	m.text("sumWithin", "dst, x []float32, width int", is("sumWithinGo", "sumGo", "fold")...)
	rows := m.Load(m.Param("dst").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	x := m.Load(m.Param("x").Base(), m.GP64())
	width := m.Load(m.Param("width"), m.GP64()).(reg.GPVirtual)
	t := m.rest(width)
	row, n := m.GP64(), m.GP64()
	m.loop("rows", rows, 1, "done", func() {
		m.MOVQ(x, row)
		m.MOVQ(width, n)
		s := m.fold(m.partialSums("sum", n, t, []reg.Register{row}, func(in []reg.VecVirtual) reg.VecVirtual { return in[0] }), sum)
		m.VMOVSS(s.AsX(), operand.Mem{Base: dst})
		m.ADDQ(operand.Imm(4), dst)
		m.LEAQ(operand.Mem{Base: x, Index: width, Scale: 4}, x)
	})
	m.Label("done")
	m.end()
}

// sumShort is sumWithin of one width for eight rows at a time: it folds each row to
// eight lanes, and then the rows together, in the order of a sum.
func (m *machine) sumShort(width int) {
	m.text(fmt.Sprintf("sum%d", width), "dst, x []float32", fmt.Sprintf(" sumWithinAVX2 for rows of %d, len(dst) a multiple of 8.", width))
	rows := m.Load(m.Param("dst").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	x := m.Load(m.Param("x").Base(), m.GP64())
	order, zero := m.YMM(), m.YMM()
	g := m.StaticGlobal(fmt.Sprintf("order%d", width))
	m.DataAttributes(0x18)
	for i, v := range []uint32{0, 4, 1, 5, 2, 6, 3, 7} {
		m.AddDatum(4*i, operand.U32(v))
	}
	m.VMOVDQU(g, order)
	m.VXORPS(zero, zero, zero)
	m.loop("rows", rows, 8, "done", func() {
		// pair is a sum's tree over four columns of two rows, one in each half
		var pair func(row, j, step int) reg.VecVirtual
		pair = func(row, j, step int) reg.VecVirtual {
			if step == width {
				v := m.YMM()
				m.VBROADCASTF128(operand.Mem{Base: x, Disp: 4 * (row*width + j)}, v)
				m.VINSERTF128(operand.Imm(1), operand.Mem{Base: x, Disp: 4 * ((row+1)*width + j)}, v, v)
				return v
			}
			return sum(m, pair(row, j, 2*step), pair(row, j+step, 2*step))
		}
		var four [4]reg.VecVirtual // four[i] holds rows 2i and 2i+1
		for i := range four {
			four[i] = pair(2*i, 0, 4)
		}
		two := make([]reg.VecVirtual, 2) // rows 0, 2 | 1, 3 and 4, 6 | 5, 7
		for i := range two {
			p, q := four[2*i], four[2*i+1]
			lo := m.YMM()
			m.VSHUFPS(operand.Imm(0x44), q, p, lo)
			m.VSHUFPS(operand.Imm(0xee), q, p, p)
			m.VADDPS(p, lo, lo)
			two[i] = lo
		}
		p, q := two[0], two[1]
		s := m.YMM()
		m.VSHUFPS(operand.Imm(0x88), q, p, s)
		m.VSHUFPS(operand.Imm(0xdd), q, p, p)
		m.VADDPS(p, s, s)    // rows 0, 2, 4, 6 | 1, 3, 5, 7
		m.VADDPS(zero, s, s) // a sum begins with +0
		m.VPERMPS(s, order, s)
		m.VMOVUPS(s, operand.Mem{Base: dst})
		m.ADDQ(operand.Imm(32), dst)
		m.ADDQ(imm(32*width), x)
	})
	m.Label("done")
	m.end()
}

// extreme reduces by f the elements with their signs flipped by sign, and flips the
// result's. Nothing gives +Inf, so flipped.
func (m *machine) extreme(name string, sign uint32, f joiner) {
	m.reduce(name, infinity, "x []float32) (e float32", is(name+"Go"),
		func(v, acc reg.VecVirtual) reg.VecVirtual {
			if sign != 0 {
				m.VXORPS(m.k(sign), v, v)
			}
			return f(m, v, acc)
		}, f,
		func(v reg.VecVirtual) {
			if sign != 0 {
				m.VXORPS(m.k(sign), v, v)
			}
		})
}

// reach is the greatest magnitude of those that are numbers.
func (m *machine) reach() {
	join := func(m *machine, v, acc reg.VecVirtual) reg.VecVirtual {
		m.VMAXPS(acc, v, v) // acc if v is NaN
		return v
	}
	m.reduce("reach", 0, "x []float32) (e float32", []string{" the greatest abs(x[i]), without the NaNs."},
		func(v, acc reg.VecVirtual) reg.VecVirtual {
			m.VANDPS(m.k(magnitude), v, v)
			return join(m, v, acc)
		}, join, func(reg.VecVirtual) {})
}

// reduce folds x into four vectors that begin as start, and those into one number, in
// no order that matters: take joins an element, join two results.
func (m *machine) reduce(name string, start uint32, signature string, comment []string, take func(v, acc reg.VecVirtual) reg.VecVirtual, join joiner, finish func(v reg.VecVirtual)) {
	m.text(name, signature, comment...)
	n := m.Load(m.Param("x").Len(), m.GP64()).(reg.GPVirtual)
	x := m.Load(m.Param("x").Base(), m.GP64())
	acc := make([]reg.VecVirtual, 4)
	for j := range acc {
		acc[j] = m.vec()
		m.VMOVUPS(m.mem(start), acc[j])
	}
	step := func(j int) {
		v := m.vec()
		m.VMOVUPS(operand.Mem{Base: x, Disp: j * m.bytes()}, v)
		m.VMOVAPS(take(v, acc[j]), acc[j])
	}
	m.loop("many", n, 4*m.lanes, "single", func() {
		for j := range acc {
			step(j)
		}
		m.ADDQ(imm(4*m.bytes()), x)
	})
	m.loop("single", n, m.lanes, "rest", func() {
		step(0)
		m.ADDQ(imm(m.bytes()), x)
	})
	m.Label("rest")
	m.TESTQ(n, n)
	m.JE(operand.LabelRef("fold"))
	t, v := m.tail(n), m.vec()
	t.load(operand.Mem{Base: x}, v)
	v = take(v, acc[0])
	t.fill(v, acc[0])
	m.VMOVAPS(v, acc[0])
	m.Label("fold")
	r := m.fold(acc, join)
	finish(r)
	m.Store(r.AsX(), m.ReturnIndex(0))
	m.end()
}

func (m *machine) sumRows() {
	m.text("sumRows", "dst, x []float32, n, width int", is("sumRowsGo")...)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	x := m.Load(m.Param("x").Base(), m.GP64())
	rows := m.Load(m.Param("n"), m.GP64())
	width := m.Load(m.Param("width"), m.GP64()).(reg.GPVirtual)
	stride, row, i := m.GP64(), m.GP64(), m.GP64()
	m.MOVQ(width, stride)
	m.SHLQ(operand.Imm(2), stride)
	columns := func(label string, vectors int, load func(operand.Mem, reg.VecVirtual), store func(reg.VecVirtual, operand.Mem)) {
		acc := make([]reg.VecVirtual, vectors)
		for j := range acc {
			acc[j] = m.vec()
			load(operand.Mem{Base: dst, Disp: j * m.bytes()}, acc[j])
		}
		m.MOVQ(x, row)
		m.MOVQ(rows, i)
		m.loop(label, i, 1, label+"_done", func() {
			for j := range acc {
				v := m.vec()
				load(operand.Mem{Base: row, Disp: j * m.bytes()}, v)
				m.VADDPS(v, acc[j], acc[j])
			}
			m.ADDQ(stride, row)
		})
		m.Label(label + "_done")
		for j := range acc {
			store(acc[j], operand.Mem{Base: dst, Disp: j * m.bytes()})
		}
		m.ADDQ(imm(vectors*m.bytes()), dst)
		m.ADDQ(imm(vectors*m.bytes()), x)
	}
	load := func(from operand.Mem, to reg.VecVirtual) { m.VMOVUPS(from, to) }
	store := func(from reg.VecVirtual, to operand.Mem) { m.VMOVUPS(from, to) }
	m.loop("wide", width, 8*m.lanes, "narrow", func() { columns("wide_rows", 8, load, store) })
	m.loop("narrow", width, m.lanes, "rest", func() { columns("narrow_rows", 1, load, store) })
	m.Label("rest")
	m.TESTQ(width, width)
	m.JE(operand.LabelRef("done"))
	t := m.tail(width)
	columns("rest_rows", 1, t.load, t.store)
	m.Label("done")
	m.end()
}
