package cpu

import (
	"unsafe"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/program"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// Compile makes the main function ready to run. The builder is used up.
func (b *Builder) Compile() (compute.Executable, error) {
	if b.compiled || !b.main.returned {
		return nil, errors.Errorf("Compile of %q: found a main function that was compiled or not returned yet", b.Name())
	}
	b.compiled = true
	if b.dynamic {
		exec, err := b.shadow.Compile()
		if err != nil {
			return nil, err
		}
		return &foreign{backend: b.backend, exec: exec}, nil
	}
	g := b.main.graph
	e := &executable{backend: b.backend, name: g.Name}
	for _, v := range g.Params {
		e.names = append(e.names, v.Node.Attr.(ir.Parameter).Name)
		e.inputs = append(e.inputs, v.Shape)
	}
	for _, v := range g.Results {
		e.outputs = append(e.outputs, v.Shape)
	}
	var err error
	e.program, err = program.Compile(g, program.Options{Pool: b.backend.pool, Stock: b.backend.stock, Profile: b.backend.profile.Load})
	if err != nil {
		return nil, errors.WithMessagef(err, "Compile of %q", b.Name())
	}
	return e, nil
}

// executable is a compiled computation. It may run many times at once.
type executable struct {
	backend         *Backend
	name            string
	names           []string
	inputs, outputs []shapes.Shape
	program         *program.Program
}

// Finalize frees what the computation holds.
func (e *executable) Finalize() {
	if e.program != nil {
		e.program.Free()
	}
}

// Inputs are the parameters.
func (e *executable) Inputs() ([]string, []shapes.Shape) { return e.names, e.inputs }

// Outputs are the shapes of the results.
func (e *executable) Outputs() []shapes.Shape { return e.outputs }

// String lists the program.
func (e *executable) String() string { return e.program.String() }

// Foreign names the operations, with their shapes, that are handed to GoMLX's Go backend.
func (e *executable) Foreign() []string { return e.program.Foreign() }

// Execute runs the computation. Donated inputs are used up only if all went well.
func (e *executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	in, err := e.check(inputs, donate)
	if err != nil {
		return nil, err
	}
	gives := func(i int) bool { return len(donate) > 0 && donate[i] }
	parameters := make([]unsafe.Pointer, len(in))
	for i, b := range in {
		parameters[i] = unsafe.Pointer(unsafe.SliceData(b.mem))
	}
	out := make([]*Buffer, len(e.outputs))
	results := make([]unsafe.Pointer, len(out))
	taken := make([]bool, len(in)) // inputs whose memory a result has now
	for i, shape := range e.outputs {
		if p := e.program.InPlace(i); p >= 0 && gives(p) {
			out[i] = &Buffer{backend: e.backend, shape: shape, mem: in[p].mem}
			taken[p] = true
		} else if out[i], err = e.backend.newBuffer(0, shape); err != nil {
			return nil, err
		}
		results[i] = unsafe.Pointer(unsafe.SliceData(out[i].mem))
	}
	if err := e.program.Run(parameters, results); err != nil {
		return nil, errors.WithMessagef(err, "execution of %q", e.name)
	}
	for i, b := range in {
		switch {
		case taken[i]:
			b.mem, b.shape = nil, shapes.Invalid()
		case gives(i):
			b.Finalize()
		}
	}
	list := make([]compute.Buffer, len(out))
	for i, b := range out {
		list[i] = b
	}
	return list, nil
}

// check looks at the inputs before anything is changed.
func (e *executable) check(inputs []compute.Buffer, donate []bool) ([]*Buffer, error) {
	if e.backend.IsFinalized() {
		return nil, errors.Errorf("execution of %q: backend %s was finalized", e.name, Name)
	}
	if len(inputs) != len(e.inputs) || len(donate) > 0 && len(donate) != len(inputs) {
		return nil, errors.Errorf("execution of %q: found %d inputs and %d marks of donation, expected %d inputs", e.name, len(inputs), len(donate), len(e.inputs))
	}
	in := make([]*Buffer, len(inputs))
	given := map[*Buffer]bool{}
	for i, x := range inputs {
		b, ok := x.(*Buffer)
		if !ok || b == nil || b.backend != e.backend || !b.shape.Ok() {
			return nil, errors.Errorf("execution of %q: input #%d, %q: found a %T, expected a live buffer of this backend", e.name, i, e.names[i], x)
		}
		if !b.shape.Equal(e.inputs[i]) {
			return nil, errors.Errorf("execution of %q: input #%d, %q: found shape %s, expected %s", e.name, i, e.names[i], b.shape, e.inputs[i])
		}
		if len(donate) > 0 && donate[i] {
			if given[b] {
				return nil, errors.Errorf("execution of %q: input #%d, %q: found a buffer that was donated as another input already", e.name, i, e.names[i])
			}
			given[b] = true
		}
		in[i] = b
	}
	return in, nil
}

// newFlat is a new slice of a shape's Go type.
func newFlat(shape shapes.Shape) any { return dtypes.MakeAnySlice(shape.DType, shape.Size()) }
