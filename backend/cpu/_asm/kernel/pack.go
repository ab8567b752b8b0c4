package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// panels generates the copy of rows into panels of a width, which is that of one or two
// vectors and perhaps half as much.
func (s isa) panels(side string, width int) {
	name := "panels" + side + s.suffix
	TEXT(name, NOSPLIT, "func(dst *float32, size uintptr, src *float32, stride, n, count uintptr)")
	Pragma("noescape")
	replaces(name, "panelsLoop", fmt.Sprintf(" for panels of %d. n and count are at least 1.", width))
	dst, size := Load(Param("dst"), GP64()), Load(Param("size"), GP64())
	src, stride := Load(Param("src"), GP64()), Load(Param("stride"), GP64())
	n, count := Load(Param("n"), GP64()), Load(Param("count"), GP64())
	ahead := GP64() // a row is asked for so many before it is copied
	MOVQ(stride, ahead)
	SHLQ(operand.U8(rowsAhead), ahead)
	Label("row")
	from, to, panel := GP64(), GP64(), GP64()
	MOVQ(src, from)
	MOVQ(dst, to)
	MOVQ(count, panel)
	Label("panel")
	PREFETCHT0(operand.Mem{Base: from, Index: ahead, Scale: 1})
	var all []func()
	for at := 0; at < width; {
		disp := 4 * at
		load, store := operand.Mem{Base: from, Disp: disp}, operand.Mem{Base: to, Disp: disp}
		var v reg.VecVirtual
		switch left := width - at; {
		case left >= 16 && s.width == 16:
			v, at = ZMM(), at+16
		case left >= 8:
			v, at = YMM(), at+8
		case left >= 4:
			v, at = XMM(), at+4
		default:
			x := XMM()
			VMOVSD(load, x)
			all = append(all, func() { VMOVSD(x, store) })
			at += 2
			continue
		}
		VMOVUPS(load, v)
		all = append(all, func() { VMOVUPS(v, store) })
	}
	for _, store := range all {
		store()
	}
	ADDQ(operand.U32(4*width), from)
	ADDQ(size, to)
	DECQ(panel)
	JNE(operand.LabelRef("panel"))
	ADDQ(stride, src)
	ADDQ(operand.U32(4*width), dst)
	DECQ(n)
	JNE(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

const rowsAhead = 3 // 8 rows: a shift

// transpose8 generates the copy of eight columns of a panel from a matrix in which they
// are rows.
func transpose8() {
	TEXT("transpose8AVX2", NOSPLIT, "func(dst *float32, down uintptr, src *float32, stride uintptr, n uintptr)")
	Pragma("noescape")
	replaces("transpose8AVX2", "transpose8Loop", ". n is at least 1.")
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
