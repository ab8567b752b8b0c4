package vec

import (
	"flag"
	"fmt"
	"math"
	"testing"

	"drift/backend/cpu/internal/isa"
)

// bound is how far each function may be from the exact value, in ulp; the others are
// the very bytes of their scalar loops. What AVX2 came to over every 31st number: Exp
// 1.58, Log 0.93, Logistic 1.97 (every number of [-10, -0.5]), Tanh 1.42, Sin 1.53,
// Cos 1.50, Erf 1.27.
var bound = map[Op]float64{Exp: 2, Log: 2, Logistic: 2, Tanh: 2, Sin: 2, Cos: 2, Erf: 2}

func close(op Op, got, want float32) bool {
	return same(got, want) || bound[op] > 0 && ulps(got, float64(want)) <= bound[op]+1
}

// inGo are the operations that no set has in assembly.
var inGo = map[Op]bool{Expm1: true, Log1p: true, Pow: true, Rem: true, Atan2: true}

// kernel is one way to call an element-wise operation on operands that are longer
// than dst, and its scalar loop.
type kernel struct {
	name   string
	op     Op
	call   func(dst, x, y []float32)
	scalar func(x, y float32) float32
}

func elementwise(s float32) []kernel {
	var all []kernel
	for op := range ops {
		if op.Unary() {
			all = append(all, kernel{op.String(), op, func(dst, x, _ []float32) { Map1(op, dst, x) }, func(x, _ float32) float32 { return scalar1[op](x) }})
			continue
		}
		all = append(all,
			kernel{op.String(), op, func(dst, x, y []float32) { Map2(op, dst, x, y) }, scalar2[op]},
			kernel{fmt.Sprint(op, " ", s), op, func(dst, x, _ []float32) { Map2S(op, dst, x, s) }, func(x, _ float32) float32 { return scalar2[op](x, s) }},
			kernel{fmt.Sprint(s, " ", op), op, func(dst, _, y []float32) { MapS2(op, dst, s, y) }, func(_, y float32) float32 { return scalar2[op](s, y) }})
	}
	return all
}

// Every kernel against its scalar loop at every length and any alignment; a part of a
// slice gets what the whole got; destinations that are operands; nothing written beside.
func TestElementwise(t *testing.T) {
	everySet(t, func(t *testing.T, set isa.Set) {
		r := seeded(1)
		for _, s := range []float32{0, 1, -2.5, nan} {
			for _, k := range elementwise(s) {
				if s != 1 && k.op.Unary() {
					continue
				}
				x, y := awkward(r, longest), awkward(r, longest)
				if k.op == And || k.op == Or || k.op == Xor {
					if s != 0 && s != 1 {
						continue
					}
					x, y = masks(r, longest), masks(r, longest)
				}
				whole := make([]float32, longest)
				k.call(whole, x, y)
				for i := range whole {
					if want := k.scalar(x[i], y[i]); !close(k.op, whole[i], want) {
						t.Fatalf("%s of %g, %g: found %g, expected %g", k.name, x[i], y[i], whole[i], want)
					}
				}
				for n := range longest + 1 {
					if n > 70 && (s != 1 || set == isa.Portable || inGo[k.op]) && n%97 != 0 {
						continue
					}
					at := r.IntN(longest + 1 - n)
					dst, check := guarded(t, r, n, float32(77))
					k.call(dst, x[at:], y[at:])
					mustSame(t, k.name, dst, whole[at:at+n])
					check(k.name)
					copy(dst, x[at:])
					k.call(dst, dst, y[at:])
					mustSame(t, k.name+" onto x", dst, whole[at:at+n])
					copy(dst, y[at:])
					k.call(dst, x[at:], dst)
					mustSame(t, k.name+" onto y", dst, whole[at:at+n])
				}
			}
		}
	})
}

func TestSelect(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		r := seeded(2)
		x, y, z := awkward(r, longest), awkward(r, longest), awkward(r, longest)
		for n := range longest + 1 {
			at := r.IntN(longest + 1 - n)
			x, y, z := x[at:at+n], y[at:at+n], z[at:at+n]
			want := make([]float32, n)
			dst, check := guarded(t, r, n, float32(77))
			chooseGo(want, x, y, z)
			Select(dst, x, y, z)
			mustSame(t, "Select", dst, want)
			check("Select")
		}
	})
}

var step = flag.Int("step", 65537, "the `distance` of the numbers at which functions are measured; 1 takes them all")

// The functions against float64 over all numbers, in steps of their bits: denormals,
// infinities and NaNs too. With -step 31 it takes a minute.
func TestAccuracy(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		const n = 1 << 12
		x, y := make([]float32, n), make([]float32, n)
		for op := range bound {
			exact := map[Op]func(float64) float64{Exp: math.Exp, Log: math.Log, Tanh: math.Tanh, Sin: math.Sin, Cos: math.Cos, Erf: math.Erf, Logistic: func(x float64) float64 {
				if x < 0 {
					return math.Exp(x) / (1 + math.Exp(x))
				}
				return 1 / (1 + math.Exp(-x))
			}}[op]
			worst, where := 0.0, float32(0)
			for b := 0; b < 1<<32; {
				for i := range x {
					x[i] = math.Float32frombits(uint32(min(b, 1<<32-1)))
					b += *step
				}
				Map1(op, y, x)
				for i, v := range x {
					e := exact(float64(v))
					if math.IsInf(float64(float32(e)), 0) || math.IsInf(float64(y[i]), 0) || e != e || y[i] != y[i] {
						if !same(y[i], float32(e)) {
							t.Fatalf("%v(%g): found %g, expected %g", op, v, y[i], e)
						}
						continue
					}
					if e == 0 && !same(y[i], float32(e)) {
						t.Fatalf("%v(%g): found %g, expected %g", op, v, y[i], e)
					}
					if u := ulps(y[i], e); u > worst {
						worst, where = u, v
					}
				}
			}
			t.Logf("%v: within %.3f ulp (at %g)", op, worst, where)
			if worst > bound[op] {
				t.Errorf("%v(%g): found an error of %.2f ulp, expected at most %g", op, where, worst, bound[op])
			}
		}
	})
}

// AVX2 and AVX-512 give the same bytes.
func TestWidthsAgree(t *testing.T) {
	if sets := isa.Available(); sets[len(sets)-1] < isa.AVX512 {
		t.Skip("no AVX-512 here")
	}
	x := awkward(seeded(3), 1<<16)
	a, b := make([]float32, len(x)), make([]float32, len(x))
	for op := range bound {
		restore := Use(isa.AVX2)
		Map1(op, a, x)
		Use(isa.AVX512)
		Map1(op, b, x)
		restore()
		mustSame(t, op.String(), b, a)
	}
}
