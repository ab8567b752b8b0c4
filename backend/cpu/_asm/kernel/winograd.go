package main

import (
	"fmt"
	"math"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// The points of F(4×4, 3×3) and its weights, as in the loops of package kernel.
const (
	a, b   = 3. / 4, 3. / 2
	a2, b2 = a * a, b * b
	w0     = 1 / (a2 * b2)
	wa     = 1 / (2 * a2 * (b2 - a2))
	wb     = 1 / (2 * b2 * (b2 - a2))
)

// lanes is how many channels the transforms' counts are of.
const lanes = 8

// winograd generates the transforms of F(4×4, 3×3), a vector of channels at a time.
func (s isa) winograd() {
	s.twice("winogradInput", "winogradBT", inTable, 6, apart, 6, s.bt)
	s.twice("winogradKernel", "winogradG", apart, 3, apart, 6, s.g)
	s.twice("winogradOutput", "winogradAT", apart, 6, inTable, 4, s.at)
	s.twice("winogradGradient", "winogradA", inTable, 4, apart, 6, s.atTransposed)
	s.twice("winogradTaps", "winogradGT", apart, 6, apart, 3, s.gTransposed)
}

// place is where the numbers of a channel lie: a stride apart from the first, or at
// addresses in a table.
type place bool

const (
	apart   place = false
	inTable place = true
)

func (p place) params(name string) string {
	if p == inTable {
		return name + " *uintptr, "
	}
	return fmt.Sprintf("%s *float32, %sStride uintptr, ", name, name)
}

// walk returns where number j of row i is, for a walk over columns of rows numbers, or
// over rows, from the first number to the last.
func (p place) walk(name string, width int, overColumns bool, channel reg.Register) func(i, j int) operand.Mem {
	first := gp(name)
	mem := func(base reg.Register) operand.Mem { return operand.Mem{Base: base, Index: channel, Scale: 4} }
	if p == inTable {
		return func(i, j int) operand.Mem {
			at := GP64()
			MOVQ(operand.Mem{Base: first, Disp: 8 * (i*width + j)}, at)
			return mem(at)
		}
	}
	stride, down, top, at := gp(name+"Stride"), GP64(), GP64(), GP64()
	if overColumns {
		IMUL3Q(operand.U8(width), stride, down)
	}
	return func(i, j int) operand.Mem {
		switch {
		case i == 0 && j == 0:
			MOVQ(first, at)
			if overColumns {
				MOVQ(first, top)
			}
		case !overColumns:
			ADDQ(stride, at)
		case i == 0:
			ADDQ(stride, top)
			MOVQ(top, at)
		default:
			ADDQ(down, at)
		}
		return mem(at)
	}
}

func gp(name string) reg.GPVirtual { return Load(Param(name), GP64()).(reg.GPVirtual) }

// step is a transform of one dimension: it takes vectors, which it may spoil, and puts
// others, from the first to the last.
type step func(x []reg.VecVirtual, put func(i int, v reg.VecVirtual))

// twice generates a transform of both dimensions: it goes over the columns into a
// scratch, then over its rows. A vector that is wider than the lanes that are left reads
// and writes those alone. The formula is one dimension in Go.
func (s isa) twice(name, formula string, from place, ins int, to place, outs int, transform func() step) {
	TEXT(name+s.suffix, 0, "func("+to.params("dst")+from.params("src")+"n uintptr)")
	Pragma("noescape")
	replaces(name+s.suffix, name+"Loop", ". n is at least 1.", formula, "twice", "inTable", "apart")
	c, n := GP64(), gp("n")
	src, dst := from.walk("src", ins, true, c), to.walk("dst", outs, false, c)
	once := transform()
	read, write, begin := s.masked(n)
	scratch := AllocLocal(s.bytes() * ins * outs)
	between := func(i, j int) operand.Mem { return scratch.Offset(s.bytes() * (i*ins + j)) }
	XORQ(c, c)
	Label("loop")
	begin()
	x := make([]reg.VecVirtual, ins)
	for j := range ins {
		for i := range x {
			x[i] = s.vector()
			read(src(i, j), x[i])
		}
		once(x, func(i int, v reg.VecVirtual) { VMOVUPS(v, between(i, j)) })
	}
	for i := range outs {
		for j := range x {
			x[j] = s.vector()
			VMOVUPS(between(i, j), x[j])
		}
		once(x, func(j int, v reg.VecVirtual) { write(v, dst(i, j)) })
	}
	ADDQ(operand.U8(s.width), c)
	SUBQ(operand.U8(s.width/lanes), n)
	JA(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// masked is how to read and write a vector of which n lanes, or all, are left, and what to
// do before.
func (s isa) masked(n reg.Register) (read func(from operand.Mem, v reg.VecVirtual), write func(v reg.VecVirtual, to operand.Mem), begin func()) {
	if s.width == lanes {
		return func(from operand.Mem, v reg.VecVirtual) { VMOVUPS(from, v) }, func(v reg.VecVirtual, to operand.Mem) { VMOVUPS(v, to) }, func() {}
	}
	some, half, bits := K(), GP32(), GP32()
	begin = func() {
		MOVL(operand.U32(1<<s.width-1), bits)
		MOVL(operand.U32(1<<lanes-1), half)
		CMPQ(n, operand.U8(1))
		CMOVLEQ(half, bits)
		KMOVW(bits, some)
	}
	return func(from operand.Mem, v reg.VecVirtual) { VMOVUPS_Z(from, some, v) }, func(v reg.VecVirtual, to operand.Mem) { VMOVUPS(v, some, to) }, begin
}

// constant is a vector of x.
func (s isa) constant(x float64) reg.VecVirtual {
	v, bits := s.vector(), GP32()
	MOVL(operand.U32(math.Float32bits(float32(x))), bits)
	VMOVD(bits, v.AsX())
	VBROADCASTSS(v.AsX(), v)
	return v
}

// pair puts even + x·odd at i and even - x·odd after it, and spoils even.
func (s isa) pair(even, x, odd reg.VecVirtual, i int, put func(i int, v reg.VecVirtual)) {
	v := s.vector()
	VMOVAPS(even, v)
	VFMADD231PS(odd, x, v)
	put(i, v)
	VFNMADD231PS(odd, x, even)
	put(i+1, even)
}

// minus is y - c·x, and plus y + c·x.
func (s isa) minus(y, c, x reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMOVAPS(x, v)
	VFNMADD213PS(y, c, v)
	return v
}

func (s isa) plus(y, c, x reg.VecVirtual) reg.VecVirtual {
	v := s.vector()
	VMOVAPS(x, v)
	VFMADD213PS(y, c, v)
	return v
}

func (s isa) bt() step {
	ka, kb, ka2, kb2, product, sum := s.constant(a), s.constant(b), s.constant(a2), s.constant(b2), s.constant(a2*b2), s.constant(a2+b2)
	return func(d []reg.VecVirtual, put func(int, reg.VecVirtual)) {
		v := s.minus(d[4], sum, d[2])
		VFMADD231PS(d[0], product, v)
		put(0, v)
		s.pair(s.minus(d[4], kb2, d[2]), ka, s.minus(d[3], kb2, d[1]), 1, put)
		s.pair(s.minus(d[4], ka2, d[2]), kb, s.minus(d[3], ka2, d[1]), 3, put)
		VFNMADD231PS(d[3], sum, d[5])
		VFMADD231PS(d[1], product, d[5])
		put(5, d[5])
	}
}

func (s isa) g() step {
	k0, ka, kaa, kab, kb, kbb := s.constant(w0), s.constant(-wa), s.constant(wa*a2), s.constant(-wa*a), s.constant(wb), s.constant(wb*b)
	return func(g []reg.VecVirtual, put func(int, reg.VecVirtual)) {
		v := s.vector()
		VMULPS(k0, g[0], v)
		put(0, v)
		v = s.vector()
		VMULPS(ka, g[0], v)
		VFNMADD231PS(g[2], kaa, v)
		s.pair(v, kab, g[1], 1, put)
		VMULPS(kb, g[0], g[0])
		VFMADD231PS(g[2], kaa, g[0]) // wa·a² is wb·b²
		s.pair(g[0], kbb, g[1], 3, put)
		put(5, g[2])
	}
}

// folded replaces m[1] to m[4], numbers of opposite points, by their sums in m[1] and
// m[3] and their differences in m[2] and m[4].
func (s isa) folded(m []reg.VecVirtual) {
	for _, i := range []int{1, 3} {
		sum := s.vector()
		VADDPS(m[i+1], m[i], sum)
		VSUBPS(m[i+1], m[i], m[i+1])
		m[i] = sum
	}
}

func (s isa) at() step {
	ka, kb, ka2, kb2, ka3, kb3 := s.constant(a), s.constant(b), s.constant(a2), s.constant(b2), s.constant(a2*a), s.constant(b2*b)
	return func(m []reg.VecVirtual, put func(int, reg.VecVirtual)) {
		s.folded(m)
		VADDPS(m[1], m[0], m[0])
		VADDPS(m[3], m[0], m[0])
		put(0, m[0])
		v := s.vector()
		VMULPS(ka, m[2], v)
		VFMADD231PS(m[4], kb, v)
		put(1, v)
		VMULPS(ka2, m[1], m[1])
		VFMADD231PS(m[3], kb2, m[1])
		put(2, m[1])
		VFMADD231PS(m[2], ka3, m[5])
		VFMADD231PS(m[4], kb3, m[5])
		put(3, m[5])
	}
}

func (s isa) atTransposed() step {
	ka, kb, ka2, kb2 := s.constant(a), s.constant(b), s.constant(a2), s.constant(b2)
	return func(y []reg.VecVirtual, put func(int, reg.VecVirtual)) {
		put(0, y[0])
		s.pair(s.plus(y[0], ka2, y[2]), ka, s.plus(y[1], ka2, y[3]), 1, put)
		s.pair(s.plus(y[0], kb2, y[2]), kb, s.plus(y[1], kb2, y[3]), 3, put)
		put(5, y[3])
	}
}

func (s isa) gTransposed() step {
	k0, ka, kaa, kab, kb, kbb := s.constant(w0), s.constant(wa), s.constant(wa*a2), s.constant(wa*a), s.constant(wb), s.constant(wb*b)
	return func(m []reg.VecVirtual, put func(int, reg.VecVirtual)) {
		s.folded(m)
		VMULPS(k0, m[0], m[0])
		VFNMADD231PS(m[1], ka, m[0])
		VFMADD231PS(m[3], kb, m[0])
		put(0, m[0])
		VMULPS(kbb, m[4], m[4])
		VFNMADD231PS(m[2], kab, m[4])
		put(1, m[4])
		VSUBPS(m[1], m[3], m[3])
		VFMADD231PS(m[3], kaa, m[5])
		put(2, m[5])
	}
}
