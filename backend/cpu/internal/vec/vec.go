// Package vec holds the loops over float32 slices that element-wise programs,
// reductions, softmax and optimiser steps are made of: in plain Go, and in assembly
// that _asm/vec generates. It imports package isa alone.
//
// What a kernel writes for an element depends on that element's operands alone: not
// on its place in the slice, the slice's length or alignment, or how a longer slice
// was cut. A reduction's order depends on the number of its elements alone. All sets
// of instructions give the same bytes, except for the functions that are not
// rounded correctly anywhere ([Exp], [Log], [Logistic], [Tanh], [Sin], [Cos], [Erf]):
// those of AVX2 and AVX-512 equal each other and are within 2 ulp of the exact value,
// the portable ones within 1. Denormal numbers are never flushed.
//
// A mask is a float32 that is 0 or 1. Kernels panic when an operand is shorter than
// the destination; what is longer is ignored. A destination may be one of the
// operands, but must not overlap one in part. Slices that begin at multiples of 32
// bytes (64 for AVX-512) are stored up to twice as fast.
package vec

//go:generate go run -C ../../_asm ./vec -out ../internal/vec/vec_amd64.s -stubs ../internal/vec/vec_amd64.go -table ../internal/vec/table_amd64.go -pkg vec

import "drift/backend/cpu/internal/isa"

// Op names an element-wise operation.
type Op uint8

// The unary operations.
const (
	Neg      Op = iota
	Abs         // without the sign, so that Abs(-0) is 0
	Sqrt        // NaN below 0
	Rsqrt       // 1/√x, both rounded
	Recip       // 1/x
	Exp         // eˣ
	Expm1       // eˣ - 1
	Log         // natural; NaN below 0
	Log1p       // log(1 + x)
	Logistic    // 1/(1 + e⁻ˣ), without overflow
	Tanh
	Sin
	Cos
	Erf
	Sign // -1, 0 or 1; 0 for NaN
	Floor
	Ceil
	Round    // halves to even
	Not      // 1 - x, of a mask
	IsFinite // as a mask: neither infinite nor NaN
	IsNaN    // as a mask

	// The binary operations.

	Add
	Sub
	Mul
	Div
	Max // NaN if either is; +0 over -0
	Min // NaN if either is; -0 under +0
	Pow
	Rem   // math.Mod: with the sign of x
	Atan2 // of y = the first operand, x = the second
	Equal // and the other comparisons: masks; with a NaN, only NotEqual holds
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	And // of masks
	Or
	Xor

	ops // their number
)

var opNames = [ops]string{
	"Neg", "Abs", "Sqrt", "Rsqrt", "Recip", "Exp", "Expm1", "Log", "Log1p", "Logistic", "Tanh", "Sin", "Cos", "Erf", "Sign",
	"Floor", "Ceil", "Round", "Not", "IsFinite", "IsNaN",
	"Add", "Sub", "Mul", "Div", "Max", "Min", "Pow", "Rem", "Atan2",
	"Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual", "And", "Or", "Xor",
}

func (op Op) String() string { return opNames[op] }

// Unary says whether op has one operand; the others have two.
func (op Op) Unary() bool { return op < Add }

// kernels are the loops of one set of instructions. Lengths are already checked.
type kernels struct {
	map1       [ops]func(dst, x []float32)
	map2       [ops]func(dst, x, y []float32)
	map2s      [ops]func(dst, x []float32, s float32)
	maps2      [ops]func(dst []float32, s float32, y []float32)
	choose     func(dst, mask, x, y []float32)
	sum        func(x []float32) float32
	sumWithin  func(dst, x []float32, width int)
	max1, min1 func(x []float32) float32
	sumRows    func(dst, x []float32, n, width int)
	repeat     func(dst, x []float32, times int)
	expSub     func(dst, x []float32, s float32)
	boolToMask func(dst []float32, src []bool)
	maskToBool func(dst []bool, src []float32)
}

var active = func() *kernels {
	set, err := isa.Best()
	if err != nil { // whoever makes a backend asks too, and reports it
		set = isa.Portable
	}
	return kernelsOf(set)
}()

// Use chooses the kernels of a set, which must be among [isa.Available], and returns
// the way back. It is for tests and benchmarks: nothing may run meanwhile.
func Use(set isa.Set) (restore func()) {
	was := active
	active = kernelsOf(set)
	return func() { active = was }
}

// Map1 writes dst[i] = op(x[i]).
func Map1(op Op, dst, x []float32) {
	active.map1[op](dst, x[:len(dst)])
}

// Map2 writes dst[i] = op(x[i], y[i]).
func Map2(op Op, dst, x, y []float32) {
	active.map2[op](dst, x[:len(dst)], y[:len(dst)])
}

// Map2S writes dst[i] = op(x[i], s).
func Map2S(op Op, dst, x []float32, s float32) {
	active.map2s[op](dst, x[:len(dst)], s)
}

// MapS2 writes dst[i] = op(s, y[i]).
func MapS2(op Op, dst []float32, s float32, y []float32) {
	active.maps2[op](dst, s, y[:len(dst)])
}

// Accumulate writes acc[i] = op(acc[i], x[i]).
func Accumulate(op Op, acc, x []float32) { Map2(op, acc, acc, x) }

// Select writes dst[i] = x[i] where mask[i] is not 0, y[i] elsewhere.
func Select(dst, mask, x, y []float32) {
	n := len(dst)
	active.choose(dst, mask[:n], x[:n], y[:n])
}
