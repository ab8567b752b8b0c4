package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// This file generates products of bfloat16 by AMX.

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

// multiplyAMX generates the product of blocks by AMX.
func multiplyAMX() {
	TEXT("multiplyAMX", NOSPLIT, "func(config *byte, c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr)")
	Pragma("noescape")
	replaces("multiplyAMX", "multiplyLoop", ", with registers of 16 rows of 64 bytes. count, k and blocks are at least 1.", "eachSum", "begin", "inPairs", "widen")
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
