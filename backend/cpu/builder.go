package cpu

import (
	"strings"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/notimplemented"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// Builder records a computation. GoMLX's Go backend builds the same one beside it, as
// a shadow: that infers shapes, checks arguments, and carries out computations with
// dynamic shapes.
type Builder struct {
	notimplemented.Builder
	backend  *Backend
	shadow   compute.Builder
	main     *Function
	dynamic  bool // some shape is not known before a computation runs
	compiled bool
}

// Builder starts a computation.
func (b *Backend) Builder(name string) compute.Builder {
	shadow := b.stock.Builder(name)
	r := &Builder{backend: b, shadow: shadow}
	r.main = &Function{builder: r, shadow: shadow.Main(), name: compute.MainName, graph: &ir.Graph{Name: name}}
	return r
}

// Name is the name of the computation.
func (b *Builder) Name() string { return b.main.graph.Name }

// Main is the function that is compiled.
func (b *Builder) Main() compute.Function { return b.main }

// NewFunction adds a function that others may call.
func (b *Builder) NewFunction(name string) (compute.Function, error) {
	shadow, err := b.shadow.NewFunction(name)
	if err != nil {
		return nil, err
	}
	return &Function{builder: b, shadow: shadow, name: name, graph: &ir.Graph{Name: name}}, nil
}

// OpShape is the shape of a value.
func (b *Builder) OpShape(op compute.Value) (shapes.Shape, error) {
	v, ok := op.(*value)
	if !ok || v.fn.builder != b {
		return shapes.Invalid(), errors.Errorf("OpShape: found a %T, expected a value of this builder", op)
	}
	return b.shadow.OpShape(v.shadow)
}

// Function records operations, on the main path, in a function to call, or in a
// closure of another function.
type Function struct {
	notimplemented.Function
	builder  *Builder
	parent   *Function // of a closure
	shadow   compute.Function
	name     string
	graph    *ir.Graph
	returned bool
}

// value is what GoMLX holds for an output of an operation.
type value struct {
	fn     *Function
	ir     *ir.Value
	shadow compute.Value
}

// Name is the name of the function; closures have none.
func (f *Function) Name() string { return f.name }

// Builder is the builder of the function.
func (f *Function) Builder() compute.Builder { return f.builder }

// Parent is the function that a closure was made in, or nil.
func (f *Function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Closure makes a function without a name that may use this one's values.
func (f *Function) Closure() (compute.Function, error) {
	shadow, err := f.shadow.Closure()
	if err != nil {
		return nil, err
	}
	return &Function{builder: f.builder, parent: f, shadow: shadow, graph: &ir.Graph{}}, nil
}

// Shape is the shape of a value.
func (f *Function) Shape(v compute.Value) (shapes.Shape, error) { return f.builder.OpShape(v) }

// Parameter adds an input.
func (f *Function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	if err := f.open(compute.OpTypeParameter); err != nil {
		return nil, err
	}
	shadow, err := f.shadow.Parameter(name, shape, sharding)
	if err != nil {
		return nil, err
	}
	n := f.graph.Add(compute.OpTypeParameter, ir.Parameter{Name: name, Index: len(f.graph.Params)}, nil, shape)
	f.graph.Params = append(f.graph.Params, n.Out[0])
	f.noteDynamic(shape)
	return &value{fn: f, ir: n.Out[0], shadow: shadow}, nil
}

// Constant adds values that are known.
func (f *Function) Constant(flat any, dims ...int) (compute.Value, error) {
	if err := f.open(compute.OpTypeConstant); err != nil {
		return nil, err
	}
	shadow, err := f.shadow.Constant(flat, dims...)
	if err != nil {
		return nil, err
	}
	shape, err := f.builder.shadow.OpShape(shadow)
	if err != nil {
		return nil, err
	}
	kept := newFlat(shape)
	if err := copyFlat(kept, flat); err != nil {
		return nil, err
	}
	n := f.graph.Add(compute.OpTypeConstant, ir.Constant{Flat: kept}, nil, shape)
	n.Build = func(g compute.Function, _ []compute.Value) ([]compute.Value, error) {
		return one(g.Constant(kept, shape.Dimensions...))
	}
	return &value{fn: f, ir: n.Out[0], shadow: shadow}, nil
}

// Return says what comes out. It is called once, last.
func (f *Function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	in, shadows, err := f.values(compute.OpTypeInvalid, outputs)
	if err != nil {
		return err
	}
	if err := f.shadow.Return(shadows, shardings); err != nil {
		return err
	}
	f.graph.Results, f.returned = in, true
	return nil
}

// build repeats an operation on some function: the shadow's, or an island's.
type build func(f compute.Function, in []compute.Value) ([]compute.Value, error)

// record adds an operation that has been checked by building it on the shadow.
func (f *Function) record(op compute.OpType, attr any, in []compute.Value, b build) ([]compute.Value, error) {
	_, shadows, err := f.values(op, in)
	if err != nil {
		return nil, err
	}
	out, err := f.check(op, in, func() ([]compute.Value, error) { return b(f.shadow, shadows) })
	if err != nil {
		return nil, err
	}
	return f.recorded(op, attr, in, nil, out, b)
}

// check builds an operation on the shadow, which panics at some wrong arguments.
func (f *Function) check(op compute.OpType, in []compute.Value, b func() ([]compute.Value, error)) (out []compute.Value, err error) {
	defer func() {
		if e := recover(); e != nil {
			var of []string
			for _, v := range in {
				of = append(of, v.(*value).ir.Shape.String())
			}
			err = errors.Errorf("%s of %s: %v", op, strings.Join(of, ", "), e)
		}
	}()
	return b()
}

// recorded adds an operation that stands on the shadow already. Beside its inputs it
// uses captured, which build gets after them.
func (f *Function) recorded(op compute.OpType, attr any, in []compute.Value, captured []*ir.Value, shadows []compute.Value, b build) ([]compute.Value, error) {
	values, _, err := f.values(op, in)
	if err != nil {
		return nil, err
	}
	shapes := make([]shapes.Shape, len(shadows))
	for i, s := range shadows {
		if shapes[i], err = f.builder.shadow.OpShape(s); err != nil {
			return nil, err
		}
		f.noteDynamic(shapes[i])
	}
	n := f.graph.Add(op, attr, append(values, captured...), shapes...)
	n.Build = b
	out := make([]compute.Value, len(shadows))
	for i, s := range shadows {
		out[i] = &value{fn: f, ir: n.Out[i], shadow: s}
	}
	return out, nil
}

// open says why nothing can be added to the function, if so.
func (f *Function) open(op compute.OpType) error {
	switch {
	case f.builder.backend.IsFinalized():
		return errors.Errorf("%s: backend %s was finalized", op, Name)
	case f.builder.compiled || f.returned:
		return errors.Errorf("%s: the function %q was returned or compiled, expected one that is being built", op, f.name)
	}
	return nil
}

// values takes GoMLX's values apart.
func (f *Function) values(op compute.OpType, all []compute.Value) ([]*ir.Value, []compute.Value, error) {
	if err := f.open(op); err != nil {
		return nil, nil, err
	}
	in, shadows := make([]*ir.Value, len(all)), make([]compute.Value, len(all))
	for i, x := range all {
		v, ok := x.(*value)
		if !ok || v == nil || v.fn.builder != f.builder {
			return nil, nil, errors.Errorf("%s: input #%d: found a %T, expected a value of this builder", op, i, x)
		}
		in[i], shadows[i] = v.ir, v.shadow
	}
	return in, shadows, nil
}

func (f *Function) noteDynamic(s shapes.Shape) {
	for _, d := range s.Dimensions {
		f.builder.dynamic = f.builder.dynamic || d < 0
	}
}

// one makes a list of an operation's only output.
func one(v compute.Value, err error) ([]compute.Value, error) {
	if err != nil {
		return nil, err
	}
	return []compute.Value{v}, nil
}
