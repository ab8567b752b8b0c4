package cpu

import (
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strings"
	"testing"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/gobackend"
	"github.com/gomlx/compute/shapes"
)

// Wrong use is an error that says what was found; nothing that was given is lost.

// divider computes w + 1 and a / b, of which whole numbers fail where b is 0.
func divider(t *testing.T, b *Backend) compute.Executable {
	t.Helper()
	builder := b.Builder("divider")
	f := builder.Main()
	must := func(v compute.Value, err error) compute.Value {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	w := must(f.Parameter("w", shapes.Make(dtypes.Float32, 3), nil))
	x := must(f.Parameter("a", shapes.Make(dtypes.Int32, 2), nil))
	y := must(f.Parameter("b", shapes.Make(dtypes.Int32, 2), nil))
	one := must(f.Constant([]float32{1}))
	if err := f.Return([]compute.Value{must(f.Add(w, one)), must(f.Div(x, y))}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func bufferOf(t *testing.T, b compute.Backend, flat any) compute.Buffer {
	t.Helper()
	v := reflect.ValueOf(flat)
	buffer, err := b.BufferFromFlatData(0, flat, shapes.Make(dtypes.FromGoType(v.Type().Elem()), v.Len()))
	if err != nil {
		t.Fatal(err)
	}
	return buffer
}

func contentsOf(t *testing.T, b compute.Buffer) any {
	t.Helper()
	flat, err := b.Data()
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// says fails the test unless err holds all the words.
func says(t *testing.T, err error, words ...string) {
	t.Helper()
	if err == nil {
		t.Errorf("found no error, expected one about %q", words)
		return
	}
	for _, w := range words {
		if !strings.Contains(err.Error(), w) {
			t.Errorf("found error %q, expected it to say %q", err, w)
		}
	}
}

func TestFailingStepsLoseNothing(t *testing.T) {
	b, other := newBackend(t, ""), newBackend(t, "")
	theirs, err := gobackend.New("ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Finalize()
	e := divider(t, b)
	w, x, y := bufferOf(t, b, []float32{1, 2, 3}), bufferOf(t, b, []int32{6, 8}), bufferOf(t, b, []int32{2, 0})
	all := []bool{true, true, true}
	dead := bufferOf(t, b, []int32{1, 1})
	if err := dead.Finalize(); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		in     []compute.Buffer
		donate []bool
		words  []string
	}{
		{[]compute.Buffer{w, x, y}, all, []string{"divider", "Div", "Int32", "divide by zero"}},
		{[]compute.Buffer{w, x, w}, all, []string{"divider", `"b"`, "Float32", "Int32"}},
		{[]compute.Buffer{w, x}, nil, []string{"found 2 inputs", "expected 3"}},
		{[]compute.Buffer{w, x, y}, []bool{true}, []string{"1 marks"}},
		{[]compute.Buffer{w, x, x}, all, []string{`"b"`, "donated", "#1"}},
		{[]compute.Buffer{w, x, dead}, all, []string{`"b"`, "finalized"}},
		{[]compute.Buffer{w, x, nil}, all, []string{`"b"`, "<nil>"}},
		{[]compute.Buffer{w, x, bufferOf(t, other, []int32{1, 1})}, all, []string{`"b"`, "another backend"}},
		{[]compute.Buffer{w, x, bufferOf(t, theirs, []int32{1, 1})}, all, []string{`"b"`, "gobackend.Buffer"}},
	} {
		_, err := e.Execute(c.in, c.donate, 0)
		says(t, err, c.words...)
		if !slices.Equal(contentsOf(t, w).([]float32), []float32{1, 2, 3}) || !slices.Equal(contentsOf(t, x).([]int32), []int32{6, 8}) || !slices.Equal(contentsOf(t, y).([]int32), []int32{2, 0}) {
			t.Fatalf("after %v: inputs changed", err)
		}
	}
	_, err = e.Execute([]compute.Buffer{w, x, bufferOf(t, b, []int32{2, 4})}, nil, 3)
	says(t, err, "device", "3")
	out, err := e.Execute([]compute.Buffer{w, x, bufferOf(t, b, []int32{2, 4})}, all, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := contentsOf(t, out[1]); !slices.Equal(got.([]int32), []int32{3, 2}) {
		t.Errorf("found %v, expected [3 2]", got)
	}
	if _, err := w.Shape(); err == nil {
		t.Error("found a donated input alive, expected it to be used up")
	}
}

// TestInputsGivenTwice: a buffer that is donated as one input and read as another is not
// overwritten before it is read.
func TestInputsGivenTwice(t *testing.T) {
	b := newBackend(t, "")
	builder := b.Builder("twice")
	f := builder.Main()
	shape := shapes.Make(dtypes.Float32, 4)
	x, err := f.Parameter("x", shape, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Parameter("y", shape, nil)
	if err != nil {
		t.Fatal(err)
	}
	n, err := f.Neg(x)
	if err != nil {
		t.Fatal(err)
	}
	r, err := f.Reverse(y, 0)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := f.Add(r, r)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Return([]compute.Value{n, sum}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	in := bufferOf(t, b, []float32{1, 2, 3, 4})
	out, err := e.Execute([]compute.Buffer{in, in}, []bool{true, false}, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := contentsOf(t, out[1]); !slices.Equal(got.([]float32), []float32{8, 6, 4, 2}) {
		t.Errorf("found %v, expected [8 6 4 2]", got)
	}
}

// TestTheEnd: what was finalized says so, and may be finalized again.
func TestTheEnd(t *testing.T) {
	b := newBackend(t, "threads=2")
	e := divider(t, b)
	in := []compute.Buffer{bufferOf(t, b, []float32{1, 2, 3}), bufferOf(t, b, []int32{6, 8}), bufferOf(t, b, []int32{2, 1})}
	if _, err := e.Execute(in, nil, 0); err != nil {
		t.Fatal(err)
	}
	e.Finalize()
	e.Finalize()
	_, err := e.Execute(in, nil, 0)
	says(t, err, "divider", "finalized")
	e = divider(t, b)
	b.Finalize()
	b.Finalize()
	if !b.IsFinalized() {
		t.Error("found a backend that is not finalized after Finalize")
	}
	_, err = e.Execute(in, nil, 0)
	says(t, err, "divider", "finalized")
	_, err = b.BufferFromFlatData(0, []float32{1}, shapes.Make(dtypes.Float32, 1))
	says(t, err, "finalized")
	_, err = b.Builder("late").Main().Parameter("x", shapes.Make(dtypes.Float32, 1), nil)
	says(t, err, "finalized")
	if err := in[0].Finalize(); err != nil {
		t.Errorf("finalizing a buffer of a finalized backend: %v", err)
	}
	if err := in[0].Finalize(); err != nil {
		t.Errorf("finalizing a buffer twice: %v", err)
	}
	e.Finalize()
}

func TestWrongConfigurations(t *testing.T) {
	for config, words := range map[string][]string{
		"threads=0": {"threads", `"0"`, "1 to 1024"}, "threads=many": {`"many"`}, "threads=": {"threads", `""`},
		"fast": {`"fast"`, "threads=N"}, "threads=-3": {`"-3"`}, "threads=99999": {"1024"},
		"threads=2,fast": {`"fast"`}, "precision=half": {"precision", `"half"`, "bfloat16"}, "precision=": {`""`},
	} {
		_, err := New(config)
		says(t, err, words...)
	}
	t.Setenv(ThreadsEnv, "two")
	_, err := New("")
	says(t, err, ThreadsEnv, `"two"`)
	b, err := New("threads=1") // what is asked for wins
	if err != nil {
		t.Fatal(err)
	}
	b.Finalize()
	_, err = compute.NewWithConfig("cpu:threads=none")
	says(t, err, "threads", `"none"`)
}

// TestWrongInstructions runs itself with a wish that no machine fulfils: wishes are read
// once.
func TestWrongInstructions(t *testing.T) {
	if os.Getenv("DRIFT_CPU_ISA") == "sse9" {
		_, err := New("")
		says(t, err, "DRIFT_CPU_ISA", `"sse9"`, "portable")
		return
	}
	c := exec.Command(os.Args[0], "-test.run=^TestWrongInstructions$")
	c.Env = append(os.Environ(), "DRIFT_CPU_ISA=sse9")
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestWrongGraphs: operations on wrong values are errors with their names.
func TestWrongGraphs(t *testing.T) {
	b := newBackend(t, "")
	one, two := b.Builder("one"), b.Builder("two")
	x, err := one.Main().Parameter("x", shapes.Make(dtypes.Float32, 2, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := two.Main().Parameter("y", shapes.Make(dtypes.Float32, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = one.Main().Add(x, y)
	says(t, err, "Add", "#1", "this builder")
	_, err = one.Main().Neg(nil)
	says(t, err, "Neg", "#0", "<nil>")
	z, err := one.Main().Parameter("z", shapes.Make(dtypes.Float32, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = one.Main().Add(x, z)
	says(t, err, "Add", "[2, 3]", "[4]")
	_, err = one.Compile()
	says(t, err, "one", "not returned")
	if err := one.Main().Return([]compute.Value{x}, nil); err != nil {
		t.Fatal(err)
	}
	if _, err := one.Compile(); err != nil {
		t.Fatal(err)
	}
	_, err = one.Compile()
	says(t, err, "one", "compiled")
	_, err = one.Main().Neg(x)
	says(t, err, "Neg", "compiled")
	_, err = one.OpShape("x")
	says(t, err, "OpShape", "string")
	_, err = b.BufferFromFlatData(0, []int32{1, 2}, shapes.Make(dtypes.Float32, 2))
	says(t, err, "[]int32", "[]float32")
	_, err = b.BufferFromFlatData(0, []float32{1, 2}, shapes.Make(dtypes.Float32, 3))
	says(t, err, "length 2", "length 3")
	_, err = b.BufferFromFlatData(0, nil, shapes.Make(dtypes.Float32, 3))
	says(t, err, "<nil>", "[]float32")
	_, _, err = b.NewSharedBuffer(0, shapes.MakeDynamic(dtypes.Float32, []int{-1}, []string{"batch"}))
	says(t, err, "shape", "sides are known")
	_, err = b.BufferFromFlatData(1, []float32{1}, shapes.Make(dtypes.Float32, 1))
	says(t, err, "device", "1")
}

// TestWrongArguments: no argument makes an operation panic.
func TestWrongArguments(t *testing.T) {
	b := newBackend(t, "")
	f := b.Builder("wrong").Main()
	x, err := f.Parameter("x", shapes.Make(dtypes.Float32, 2, 3), nil)
	if err != nil {
		t.Fatal(err)
	}
	half, err := f.Constant([]float32{.5})
	if err != nil {
		t.Fatal(err)
	}
	for name, wrong := range map[string]func() (compute.Value, error){
		"Transpose":   func() (compute.Value, error) { return f.Transpose(x, 0, 2) },
		"Transpose ":  func() (compute.Value, error) { return f.Transpose(x, 0) },
		"Transpose  ": func() (compute.Value, error) { return f.Transpose(x, 0, 0) },
		"ReduceSum":   func() (compute.Value, error) { return f.ReduceSum(x, 2) },
		"ReduceMax":   func() (compute.Value, error) { return f.ReduceMax(x, -1) },
		"ReduceSum ":  func() (compute.Value, error) { return f.ReduceSum(x, 1, 1) },
		"ReduceSum  ": func() (compute.Value, error) { return f.ReduceSum(x, 0, 5) },
		"FusedLayerNorm": func() (compute.Value, error) {
			return f.FusedLayerNorm(x, []int{0, 7}, 1e-5, nil, nil)
		},
		"Slice":        func() (compute.Value, error) { return f.Slice(x, []int{0}, []int{1}, []int{1}) },
		"Reverse":      func() (compute.Value, error) { return f.Reverse(x, 2) },
		"Concatenate":  func() (compute.Value, error) { return f.Concatenate(0) },
		"Concatenate ": func() (compute.Value, error) { return f.Concatenate(2, x, x) },
		"Reshape":      func() (compute.Value, error) { return f.Reshape(x, 4) },
		"BroadcastInDim": func() (compute.Value, error) {
			return f.BroadcastInDim(x, shapes.Make(dtypes.Float32, 4, 3), []int{0, 1})
		},
		"Pad":  func() (compute.Value, error) { return f.Pad(x, half, make([]compute.PadAxis, 3)...) },
		"Pad ": func() (compute.Value, error) { return f.Pad(x, x) },
		"DotGeneral": func() (compute.Value, error) {
			return f.DotGeneral(x, []int{5}, nil, x, []int{0}, nil, compute.DotGeneralConfig{})
		},
		"DotGeneral ": func() (compute.Value, error) {
			return f.DotGeneral(x, []int{0}, nil, x, []int{1}, nil, compute.DotGeneralConfig{})
		},
		"ConvGeneral": func() (compute.Value, error) {
			return f.ConvGeneral(x, x, compute.ConvolveAxesConfig{}, nil, nil, nil, nil, 1, 1)
		},
		"Where":        func() (compute.Value, error) { return f.Where(x, x, x) },
		"FusedSoftmax": func() (compute.Value, error) { return f.FusedSoftmax(x, 2) },
		"ArgMinMax":    func() (compute.Value, error) { return f.ArgMinMax(x, 7, dtypes.Int32, true) },
		"CumSum":       func() (compute.Value, error) { return f.CumSum(x, 7, compute.CumSumOptions{}) },
		"Iota":         func() (compute.Value, error) { return f.Iota(shapes.Make(dtypes.Float32, 2), 3) },
		"LogicalNot":   func() (compute.Value, error) { return f.LogicalNot(x) },
		"ReduceWindow": func() (compute.Value, error) {
			return f.ReduceWindow(x, compute.ReduceOpMax, []int{1}, nil, nil, nil, nil)
		},
		"Gather":       func() (compute.Value, error) { return f.Gather(x, x, 9, nil, nil, nil, nil, false) },
		"DynamicSlice": func() (compute.Value, error) { return f.DynamicSlice(x, nil, []int{1}) },
		"FFT":          func() (compute.Value, error) { return f.FFT(x, compute.FFTType(77), []int{1}) },
		"While":        func() (compute.Value, error) { _, err := f.While(f, f, x); return nil, err },
		"Sort":         func() (compute.Value, error) { _, err := f.Sort(nil, 0, true, x); return nil, err },
	} {
		func() {
			defer func() {
				if e := recover(); e != nil {
					t.Errorf("%s: panic: %v", name, e)
				}
			}()
			if v, err := wrong(); err == nil && v != nil {
				t.Errorf("%s: found no error at wrong arguments", name)
			}
		}()
	}
}

// GoMLX takes an axis of 0 and one of 1 for one of 1: there is nothing to compute it from.
func TestNothingBroadcastsToNothing(t *testing.T) {
	b := newBackend(t, "threads=1")
	f := b.Builder("nothing").Main()
	x, err := f.Parameter("x", shapes.Make(dtypes.Float32, 0, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Parameter("y", shapes.Make(dtypes.Float32, 1, 4), nil)
	if err != nil {
		t.Fatal(err)
	}
	_, err = f.Add(x, y)
	says(t, err, "Add", "found no values")
	if _, err := f.Add(x, x); err != nil {
		t.Error(err)
	}
}

// Names of axes are the caller's own: a buffer without them fits.
func TestNamesOfAxesDoNotMatter(t *testing.T) {
	b := newBackend(t, "threads=1")
	builder := b.Builder("names")
	f := builder.Main()
	x, err := f.Parameter("x", shapes.Make(dtypes.Float32, 3).WithAxisNames("batch"), nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Neg(x)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Return([]compute.Value{y}, nil); err != nil {
		t.Fatal(err)
	}
	e, err := builder.Compile()
	if err != nil {
		t.Fatal(err)
	}
	out, err := e.Execute([]compute.Buffer{bufferOf(t, b, []float32{1, 2, 3})}, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	if got := contentsOf(t, out[0]); !reflect.DeepEqual(got, []float32{-1, -2, -3}) {
		t.Errorf("found %v", got)
	}
}

// What comes out as it went in is a copy, also of numbers of less than a byte.
func TestCopiesOfPackedNumbers(t *testing.T) {
	b := newBackend(t, "threads=1")
	for _, dtype := range []dtypes.DType{dtypes.Int4, dtypes.Uint4, dtypes.Int2, dtypes.Uint2, dtypes.Int16, dtypes.Float64} {
		builder := b.Builder("copies")
		shape := shapes.Make(dtype, 3, 7)
		x, err := builder.Main().Parameter("x", shape, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := builder.Main().Return([]compute.Value{x, x}, nil); err != nil {
			t.Fatal(err)
		}
		e, err := builder.Compile()
		if err != nil {
			t.Fatal(err)
		}
		in, flat, err := b.NewSharedBuffer(0, shape)
		if err != nil {
			t.Fatal(err)
		}
		v := reflect.ValueOf(flat)
		bytes := unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size()))
		for i := range bytes {
			bytes[i] = byte(37*i + 11)
		}
		for range 2 { // once what lay there before is something else
			junk, flat, err := b.NewSharedBuffer(0, shape)
			if err != nil {
				t.Fatal(err)
			}
			v := reflect.ValueOf(flat)
			clear(unsafe.Slice((*byte)(v.UnsafePointer()), v.Len()*int(v.Type().Elem().Size())))
			if err := junk.Finalize(); err != nil {
				t.Fatal(err)
			}
		}
		out, err := e.Execute([]compute.Buffer{in}, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for k, o := range out {
			if got := contentsOf(t, o); !reflect.DeepEqual(got, flat) {
				t.Errorf("%s: result %d is %v, expected %v", dtype, k, got, flat)
			}
		}
	}
}
