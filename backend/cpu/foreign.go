package cpu

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// foreign is a computation that GoMLX's Go backend carries out as a whole: one with
// shapes that are not known before it runs.
type foreign struct {
	backend *Backend
	exec    compute.Executable
}

// Finalize frees what the computation holds.
func (e *foreign) Finalize() { e.exec.Finalize() }

// Inputs are the parameters.
func (e *foreign) Inputs() ([]string, []shapes.Shape) { return e.exec.Inputs() }

// Outputs are the shapes of the results.
func (e *foreign) Outputs() []shapes.Shape { return e.exec.Outputs() }

// Execute runs the computation on copies of its inputs.
func (e *foreign) Execute(inputs []compute.Buffer, donate []bool, device compute.DeviceNum) (_ []compute.Buffer, err error) {
	if len(donate) > 0 && len(donate) != len(inputs) {
		return nil, errors.Errorf("execution: found %d inputs and %d marks of donation, expected as many", len(inputs), len(donate))
	}
	for i := range donate {
		for k := range i {
			if donate[i] && donate[k] && inputs[i] == inputs[k] {
				return nil, errors.Errorf("execution: input #%d: found a buffer that is donated as input #%d already", i, k)
			}
		}
	}
	defer func() {
		if p := recover(); p != nil {
			err = errors.Errorf("execution: %v", p)
		}
	}()
	in := make([]compute.Buffer, len(inputs))
	for i, x := range inputs {
		b, err := e.backend.own(x)
		if err != nil {
			return nil, errors.WithMessagef(err, "input #%d", i)
		}
		if in[i], err = e.backend.stock.BufferFromFlatData(device, flatOf(b.mem, b.shape), b.shape); err != nil {
			return nil, err
		}
	}
	all := make([]bool, len(in))
	for i := range all {
		all[i] = true
	}
	results, err := e.exec.Execute(in, all, device)
	if err != nil {
		return nil, err
	}
	out := make([]compute.Buffer, len(results))
	for i, r := range results {
		shape, err := r.Shape()
		if err != nil {
			return nil, err
		}
		flat, err := r.Data()
		if err != nil {
			return nil, err
		}
		if out[i], err = e.backend.BufferFromFlatData(device, flat, shape); err != nil {
			return nil, err
		}
		if err := r.Finalize(); err != nil {
			return nil, err
		}
	}
	for i, d := range donate {
		if d {
			if err := inputs[i].Finalize(); err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}
