package ir

import (
	"slices"

	"github.com/gomlx/compute"
)

// pieces are values that lie side by side along an axis, between zeros.
type pieces struct {
	axis int
	list []piece // in order
}

// piece begins at an index of the axis.
type piece struct {
	start int
	*Value
}

func (p piece) end(axis int) int { return p.start + p.Shape.Dimensions[axis] }

// JoinPads replaces sums of values, padded with zeros so that each fills a place of its
// own, by the values side by side. GoMLX writes the gradient of a tensor that was cut
// with Slice so. A zero in a sum may lose its sign, and keeps it here.
func (g *Graph) JoinPads() {
	known := map[*Value]pieces{}
	for _, n := range g.Nodes {
		switch n.Op {
		case compute.OpTypePad:
			if p, ok := n.padded(); ok {
				known[n.Out[0]] = p
			}
		case compute.OpTypeAdd:
			a, first := known[n.In[0]]
			b, second := known[n.In[1]]
			if !first || !second || a.axis != b.axis || !n.In[0].Shape.Equal(n.In[1].Shape) {
				continue
			}
			if p, whole, ok := a.with(b, n.Out[0].Shape.Dimensions[a.axis]); whole {
				n.Op, n.Attr, n.In, n.Build = compute.OpTypeConcatenate, Axes{p.axis}, p.values(), nil
			} else if ok {
				known[n.Out[0]] = p
			}
		}
	}
	g.Prune()
}

// padded is what a Pad lays between zeros, if it does so along one axis.
func (n *Node) padded() (p pieces, ok bool) {
	c, _ := n.In[1].Node.Attr.(Constant)
	if zero, _ := c.Flat.([]float32); len(zero) != 1 || zero[0] != 0 {
		return p, false
	}
	for axis, a := range n.Attr.(Pad) {
		switch {
		case a == compute.PadAxis{}:
			continue
		case ok || a.Start < 0 || a.End < 0 || a.Interior != 0:
			return p, false
		}
		p, ok = pieces{axis, []piece{{a.Start, n.In[0]}}}, true
	}
	return p, ok
}

// with is the pieces of both, if none lie in one place, and whether they leave no gap in
// an axis of the given length.
func (p pieces) with(q pieces, length int) (both pieces, whole, ok bool) {
	both = pieces{p.axis, slices.Concat(p.list, q.list)}
	slices.SortFunc(both.list, func(a, b piece) int { return a.start - b.start })
	end, filled := 0, 0
	for _, x := range both.list {
		if x.start < end {
			return both, false, false
		}
		end = x.end(p.axis)
		filled += end - x.start
	}
	return both, filled == length, true
}

func (p pieces) values() (all []*Value) {
	for _, x := range p.list {
		all = append(all, x.Value)
	}
	return all
}
