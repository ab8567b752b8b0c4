package program

import (
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
)

// readOrder is the order in which all who read a dot product read its axes, if that is
// with those of its right side before those of its left, or nil. GoMLX does so with the
// gradients of weights. The product of the sides the other way round then lies in memory
// as they read it; each of its elements is the same sum in the same order.
func (l *lowered) readOrder(n *ir.Node) []int {
	a := n.Attr.(ir.Dot)
	first := len(a.LhsBatch)                                                         // of the left side's own axes
	second := first + n.In[0].Shape.Rank() - len(a.LhsBatch) - len(a.LhsContracting) // of the right's
	var order []int
	for i := range n.Out[0].Shape.Rank() {
		order = append(order, i)
	}
	order = slices.Concat(order[:first], order[second:], order[first:second])
	readers := l.users[n.Out[0]]
	for _, r := range readers {
		if r == nil || r.Op != compute.OpTypeTranspose || !slices.Equal(r.Attr.(ir.Axes), order) {
			return nil
		}
	}
	if len(readers) == 0 {
		return nil
	}
	return order
}

// users are the nodes that read each value; nil stands for the caller of the graph.
func users(g *ir.Graph) map[*ir.Value][]*ir.Node {
	all := map[*ir.Value][]*ir.Node{}
	for _, n := range g.Nodes {
		for _, v := range n.In {
			all[v] = append(all[v], n)
		}
	}
	for _, v := range g.Results {
		all[v] = append(all[v], nil)
	}
	return all
}
