// Package dense multiplies float32 matrices and convolves images in two dimensions,
// forward and backward. It imports only isa, kernel and pool of the backend.
//
// Every element of a result is one chain of multiply-adds in an order that depends on
// its own row of the shape alone: neither batch size, tile, block nor thread changes
// its bytes.
package dense

import (
	"fmt"

	"drift/backend/cpu/internal/pool"
)

// Product is a batch of matrix products C = A·B, or C += A·B if Accumulate. A is M×K,
// or K×M if TransA; B is K×N, or N×K if TransB; C is M×N. All are row-major and
// contiguous, the matrices of a batch one after another.
type Product struct {
	Batch, M, N, K             int
	TransA, TransB, Accumulate bool
}

// FLOPs counts a multiply-add as two operations.
func (p Product) FLOPs() float64 {
	return 2 * float64(p.Batch) * float64(p.M) * float64(p.N) * float64(p.K)
}

// Workspace is how many float32s of scratch Run needs.
func (p Product) Workspace() int { return 0 }

// Run computes c from a and b. It panics if a slice is too short for the shape.
func (p Product) Run(pl *pool.Pool, work, c, a, b []float32) {
	op := "product"
	need(op, "c", len(c), p.Batch*p.M*p.N)
	need(op, "a", len(a), p.Batch*p.M*p.K)
	need(op, "b", len(b), p.Batch*p.K*p.N)
	need(op, "workspace", len(work), p.Workspace())
	am, ak, bk, bn := p.K, 1, p.N, 1
	if p.TransA {
		am, ak = 1, p.M
	}
	if p.TransB {
		bk, bn = 1, p.K
	}
	pl.Run(p.Batch*p.M, func(row int) {
		n, i := row/p.M, row%p.M
		a, b, c := a[n*p.M*p.K:], b[n*p.K*p.N:], c[row*p.N:][:p.N]
		if !p.Accumulate {
			clear(c)
		}
		for k := range p.K {
			for j := range c {
				c[j] += a[i*am+k*ak] * b[k*bk+j*bn]
			}
		}
	})
}

// need panics if a slice of op holds fewer numbers than its shape says.
func need(op, name string, found, expected int) {
	if found < expected {
		panic(fmt.Sprintf("dense: %s: %s has %d numbers, expected %d", op, name, found, expected))
	}
}
