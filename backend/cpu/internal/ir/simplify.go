package ir

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/gomlx/compute"
)

// Simplify removes what changes nothing and what stands twice: one walk through the
// graph replaces inputs by simpler equals, then unused nodes are dropped.
//
// Barriers keep what stands behind them apart from its twins, since a gradient may
// compute values a second time rather than keep them; when twins are joined, they go.
func (g *Graph) Simplify() {
	g.join()
	g.open()
	g.Prune()
}

// open removes the barriers.
func (g *Graph) open() {
	as := map[*Value]*Value{}
	through := func(v *Value) *Value {
		for as[v] != nil {
			v = as[v]
		}
		return v
	}
	for _, n := range g.Nodes {
		for i, v := range n.In {
			n.In[i] = through(v)
		}
		if n.Op == compute.OpTypeSchedulingBarrier || n.Op == compute.OpTypeOptimizationBarrier {
			for i, v := range n.Out {
				as[v] = n.In[i]
			}
		}
	}
	for i, v := range g.Results {
		g.Results[i] = through(v)
	}
}

// join removes what changes nothing, and all but one of the nodes that are equal.
func (g *Graph) join() {
	as := map[*Value]*Value{} // what to use in place of a value
	seen := map[string]*Node{}
	for _, n := range g.Nodes {
		for i, v := range n.In {
			if r, ok := as[v]; ok {
				n.In[i] = r
			}
		}
		if v := n.same(); v != nil {
			as[n.Out[0]] = v
			continue
		}
		key, ok := n.key()
		if !ok {
			continue
		}
		if twin := seen[key]; twin != nil {
			for i, v := range n.Out {
				as[v] = twin.Out[i]
			}
			continue
		}
		seen[key] = n
	}
	for i, v := range g.Results {
		if r, ok := as[v]; ok {
			g.Results[i] = r
		}
	}
}

// same is the input that a node's only output equals, or nil. Chains of reshapes and
// of transposes become one.
func (n *Node) same() *Value {
	switch n.Op {
	case compute.OpTypeIdentity:
		return n.In[0]
	case compute.OpTypeReshape:
		if from := n.In[0].Node; from.Op == compute.OpTypeReshape {
			n.In = []*Value{from.In[0]}
		}
		if n.In[0].Shape.Equal(n.Out[0].Shape) {
			return n.In[0]
		}
	case compute.OpTypeTranspose:
		if from := n.In[0].Node; from.Op == compute.OpTypeTranspose {
			first, second := from.Attr.(Axes), n.Attr.(Axes)
			both := make(Axes, len(second))
			for i, axis := range second {
				both[i] = first[axis]
			}
			n.In, n.Attr = []*Value{from.In[0]}, both
		}
		if slices.IsSorted(n.Attr.(Axes)) {
			return n.In[0]
		}
	case compute.OpTypeBroadcastInDim, compute.OpTypeConvertDType:
		axes, _ := n.Attr.(Axes) // of a BroadcastInDim, which may change their order
		if n.In[0].Shape.Equal(n.Out[0].Shape) && slices.IsSorted(axes) {
			return n.In[0]
		}
	case compute.OpTypeConcatenate:
		if len(n.In) == 1 {
			return n.In[0]
		}
	case compute.OpTypeReduceSum, compute.OpTypeReduceMax, compute.OpTypeReduceMin, compute.OpTypeReduceProduct:
		if n.In[0].Shape.Equal(n.Out[0].Shape) {
			return n.In[0]
		}
	case compute.OpTypePad:
		if n.In[0].Shape.Equal(n.Out[0].Shape) && !slices.ContainsFunc(n.Attr.(Pad), func(p compute.PadAxis) bool { return p != compute.PadAxis{} }) {
			return n.In[0]
		}
	}
	return nil
}

// key tells equal nodes: those with one key have equal outputs. Large constants have
// none, nor have nodes with functions in them.
func (n *Node) key() (key string, ok bool) {
	switch a := n.Attr.(type) {
	case Parameter:
		return "", false
	case Constant:
		if flat := reflect.ValueOf(a.Flat); flat.Len() > 16 {
			return "", false
		}
	case Args:
		if slices.ContainsFunc(a, func(x any) bool { _, opaque := x.(Opaque); return opaque }) {
			return "", false
		}
	}
	var s strings.Builder
	fmt.Fprintf(&s, "%d %+v", n.Op, n.Attr)
	for _, v := range n.In {
		fmt.Fprintf(&s, " %d.%d", v.Node.ID, v.Out)
	}
	for _, v := range n.Out {
		fmt.Fprintf(&s, " %v", v.Shape)
	}
	return s.String(), true
}

// Opaque marks an argument that cannot be compared, such as a function.
type Opaque struct{}
