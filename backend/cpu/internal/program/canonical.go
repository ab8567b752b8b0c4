package program

import (
	"fmt"
	"slices"

	"drift/backend/cpu/internal/dense"
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// ref is where a value is read: through a view of the memory of root.
type ref struct {
	root *ir.Value
	View
}

// lowered is a graph in which dot products and convolutions have the forms of
// kernels, and every input that a kernel cannot read through a view is a copy.
type lowered struct {
	*ir.Graph
	refs   map[*ir.Value]ref
	as     map[*ir.Value]*ir.Value  // of the values of the graph before
	copies map[string]*ir.Value     // of views, as place names them
	users  map[*ir.Value][]*ir.Node // of the values of the graph before; a result has nil for one
}

// product is the attribute of an ir.OpProduct.
type product struct{ dense.Product }

// conv is the attribute of an ir.OpConv.
type conv struct {
	way  convWay
	form dense.Conv
}

// convWay is what a convolution computes of the three in y = x * w.
type convWay int

const (
	forward    convWay = iota // y of x and w
	gradInput                 // dx of dy and w
	gradKernel                // dw of x and dy
)

// canonical makes the lowered graph of g.
func canonical(g *ir.Graph) *lowered {
	l := &lowered{Graph: &ir.Graph{Name: g.Name}, refs: map[*ir.Value]ref{}, as: map[*ir.Value]*ir.Value{}, copies: map[string]*ir.Value{}, users: users(g)}
	for _, n := range g.Nodes {
		in := make([]*ir.Value, len(n.In))
		for i, v := range n.In {
			in[i] = l.as[v]
		}
		for i, v := range l.node(n, in) {
			l.as[n.Out[i]] = v
		}
	}
	for _, v := range g.Params {
		l.Params = append(l.Params, l.as[v])
	}
	taken := map[*ir.Value]bool{}
	for _, v := range g.Results {
		r := l.as[v]
		if at := l.refs[r]; at.root != r || r.Node.Op == compute.OpTypeParameter || r.Node.Op == compute.OpTypeConstant || taken[r] {
			r = l.copy(r, true) // a result has memory of its own
		}
		taken[r] = true
		l.Results = append(l.Results, r)
	}
	return l
}

// node adds what stands for n, whose inputs are in, and returns its outputs.
func (l *lowered) node(n *ir.Node, in []*ir.Value) []*ir.Value {
	switch n.Op {
	case compute.OpTypeReshape, compute.OpTypeTranspose, compute.OpTypeBroadcastInDim, compute.OpTypeSlice, compute.OpTypeReverse:
		if wordSize(n.Out[0].Shape.DType) > 0 { // packed elements cannot be addressed
			return l.view(n, in[0])
		}
	case compute.OpTypePad:
		if !padFits(n) && wordSize(n.Out[0].Shape.DType) > 0 {
			return []*ir.Value{l.cutPad(n, l.contiguous(in[0]), l.contiguous(in[1]))}
		}
	case compute.OpTypeIota:
		if flat := counted(n); flat != nil {
			return l.add(compute.OpTypeConstant, ir.Constant{Flat: flat}, nil, n).Out
		}
	case compute.OpTypeDotGeneral:
		if out := l.dot(n, in); out != nil {
			return []*ir.Value{out}
		}
	case compute.OpTypeConvGeneral:
		if out := l.conv(n, in); out != nil {
			return []*ir.Value{out}
		}
	case compute.OpTypeReduceWindow:
		if out := l.window(n, in[0]); out != nil {
			return []*ir.Value{out}
		}
	}
	if _, ok := reductions[n.Op]; ok && float32s(n.In...) {
		return []*ir.Value{l.staged(n, l.contiguous(in[0]))}
	}
	if !elementwise(n) {
		for i, v := range in {
			in[i] = l.contiguous(v)
		}
	}
	return l.add(n.Op, n.Attr, in, n).Out
}

// add appends a node in the image of like, whose outputs have memory of their own.
func (l *lowered) add(op compute.OpType, attr any, in []*ir.Value, like *ir.Node) *ir.Node {
	var shapes []shapes.Shape
	for _, v := range like.Out {
		shapes = append(shapes, v.Shape)
	}
	n := l.Add(op, attr, in, shapes...)
	n.Build = like.Build
	for _, v := range n.Out {
		l.refs[v] = ref{v, rowMajorView(v.Shape.Dimensions)}
	}
	return n
}

// addOne appends a node with one output of a shape.
func (l *lowered) addOne(op compute.OpType, attr any, shape shapes.Shape, in ...*ir.Value) *ir.Value {
	v := l.Add(op, attr, in, shape).Out[0]
	l.refs[v] = ref{v, rowMajorView(shape.Dimensions)}
	return v
}

// view adds a node that only reads its input in another way.
func (l *lowered) view(n *ir.Node, in *ir.Value) []*ir.Value {
	from := l.refs[in]
	dims := n.Out[0].Shape.Dimensions
	var to View
	switch n.Op {
	case compute.OpTypeReshape:
		var ok bool
		if to, ok = from.reshaped(dims); !ok {
			in = l.copy(in, false)
			from = l.refs[in]
			to, _ = from.reshaped(dims)
		}
	case compute.OpTypeTranspose:
		to = from.transposed(n.Attr.(ir.Axes))
	case compute.OpTypeBroadcastInDim:
		to = from.broadcast(dims, n.Attr.(ir.Axes))
	case compute.OpTypeSlice:
		a := n.Attr.(ir.Slice)
		to = from.sliced(a.Starts, a.Limits, a.Strides)
	case compute.OpTypeReverse:
		to = from.reversed(n.Attr.(ir.Axes))
	}
	out := l.add(n.Op, n.Attr, []*ir.Value{in}, n).Out
	l.refs[out[0]] = ref{from.root, to}
	return out
}

// slice is a part of v, of the given dimensions, that is read where it lies.
func (l *lowered) slice(v *ir.Value, a ir.Slice, dims []int) *ir.Value {
	out := l.addOne(compute.OpTypeSlice, a, shapes.Make(v.Shape.DType, dims...), v)
	l.refs[out] = ref{l.refs[v].root, l.refs[v].sliced(a.Starts, a.Limits, a.Strides)}
	return out
}

// isView says that a value is a way to read another one.
func (l *lowered) isView(v *ir.Value) bool { return l.refs[v].root != v }

// contiguous is v, or a copy of it if it does not stand in memory in order.
func (l *lowered) contiguous(v *ir.Value) *ir.Value {
	if l.refs[v].contiguous() {
		return v
	}
	return l.copy(v, false)
}

// copy is a value of its own memory with the elements of v. One copy serves all who read
// the same elements in the same order, but for those that must be alone.
func (l *lowered) copy(v *ir.Value, alone bool) *ir.Value {
	place := fmt.Sprintf("%p %v", l.refs[v].root, l.refs[v].View)
	if c := l.copies[place]; c != nil && !alone {
		return c
	}
	c := l.addOne(ir.OpCopy, nil, v.Shape, v)
	if !alone {
		l.copies[place] = c
	}
	return c
}

// permuted is v with its axes in another order, in memory.
func (l *lowered) permuted(v *ir.Value, permutation []int) *ir.Value {
	if slices.IsSorted(permutation) {
		return l.contiguous(v)
	}
	dims := l.refs[v].transposed(permutation).Dims
	t := l.addOne(compute.OpTypeTranspose, ir.Axes(permutation), shapes.Make(v.Shape.DType, dims...), v)
	l.refs[t] = ref{l.refs[v].root, l.refs[v].transposed(permutation)}
	return l.contiguous(t)
}

// dot lowers a DotGeneral of float32, or returns nil.
func (l *lowered) dot(n *ir.Node, in []*ir.Value) *ir.Value {
	a := n.Attr.(ir.Dot)
	plain := func(t dtypes.DType) bool { return t == dtypes.InvalidDType || t == dtypes.Float32 }
	if !float32s(in...) || !plain(a.Config.AccumulatorDType) || !plain(a.Config.OutputDType) {
		return nil
	}
	left, right := in[0], in[1]
	order := l.readOrder(n)
	if order != nil {
		left, right = right, left
		a.LhsBatch, a.RhsBatch, a.LhsContracting, a.RhsContracting = a.RhsBatch, a.LhsBatch, a.RhsContracting, a.LhsContracting
	}
	p := dense.Product{Batch: 1, M: 1, N: 1, K: 1}
	var lhs, rhs *ir.Value
	lhs, p.TransA, p.Batch, p.M, p.K = l.side(left, a.LhsBatch, a.LhsContracting, false)
	rhs, p.TransB, _, p.N, _ = l.side(right, a.RhsBatch, a.RhsContracting, true)
	return l.inOrder(ir.OpProduct, product{p}, n.Out[0].Shape, order, lhs, rhs)
}

// side brings one side of a dot product into the order batch, then its own axes and
// those that are summed over, either first: summed over first is the transposed form
// of the left side and the plain form of the right one.
func (l *lowered) side(v *ir.Value, batch, summed []int, right bool) (_ *ir.Value, transposed bool, nBatch, nOwn, nSummed int) {
	var own []int
	for i := range v.Shape.Rank() {
		if !slices.Contains(batch, i) && !slices.Contains(summed, i) {
			own = append(own, i)
		}
	}
	size := func(axes []int) int {
		s := 1
		for _, a := range axes {
			s *= v.Shape.Dimensions[a]
		}
		return s
	}
	nBatch, nOwn, nSummed = size(batch), size(own), size(summed)
	ownFirst := slices.Concat(batch, own, summed)
	summedFirst := slices.Concat(batch, summed, own)
	view := l.refs[v].View
	switch {
	case nOwn == 1 && nSummed > 1 && len(own) > 0 && view.Strides[own[0]] == 1 && view.transposed(summedFirst).contiguous():
		return v, !right, nBatch, nOwn, nSummed // as it were with more of its own, such as samples
	case view.transposed(ownFirst).contiguous():
		return v, right, nBatch, nOwn, nSummed
	case view.transposed(summedFirst).contiguous():
		return v, !right, nBatch, nOwn, nSummed
	case view.inRuns(summedFirst) && !view.inRuns(ownFirst): // a copy in the order of memory is fast
		return l.permuted(v, summedFirst), !right, nBatch, nOwn, nSummed
	}
	return l.permuted(v, ownFirst), right, nBatch, nOwn, nSummed
}

// conv lowers a ConvGeneral of float32 over one or two spatial axes, or returns nil.
func (l *lowered) conv(n *ir.Node, in []*ir.Value) *ir.Value {
	a := n.Attr.(ir.Conv)
	rank := len(a.Axes.InputSpatial)
	if !float32s(in...) || rank < 1 || rank > 2 || a.ChannelGroups != 1 || a.BatchGroups != 1 {
		return nil
	}
	c := convAxes{a: a, x: in[0].Shape, w: in[1].Shape, y: n.Out[0].Shape, rank: rank}
	ax := a.Axes
	if form, ok := c.gradKernel(); ok {
		x := l.permuted(in[0], slices.Concat([]int{ax.InputChannels}, ax.InputSpatial, []int{ax.InputBatch}))
		dy := l.permuted(in[1], slices.Concat([]int{ax.KernelInputChannels}, ax.KernelSpatial, []int{ax.KernelOutputChannels}))
		return l.inOrder(ir.OpConv, conv{gradKernel, form}, n.Out[0].Shape, slices.Concat(ax.OutputSpatial, []int{ax.OutputBatch, ax.OutputChannels}), x, dy)
	}
	x := l.permuted(in[0], slices.Concat([]int{ax.InputBatch}, ax.InputSpatial, []int{ax.InputChannels}))
	order := slices.Concat([]int{ax.OutputBatch}, ax.OutputSpatial, []int{ax.OutputChannels})
	if w := l.flipped(in[1], ax.KernelSpatial); w != nil {
		if form, ok := c.gradInput(); ok {
			w = l.permuted(w, slices.Concat(ax.KernelSpatial, []int{ax.KernelOutputChannels, ax.KernelInputChannels}))
			return l.inOrder(ir.OpConv, conv{gradInput, form}, n.Out[0].Shape, order, x, w)
		}
	}
	if form, ok := c.forward(); ok {
		w := l.permuted(in[1], slices.Concat(ax.KernelSpatial, []int{ax.KernelInputChannels, ax.KernelOutputChannels}))
		return l.inOrder(ir.OpConv, conv{forward, form}, n.Out[0].Shape, order, x, w)
	}
	return nil
}

// inOrder adds an operation whose output has the axes of shape in the given order, and
// returns what reads it as shape. No order stands for that of shape.
func (l *lowered) inOrder(op compute.OpType, attr any, shape shapes.Shape, order []int, in ...*ir.Value) *ir.Value {
	if slices.IsSorted(order) {
		return l.addOne(op, attr, shape, in...)
	}
	dims, back := make([]int, len(order)), make([]int, len(order))
	for i, axis := range order {
		dims[i], back[axis] = shape.Dimensions[axis], i
	}
	out := l.addOne(op, attr, shapes.Make(shape.DType, dims...), in...)
	t := l.addOne(compute.OpTypeTranspose, ir.Axes(back), shape, out)
	l.refs[t] = ref{out, l.refs[out].transposed(back)}
	return t
}

// flipped is what v reverses along just the given axes, or nil.
func (l *lowered) flipped(v *ir.Value, axes []int) *ir.Value {
	one := func(axis int) bool { return v.Shape.Dimensions[axis] == 1 }
	if !slices.ContainsFunc(axes, func(a int) bool { return !one(a) }) {
		return v
	}
	n := v.Node
	if n.Op != compute.OpTypeReverse {
		return nil
	}
	for _, a := range axes {
		if !one(a) && !slices.Contains(n.Attr.(ir.Axes), a) {
			return nil
		}
	}
	for _, a := range n.Attr.(ir.Axes) {
		if !slices.Contains(axes, a) {
			return nil
		}
	}
	return n.In[0]
}

func float32s(values ...*ir.Value) bool {
	return !slices.ContainsFunc(values, func(v *ir.Value) bool { return v.Shape.DType != dtypes.Float32 })
}
