// Command vec writes the assembly of package vec, for AVX2 with FMA and for AVX-512,
// from one description of each kernel.
package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

func main() {
	ctx := build.NewContext()
	ctx.ConstraintExpr("!purego")
	data := map[uint32]operand.Mem{}
	for _, s := range []machine{{suffix: "AVX2", lanes: 8}, {suffix: "AVX512", lanes: 16}} {
		m := &s
		m.Context, m.data = ctx, data
		mapAll(m)
		reductions(m)
		moves(m)
	}
	generate(ctx)
}

// A machine writes instructions of one width. Its methods hide how the two sets
// differ: AVX-512 compares into mask registers and loads parts of vectors by them.
type machine struct {
	*build.Context
	suffix string
	lanes  int // float32s in a vector
	data   map[uint32]operand.Mem
	held   map[uint32]reg.VecVirtual // constants in registers
	used   []uint32                  // constants asked for since the last hold
}

func (m *machine) wide() bool { return m.lanes == 16 }
func (m *machine) bytes() int { return m.lanes * 4 }

// vec is a new vector register.
func (m *machine) vec() reg.VecVirtual {
	switch m.lanes {
	case 4:
		return m.XMM()
	case 8:
		return m.YMM()
	}
	return m.ZMM()
}

// text begins a kernel. The comment says what it is, which for AVX-512 is what it is for AVX2.
func (m *machine) text(name, signature string, comment ...string) {
	if m.wide() {
		comment = []string{fmt.Sprintf(" %sAVX2 with vectors of %d.", name, m.lanes)}
	}
	comment[0] = name + m.suffix + " is" + comment[0]
	m.held, m.used = nil, nil
	m.Function(name + m.suffix)
	m.Attributes(0x4) // NOSPLIT
	m.SignatureExpr("func(" + signature + ")")
	m.Doc(comment...)
	m.Pragma("noescape")
}

func (m *machine) end() {
	m.VZEROUPPER()
	m.RET()
}

// mem is a constant in memory, in every lane.
func (m *machine) mem(bits uint32) operand.Mem {
	if _, ok := m.data[bits]; !ok {
		g := m.StaticGlobal(fmt.Sprintf("c%08x", bits))
		m.DataAttributes(0x18) // RODATA|NOPTR
		for i := range 16 {
			m.AddDatum(4*i, operand.U32(bits))
		}
		m.data[bits] = g
	}
	return m.data[bits]
}

// k is a constant as an operand: in a register if it is held.
func (m *machine) k(bits uint32) operand.Op {
	m.used = append(m.used, bits)
	if r, ok := m.held[bits]; ok {
		return r
	}
	return m.mem(bits)
}

// kr is a constant in a register.
func (m *machine) kr(bits uint32) reg.VecVirtual {
	m.used = append(m.used, bits) // worth holding twice as much
	c := m.k(bits)
	if r, ok := c.(reg.VecVirtual); ok {
		return r
	}
	r := m.vec()
	m.VMOVUPS(c, r)
	return r
}

// hold keeps the constants that body uses most in registers, up to so many of them on
// AVX2, twice as many on AVX-512. It finds them by writing body where nobody looks.
func (m *machine) hold(limit int, body func(in []reg.VecVirtual) reg.VecVirtual, operands int) {
	dry := *m
	dry.Context, dry.data, dry.used = build.NewContext(), map[uint32]operand.Mem{}, nil
	dry.Function("dry")
	in := make([]reg.VecVirtual, operands)
	for i := range in {
		in[i] = dry.vec()
	}
	was := *m
	*m = dry
	body(in)
	used := m.used
	*m = was
	if m.wide() {
		limit *= 2
	}
	m.held = map[uint32]reg.VecVirtual{}
	uses := map[uint32]int{}
	for _, bits := range used {
		uses[bits]++
	}
	used = slices.Collect(maps.Keys(uses))
	slices.SortFunc(used, func(a, b uint32) int { return cmp.Or(uses[b]-uses[a], cmp.Compare(a, b)) })
	for _, bits := range used[:min(limit, len(used))] {
		r := m.vec()
		m.VMOVUPS(m.mem(bits), r)
		m.held[bits] = r
	}
}

// tail is what selects the first elements of a vector.
type tail struct {
	m *machine
	k reg.OpmaskVirtual
	v reg.VecVirtual
}

// tail makes a selection of the first n elements, 0 < n < lanes; n is spent.
func (m *machine) tail(n reg.GPVirtual) tail {
	if m.wide() {
		k := m.K()
		bits := m.GP64()
		m.MOVQ(operand.U32(0xffff), bits)
		m.SHLXQ(n, bits, bits)
		m.SHRQ(operand.Imm(16), bits)
		// the bits above the 16th are those of n ones, shifted out of 0xffff
		m.KMOVW(bits.As32(), k)
		return tail{m: m, k: k}
	}
	table := m.GP64()
	m.LEAQ(m.window(), table)
	m.SHLQ(operand.Imm(2), n)
	m.SUBQ(n, table)
	v := m.vec()
	m.VMOVUPS(operand.Mem{Base: table, Disp: 32}, v)
	return tail{m: m, v: v}
}

// window holds eight words of ones, then eight of zeros.
func (m *machine) window() operand.Mem {
	const key = 0xfffffffe // no constant has these bits
	if _, ok := m.data[key]; !ok {
		g := m.StaticGlobal("window")
		m.DataAttributes(0x18)
		for i := range 16 {
			v := operand.U32(0xffffffff)
			if i >= 8 {
				v = 0
			}
			m.AddDatum(4*i, v)
		}
		m.data[key] = g
	}
	return m.data[key]
}

// load reads the selected elements and puts 0 in the others.
func (t tail) load(from operand.Mem, to reg.VecVirtual) {
	if t.m.wide() {
		t.m.VMOVUPS_Z(from, t.k, to)
		return
	}
	t.m.VMASKMOVPS(from, t.v, to)
}

// store writes the selected elements alone.
func (t tail) store(from reg.VecVirtual, to operand.Mem) {
	if t.m.wide() {
		t.m.VMOVUPS(from, t.k, to)
		return
	}
	t.m.VMASKMOVPS(from, t.v, to)
}

// fill puts other's elements where none are selected.
func (t tail) fill(v, other reg.VecVirtual) {
	if t.m.wide() {
		t.m.VBLENDMPS(v, other, t.k, v)
		return
	}
	t.m.VBLENDVPS(t.v, v, other, v)
}

// The predicates of compare.
const (
	equal        = 0x00
	notEqual     = 0x04 // or a NaN
	less         = 0x11
	lessEqual    = 0x12
	greaterEqual = 0x1d
	greater      = 0x1e
)

// compare returns bits where x holds the predicate to y, 0 elsewhere.
func (m *machine) compare(predicate uint64, x reg.VecVirtual, y operand.Op, bits uint32) reg.VecVirtual {
	v := m.vec()
	if m.wide() {
		k := m.K()
		m.VCMPPS(operand.Imm(predicate), y, x, k)
		m.VMOVUPS_Z(m.k(bits), k, v)
		return v
	}
	m.VCMPPS(operand.Imm(predicate), y, x, v)
	m.VANDPS(m.k(bits), v, v)
	return v
}

// choose returns yes where x holds the predicate to y, no elsewhere.
func (m *machine) choose(predicate uint64, x reg.VecVirtual, y operand.Op, yes, no reg.VecVirtual) reg.VecVirtual {
	v := m.vec()
	if m.wide() {
		k := m.K()
		m.VCMPPS(operand.Imm(predicate), y, x, k)
		m.VBLENDMPS(yes, no, k, v)
		return v
	}
	m.VCMPPS(operand.Imm(predicate), y, x, v)
	m.VBLENDVPS(v, yes, no, v)
	return v
}

// negative returns yes where x has its sign bit set, no elsewhere.
func (m *machine) negative(x, yes, no reg.VecVirtual) reg.VecVirtual {
	v := m.vec()
	if m.wide() {
		k := m.K()
		m.VPMOVD2M(x, k)
		m.VBLENDMPS(yes, no, k, v)
		return v
	}
	m.VBLENDVPS(x, yes, no, v)
	return v
}

// round rounds to an integer: to even, down or up.
func (m *machine) round(how uint64, x reg.VecVirtual) reg.VecVirtual {
	if m.wide() {
		m.VRNDSCALEPS(operand.Imm(how), x, x)
	} else {
		m.VROUNDPS(operand.Imm(how), x, x)
	}
	return x
}

// andBits is the bitwise and of integers.
func (m *machine) andBits(x operand.Op, y, to reg.VecVirtual) {
	if m.wide() {
		m.VPANDD(x, y, to)
	} else {
		m.VPAND(x, y, to)
	}
}

// imm is a constant of a size that additions and comparisons take.
func imm(v int) operand.Constant {
	if v < 128 {
		return operand.U8(v)
	}
	return operand.U32(v)
}
