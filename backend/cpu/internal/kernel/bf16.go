package kernel

import "drift/backend/cpu/internal/isa"

// BF16 is the kernels of products whose operands are rounded to bfloat16 and whose sums
// are float32. They check no bounds. Strides are in bytes.
//
// A and B of a product are cut into blocks of [Block] rows, columns and terms. A is rows of
// bfloat16 whose terms follow each other. B is blocks of Block terms and columns, those of
// the same columns one after another: the first 16 columns, then the last, each of them 16
// pairs of terms of which one column has the first and the next number.
type BF16 struct {
	Name string
	Gain float64 // how many times as many multiply-adds it does as float32's in a time, at best

	// Round rounds rows of n numbers to the nearest bfloat16, ties to even, and fills the
	// last Block of a row up with zeros.
	Round func(dst *uint16, dstStride uintptr, src *float32, srcStride, n, rows uintptr)

	// Pairs makes n blocks of B of Block·n rows of Block columns, stride apart.
	Pairs func(dst, src *uint16, stride, n uintptr)

	// Turn transposes Block rows of as many columns. TurnPairs does so to a block of B: its
	// columns are rows of src.
	Turn      func(dst *uint16, dstStride uintptr, src *uint16, stride uintptr)
	TurnPairs func(dst, src *uint16, stride uintptr)

	// Multiply adds A·B to Block rows of C of as many columns, or sets them if load is 0.
	// A has k blocks of terms in each of count segments; the table says how far from a
	// they begin. It does so for blocks rows of blocks, whose C is cNext and whose A is
	// aNext after the one before; all have the same B.
	Multiply func(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr)
}

// Block is how many rows and columns a block of a product in bfloat16 has, and how many
// terms a block of its sums.
const Block = 32

// BlockSize is how many numbers a block of B has.
const BlockSize = Block * Block

// AMX does twelve times the multiply-adds of AVX-512 in float32, and loads more than it
// multiplies; AVX512_BF16 does twice.
const amxGain, dotGain = 8, 2

// ForBF16 is the fastest kernels of bfloat16, which isa.BF16 must allow.
func ForBF16() *BF16 {
	if all := AllBF16(); len(all) > 0 {
		return all[0]
	}
	return nil
}

// AllBF16 is all kernels of bfloat16 that the machine has, the fastest first.
func AllBF16() []*BF16 {
	switch {
	case isa.BF16() != nil:
		return nil
	case isa.AMX() != nil:
		return []*BF16{dot}
	}
	return []*BF16{amx, dot}
}
