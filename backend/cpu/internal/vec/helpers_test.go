package vec

import (
	"math"
	"math/rand/v2"
	"testing"

	"drift/backend/cpu/internal/isa"
)

const longest = 999

var (
	inf    = float32(math.Inf(1))
	nan    = float32(math.NaN())
	tiny   = math.Float32frombits(1) // the least denormal
	normal = math.Float32frombits(0x00800000)
)

// everySet runs a test on each set of instructions that this machine has.
func everySet(t *testing.T, f func(t *testing.T, set isa.Set)) {
	for _, set := range isa.Available() {
		t.Run(set.String(), func(t *testing.T) {
			defer Use(set)()
			f(t, set)
		})
	}
}

func seeded(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 5)) }

// awkward returns numbers of every kind: special ones, integers, halves, and any bits.
func awkward(r *rand.Rand, n int) []float32 {
	special := []float32{0, -1 / inf, 1, -1, inf, -inf, nan, tiny, -tiny, normal, -normal, math.MaxFloat32, -math.MaxFloat32, 0.5, 1.5, 2.5, -0.5, -2.5, 1 << 24, 3.1415927}
	x := make([]float32, n)
	for i := range x {
		switch r.IntN(4) {
		case 0:
			x[i] = special[r.IntN(len(special))]
		case 1:
			x[i] = float32(r.IntN(41)-20) / 2
		case 2:
			x[i] = math.Float32frombits(r.Uint32())
		default:
			x[i] = float32(r.NormFloat64() * 3)
		}
	}
	return x
}

func normals(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func masks(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.IntN(2))
	}
	return x
}

// same says whether two numbers have the same bits, or are both NaN.
func same(a, b float32) bool {
	return math.Float32bits(a) == math.Float32bits(b) || a != a && b != b
}

// mustSame reports the first element that differs.
func mustSame(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if !same(got[i], want[i]) {
			t.Fatalf("%s: element %d of %d: found %g (%#08x), expected %g (%#08x)", what, i, len(want), got[i], math.Float32bits(got[i]), want[i], math.Float32bits(want[i]))
		}
	}
}

// guarded returns a slice of n elements, at any alignment, and a function that fails
// the test if something was written beside it.
func guarded[T comparable](t *testing.T, r *rand.Rand, n int, guard T) (s []T, check func(what string)) {
	const band = 40
	before := band + r.IntN(16)
	whole := make([]T, before+n+band)
	for i := range whole {
		whole[i] = guard
	}
	return whole[before : before+n : before+n], func(what string) {
		t.Helper()
		for i, v := range whole {
			if (i < before || i >= before+n) && v != guard {
				t.Fatalf("%s: wrote %v at %d of %d elements", what, v, i-before, n)
			}
		}
	}
}

// fenced is a copy of x between NaNs, which whoever reads too far finds.
func fenced(x []float32) []float32 {
	const fence = 64
	all := make([]float32, len(x)+2*fence)
	for i := range all {
		all[i] = nan
	}
	copy(all[fence:], x)
	return all[fence : fence+len(x) : fence+len(x)]
}

// ulps is how far a is from the exact value, in units of the last place of a float32
// there; denormals share the least unit.
func ulps(a float32, exact float64) float64 {
	if float32(exact) == a || exact != exact && a != a {
		return 0
	}
	_, e := math.Frexp(exact)
	return math.Abs(float64(a)-exact) / math.Ldexp(1, max(e-24, -149))
}
