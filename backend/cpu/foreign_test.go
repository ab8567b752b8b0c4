package cpu

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// A computation of shapes that are not known before it runs keeps what the others do: errors
// in place of panics, and inputs that a failing execution does not take.
func TestUnknownShapes(t *testing.T) {
	b := newBackend(t, "")
	built := b.Builder("unknown")
	f := built.Main()
	rows := shapes.MakeDynamic(dtypes.Int32, []int{shapes.DynamicDim}, []string{"batch"})
	x, err := f.Parameter("x", rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	y, err := f.Parameter("y", rows, nil)
	if err != nil {
		t.Fatal(err)
	}
	z, err := f.Div(x, y)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Return([]compute.Value{z}, nil); err != nil {
		t.Fatal(err)
	}
	exec, err := built.Compile()
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	buffer := func(v ...int32) compute.Buffer {
		t.Helper()
		made, err := b.BufferFromFlatData(0, v, shapes.Make(dtypes.Int32, len(v)))
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	six, two, zero := buffer(6, 8), buffer(2, 4), buffer(1, 0)
	_, err = exec.Execute([]compute.Buffer{six, zero}, []bool{true, true}, 0)
	says(t, err, "execution", "divide by zero")
	_, err = exec.Execute([]compute.Buffer{six, two}, []bool{true}, 0)
	says(t, err, "2 inputs and 1 marks")
	_, err = exec.Execute([]compute.Buffer{six, six}, []bool{true, true}, 0)
	says(t, err, "input #1", "donated")
	out, err := exec.Execute([]compute.Buffer{six, two}, []bool{true, false}, 0)
	if err != nil {
		t.Fatal(err)
	}
	flat, err := out[0].Data()
	if v, ok := flat.([]int32); err != nil || !ok || len(v) != 2 || v[0] != 3 || v[1] != 2 {
		t.Errorf("found %v (%v), expected 3 and 2", flat, err)
	}
}
