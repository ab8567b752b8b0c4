// Package dense multiplies float32 matrices and convolves images in two dimensions,
// forward and backward. It imports only isa, kernel, pool and vec of the backend.
//
// Every element of a result is summed in an order that depends on its own row of the
// shape alone: neither batch size, block nor thread changes its bytes. But for fast
// convolutions and those to few channels, it is one chain of multiply-adds, or for long sums over
// the rows of a transposed A a few, one for each span of them. That leaves the split into parts free, and so there
// are two drivers only: gather, whose A has rows anywhere (products, convolutions, input
// gradients), and outer, whose A is transposed (kernel gradients, products with a
// transposed A). Each has a twin in bfloat16, bf16Gather and bf16Outer.
package dense

import (
	"fmt"

	"drift/backend/cpu/internal/isa"
	"drift/backend/cpu/internal/kernel"
	"drift/backend/cpu/internal/pool"
)

// tile is the kernels in use. A wish that cannot be met is an error of isa.Best, which
// the backend reports when it is made; here it means the portable kernels.
var tile = func() *kernel.Tile {
	set, _ := isa.Best()
	return kernel.For(set)
}()

// Product is a batch of matrix products C = A·B, or C += A·B if Accumulate. A is M×K,
// or K×M if TransA; B is K×N, or N×K if TransB; C is M×N. All are row-major and
// contiguous, the matrices of a batch one after another.
type Product struct {
	Batch, M, N, K             int
	TransA, TransB, Accumulate bool

	// BF16 allows operands to be rounded to bfloat16, which isa.BF16 must allow.
	BF16 bool
}

// FLOPs counts a multiply-add as two operations.
func (p Product) FLOPs() float64 {
	return 2 * float64(p.Batch) * float64(p.M) * float64(p.N) * float64(p.K)
}

// Workspace is how many float32s of scratch Run needs.
func (p Product) Workspace() int {
	switch {
	case p.bf16() && p.TransA:
		o := p.bf16Outer()
		return o.workspace()
	case p.bf16():
		g := p.bf16Gather()
		return g.workspace()
	}
	if p.TransA {
		o := p.outer()
		return o.workspace()
	}
	g := p.gather()
	return g.workspace(anyWorkers)
}

// Run computes c from a and b. It panics if a slice is too short for the shape.
func (p Product) Run(pl *pool.Pool, work, c, a, b []float32) {
	const op = "product"
	need(op, "c", len(c), p.Batch*p.M*p.N)
	need(op, "a", len(a), p.Batch*p.M*p.K)
	need(op, "b", len(b), p.Batch*p.K*p.N)
	need(op, "workspace", len(work), p.Workspace())
	switch {
	case p.bf16() && p.TransA:
		o := p.bf16Outer()
		o.run(pl, work, c, a, b)
		return
	case p.bf16():
		g := p.bf16Gather()
		g.run(pl, work, c, a, b)
		return
	}
	if p.TransA {
		o := p.outer()
		o.run(pl, work, c, a, b)
		return
	}
	g := p.gather()
	g.run(pl, work, c, a, b)
}

// gather sees the rows of A as an image one pixel high.
func (p Product) gather() gather {
	g := gather{
		groups: p.Batch, images: 1, h: axis{out: 1, src: 1, taps: 1}, w: axis{out: p.M, src: p.M, taps: 1, step: 1},
		in: p.K, out: p.N, pixel: p.N, plain: true, accumulate: p.Accumulate,
		bk: p.N, bn: 1,
	}
	if p.TransB {
		g.bk, g.bn = 1, p.K
	}
	return g
}

// outer sees the columns of A as an image one pixel high.
func (p Product) outer() outer {
	o := newOuter(p.Batch, Conv{N: 1, H: 1, W: p.K, In: p.M, Out: p.N, KH: 1, KW: 1, StrideH: 1, StrideW: 1, DilationH: 1, DilationW: 1})
	o.accumulate = p.Accumulate
	if p.TransB {
		o.bk, o.bn = 1, p.K
	}
	return o
}

// need panics if a slice of op holds fewer numbers than its shape says.
func need(op, name string, found, expected int) {
	if found < expected {
		panic(fmt.Sprintf("dense: %s: %s has %d numbers, expected %d", op, name, found, expected))
	}
}
