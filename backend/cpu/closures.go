package cpu

import (
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/pkg/errors"
)

// Operations that hold functions run on GoMLX's Go backend. A function is recorded
// like any other and played back there; what a closure uses of the functions around
// it becomes an input of the operation.

// Call calls a function of the same builder.
func (f *Function) Call(target compute.Function, inputs ...compute.Value) ([]compute.Value, error) {
	return f.withFunctions(compute.OpTypeCall, []compute.Function{target}, inputs, func(g compute.Function, subs []compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.Call(subs[0], in...)
	})
}

// Sort sorts tensors together along an axis.
func (f *Function) Sort(comparator compute.Function, axis int, isStable bool, inputs ...compute.Value) ([]compute.Value, error) {
	return f.withFunctions(compute.OpTypeSort, []compute.Function{comparator}, inputs, func(g compute.Function, subs []compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.Sort(subs[0], axis, isStable, in...)
	})
}

// While repeats body for as long as cond holds.
func (f *Function) While(cond, body compute.Function, initialState ...compute.Value) ([]compute.Value, error) {
	return f.withFunctions(compute.OpTypeWhile, []compute.Function{cond, body}, initialState, func(g compute.Function, subs []compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.While(subs[0], subs[1], in...)
	})
}

// If takes one of two branches.
func (f *Function) If(pred compute.Value, trueBranch, falseBranch compute.Function) ([]compute.Value, error) {
	return f.withFunctions(compute.OpTypeIf, []compute.Function{trueBranch, falseBranch}, []compute.Value{pred}, func(g compute.Function, subs []compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.If(in[0], subs[0], subs[1])
	})
}

// withFunctions records an operation that holds functions.
func (f *Function) withFunctions(op compute.OpType, functions []compute.Function, in []compute.Value,
	b func(g compute.Function, subs []compute.Function, in []compute.Value) ([]compute.Value, error)) ([]compute.Value, error) {
	_, shadows, err := f.values(op, in)
	if err != nil {
		return nil, err
	}
	subs, subShadows := make([]*Function, len(functions)), make([]compute.Function, len(functions))
	var captured []*ir.Value
	for i, x := range functions {
		sub, ok := x.(*Function)
		if !ok || sub == nil || sub.builder != f.builder {
			return nil, errors.Errorf("%s: found a %T, expected a function of this builder", op, x)
		}
		subs[i], subShadows[i] = sub, sub.shadow
		captured = append(captured, sub.captures()...)
	}
	out, err := f.check(op, in, func() ([]compute.Value, error) { return b(f.shadow, subShadows, shadows) })
	if err != nil {
		return nil, err
	}
	n := len(in)
	return f.recorded(op, ir.Args{ir.Opaque{}}, in, captured, out, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		env := map[*ir.Value]compute.Value{}
		for i, v := range captured {
			env[v] = in[n+i]
		}
		played := make([]compute.Function, len(subs))
		for i, sub := range subs {
			if played[i], err = sub.play(g, env); err != nil {
				return nil, err
			}
		}
		return b(g, played, in[:n])
	})
}

// captures are the values of other functions that f uses.
func (f *Function) captures() []*ir.Value {
	own := map[*ir.Node]bool{}
	for _, n := range f.graph.Nodes {
		own[n] = true
	}
	var found []*ir.Value
	seen := map[*ir.Value]bool{}
	look := func(values []*ir.Value) {
		for _, v := range values {
			if !own[v.Node] && !seen[v] {
				seen[v] = true
				found = append(found, v)
			}
		}
	}
	for _, n := range f.graph.Nodes {
		look(n.In)
	}
	look(f.graph.Results)
	return found
}

// play builds f again, as a closure of g, or beside it if f has a name.
func (f *Function) play(g compute.Function, env map[*ir.Value]compute.Value) (compute.Function, error) {
	var to compute.Function
	var err error
	if f.name == "" {
		to, err = g.Closure()
	} else {
		to, err = g.Builder().NewFunction(f.name)
	}
	if err != nil {
		return nil, err
	}
	get := func(values []*ir.Value) []compute.Value {
		out := make([]compute.Value, len(values))
		for i, v := range values {
			out[i] = env[v]
		}
		return out
	}
	for _, n := range f.graph.Nodes {
		var out []compute.Value
		if p, ok := n.Attr.(ir.Parameter); ok {
			out, err = one(to.Parameter(p.Name, n.Out[0].Shape, nil))
		} else {
			out, err = n.Build(to, get(n.In))
		}
		if err != nil {
			return nil, err
		}
		for i, v := range n.Out {
			env[v] = out[i]
		}
	}
	return to, to.Return(get(f.graph.Results), nil)
}
