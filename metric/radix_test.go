package metric

import (
	"math"
	"slices"
	"testing"

	"drift"
)

func TestSortFloats(t *testing.T) {
	r := drift.Rand(1, "sort test")
	for n := range 300 {
		v := make([]float64, n)
		for i := range v {
			v[i] = math.Ldexp(r.NormFloat64(), r.IntN(2000)-1000)
			if r.IntN(10) == 0 {
				v[i] = []float64{0, math.Copysign(0, -1), math.Inf(1), math.Inf(-1), 1, -1, 5e-324}[r.IntN(7)]
			}
		}
		want := slices.Sorted(slices.Values(v))
		sortFloats(v, make([]uint64, n), make([]uint64, n))
		if !slices.Equal(v, want) {
			t.Fatalf("%d values: found %v, expected %v", n, v, want)
		}
	}
}

// BenchmarkSort sorts ever other values: on the same ones again and again the branch
// predictor learns the comparisons by heart.
func BenchmarkSort(b *testing.B) {
	const n, sets = 2000, 100
	v, w, keys, tmp := make([]float64, n*sets), make([]float64, n), make([]uint64, n), make([]uint64, n)
	r := drift.Rand(1, "sort test")
	for i := range v {
		v[i] = r.NormFloat64()
	}
	for name, sort := range map[string]func(){
		"radix":  func() { sortFloats(w, keys, tmp) },
		"slices": func() { slices.Sort(w) },
	} {
		b.Run(name, func(b *testing.B) {
			for i := 0; b.Loop(); i = (i + 1) % sets {
				copy(w, v[i*n:])
				sort()
			}
		})
	}
}
