// Package cpu is a backend for GoMLX that runs on the processor, in Go with
// generated assembly and without cgo. A blank import makes it known to GoMLX:
//
//	import _ "drift/backend/cpu"
//
// and GOMLX_BACKEND=cpu, or compute.NewWithConfig("cpu"), chooses it.
//
// It is a small compiler. A [Function] records operations in a graph
// (internal/ir), which is simplified, lowered to steps over planned memory
// (internal/program) and carried out by kernels (internal/dense, internal/vec). What
// has no kernel here is handed to GoMLX's own Go backend, operation by operation, on copies:
// products and convolutions of other numbers than float32, the gradients of max pools and
// lookups (SelectAndScatter, Scatter), dynamic slices, sorting, random bits and a few more.
//
// Results are the same bytes for any number of threads, and a row of a batch does
// not depend on its neighbours. Of what is handed on only the former holds: GoMLX's Go backend
// chooses how to multiply by the size of the batch.
//
// Infinities and NaNs in the operands of a convolution reach more of its results than they
// must: all of a tile of 4×4 in fast convolutions of 3×3, and 0·∞ is NaN for what a tap sees
// of the border.
//
// DRIFT_CPU_THREADS bounds the threads of an operation that has a kernel here; what is handed on
// takes as many as GOMAXPROCS allows. DRIFT_CPU_ISA picks the
// instructions: portable, avx2 or avx512. DRIFT_CPU_PRECISION=bfloat16 lets products and
// convolutions round their operands on processors with AVX512_BF16, which gains most where there
// is AMX too; sums stay float32. DRIFT_CPU_DUMP names a folder for what each pass of the compiler
// makes of every computation.
//
// It knows nothing of diffusion, and imports nothing of drift.
package cpu
