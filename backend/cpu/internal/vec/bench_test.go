package vec

import (
	"fmt"
	"math"
	"testing"
	"time"

	"drift/backend/cpu/internal/isa"
)

// A load is a kernel and the bytes that it reads and writes for an element.
type load struct {
	name  string
	bytes int
	run   func(a, b, c, d []float32)
}

var loads = []load{
	{"Copy", 8, func(a, b, _, _ []float32) { copy(a, b) }},
	{"Neg", 8, func(a, b, _, _ []float32) { Map1(Neg, a, b) }},
	{"Sqrt", 8, func(a, b, _, _ []float32) { Map1(Sqrt, a, b) }},
	{"Exp", 8, func(a, b, _, _ []float32) { Map1(Exp, a, b) }},
	{"Logistic", 8, func(a, b, _, _ []float32) { Map1(Logistic, a, b) }},
	{"Tanh", 8, func(a, b, _, _ []float32) { Map1(Tanh, a, b) }},
	{"Log", 8, func(a, b, _, _ []float32) { Map1(Log, a, b) }},
	{"Sin", 8, func(a, b, _, _ []float32) { Map1(Sin, a, b) }},
	{"Erf", 8, func(a, b, _, _ []float32) { Map1(Erf, a, b) }},
	{"Add", 12, func(a, b, c, _ []float32) { Map2(Add, a, b, c) }},
	{"MulS", 8, func(a, b, _, _ []float32) { Map2S(Mul, a, b, 3) }},
	{"Div", 12, func(a, b, c, _ []float32) { Map2(Div, a, b, c) }},
	{"Max", 12, func(a, b, c, _ []float32) { Map2(Max, a, b, c) }},
	{"Less", 12, func(a, b, c, _ []float32) { Map2(Less, a, b, c) }},
	{"Select", 16, func(a, b, c, d []float32) { Select(a, b, c, d) }},
	{"Sum", 4, func(a, _, _, _ []float32) { Sum(a) }},
	{"Max1", 4, func(a, _, _, _ []float32) { Max1(a) }},
	{"SumRows64", 4, func(a, b, _, _ []float32) { SumRows(a, b, len(b)/64, 64) }},
	{"SumWithin8", 4, func(a, b, _, _ []float32) { SumWithin(a[:len(b)/8], b, 8) }},
	{"SumWithin64", 4, func(a, b, _, _ []float32) { SumWithin(a[:len(b)/64], b, 64) }},
	{"Repeat8", 4, func(a, b, _, _ []float32) { Repeat(a, b[:len(a)/8], 8) }},
	{"Softmax64", 8, func(a, b, _, _ []float32) { Softmax(a, b, 64) }},
	{"Softmax256", 8, func(a, b, _, _ []float32) { Softmax(a, b, 256) }},
}

// Each reports the bytes that it moves at its best, and the share of what copy moves,
// measured in turn with it: in the nearest cache, in the next, and in memory.
func BenchmarkKernels(b *testing.B) {
	for _, size := range []struct {
		name string
		n    int
	}{{"L1", 1 << 10}, {"L2", 1 << 14}, {"memory", 1 << 23}} {
		var s [4][]float32
		r := seeded(13)
		for i := range s {
			s[i] = make([]float32, size.n)
			for j := range s[i] {
				s[i][j] = float32(r.Float64())*4 + 0.1
			}
		}
		for _, set := range isa.Available() {
			for _, l := range loads {
				b.Run(fmt.Sprintf("%s/%v/%s", size.name, set, l.name), func(b *testing.B) {
					defer Use(set)()
					for range b.N {
						l.run(s[0], s[1], s[2], s[3])
					}
					b.StopTimer()
					run, copied := least(size.n, func() { l.run(s[0], s[1], s[2], s[3]) }, func() { copy(s[0], s[1]) })
					b.ReportMetric(float64(l.bytes*size.n)/run, "GB/s")
					b.ReportMetric(float64(size.n)/run, "elements/ns")
					b.ReportMetric(float64(l.bytes)*copied/(8*run), "of-copy")
				})
			}
		}
	}
}

// least is the shortest time in ns of many that f and g took in turn, on n elements.
func least(n int, f, g func()) (ofF, ofG float64) {
	took := func(f func(), least float64) float64 {
		inner := 1 + 1<<16/n
		start := time.Now()
		for range inner {
			f()
		}
		return min(least, float64(time.Since(start))/float64(inner))
	}
	ofF, ofG = math.Inf(1), math.Inf(1)
	for range 10 + 100_000/n {
		ofF, ofG = took(f, ofF), took(g, ofG)
	}
	return ofF, ofG
}
