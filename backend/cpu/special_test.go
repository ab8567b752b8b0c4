package cpu

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
)

// special are the numbers at which functions go wrong.
var special = func() []float32 {
	inf := float32(math.Inf(1))
	positive := []float32{0, 0x1p-149, 0x1p-127, 0x1p-126, 1e-20, 1e-8, 0.25, 0.5, 1, 1.5, 2, 2.5, 3, 10, 87, 89, 100, 1 << 23, 1<<24 - 1, 1e20, math.MaxFloat32, inf}
	all := []float32{float32(math.NaN())}
	for _, x := range positive {
		all = append(all, x, -x)
	}
	return all
}()

// runOn runs a function of inputs on a backend.
func runOn(b compute.Backend, in [][]float32, f func(f compute.Function, in []compute.Value) (compute.Value, error)) ([]byte, shapes.Shape, error) {
	builder := b.Builder("one")
	var params []compute.Value
	var buffers []compute.Buffer
	for i, flat := range in {
		shape := shapes.Make(dtypes.Float32, len(flat))
		p, err := builder.Main().Parameter(string(rune('a'+i)), shape, nil)
		if err != nil {
			return nil, shape, err
		}
		buffer, err := b.BufferFromFlatData(0, flat, shape)
		if err != nil {
			return nil, shape, err
		}
		params, buffers = append(params, p), append(buffers, buffer)
	}
	out, err := f(builder.Main(), params)
	if err != nil {
		return nil, shapes.Invalid(), err
	}
	shape, err := builder.OpShape(out)
	if err != nil {
		return nil, shape, err
	}
	if err := builder.Main().Return([]compute.Value{out}, nil); err != nil {
		return nil, shape, err
	}
	exec, err := builder.Compile()
	if err != nil {
		return nil, shape, err
	}
	results, err := exec.Execute(buffers, nil, 0)
	if err != nil {
		return nil, shape, err
	}
	all, err := contents(results)
	return all[0], shape, err
}

// TestSpecialValues holds functions of zeros, denormals, infinities and NaN against
// GoMLX's Go backend.
func TestSpecialValues(t *testing.T) {
	mine, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Finalize()
	theirs, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Finalize()
	var x, y []float32
	for _, a := range special {
		for _, b := range special {
			x, y = append(x, a), append(y, b)
		}
	}
	check := func(name string, in [][]float32, f func(f compute.Function, in []compute.Value) (compute.Value, error)) {
		got, shape, err := runOn(mine, in, f)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			return
		}
		want, _, err := runOn(theirs, in, f)
		if err != nil {
			t.Errorf("%s on the Go backend: %v", name, err)
			return
		}
		a, b := numbers(got, shape), numbers(want, shape)
		faults := 0
		for i := range a {
			same := a[i] == b[i] && (a[i] != 0 || math.Signbit(a[i]) == math.Signbit(b[i])) || math.IsNaN(a[i]) && math.IsNaN(b[i])
			signless := a[i] != b[i] || name == "Abs" // which theirs leaves -0
			if same || signless && math.Abs(a[i]-b[i]) <= functionError*0x1p-23*math.Abs(b[i])+functionError*0x1p-149 {
				continue
			}
			operands := []float32{in[0][i]}
			if len(in) > 1 {
				operands = append(operands, in[1][i])
			}
			if faults++; faults <= 5 {
				t.Errorf("%s%v: found %v, expected %v", name, operands, a[i], b[i])
			}
		}
	}
	for name, f := range map[string]unaryOp{
		"Neg": compute.Function.Neg, "Abs": compute.Function.Abs, "Sqrt": compute.Function.Sqrt, "Rsqrt": compute.Function.Rsqrt, "Exp": compute.Function.Exp,
		"Expm1": compute.Function.Expm1, "Log": compute.Function.Log, "Log1p": compute.Function.Log1p, "Logistic": compute.Function.Logistic, "Tanh": compute.Function.Tanh,
		"Sin": compute.Function.Sin, "Cos": compute.Function.Cos, "Erf": compute.Function.Erf, "Sign": compute.Function.Sign, "Floor": compute.Function.Floor,
		"Ceil": compute.Function.Ceil, "Round": compute.Function.Round, "IsFinite": compute.Function.IsFinite, "IsNaN": compute.Function.IsNaN,
	} {
		check(name, [][]float32{x}, func(g compute.Function, in []compute.Value) (compute.Value, error) { return f(g, in[0]) })
	}
	for name, f := range map[string]binaryOp{
		"Add": compute.Function.Add, "Sub": compute.Function.Sub, "Mul": compute.Function.Mul, "Div": compute.Function.Div, "Max": compute.Function.Max, "Min": compute.Function.Min,
		"Pow": compute.Function.Pow, "Rem": compute.Function.Rem, "Atan2": compute.Function.Atan2, "Equal": compute.Function.Equal, "NotEqual": compute.Function.NotEqual,
		"LessThan": compute.Function.LessThan, "LessOrEqual": compute.Function.LessOrEqual, "GreaterThan": compute.Function.GreaterThan, "GreaterOrEqual": compute.Function.GreaterOrEqual,
	} {
		check(name, [][]float32{x, y}, func(g compute.Function, in []compute.Value) (compute.Value, error) { return f(g, in[0], in[1]) })
	}
	for _, to := range []dtypes.DType{dtypes.Bool, dtypes.Float64} {
		check("ConvertDType to "+to.String(), [][]float32{x}, func(g compute.Function, in []compute.Value) (compute.Value, error) { return g.ConvertDType(in[0], to) })
	}
}
