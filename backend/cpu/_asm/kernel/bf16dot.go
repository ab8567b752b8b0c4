package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// This file generates products of bfloat16 by AVX512_BF16.

const (
	dotRows  = 8 // of a block that are multiplied at once: their sums are 16 registers
	dotPairs = 4 // of terms in a turn
)

// dot adds the products of pairs of a and b to sum (VDPBF16PS).
func dot(sum, a, b int) {
	not := func(register, bit, to int) byte { return byte(^register >> bit & 1 << to) }
	raw(0x62, not(sum, 3, 7)|not(b, 4, 6)|not(b, 3, 5)|not(sum, 4, 4)|2, byte(^a&15<<3)|6, 0x40|not(a, 4, 3), 0x52, 0xC0|byte(sum&7<<3|b&7))
}

// multiplyDot generates the product of blocks by AVX512_BF16: of some rows after the other.
func multiplyDot() {
	TEXT("multiplyDot", NOSPLIT, "func(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr)")
	Pragma("noescape")
	replaces("multiplyDot", "dotLoop", ". count, k and blocks are at least 1.", "eachSum", "begin", "inPairs", "widen")
	zmm := []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19,
	}
	const b0, b1, a0 = 16, 17, 18 // 18 and 19 in turn
	c, ldc := Load(Param("c"), GP64()), Load(Param("ldc"), GP64())
	a, lda := Load(Param("a"), GP64()), Load(Param("lda"), GP64())
	three := GP64() // rows
	LEAQ(operand.Mem{Base: lda, Index: lda, Scale: 2}, three)
	eachRow := func(f func(m operand.Mem, register int)) {
		at := GP64()
		MOVQ(c, at)
		for i := range dotRows {
			f(operand.Mem{Base: at}, 2*i)
			f(operand.Mem{Base: at, Disp: 64}, 2*i+1)
			ADDQ(ldc, at)
		}
	}
	blocks, rows := AllocLocal(8), AllocLocal(8)
	left := GP64()
	Load(Param("blocks"), left)
	MOVQ(left, blocks)

	Label("block")
	MOVQ(operand.I32(bf16Block/dotRows), rows)
	Label("rows")
	load := Load(Param("load"), GP64())
	TESTQ(load, load)
	JNE(operand.LabelRef("accumulate"))
	for i := range 2 * dotRows {
		VPXORD(zmm[i], zmm[i], zmm[i])
	}
	JMP(operand.LabelRef("ready"))
	Label("accumulate")
	eachRow(func(m operand.Mem, i int) { VMOVUPS(m, zmm[i]) })
	Label("ready")
	b, segment, count := Load(Param("b"), GP64()), Load(Param("segments"), GP64()), Load(Param("count"), GP64())
	Label("segment")
	from, under := GP64(), GP64() // the first of the rows, and the fifth
	MOVQ(operand.Mem{Base: segment}, from)
	ADDQ(a, from)
	LEAQ(operand.Mem{Base: from, Index: lda, Scale: 4}, under)
	k, turns := Load(Param("k"), GP64()), GP64()
	Label("step")
	MOVQ(operand.I32(bf16Block/2/dotPairs), turns)
	Label("turn")
	for pair := range dotPairs {
		VMOVUPS(operand.Mem{Base: b, Disp: 64 * pair}, zmm[b0])
		VMOVUPS(operand.Mem{Base: b, Disp: tileBytes + 64*pair}, zmm[b1])
		for i := range dotRows {
			row := operand.Mem{Base: []reg.Register{from, under}[i/4], Disp: 4 * pair}
			switch i % 4 {
			case 1, 2:
				row.Index, row.Scale = lda, uint8(i%4)
			case 3:
				row.Index, row.Scale = three, 1
			}
			VBROADCASTSS(row, zmm[a0+i%2])
			dot(2*i, a0+i%2, b0)
			dot(2*i+1, a0+i%2, b1)
		}
	}
	ADDQ(operand.U8(4*dotPairs), from)
	ADDQ(operand.U8(4*dotPairs), under)
	ADDQ(operand.U32(64*dotPairs), b)
	DECQ(turns)
	JNE(operand.LabelRef("turn"))
	ADDQ(operand.U32(tileBytes), b) // past the last 16 columns
	DECQ(k)
	JNE(operand.LabelRef("step"))
	ADDQ(operand.U8(8), segment)
	DECQ(count)
	JNE(operand.LabelRef("segment"))
	eachRow(func(m operand.Mem, i int) { VMOVUPS(zmm[i], m) })
	LEAQ(operand.Mem{Base: c, Index: ldc, Scale: dotRows}, c)
	LEAQ(operand.Mem{Base: a, Index: lda, Scale: dotRows}, a)
	DECQ(rows)
	JNE(operand.LabelRef("rows"))
	next := GP64()
	back := GP64()
	for _, of := range []struct {
		at, pitch reg.Register
		next      string
	}{{c, ldc, "cNext"}, {a, lda, "aNext"}} {
		Load(Param(of.next), next)
		ADDQ(next, of.at)
		MOVQ(of.pitch, back)
		SHLQ(operand.U8(5), back) // the rows of a block
		SUBQ(back, of.at)
	}
	DECQ(blocks)
	JNE(operand.LabelRef("block"))
	VZEROUPPER()
	RET()
}
