package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// copy16 generates the copy of a panel's rows.
func copy16() {
	TEXT("copy16AVX2", NOSPLIT, "func(dst *float32, down uintptr, src *float32, stride uintptr, n uintptr)")
	Pragma("noescape")
	Doc("copy16AVX2 is copy16Go. n is at least 1.")
	dst, down := Load(Param("dst"), GP64()), Load(Param("down"), GP64())
	src, stride := Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	n := Load(Param("n"), GP64())
	ahead := rowsAhead(stride)
	Label("loop")
	PREFETCHT0(operand.Mem{Base: src, Index: ahead, Scale: 1})
	low, high := YMM(), YMM()
	VMOVUPS(operand.Mem{Base: src}, low)
	VMOVUPS(operand.Mem{Base: src, Disp: 32}, high)
	VMOVUPS(low, operand.Mem{Base: dst})
	VMOVUPS(high, operand.Mem{Base: dst, Disp: 32})
	ADDQ(stride, src)
	ADDQ(down, dst)
	DECQ(n)
	JNE(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// rowsAhead is how far ahead a copy asks for rows: they come from all over the memory.
func rowsAhead(stride reg.Register) reg.Register {
	const shift = 4 // 16 rows
	ahead := GP64()
	MOVQ(stride, ahead)
	SHLQ(operand.U8(shift), ahead)
	return ahead
}

// copyM generates the copy of as many columns as a tile has rows: a vector of two
// thirds of them, and one of the rest.
func (s isa) copyM() {
	TEXT("copyM"+s.suffix, NOSPLIT, "func(dst *float32, down uintptr, src *float32, stride uintptr, n uintptr)")
	Pragma("noescape")
	Doc(fmt.Sprintf("copyM%s is copyMGo for tiles of %d rows. n is at least 1.", s.suffix, s.m))
	dst, down := Load(Param("dst"), GP64()), Load(Param("down"), GP64())
	src, stride := Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	n := Load(Param("n"), GP64())
	ahead := rowsAhead(stride)
	Label("loop")
	PREFETCHT0(operand.Mem{Base: src, Index: ahead, Scale: 1})
	low, high := YMM(), XMM()
	if s.m == 12 {
		VMOVUPS(operand.Mem{Base: src}, low)
		VMOVUPS(operand.Mem{Base: src, Disp: 32}, high)
		VMOVUPS(low, operand.Mem{Base: dst})
		VMOVUPS(high, operand.Mem{Base: dst, Disp: 32})
	} else {
		VMOVUPS(operand.Mem{Base: src}, low.AsX())
		VMOVSD(operand.Mem{Base: src, Disp: 16}, high)
		VMOVUPS(low.AsX(), operand.Mem{Base: dst})
		VMOVSD(high, operand.Mem{Base: dst, Disp: 16})
	}
	ADDQ(stride, src)
	ADDQ(down, dst)
	DECQ(n)
	JNE(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}

// transpose8 generates the copy of eight columns of a panel from a matrix in which they
// are rows.
func transpose8() {
	TEXT("transpose8AVX2", NOSPLIT, "func(dst *float32, down uintptr, src *float32, stride uintptr, n uintptr)")
	Pragma("noescape")
	Doc("transpose8AVX2 is transpose8Go. n is at least 1.")
	dst, down := Load(Param("dst"), GP64()), Load(Param("down"), GP64())
	src, stride := Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	n := Load(Param("n"), GP64())
	triple, below := GP64(), GP64() // three strides; the row that is four strides below src
	MOVQ(stride, triple)
	ADDQ(stride, triple)
	ADDQ(stride, triple)
	Label("loop")
	MOVQ(src, below)
	ADDQ(stride, below)
	ADDQ(triple, below)
	row := func(base reg.Register, i, disp int) operand.Mem {
		return []operand.Mem{
			{Base: base, Disp: disp},
			{Base: base, Index: stride, Scale: 1, Disp: disp},
			{Base: base, Index: stride, Scale: 2, Disp: disp},
			{Base: base, Index: triple, Scale: 1, Disp: disp},
		}[i]
	}
	for half := range 2 {
		// Rows i and i+4 share a register: what is left is a 4×4 transposition in
		// both halves.
		var r [4]reg.VecVirtual
		for i := range r {
			r[i] = YMM()
			VMOVUPS(row(src, i, 16*half), r[i].AsX())
			VINSERTF128(operand.U8(1), row(below, i, 16*half), r[i], r[i])
		}
		low01, high01, low23, high23 := YMM(), YMM(), YMM(), YMM()
		VUNPCKLPS(r[1], r[0], low01)
		VUNPCKHPS(r[1], r[0], high01)
		VUNPCKLPS(r[3], r[2], low23)
		VUNPCKHPS(r[3], r[2], high23)
		for _, pair := range [][2]reg.VecVirtual{{low01, low23}, {high01, high23}} {
			for _, order := range []operand.U8{0x44, 0xEE} {
				out := YMM()
				VSHUFPS(order, pair[1], pair[0], out)
				VMOVUPS(out, operand.Mem{Base: dst})
				ADDQ(down, dst)
			}
		}
	}
	ADDQ(operand.U8(32), src)
	DECQ(n)
	JNE(operand.LabelRef("loop"))
	VZEROUPPER()
	RET()
}
