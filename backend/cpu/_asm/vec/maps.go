package main

import (
	"slices"
	"strings"

	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"drift/backend/cpu/_asm/loops"
)

// A body computes one vector from its operands, which it may overwrite.
type body = func(in []reg.VecVirtual) reg.VecVirtual

// A mapping is an element-wise kernel: dst[i] = f(x[i], …).
type mapping struct {
	name     string
	operands []string // slices
	scalar   string   // a float32 that follows the slices
	first    bool     // the scalar comes before the slices
	field    bool     // of the tables, rather than an Op
	where    string   // it holds, if not everywhere
	unroll   int      // vectors at once; 0 for 4
	held     int      // constants in registers on AVX2
	body     func(m *machine) body
}

func mapAll(m *machine) {
	for _, f := range mappings {
		m.mapping(f)
	}
}

func (m *machine) mapping(f mapping) {
	var params []string
	all := strings.Join(append([]string{"dst"}, f.operands...), ", ") + " []float32"
	switch {
	case f.scalar == "":
		params = []string{all}
	case f.first:
		params = []string{"dst []float32, " + f.scalar + " float32, " + strings.Join(f.operands, ", ") + " []float32"}
	default:
		params = []string{all, f.scalar + " float32"}
	}
	comment := append([]string{""}, loops.Block(f.loop())...)
	if f.where != "" {
		comment = append(comment, f.where)
	}
	m.text(f.name, strings.Join(params, ", "), comment...)
	operands := len(f.operands)
	inputs := operands
	if f.scalar != "" {
		inputs++
	}
	b := f.body(m)
	held := f.held
	if held == 0 {
		held = 4
	}
	m.hold(held, b, inputs)
	n := m.Load(m.Param("dst").Len(), m.GP64()).(reg.GPVirtual)
	dst := m.Load(m.Param("dst").Base(), m.GP64())
	var from []reg.Register
	for _, o := range f.operands {
		from = append(from, m.Load(m.Param(o).Base(), m.GP64()))
	}
	var s reg.VecVirtual
	if f.scalar != "" {
		s = m.vec()
		at, err := m.Param(f.scalar).Resolve()
		if err != nil {
			panic(err)
		}
		m.VBROADCASTSS(at.Addr, s)
	}
	i := m.GP64()
	m.XORQ(i, i)
	at := func(base reg.Register, u int) operand.Mem {
		return operand.Mem{Base: base, Index: i, Scale: 4, Disp: u * m.bytes()}
	}
	one := func(u int, load func(operand.Mem, reg.VecVirtual), store func(reg.VecVirtual, operand.Mem)) {
		var in []reg.VecVirtual
		for _, base := range from {
			v := m.vec()
			load(at(base, u), v)
			in = append(in, v)
		}
		if f.scalar != "" {
			if f.first {
				in = append([]reg.VecVirtual{s}, in...)
			} else {
				in = append(in, s)
			}
		}
		store(b(in), at(dst, u))
	}
	load := func(from operand.Mem, to reg.VecVirtual) { m.VMOVUPS(from, to) }
	store := func(from reg.VecVirtual, to operand.Mem) { m.VMOVUPS(from, to) }
	unroll := f.unroll
	if unroll == 0 {
		unroll = 4
	}
	if unroll > 1 {
		m.loop("many", n, unroll*m.lanes, "single", func() {
			m.weave(unroll, func(u int) { one(u, load, store) })
			m.ADDQ(imm(unroll*m.lanes), i)
		})
	}
	m.loop("single", n, m.lanes, "rest", func() {
		one(0, load, store)
		m.ADDQ(imm(m.lanes), i)
	})
	m.Label("rest")
	m.TESTQ(n, n)
	m.JE(operand.LabelRef("done"))
	t := m.tail(n)
	one(0, t.load, t.store)
	m.Label("done")
	m.end()
}

// loop runs body while at least step of n are left, then goes on at next.
func (m *machine) loop(label string, n reg.GPVirtual, step int, next string, body func()) {
	m.Label(label)
	m.CMPQ(n, imm(step))
	m.JL(operand.LabelRef(next))
	body()
	m.SUBQ(imm(step), n)
	m.JMP(operand.LabelRef(label))
}

// weave writes n alike pieces of code and takes an instruction of each in turn, as
// processors see too few instructions ahead to find independent ones by themselves.
func (m *machine) weave(n int, piece func(u int)) {
	file, _ := m.Result()
	f := file.Functions()[len(file.Functions())-1]
	start := len(f.Nodes)
	for u := range n {
		piece(u)
	}
	written := slices.Clone(f.Nodes[start:])
	each := len(written) / n
	for i := range each {
		for u := range n {
			f.Nodes[start+i*n+u] = written[u*each+i]
		}
	}
}
