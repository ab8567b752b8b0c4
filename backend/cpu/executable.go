package cpu

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
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
	if b.backend.IsFinalized() {
		return nil, errors.Errorf("Compile of %q: backend %s was finalized", b.Name(), Name)
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
	o := program.Options{Pool: b.backend.pool, BF16: b.backend.bf16, Stock: b.backend.stock, Profile: b.backend.profile.Load}
	var passes strings.Builder
	if b.backend.dumps != "" {
		o.Dump = func(pass, text string) { fmt.Fprintf(&passes, "== %s\n%s", pass, text) }
	}
	var err error
	e.program, err = program.Compile(g, o)
	if failed := b.backend.keep(g.Name, passes.String()); failed != nil {
		return nil, errors.WithMessagef(failed, "%s: Compile of %q", DumpEnv, b.Name())
	}
	if err != nil {
		return nil, errors.WithMessagef(err, "Compile of %q", b.Name())
	}
	return e, nil
}

// keep leaves what the passes made of a computation in a file of its own, of which there are
// as many as computations were compiled.
func (b *Backend) keep(name, passes string) error {
	if passes == "" {
		return nil
	}
	plain := strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return '-'
	}, name)
	file := fmt.Sprintf("%04d-%.80s.txt", b.dumped.Add(1), plain)
	return os.WriteFile(filepath.Join(b.dumps, file), []byte(passes), 0o644)
}

// executable is a compiled computation. It may run many times at once.
type executable struct {
	backend         *Backend
	name            string
	names           []string
	inputs, outputs []shapes.Shape
	program         *program.Program
	ended           atomic.Bool
	calls           sync.Pool // of *call
}

// call is what an execution needs but for memory, and does not hand out.
type call struct {
	in                  []*Buffer
	out                 []*Buffer
	parameters, results []unsafe.Pointer
	gives, taken        []bool          // which inputs are donated, and whose memory a result has now
	from                []int           // of each result without a buffer: which input's memory it has
	times               map[*Buffer]int // how often a buffer is an input
}

func (e *executable) newCall() *call {
	c, _ := e.calls.Get().(*call)
	if c == nil {
		n, m := len(e.inputs), len(e.outputs)
		c = &call{
			in: make([]*Buffer, n), out: make([]*Buffer, m), parameters: make([]unsafe.Pointer, n), results: make([]unsafe.Pointer, m), from: make([]int, m),
			gives: make([]bool, n), taken: make([]bool, n), times: map[*Buffer]int{},
		}
	}
	return c
}

// endCall lets go of all that the call points to.
func (e *executable) endCall(c *call) {
	clear(c.in)
	clear(c.out)
	clear(c.parameters)
	clear(c.results)
	clear(c.gives)
	clear(c.taken)
	clear(c.times)
	e.calls.Put(c)
}

// Finalize frees what the computation holds. It must not run any more.
func (e *executable) Finalize() {
	if e.ended.CompareAndSwap(false, true) {
		e.program.Free()
	}
}

// Inputs are the parameters.
func (e *executable) Inputs() ([]string, []shapes.Shape) { return e.names, e.inputs }

// Outputs are the shapes of the results.
func (e *executable) Outputs() []shapes.Shape { return e.outputs }

// Foreign names the operations, with their shapes, that are handed to GoMLX's Go backend.
func (e *executable) Foreign() []string { return e.program.Foreign() }

// Memory is how many bytes an execution takes beside its inputs and outputs. They are
// kept for the next one.
func (e *executable) Memory() int { return e.program.Memory() }

// Execute runs the computation. Donated inputs are used up only if all went well.
func (e *executable) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) ([]compute.Buffer, error) {
	c := e.newCall()
	defer e.endCall(c)
	if err := e.check(c, inputs, donate); err != nil {
		return nil, err
	}
	if err := e.run(c, device); err != nil {
		for _, b := range c.out { // but for those that have an input's memory
			if b != nil {
				b.Finalize()
			}
		}
		return nil, errors.WithMessagef(err, "execution of %q", e.name)
	}
	for i, b := range c.in {
		switch {
		case c.taken[i]:
			b.mem, b.shape = nil, shapes.Invalid()
		case c.gives[i]:
			b.Finalize()
		}
	}
	list := make([]compute.Buffer, len(c.out))
	for i, b := range c.out {
		list[i] = b
	}
	return list, nil
}

// run makes the results' buffers and runs the program. A donated input whose memory a
// result may have, and that is no other input too, gives it.
func (e *executable) run(c *call, device compute.DeviceNum) (err error) {
	for i, b := range c.in {
		c.parameters[i] = unsafe.Pointer(unsafe.SliceData(b.mem))
	}
	for i, shape := range e.outputs {
		if p := e.program.InPlace(i); p >= 0 && c.gives[p] && c.times[c.in[p]] == 1 {
			c.taken[p] = true
			c.results[i], c.from[i] = c.parameters[p], p
			continue
		}
		if c.out[i], err = e.backend.newBuffer(device, shape); err != nil {
			return err
		}
		c.results[i] = unsafe.Pointer(unsafe.SliceData(c.out[i].mem))
	}
	if err := e.program.Run(c.parameters, c.results); err != nil {
		return err
	}
	for i, p := range c.from {
		if c.out[i] == nil {
			c.out[i] = &Buffer{backend: e.backend, shape: e.outputs[i], mem: c.in[p].mem}
		}
	}
	return nil
}

// check looks at the inputs before anything is changed, and notes them.
func (e *executable) check(c *call, inputs []compute.Buffer, donate []bool) error {
	switch {
	case e.backend.IsFinalized():
		return errors.Errorf("execution of %q: backend %s was finalized", e.name, Name)
	case e.ended.Load():
		return errors.Errorf("execution of %q: it was finalized", e.name)
	case len(inputs) != len(e.inputs) || len(donate) > 0 && len(donate) != len(inputs):
		return errors.Errorf("execution of %q: found %d inputs and %d marks of donation, expected %d inputs", e.name, len(inputs), len(donate), len(e.inputs))
	}
	copy(c.gives, donate)
	for i, x := range inputs {
		b, err := e.backend.own(x)
		if err != nil {
			return errors.WithMessagef(err, "execution of %q: input #%d, %q", e.name, i, e.names[i])
		}
		if b.shape.DType != e.inputs[i].DType || !b.shape.EqualDimensions(e.inputs[i]) { // names of axes are the caller's own
			return errors.Errorf("execution of %q: input #%d, %q: found shape %s, expected %s", e.name, i, e.names[i], b.shape, e.inputs[i])
		}
		c.in[i] = b
		c.times[b]++
	}
	for i, b := range c.in {
		if c.gives[i] && c.times[b] > 1 {
			for k := range i {
				if c.gives[k] && c.in[k] == b {
					return errors.Errorf("execution of %q: input #%d, %q: found a buffer that is donated as input #%d already", e.name, i, e.names[i], k)
				}
			}
		}
	}
	return nil
}

// newFlat is a new slice of a shape's Go type.
func newFlat(shape shapes.Shape) any { return dtypes.MakeAnySlice(shape.DType, shape.Size()) }
