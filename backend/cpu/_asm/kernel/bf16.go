package main

import (
	"encoding/binary"

	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// bf16 generates the kernels of bfloat16: conversions by AVX512_BF16, moves by AVX-512, and
// the product of blocks by either AVX512_BF16 or AMX. avo knows neither of these two, so that
// their instructions are written as bytes, with registers that are named.
func bf16() {
	round()
	pairs()
	turn("turnBF16", "turnLoop", true)
	turn("turnPairsBF16", "turnPairsLoop", false, "inPairs")
	multiplyDot()
	multiplyAMX()
}

const (
	tileBytes = 1024 // of a tile register: 16 rows of 64 bytes
	bf16Block = 32   // rows and columns of a block, and terms of a step
)

// raw writes an instruction that the assembler does not know.
func raw(bytes ...byte) {
	for len(bytes) > 0 {
		i := &ir.Instruction{Opcode: "BYTE", Operands: []operand.Op{operand.U8(bytes[0])}}
		n := 1
		if len(bytes) >= 4 {
			i = &ir.Instruction{Opcode: "LONG", Operands: []operand.Op{operand.U32(binary.LittleEndian.Uint32(bytes))}}
			n = 4
		} else if len(bytes) >= 2 {
			i = &ir.Instruction{Opcode: "WORD", Operands: []operand.Op{operand.U16(binary.LittleEndian.Uint16(bytes))}}
			n = 2
		}
		Instruction(i)
		bytes = bytes[n:]
	}
}

// round generates the conversion of rows to bfloat16.
func round() {
	TEXT("roundBF16", NOSPLIT, "func(dst *uint16, dstStride uintptr, src *float32, srcStride, n, rows uintptr)")
	Pragma("noescape")
	replaces("roundBF16", "roundLoop", ". n and rows are at least 1.", "bfloat16")
	dst, dstStride := Load(Param("dst"), GP64()), Load(Param("dstStride"), GP64())
	src, srcStride := Load(Param("src"), GP64()), Load(Param("srcStride"), GP64())
	n, rows := Load(Param("n"), GP64()), Load(Param("rows"), GP64())
	// Masks of the numbers that the last 32 of a row have.
	bits, rest := GP64(), GP64()
	MOVQ(n, rest)
	ANDQ(operand.U8(bf16Block-1), rest)
	MOVQ(operand.I32(-1), bits)
	SHLXQ(rest, bits, bits)
	NOTQ(bits)
	low, high := K(), K()
	KMOVW(bits.As32(), low)
	SHRQ(operand.U8(16), bits)
	KMOVW(bits.As32(), high)

	Label("row")
	from, to, left := GP64(), GP64(), GP64()
	MOVQ(src, from)
	MOVQ(dst, to)
	MOVQ(n, left)
	SUBQ(operand.U8(bf16Block), left)
	JB(operand.LabelRef("rest"))
	Label("whole")
	VMOVUPS(operand.Mem{Base: from}, reg.Z0)
	VMOVUPS(operand.Mem{Base: from, Disp: 64}, reg.Z1)
	convert()
	VMOVUPS(reg.Z0, operand.Mem{Base: to})
	ADDQ(operand.U32(128), from)
	ADDQ(operand.U8(64), to)
	SUBQ(operand.U8(bf16Block), left)
	JAE(operand.LabelRef("whole"))
	Label("rest")
	TESTQ(rest, rest)
	JE(operand.LabelRef("next"))
	VMOVUPS_Z(operand.Mem{Base: from}, low, reg.Z0)
	VMOVUPS_Z(operand.Mem{Base: from, Disp: 64}, high, reg.Z1)
	convert()
	VMOVUPS(reg.Z0, operand.Mem{Base: to})
	Label("next")
	ADDQ(srcStride, src)
	ADDQ(dstStride, dst)
	DECQ(rows)
	JNE(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

// convert makes the 32 bfloat16 of Z0 and Z1 in Z0 (VCVTNE2PS2BF16).
func convert() { raw(0x62, 0xF2, 0x77, 0x48, 0x72, 0xC0) }

// order is 32 indices of 16-bit numbers.
func order(name string, f func(i int) int) operand.Mem {
	mem := GLOBL(name, RODATA|NOPTR)
	for i := range 32 {
		DATA(2*i, operand.U16(f(i)))
	}
	return mem
}

// interleave loads the orders that pair the numbers of two registers: the first 16 of each,
// and the last.
func interleave(name string) (first, last reg.VecVirtual) {
	first, last = ZMM(), ZMM()
	VMOVDQU64(order(name+"First", func(i int) int { return i/2 + 32*(i%2) }), first)
	VMOVDQU64(order(name+"Last", func(i int) int { return 16 + i/2 + 32*(i%2) }), last)
	return first, last
}

// pairs generates the B of blocks from rows of bfloat16.
func pairs() {
	TEXT("pairsBF16", NOSPLIT, "func(dst, src *uint16, stride, n uintptr)")
	Pragma("noescape")
	replaces("pairsBF16", "pairsLoop", ". n is at least 1.", "inPairs")
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride, n := Load(Param("stride"), GP64()), Load(Param("n"), GP64())
	first, last := interleave("pairs")
	Label("block")
	for i := range bf16Block / 2 {
		a, b, c := ZMM(), ZMM(), ZMM()
		VMOVDQU64(operand.Mem{Base: src}, a)
		VMOVDQU64(operand.Mem{Base: src, Index: stride, Scale: 1}, b)
		VMOVDQU64(a, c)
		VPERMT2W(b, first, a)
		VPERMT2W(b, last, c)
		VMOVDQU64(a, operand.Mem{Base: dst, Disp: 64 * i})
		VMOVDQU64(c, operand.Mem{Base: dst, Disp: tileBytes + 64*i})
		LEAQ(operand.Mem{Base: src, Index: stride, Scale: 2}, src)
	}
	ADDQ(operand.U32(2*tileBytes), dst)
	DECQ(n)
	JNE(operand.LabelRef("block"))
	VZEROUPPER()
	RET()
}

// turn generates the transposition of 32×32 bfloat16: of single numbers, if paired, or of
// pairs of them along a row, to the B of a block.
func turn(name, loop string, single bool, helpers ...string) {
	args := "func(dst *uint16, src *uint16, stride uintptr)"
	if single {
		args = "func(dst *uint16, dstStride uintptr, src *uint16, stride uintptr)"
	}
	TEXT(name, NOSPLIT, args)
	Pragma("noescape")
	replaces(name, loop, ".", helpers...)
	dst, src := Load(Param("dst"), GP64()), Load(Param("src"), GP64())
	stride := Load(Param("stride"), GP64())
	var down reg.Register
	var first, last reg.VecVirtual
	if single {
		down = Load(Param("dstStride"), GP64())
		first, last = interleave("turn")
	}
	for half := range 2 {
		var rows [16]reg.VecVirtual
		at := GP64()
		MOVQ(src, at)
		for i := range rows {
			rows[i] = ZMM()
			if !single {
				// Row i of the first or the last 16: its 16 pairs.
				VMOVDQU64(operand.Mem{Base: at}, rows[i])
				ADDQ(stride, at)
				continue
			}
			// Rows 2i and 2i+1, paired, of the first or the last 16 columns.
			b := ZMM()
			VMOVDQU64(operand.Mem{Base: at}, rows[i])
			VMOVDQU64(operand.Mem{Base: at, Index: stride, Scale: 1}, b)
			VPERMT2W(b, []reg.VecVirtual{first, last}[half], rows[i])
			LEAQ(operand.Mem{Base: at, Index: stride, Scale: 2}, at)
		}
		for i, row := range transpose16(rows) {
			if single {
				VMOVDQU64(row, operand.Mem{Base: dst})
				ADDQ(down, dst)
			} else {
				VMOVDQU64(row, operand.Mem{Base: dst, Disp: tileBytes*half + 64*i})
			}
		}
		if !single {
			MOVQ(at, src)
		}
	}
	VZEROUPPER()
	RET()
}

// transpose16 transposes 16×16 numbers of 32 bits.
func transpose16(r [16]reg.VecVirtual) (out [16]reg.VecVirtual) {
	var s [16]reg.VecVirtual
	for i := 0; i < 16; i += 2 { // pairs of rows
		s[i], s[i+1] = ZMM(), ZMM()
		VPUNPCKLDQ(r[i+1], r[i], s[i])
		VPUNPCKHDQ(r[i+1], r[i], s[i+1])
	}
	for i := 0; i < 16; i += 4 { // four rows: lane l of r[i+j] is column 4l+j
		r[i], r[i+1], r[i+2], r[i+3] = ZMM(), ZMM(), ZMM(), ZMM()
		VPUNPCKLQDQ(s[i+2], s[i], r[i])
		VPUNPCKHQDQ(s[i+2], s[i], r[i+1])
		VPUNPCKLQDQ(s[i+3], s[i+1], r[i+2])
		VPUNPCKHQDQ(s[i+3], s[i+1], r[i+3])
	}
	for j := range 4 { // columns j, 4+j, 8+j and 12+j of all rows
		var t [4]reg.VecVirtual
		for i := range t {
			t[i] = ZMM()
		}
		VSHUFI32X4(operand.U8(0x88), r[4+j], r[j], t[0])    // lanes 0, 2 of rows 0-3, of 4-7
		VSHUFI32X4(operand.U8(0xDD), r[4+j], r[j], t[1])    // lanes 1, 3
		VSHUFI32X4(operand.U8(0x88), r[12+j], r[8+j], t[2]) // of rows 8-11, of 12-15
		VSHUFI32X4(operand.U8(0xDD), r[12+j], r[8+j], t[3])
		for l := range 4 {
			out[4*l+j] = ZMM()
			VSHUFI32X4([]operand.U8{0x88, 0xDD}[l/2], t[2+l%2], t[l%2], out[4*l+j])
		}
	}
	return out
}
