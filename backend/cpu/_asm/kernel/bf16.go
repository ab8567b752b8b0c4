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
	turn("turnBF16", "Turn", true)
	turn("turnPairsBF16", "TurnPairs", false)
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

// The prefixes that tell the instructions of AMX apart.
const (
	vexNone = 0b00
	vexF3   = 0b10
	vexF2   = 0b11
)

// vex writes an instruction of AMX: its prefix, the number of the register that it reads
// beside those of modrm, its opcode, modrm and what comes after. base and index may be
// any of the general registers.
func vex(prefix, register, opcode, modrm byte, base, index int, more ...byte) {
	high := byte(0xE2) &^ (byte(base>>3) << 5) &^ (byte(index>>3) << 6)
	raw(append([]byte{0xC4, high, (^register&0xF)<<3 | prefix, opcode, modrm}, more...)...)
}

// tileAt loads or stores a tile register at base + disp, whose rows are index apart.
func tileAt(prefix byte, tile int, base, index reg.GPPhysical, disp int) {
	b, x := number(base), number(index)
	vex(prefix, 0, 0x4B, 0x84|byte(tile)<<3, b, x, byte(x&7)<<3|byte(b&7), byte(disp), byte(disp>>8), byte(disp>>16), byte(disp>>24))
}

func tileLoad(tile int, base, index reg.GPPhysical, disp int) { tileAt(vexF2, tile, base, index, disp) }
func tileStore(tile int, base, index reg.GPPhysical, disp int) {
	tileAt(vexF3, tile, base, index, disp)
}
func tileZero(tile int) { vex(vexF2, 0, 0x49, 0xC0|byte(tile)<<3, 0, 0) }
func tileRelease()      { vex(vexNone, 0, 0x49, 0xC0, 0, 0) }
func tileConfig(base reg.GPPhysical) {
	vex(vexNone, 0, 0x49, byte(number(base)&7), number(base), 0)
}

// tileDot adds the products of pairs of a and b to sum (TDPBF16PS).
func tileDot(sum, a, b int) { vex(vexF3, byte(b), 0x5C, 0xC0|byte(sum)<<3|byte(a), 0, 0) }

// number is how instructions count a general register.
func number(r reg.GPPhysical) int { return int(r.PhysicalIndex()) }

// round generates the conversion of rows to bfloat16.
func round() {
	TEXT("roundBF16", NOSPLIT, "func(dst *uint16, dstStride uintptr, src *float32, srcStride, n, rows uintptr)")
	Pragma("noescape")
	Doc("roundBF16 is roundLoop. n and rows are at least 1.")
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
	Doc("pairsBF16 is pairsLoop. n is at least 1.")
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
func turn(name, loop string, single bool) {
	args := "func(dst *uint16, src *uint16, stride uintptr)"
	if single {
		args = "func(dst *uint16, dstStride uintptr, src *uint16, stride uintptr)"
	}
	TEXT(name, NOSPLIT, args)
	Pragma("noescape")
	Doc(name + " is t" + loop[1:] + "Loop.")
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
	Doc("multiplyDot is dotLoop. count, k and blocks are at least 1.")
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

// multiplyAMX generates the product of blocks by AMX.
func multiplyAMX() {
	TEXT("multiplyAMX", NOSPLIT, "func(config *byte, c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr)")
	Pragma("noescape")
	Doc("multiplyAMX is multiplyLoop, with registers of 16 rows of 64 bytes. count, k and blocks are at least 1.")
	var (
		c, ldc       = reg.RSI, reg.RDI
		a, lda       = reg.RAX, reg.RBX
		a0, a1       = reg.RCX, reg.RDX
		b, line      = reg.R8, reg.R12
		segment      = reg.R9
		count, terms = reg.R10, reg.R11
		blocks       = reg.R13
		under        = reg.R15 // 16 rows
	)
	Load(Param("config"), a)
	tileConfig(a)
	Load(Param("c"), c)
	Load(Param("ldc"), ldc)
	Load(Param("a"), a)
	Load(Param("lda"), lda)
	Load(Param("blocks"), blocks)
	MOVQ(operand.U32(64), line)

	Label("block")
	MOVQ(ldc, under)
	SHLQ(operand.U8(4), under)
	ADDQ(c, under)
	Load(Param("load"), count)
	TESTQ(count, count)
	JNE(operand.LabelRef("accumulate"))
	for tile := range 4 {
		tileZero(tile)
	}
	JMP(operand.LabelRef("ready"))
	Label("accumulate")
	tileLoad(0, c, ldc, 0)
	tileLoad(1, c, ldc, 64)
	tileLoad(2, under, ldc, 0)
	tileLoad(3, under, ldc, 64)
	Label("ready")
	Load(Param("b"), b)
	Load(Param("segments"), segment)
	Load(Param("count"), count)
	Label("segment")
	MOVQ(operand.Mem{Base: segment}, a0)
	ADDQ(a, a0)
	MOVQ(lda, a1)
	SHLQ(operand.U8(4), a1)
	ADDQ(a0, a1)
	Load(Param("k"), terms)
	Label("step")
	tileLoad(6, b, line, 0)
	tileLoad(4, a0, lda, 0)
	tileDot(0, 4, 6)
	tileLoad(7, b, line, tileBytes)
	tileDot(1, 4, 7)
	tileLoad(5, a1, lda, 0)
	tileDot(2, 5, 6)
	tileDot(3, 5, 7)
	ADDQ(operand.U8(64), a0)
	ADDQ(operand.U8(64), a1)
	ADDQ(operand.U32(2*tileBytes), b)
	DECQ(terms)
	JNE(operand.LabelRef("step"))
	ADDQ(operand.U8(8), segment)
	DECQ(count)
	JNE(operand.LabelRef("segment"))
	tileStore(0, c, ldc, 0)
	tileStore(1, c, ldc, 64)
	tileStore(2, under, ldc, 0)
	tileStore(3, under, ldc, 64)
	Load(Param("cNext"), count)
	ADDQ(count, c)
	Load(Param("aNext"), count)
	ADDQ(count, a)
	DECQ(blocks)
	JNE(operand.LabelRef("block"))
	tileRelease()
	RET()
}
