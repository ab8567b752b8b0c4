// Command kernel generates the micro-kernels of package kernel, for AVX2 and AVX-512
// from one source.
package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"

	"drift/backend/cpu/_asm/loops"
)

// source is what the kernels replace.
var source = loops.Read("../internal/kernel/kernel_go.go", "../internal/kernel/bf16_go.go", "../internal/kernel/winograd_go.go")

// isa is what differs between the sets of instructions.
type isa struct {
	suffix string
	width  int // float32s in a vector
	m      int // rows of a tile
	vector func() reg.VecVirtual
}

// vectors is how many vectors wide a tile is.
const vectors = 2

func main() {
	ConstraintExpr("amd64,!purego")
	for _, s := range []isa{
		{"AVX2", 8, 6, YMM},
		{"AVX512", 16, 12, ZMM},
	} {
		s.rows()
		s.cols()
		s.panels("M", s.m)
		s.panels("N", vectors*s.width)
		s.winograd()
		s.peak()
	}
	transpose8()
	bf16()
	Generate()
}

func (s isa) bytes() int { return 4 * s.width }

// replaces comments on a kernel: it is a loop, of which more is to say, and which calls helpers.
func replaces(name, loop, more string, helpers ...string) {
	Doc(source.Doc(name, name+" is "+loop+more, loop, helpers...)...)
}

// tile is the state that both kernels share: the accumulators of a tile of C, and
// where the next row of B is.
type tile struct {
	isa
	acc  [][]reg.VecVirtual
	b    reg.Register
	ldb  reg.Register
	bvec []reg.VecVirtual
	avec []reg.VecVirtual
}

// begin allocates the accumulators and sets them to C if load is not 0, else to 0.
func (s isa) begin() *tile {
	t := &tile{isa: s}
	for range s.m {
		var row []reg.VecVirtual
		for range vectors {
			row = append(row, s.vector())
		}
		t.acc = append(t.acc, row)
	}
	load := Load(Param("load"), GP64())
	TESTQ(load, load)
	JNE(operand.LabelRef("accumulate"))
	for _, row := range t.acc {
		for _, v := range row {
			VXORPS(v.AsX(), v.AsX(), v.AsX())
		}
	}
	JMP(operand.LabelRef("ready"))
	Label("accumulate")
	t.eachRow(func(c operand.Mem, acc reg.VecVirtual) { VMOVUPS(c, acc) })
	Label("ready")
	t.b = Load(Param("b"), GP64())
	t.ldb = Load(Param("ldb"), GP64())
	for range vectors {
		t.bvec = append(t.bvec, s.vector())
	}
	for range 2 {
		t.avec = append(t.avec, s.vector())
	}
	return t
}

// end stores the accumulators.
func (t *tile) end() {
	t.eachRow(func(c operand.Mem, acc reg.VecVirtual) { VMOVUPS(acc, c) })
	VZEROUPPER()
	RET()
}

// eachRow walks through C.
func (t *tile) eachRow(f func(c operand.Mem, acc reg.VecVirtual)) {
	c := Load(Param("c"), GP64())
	ldc := Load(Param("ldc"), GP64())
	for _, row := range t.acc {
		for j, acc := range row {
			f(operand.Mem{Base: c, Disp: j * t.bytes()}, acc)
		}
		ADDQ(ldc, c)
	}
}

// step adds the products of one k: element i of A is at a(i).
func (t *tile) step(a func(i int) operand.Mem) {
	for j, v := range t.bvec {
		VMOVUPS(operand.Mem{Base: t.b, Disp: j * t.bytes()}, v)
	}
	ADDQ(t.ldb, t.b)
	for i, row := range t.acc {
		v := t.avec[i%len(t.avec)]
		VBROADCASTSS(a(i), v)
		for j, acc := range row {
			VFMADD231PS(t.bvec[j], v, acc)
		}
	}
}

// rows generates the kernel whose rows of A lie anywhere, contiguous in k.
func (s isa) rows() {
	TEXT("rows"+s.suffix, NOSPLIT, "func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *uintptr, taps, k, load uintptr)")
	Pragma("noescape")
	replaces("rows"+s.suffix, "rowsLoop", fmt.Sprintf(" for tiles of %d×%d. Strides are in bytes, and taps and k at least 1.", s.m, vectors*s.width), "begin", "addMul")
	t := s.begin()
	table, taps := AllocLocal(8), AllocLocal(8)
	x := GP64()
	Load(Param("a"), x)
	MOVQ(x, table)
	x = GP64()
	Load(Param("taps"), x)
	MOVQ(x, taps)

	Label("tap")
	row := make([]reg.Register, s.m)
	for i := range row {
		row[i] = GP64()
	}
	last := row[s.m-1]
	MOVQ(table, last)
	for i := range row {
		MOVQ(operand.Mem{Base: last, Disp: 8 * i}, row[i])
	}
	ADDQ(operand.U32(8*s.m), table)
	k := GP64()
	XORQ(k, k)
	const unroll = 4
	at := func(u int) func(i int) operand.Mem {
		return func(i int) operand.Mem { return operand.Mem{Base: row[i], Index: k, Scale: 4, Disp: 4 * u} }
	}
	limit, err := Param("k").Resolve()
	if err != nil {
		panic(err)
	}
	Label("four")
	ADDQ(operand.U8(unroll), k)
	CMPQ(k, limit.Addr)
	JA(operand.LabelRef("rest"))
	for u := range unroll {
		t.step(at(u - unroll))
	}
	JMP(operand.LabelRef("four"))
	Label("rest")
	SUBQ(operand.U8(unroll), k)
	Label("one")
	CMPQ(k, limit.Addr)
	JAE(operand.LabelRef("next"))
	t.step(at(0))
	INCQ(k)
	JMP(operand.LabelRef("one"))
	Label("next")
	DECQ(taps)
	JNE(operand.LabelRef("tap"))
	t.end()
}

// cols generates the kernel whose columns of A are contiguous in i.
func (s isa) cols() {
	TEXT("cols"+s.suffix, NOSPLIT, "func(c *float32, ldc uintptr, b *float32, ldb uintptr, a *float32, lda uintptr, segments *uintptr, count, k, load uintptr)")
	Pragma("noescape")
	replaces("cols"+s.suffix, "colsLoop", fmt.Sprintf(" for tiles of %d×%d. Strides are in bytes, and count and k at least 1.", s.m, vectors*s.width), "begin", "addMul")
	t := s.begin()
	start := Load(Param("a"), GP64())
	lda := Load(Param("lda"), GP64())
	segments := Load(Param("segments"), GP64())
	count := Load(Param("count"), GP64())

	Label("segment")
	k := Load(Param("k"), GP64())
	a := GP64()
	MOVQ(start, a)
	ADDQ(operand.Mem{Base: segments}, a)
	at := func(i int) operand.Mem { return operand.Mem{Base: a, Disp: 4 * i} }
	const unroll = 4
	SUBQ(operand.U8(unroll), k)
	JB(operand.LabelRef("rest"))
	Label("four")
	for range unroll {
		t.step(at)
		ADDQ(lda, a)
	}
	SUBQ(operand.U8(unroll), k)
	JAE(operand.LabelRef("four"))
	Label("rest")
	ADDQ(operand.U8(unroll), k)
	JE(operand.LabelRef("next"))
	Label("one")
	t.step(at)
	ADDQ(lda, a)
	DECQ(k)
	JNE(operand.LabelRef("one"))
	Label("next")
	ADDQ(operand.U8(8), segments)
	DECQ(count)
	JNE(operand.LabelRef("segment"))
	t.end()
}

// peak generates a loop of nothing but multiply-adds that do not wait for each other.
func (s isa) peak() {
	TEXT("peak"+s.suffix, NOSPLIT, "func(n uintptr)")
	replaces("peak"+s.suffix, "peakLoop", fmt.Sprintf(" with %d chains of %d numbers.", peakChains, s.width))
	n := Load(Param("n"), GP64())
	var acc []reg.VecVirtual
	for range peakChains {
		v := s.vector()
		VXORPS(v.AsX(), v.AsX(), v.AsX())
		acc = append(acc, v)
	}
	Label("loop")
	for _, v := range acc {
		VFMADD231PS(v, v, v)
	}
	DECQ(n)
	JNE(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

const peakChains = 12
