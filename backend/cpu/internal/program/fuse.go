package program

import (
	"slices"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// unary, binary are the vector operations of element-wise ones.
var unary = map[compute.OpType]vec.Op{
	compute.OpTypeNeg: vec.Neg, compute.OpTypeAbs: vec.Abs, compute.OpTypeSqrt: vec.Sqrt, compute.OpTypeRsqrt: vec.Rsqrt,
	compute.OpTypeExp: vec.Exp, compute.OpTypeExpm1: vec.Expm1, compute.OpTypeLog: vec.Log, compute.OpTypeLog1p: vec.Log1p,
	compute.OpTypeLogistic: vec.Logistic, compute.OpTypeTanh: vec.Tanh, compute.OpTypeSin: vec.Sin, compute.OpTypeCos: vec.Cos,
	compute.OpTypeErf: vec.Erf, compute.OpTypeSign: vec.Sign, compute.OpTypeFloor: vec.Floor, compute.OpTypeCeil: vec.Ceil,
	compute.OpTypeRound: vec.Round, compute.OpTypeLogicalNot: vec.Not, compute.OpTypeIsFinite: vec.IsFinite, compute.OpTypeIsNaN: vec.IsNaN,
}

var binary = map[compute.OpType]vec.Op{
	compute.OpTypeAdd: vec.Add, compute.OpTypeSub: vec.Sub, compute.OpTypeMul: vec.Mul, compute.OpTypeDiv: vec.Div,
	compute.OpTypeMax: vec.Max, compute.OpTypeMin: vec.Min, compute.OpTypePow: vec.Pow, compute.OpTypeRem: vec.Rem, compute.OpTypeAtan2: vec.Atan2,
	compute.OpTypeEqual: vec.Equal, compute.OpTypeNotEqual: vec.NotEqual, compute.OpTypeLessThan: vec.Less, compute.OpTypeLessOrEqual: vec.LessEqual,
	compute.OpTypeGreaterThan: vec.Greater, compute.OpTypeGreaterOrEqual: vec.GreaterEqual,
	compute.OpTypeLogicalAnd: vec.And, compute.OpTypeLogicalOr: vec.Or, compute.OpTypeLogicalXor: vec.Xor,
}

// elementwise says whether regions can hold a node: every element of its output is
// made of one element of each input, all of them float32 or bool.
func elementwise(n *ir.Node) bool {
	for _, v := range slices.Concat(n.In, n.Out) {
		if t := v.Shape.DType; t != dtypes.Float32 && t != dtypes.Bool {
			return false
		}
	}
	_, one := unary[n.Op]
	_, two := binary[n.Op]
	switch n.Op {
	case ir.OpCopy, compute.OpTypeConvertDType, compute.OpTypeWhere, compute.OpTypeClamp:
		return true
	}
	return one || two
}

// A unit is what runs as one step: a region of element-wise nodes and of sums over
// what they make, or one other node.
type unit struct {
	nodes []*ir.Node // in order
	fused bool
}

// fuse divides the nodes of a graph, but for views, parameters and constants, into
// units. Nodes of one region have equally many elements and are joined by edges along
// which element i is made of element i.
//
// Depth makes sure that no region waits for itself: it grows along every edge that
// does not join, so a way that leaves a region and comes back would be deeper than
// the region is. A node that only deeper nodes use, all along joining edges, sinks to
// the first of them, so that it is computed where it is needed.
func fuse(l *lowered) []*unit {
	depth := make([]int, len(l.Nodes))
	users := make([][]*ir.Node, len(l.Nodes))
	kept := map[*ir.Value]bool{} // needed for themselves
	for _, v := range l.Results {
		kept[l.refs[v].root] = true
	}
	for _, n := range l.Nodes {
		for _, v := range n.In {
			from := l.refs[v].root.Node
			step := 1
			if l.isView(n.Out[0]) || l.joins(v, n) || l.sums(n) {
				step = 0
			}
			depth[n.ID] = max(depth[n.ID], depth[from.ID]+step)
			if !l.isView(n.Out[0]) {
				users[from.ID] = append(users[from.ID], n)
			}
		}
	}
	for i := len(l.Nodes) - 1; i >= 0; i-- {
		n := l.Nodes[i]
		if !elementwise(n) || kept[n.Out[0]] || len(users[i]) == 0 {
			continue
		}
		lowest := depth[users[i][0].ID]
		all := true
		for _, u := range users[i] {
			lowest = min(lowest, depth[u.ID])
			all = all && l.joinsAll(n.Out[0], u)
		}
		if all {
			depth[i] = lowest
		}
	}
	region := make([]int, len(l.Nodes)) // of each node: the first node of its region
	find := func(i int) int {
		for region[i] != i {
			region[i] = region[region[i]]
			i = region[i]
		}
		return i
	}
	for i := range region {
		region[i] = i
	}
	for _, n := range l.Nodes {
		for _, v := range n.In {
			from := l.refs[v].root.Node
			if l.joins(v, n) && depth[from.ID] == depth[n.ID] {
				a, b := find(from.ID), find(n.ID)
				region[max(a, b)] = min(a, b)
			}
		}
	}
	sinks := map[int]sinkGroup{} // of each region
	for _, n := range l.Nodes {
		if !l.sums(n) {
			continue
		}
		from := l.refs[n.In[0]].root.Node
		into := find(from.ID)
		if group, ok := sinks[into].with(formOf(n), n.In[0].Shape.Size()); ok && depth[from.ID] == depth[n.ID] {
			sinks[into] = group
			region[n.ID] = into
		}
	}
	var units []*unit
	of := map[int]*unit{}
	for i, n := range l.Nodes {
		if n.Op == compute.OpTypeParameter || n.Op == compute.OpTypeConstant || l.isView(n.Out[0]) {
			continue
		}
		u := of[find(i)]
		if u == nil {
			u = &unit{fused: elementwise(n)} // a region begins with an element-wise node
			of[find(i)] = u
			units = append(units, u)
		}
		u.nodes = append(u.nodes, n)
	}
	return units
}

// joins says whether element i of n is made of element i of the root of v, and both
// can stand in one region.
func (l *lowered) joins(v *ir.Value, n *ir.Node) bool {
	r := l.refs[v]
	return elementwise(n) && !l.isView(n.Out[0]) && elementwise(r.root.Node) && r.Off == 0 && r.contiguous() &&
		sizeOf(r.Dims) == n.Out[0].Shape.Size() && r.root.Shape.Size() == n.Out[0].Shape.Size()
}

// sums says whether n adds up what one element-wise node makes, in order. A sample that
// is alone is summed like one among others, and so not in a sink, which has no rows:
// only a sum over the first axis is one of all.
func (l *lowered) sums(n *ir.Node) bool {
	if n.Op != compute.OpTypeReduceSum || !float32s(n.In[0]) {
		return false
	}
	if formOf(n).rows == 1 && !slices.Contains(n.Attr.(ir.Axes), 0) {
		return false
	}
	r := l.refs[n.In[0]]
	return elementwise(r.root.Node) && r.root.Shape.DType == dtypes.Float32 && !l.isView(r.root) && r.Off == 0 && r.contiguous() &&
		sizeOf(r.Dims) == r.root.Shape.Size()
}

// joinsAll says whether every use that n makes of the memory of root joins.
func (l *lowered) joinsAll(root *ir.Value, n *ir.Node) bool {
	for _, v := range n.In {
		if l.refs[v].root == root && !l.joins(v, n) {
			return false
		}
	}
	return true
}
