package cpu

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// closure adds an If, While, Sort or Call, whose functions use values around them.
func (g *sketch) closure() error {
	if g.inside() {
		return nil
	}
	x := g.some(func(p *pair) bool { return p.number() && p.exact && p.shape.Size() > 0 })
	if x == nil {
		return nil
	}
	y := g.some(func(p *pair) bool { return p.shape.Equal(x.shape) && p.exact })
	g.captured = append(g.captured, x, y)
	switch g.pick(4) {
	case 0:
		return g.branch(x, y)
	case 1:
		return g.loop(x, y)
	case 2:
		return g.sort(x)
	}
	return g.call(x, y)
}

// body is what functions do with a value and one of around them.
func body(f compute.Function, x, captured compute.Value) (compute.Value, error) {
	a, err := f.Max(x, captured)
	if err != nil {
		return nil, err
	}
	b, err := negative(f, a)
	if err != nil {
		return nil, err
	}
	return f.Min(b, captured)
}

// negative is -x, or of unsigned numbers what is left up to their greatest.
func negative(f compute.Function, x compute.Value) (compute.Value, error) {
	s, err := f.Builder().OpShape(x)
	if err == nil && s.DType.IsUnsigned() {
		return f.BitwiseNot(x)
	}
	return f.Neg(x)
}

// define builds a function with as many parameters as there are shapes.
func define(f compute.Function, err error, inner func(f compute.Function, in []compute.Value) ([]compute.Value, error), params ...shapes.Shape) (compute.Function, error) {
	if err != nil {
		return nil, err
	}
	var in []compute.Value
	for i, s := range params {
		p, err := f.Parameter(fmt.Sprint("p", i), s, nil)
		if err != nil {
			return nil, err
		}
		in = append(in, p)
	}
	out, err := inner(f, in)
	if err != nil {
		return nil, err
	}
	return f, f.Return(out, nil)
}

func closureOf(f compute.Function, inner operation, params ...shapes.Shape) (compute.Function, error) {
	c, err := f.Closure()
	return define(c, err, inner, params...)
}

func (g *sketch) keepAll(out []*pair, err error, like ...*pair) error {
	for i, p := range out {
		mag := like[i].mag
		if p.shape.DType.IsUnsigned() { // see negative
			mag = most(p.shape.DType)
		}
		g.keep(p, mag, 0, true)
	}
	return err
}

func (g *sketch) branch(x, y *pair) error {
	pred := g.some(func(p *pair) bool { return p.is(dtypes.Bool) && p.shape.Rank() == 0 })
	if pred == nil {
		pred = g.input(dtypes.Bool)
	}
	nested := g.pick(2) == 0
	out, err := g.add("If", []*pair{pred, x, y}, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		yes, err := closureOf(f, func(c compute.Function, _ []compute.Value) ([]compute.Value, error) {
			if !nested {
				return one(body(c, in[1], in[2]))
			}
			inner, err := closureOf(c, func(d compute.Function, _ []compute.Value) ([]compute.Value, error) {
				return one(body(d, in[2], in[1]))
			})
			if err != nil {
				return nil, err
			}
			other, err := closureOf(c, func(d compute.Function, _ []compute.Value) ([]compute.Value, error) { return one(negative(d, in[1])) })
			if err != nil {
				return nil, err
			}
			return c.If(in[0], inner, other)
		})
		if err != nil {
			return nil, err
		}
		no, err := closureOf(f, func(c compute.Function, _ []compute.Value) ([]compute.Value, error) { return one(c.Abs(in[2])) })
		if err != nil {
			return nil, err
		}
		return f.If(in[0], yes, no)
	})
	return g.keepAll(out, err, &pair{mag: max(x.mag, y.mag)})
}

func (g *sketch) loop(x, y *pair) error {
	rounds := int32(g.pick(4))
	counter := shapes.Make(dtypes.Int32)
	out, err := g.add(fmt.Sprintf("While %d", rounds), []*pair{x, y}, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		zero, err := f.Constant([]int32{0})
		if err != nil {
			return nil, err
		}
		cond, err := closureOf(f, func(c compute.Function, p []compute.Value) ([]compute.Value, error) {
			most, err := c.Constant([]int32{rounds})
			if err != nil {
				return nil, err
			}
			return one(c.LessThan(p[0], most))
		}, counter, x.shape)
		if err != nil {
			return nil, err
		}
		step, err := closureOf(f, func(c compute.Function, p []compute.Value) ([]compute.Value, error) {
			one, err := c.Constant([]int32{1})
			if err != nil {
				return nil, err
			}
			next, err := c.Add(p[0], one)
			if err != nil {
				return nil, err
			}
			v, err := body(c, p[1], in[1])
			return []compute.Value{next, v}, err
		}, counter, x.shape)
		if err != nil {
			return nil, err
		}
		return f.While(cond, step, zero, in[0])
	})
	return g.keepAll(out, err, &pair{mag: float64(rounds)}, &pair{mag: max(x.mag, y.mag)})
}

func (g *sketch) sort(x *pair) error {
	if x.shape.Rank() == 0 {
		return nil
	}
	axis := g.pick(x.shape.Rank())
	scalar := shapes.Make(x.shape.DType)
	out, err := g.add(fmt.Sprintf("Sort %d", axis), []*pair{x}, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		less, err := closureOf(f, func(c compute.Function, p []compute.Value) ([]compute.Value, error) {
			return one(c.LessThan(p[0], p[1]))
		}, scalar, scalar)
		if err != nil {
			return nil, err
		}
		return f.Sort(less, axis, true, in[0])
	})
	return g.keepAll(out, err, x)
}

// call calls a function twice, one that calls another twice.
func (g *sketch) call(x, y *pair) error {
	id := len(g.all)
	out, err := g.add("Call", []*pair{x, y}, func(f compute.Function, in []compute.Value) ([]compute.Value, error) {
		inner, err := f.Builder().NewFunction(fmt.Sprint("inner", id))
		inner, err = define(inner, err, func(c compute.Function, p []compute.Value) ([]compute.Value, error) { return one(body(c, p[0], p[1])) }, x.shape, y.shape)
		if err != nil {
			return nil, err
		}
		outer, err := f.Builder().NewFunction(fmt.Sprint("outer", id))
		outer, err = define(outer, err, func(c compute.Function, p []compute.Value) ([]compute.Value, error) {
			a, err := c.Call(inner, p[0], p[1])
			if err != nil {
				return nil, err
			}
			b, err := c.Call(inner, p[1], a[0])
			if err != nil {
				return nil, err
			}
			return []compute.Value{a[0], b[0]}, nil
		}, x.shape, y.shape)
		if err != nil {
			return nil, err
		}
		if _, err := f.Call(outer, in[1], in[0]); err != nil {
			return nil, err
		}
		return f.Call(outer, in[0], in[1])
	})
	like := &pair{mag: max(x.mag, y.mag)}
	return g.keepAll(out, err, like, like)
}

// results ends the graph with some of its values, which may be parameters, constants,
// views, or the same one twice, and compiles it. The Go backend also returns what
// closures captured: a closure that is the last to use a value may return its memory,
// which the Go backend then takes for free (in v0.1.6), and later values overwrite it.
func (g *sketch) results() []*pair {
	var out []*pair
	g.data = g.last
	for range 1 + g.pick(8) {
		out = append(out, g.any())
	}
	out = append(out, g.all[len(g.all)-1])
	if g.chance(3) {
		out = append(out, out[0], g.all[0])
	}
	for i, b := range []compute.Builder{g.mineB, g.theirsB} {
		var values []compute.Value
		for _, p := range out {
			values = append(values, []compute.Value{p.mine, p.theirs}[i])
		}
		if b == g.theirsB {
			for _, p := range g.captured {
				values = append(values, p.theirs)
			}
		}
		if err := b.Main().Return(values, nil); err != nil {
			panic(err)
		}
		exec, err := b.Compile()
		if err != nil {
			panic(fmt.Sprintf("compile: %+v", err))
		}
		g.compiled[i] = exec
	}
	fmt.Fprint(&g.log, "return")
	for _, p := range out {
		fmt.Fprintf(&g.log, " %p", p)
	}
	fmt.Fprintln(&g.log)
	return out
}

// executeTheirs runs the graph on the Go backend; a panic of its is an error.
func (g *sketch) executeTheirs() (out [][]byte, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = fmt.Errorf("%v", e)
		}
	}()
	in := make([]compute.Buffer, len(g.inputs))
	for i, p := range g.inputs {
		if in[i], err = g.theirBackend.BufferFromFlatData(0, flatFrom(g.flats[i], p.shape), p.shape); err != nil {
			return nil, err
		}
	}
	results, err := g.compiled[1].Execute(in, nil, 0)
	if err != nil {
		return nil, err
	}
	return contents(results)
}

// executeMine runs the graph here, with some inputs donated. Those that are not must
// be as before, and a second run must give the same bytes.
func (g *sketch) executeMine(round int) (out [][]byte, err error) {
	b := g.mineB.(*Builder).backend
	for try := range 2 {
		in, donate := make([]compute.Buffer, len(g.inputs)), make([]bool, len(g.inputs))
		for i, p := range g.inputs {
			if in[i], err = b.BufferFromFlatData(0, flatFrom(g.flats[i], p.shape), p.shape); err != nil {
				return nil, err
			}
			donate[i] = (i*7+round+try)%3 == 0
		}
		found, err := g.compiled[0].Execute(in, donate, 0)
		if err != nil {
			return nil, err
		}
		for i, x := range in {
			if donate[i] {
				if _, err := x.Shape(); err == nil {
					return nil, fmt.Errorf("input %d was donated and still lives", i)
				}
				continue
			}
			got, err := contents([]compute.Buffer{x})
			if err != nil {
				return nil, err
			}
			if !bytes.Equal(got[0], g.flats[i]) {
				return nil, fmt.Errorf("input %d was not donated and changed", i)
			}
		}
		again, err := contents(found)
		if err != nil {
			return nil, err
		}
		if try > 0 && !slices.EqualFunc(out, again, bytes.Equal) {
			return nil, fmt.Errorf("a second run with other donations gave other bytes")
		}
		out = again
	}
	return out, nil
}

// contents copies buffers' memory, and frees them.
func contents(all []compute.Buffer) (out [][]byte, err error) {
	for _, b := range all {
		shape, err := b.Shape()
		if err != nil {
			return nil, err
		}
		flat, err := b.Data()
		if err != nil {
			return nil, err
		}
		var mem []byte
		if shape.Size() > 0 {
			mem = slices.Clone(dtypes.UnsafeByteSliceFromAny(flat))
		}
		out = append(out, mem)
		if err := b.Finalize(); err != nil {
			return nil, err
		}
	}
	return out, nil
}
