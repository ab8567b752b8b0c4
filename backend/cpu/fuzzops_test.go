package cpu

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	bf16 "github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/compute/shapes"
)

// grow adds operations until the decisions run out.
func (g *sketch) grow() error {
	g.input(g.dtype(), g.newDims()...)
	for len(g.data) > 0 && len(g.all) < 60 {
		if g.chance(8) {
			g.input(g.dtype(), g.newDims()...)
			continue
		}
		kinds := []func() error{
			g.one, g.one, g.two, g.two, g.two, g.domain, g.reshape, g.transpose, g.broadcast, g.slice, g.reverse, g.pad, g.concatenate,
			g.where, g.clamp, g.convert, g.reduce, g.reduce, g.dot, g.dot, g.conv, g.conv, g.softmax, g.argMinMax, g.iota, g.rare, g.gather, g.closure,
		}
		if err := kinds[g.pick(len(kinds))](); err != nil {
			return err
		}
	}
	return nil
}

// single is an operation with one output.
func single(f func(f compute.Function, in []compute.Value) (compute.Value, error)) operation {
	return func(g compute.Function, in []compute.Value) ([]compute.Value, error) { return one(f(g, in)) }
}

type unaryOp = func(f compute.Function, x compute.Value) (compute.Value, error)
type binaryOp = func(f compute.Function, x, y compute.Value) (compute.Value, error)

// apply adds an operation of one output; it is nil if both sides refused it.
func (g *sketch) apply(name string, in []*pair, f func(f compute.Function, in []compute.Value) (compute.Value, error)) (*pair, error) {
	out, err := g.add(name, in, single(f))
	if err != nil || out == nil {
		return nil, err
	}
	return out[0], nil
}

// move adds an operation that only moves elements.
func (g *sketch) move(name string, x *pair, f func(f compute.Function, x compute.Value) (compute.Value, error)) (*pair, error) {
	p, err := g.apply(name, []*pair{x}, func(h compute.Function, in []compute.Value) (compute.Value, error) { return f(h, in[0]) })
	if p != nil {
		g.keep(p, x.mag, x.err, x.exact)
	}
	return p, err
}

// functionError bounds, in units of the last place, what both sides' functions are off by.
const functionError = 8

// one adds a function of one operand.
func (g *sketch) one() error {
	type row struct {
		name  string
		f     unaryOp
		exact bool                      // rounded correctly
		slope func(mag float64) float64 // nil if it jumps
		size  func(mag float64) float64
	}
	flat := func(c float64) func(float64) float64 { return func(float64) float64 { return c } }
	same := func(x float64) float64 { return x }
	floats := []row{
		{"Neg", compute.Function.Neg, true, flat(1), same},
		{"Abs", compute.Function.Abs, true, flat(1), same},
		{"Sign", compute.Function.Sign, true, nil, flat(1)},
		{"Floor", compute.Function.Floor, true, nil, func(m float64) float64 { return m + 1 }},
		{"Ceil", compute.Function.Ceil, true, nil, func(m float64) float64 { return m + 1 }},
		{"Round", compute.Function.Round, true, nil, func(m float64) float64 { return m + 1 }},
		{"Logistic", compute.Function.Logistic, false, flat(.25), flat(1)},
		{"Tanh", compute.Function.Tanh, false, flat(1), flat(1)},
		{"Sin", compute.Function.Sin, false, flat(1), flat(1)},
		{"Cos", compute.Function.Cos, false, flat(1), flat(1)},
		{"Erf", compute.Function.Erf, false, flat(1.13), flat(1)},
		{"Exp", compute.Function.Exp, false, math.Exp, math.Exp},
		{"Expm1", compute.Function.Expm1, false, math.Exp, math.Exp},
		{"Identity", compute.Function.Identity, true, flat(1), same},
		{"IsFinite", compute.Function.IsFinite, true, flat(0), flat(1)},
		{"IsNaN", compute.Function.IsNaN, true, flat(0), flat(1)},
	}
	wholes := []row{
		{"Neg", compute.Function.Neg, true, nil, same},
		{"Abs", compute.Function.Abs, true, nil, same},
		{"Sign", compute.Function.Sign, true, nil, flat(1)},
		{"BitwiseNot", compute.Function.BitwiseNot, true, nil, func(m float64) float64 { return m + 1 }},
		{"BitCount", compute.Function.BitCount, true, nil, flat(64)},
		{"Clz", compute.Function.Clz, true, nil, flat(64)},
		{"Identity", compute.Function.Identity, true, nil, same},
	}
	x := g.some(func(*pair) bool { return true })
	list := wholes
	switch {
	case x.float(), x.half():
		list = floats
	case x.is(dtypes.Bool):
		list = []row{{"LogicalNot", compute.Function.LogicalNot, true, nil, same}}
	}
	r := list[g.pick(len(list))]
	if r.slope == nil && !x.exact || (r.name == "Exp" || r.name == "Expm1") && x.mag > 6 {
		return nil
	}
	p, err := g.apply(r.name, []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) { return r.f(f, in[0]) })
	if p == nil {
		return err
	}
	size := r.size(x.mag)
	if x.shape.DType.IsUnsigned() && (r.name == "Neg" || r.name == "BitwiseNot") {
		size = most(x.shape.DType)
	}
	switch {
	case x.exact && (r.exact || !x.float()):
		g.keep(p, size, 0, true)
	case r.exact:
		g.keep(p, size, r.slope(x.mag)*x.err, false)
	default:
		g.keep(p, size, r.slope(x.mag+x.err)*x.err+2*functionError*x.unit()*size, false)
	}
	return nil
}

// domain adds a function that is smooth only above 0, of |x| + 1/2.
func (g *sketch) domain() error {
	rows := []struct {
		name        string
		f           unaryOp
		slope, most float64 // for x ≥ 1/2; most is of decreasing functions
	}{
		{"Log", compute.Function.Log, 2, 0.7}, {"Log1p", compute.Function.Log1p, 1, 0}, {"Sqrt", compute.Function.Sqrt, .71, 0}, {"Rsqrt", compute.Function.Rsqrt, 1.42, 1.42},
	}
	x := g.some(func(p *pair) bool { return p.float() || p.half() })
	if x == nil {
		return nil
	}
	x, err := g.positive(x)
	if x == nil {
		return err
	}
	r := rows[g.pick(len(rows))]
	p, err := g.apply(r.name, []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) { return r.f(f, in[0]) })
	if p != nil {
		size := max(r.most, math.Sqrt(x.mag)+1)
		g.keep(p, size, r.slope*1.5*x.err+2*functionError*x.unit()*size, x.half())
	}
	return err
}

// positive is |x| + 1/2.
func (g *sketch) positive(x *pair) (*pair, error) {
	var half any
	switch x.shape.DType {
	case dtypes.Float64:
		half = []float64{.5}
	case dtypes.Float16:
		half = []float16.Float16{float16.FromFloat32(.5)}
	case dtypes.BFloat16:
		half = []bf16.BFloat16{bf16.FromFloat32(.5)}
	default:
		half = []float32{.5}
	}
	p, err := g.apply("Abs + 1/2", []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		a, err := f.Abs(in[0])
		if err != nil {
			return nil, err
		}
		c, err := f.Constant(half)
		if err != nil {
			return nil, err
		}
		return f.Add(a, c)
	})
	if p != nil {
		g.keep(p, x.mag+.5, x.err+2*x.unit()*(x.mag+.5)*rounds(x), x.exact)
	}
	return p, err
}

// odd is x with its lowest bit set: no 0.
func (g *sketch) odd(x *pair) (*pair, error) {
	one := flatFrom(nil, shapes.Make(x.shape.DType))
	fillWhole(one, func() float64 { return 1 })
	p, err := g.apply("BitwiseOr 1", []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		c, err := f.Constant(one)
		if err != nil {
			return nil, err
		}
		return f.BitwiseOr(in[0], c)
	})
	if p != nil {
		g.keep(p, x.mag+1, 0, true)
	}
	return p, err
}

// rounds is 1 for values whose rounding may differ between the sides: those that
// differ already.
func rounds(x *pair) float64 {
	if x.exact {
		return 0
	}
	return 1
}

// partner is a value to go with x: of its shape, or one that repeats along axes.
func (g *sketch) partner(x *pair) *pair {
	y := g.some(func(p *pair) bool { return p != x && p.shape.Equal(x.shape) })
	switch k := g.pick(6); {
	case y != nil && k < 3:
		return y
	case x.shape.Size() == 0: // the Go backend takes 0 against 1 for 1
		return x
	case k == 3:
		return g.input(x.shape.DType)
	case k == 4:
		dims := slices.Clone(x.dims())
		for i := range dims {
			if g.pick(2) == 0 {
				dims[i] = 1
			}
		}
		return g.input(x.shape.DType, dims...)
	case k == 5:
		return x
	}
	return g.input(x.shape.DType, x.dims()...)
}

// two adds a function of two operands.
func (g *sketch) two() error {
	x := g.some(func(*pair) bool { return true })
	y := g.partner(x)
	if g.chance(3) {
		x, y = y, x
	}
	type row struct {
		name string
		f    binaryOp
	}
	arithmetic := []row{{"Add", compute.Function.Add}, {"Sub", compute.Function.Sub}, {"Mul", compute.Function.Mul}, {"Max", compute.Function.Max}, {"Min", compute.Function.Min}}
	compare := []row{
		{"Equal", compute.Function.Equal}, {"NotEqual", compute.Function.NotEqual}, {"LessThan", compute.Function.LessThan},
		{"LessOrEqual", compute.Function.LessOrEqual}, {"GreaterThan", compute.Function.GreaterThan}, {"GreaterOrEqual", compute.Function.GreaterOrEqual},
	}
	var list []row
	switch {
	case x.is(dtypes.Bool):
		list = []row{{"LogicalAnd", compute.Function.LogicalAnd}, {"LogicalOr", compute.Function.LogicalOr}, {"LogicalXor", compute.Function.LogicalXor}}
	case x.whole():
		list = append(slices.Concat(arithmetic, compare), row{"BitwiseAnd", compute.Function.BitwiseAnd}, row{"BitwiseOr", compute.Function.BitwiseOr}, row{"BitwiseXor", compute.Function.BitwiseXor},
			row{"Div", compute.Function.Div}, row{"Rem", compute.Function.Rem})
	default:
		list = append(slices.Concat(arithmetic, arithmetic, compare), row{"Div", compute.Function.Div}, row{"Pow", compute.Function.Pow}, row{"Rem", compute.Function.Rem}, row{"Atan2", compute.Function.Atan2})
	}
	r := list[g.pick(len(list))]
	exact := x.exact && y.exact
	var err error
	switch r.name {
	case "Add", "Sub", "Mul", "Max", "Min":
	case "Div", "Pow", "Rem", "Atan2":
		if !exact {
			return nil
		}
		if x.whole() {
			if y, err = g.odd(y); y == nil {
				return err
			}
			break
		}
		if r.name == "Pow" {
			if x, err = g.positive(x); x == nil || max(x.mag, 2) > 8 || y.mag > 5 {
				return err
			}
		}
		if r.name != "Pow" {
			if y, err = g.positive(y); y == nil {
				return err
			}
		}
	default:
		if !exact {
			return nil
		}
	}
	p, err := g.apply(r.name, []*pair{x, y}, func(f compute.Function, in []compute.Value) (compute.Value, error) { return r.f(f, in[0], in[1]) })
	if p == nil {
		return err
	}
	mag, off := 0.0, 0.0
	switch r.name {
	case "Add", "Sub":
		mag = x.mag + y.mag
		if r.name == "Sub" && p.shape.DType.IsUnsigned() {
			mag = most(p.shape.DType)
		}
		off = x.err + y.err + 2*p.unit()*mag
	case "Mul":
		mag = x.mag * y.mag
		off = x.mag*y.err + y.mag*x.err + x.err*y.err + 2*p.unit()*mag
	case "Max", "Min", "Rem":
		mag, off = max(x.mag, y.mag), max(x.err, y.err)
	case "Div":
		mag = 2 * x.mag
	case "Pow":
		mag = math.Pow(max(x.mag, 2), y.mag)
		exact, off = x.half(), 2*functionError*p.unit()*mag
	case "Atan2":
		mag = math.Pi
		exact, off = x.half(), 2*functionError*p.unit()*mag
	case "BitwiseAnd", "BitwiseOr", "BitwiseXor":
		mag = 2*max(x.mag, y.mag) + 1
	default:
		mag = 1
	}
	if exact {
		off = 0
	}
	g.keep(p, mag, off, exact)
	return nil
}

// where adds a choice, clamp one between two bounds.
func (g *sketch) where() error {
	x := g.any()
	y := g.some(func(p *pair) bool { return p.shape.Equal(x.shape) })
	if g.chance(3) {
		y = g.input(x.shape.DType) // a scalar
	}
	m := g.some(func(p *pair) bool { return p.is(dtypes.Bool) && slices.Equal(p.dims(), x.dims()) })
	if m == nil || g.chance(3) {
		m = g.input(dtypes.Bool, x.dims()...)
	}
	p, err := g.apply("Where", []*pair{m, x, y}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.Where(in[0], in[1], in[2])
	})
	if p != nil {
		g.keep(p, max(x.mag, y.mag), max(x.err, y.err), x.exact && y.exact)
	}
	return err
}

func (g *sketch) clamp() error {
	x := g.some((*pair).number)
	if x == nil {
		return nil
	}
	low, high := g.partner(x), g.partner(x)
	p, err := g.apply("Clamp", []*pair{low, x, high}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.Clamp(in[0], in[1], in[2])
	})
	if p != nil {
		g.keep(p, max(x.mag, low.mag, high.mag), max(x.err, low.err, high.err), x.exact && low.exact && high.exact)
	}
	return err
}

func (g *sketch) convert() error {
	x := g.some(func(*pair) bool { return true })
	t := g.dtype()
	if !x.exact && !(t == dtypes.Float64) {
		return nil
	}
	if (x.float() || x.half()) && t.IsInt() && (t.IsUnsigned() || x.mag > most(t)) {
		return nil // of numbers that the type does not have: what the machine makes of them
	}
	p, err := g.apply(fmt.Sprintf("ConvertDType to %s", t), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.ConvertDType(in[0], t)
	})
	if p != nil {
		mag := x.mag + 1
		if t.IsUnsigned() && x.number() {
			mag = max(mag, most(t))
		}
		g.keep(p, mag, x.err, x.exact)
	}
	return err
}

func (g *sketch) iota() error {
	t := g.dtype()
	dims := g.newDims()
	if t == dtypes.Bool || len(dims) == 0 {
		return nil
	}
	axis := g.pick(len(dims))
	p, err := g.apply("Iota", nil, func(f compute.Function, _ []compute.Value) (compute.Value, error) {
		return f.Iota(shapes.Make(t, dims...), axis)
	})
	if p != nil {
		g.keep(p, float64(dims[axis]), 0, true)
	}
	return err
}
