package ir

import (
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// sum is a graph that adds up parameters of widths [2, w], each padded by start and end
// along axis 1 to length 6 with fill.
func sum(fill float32, widths, starts []int) *Graph {
	g := &Graph{}
	f32 := func(dims ...int) shapes.Shape { return shapes.Make(dtypes.Float32, dims...) }
	zero := g.Add(compute.OpTypeConstant, Constant{Flat: []float32{fill}}, nil, f32()).Out[0]
	var total *Value
	for i, w := range widths {
		p := g.Add(compute.OpTypeParameter, Parameter{Index: i}, nil, f32(2, w)).Out[0]
		g.Params = append(g.Params, p)
		pad := Pad{{}, {Start: starts[i], End: 6 - w - starts[i]}}
		v := g.Add(compute.OpTypePad, pad, []*Value{p, zero}, f32(2, 6)).Out[0]
		if total != nil {
			v = g.Add(compute.OpTypeAdd, nil, []*Value{total, v}, f32(2, 6)).Out[0]
		}
		total = v
	}
	g.Results = []*Value{total}
	return g
}

func TestJoinPads(t *testing.T) {
	for _, c := range []struct {
		name           string
		fill           float32
		widths, starts []int
		order          []int // of the parameters side by side; nil if they are not to be joined
	}{
		{"in order", 0, []int{1, 2, 3}, []int{0, 1, 3}, []int{0, 1, 2}},
		{"turned round", 0, []int{3, 1, 2}, []int{3, 0, 1}, []int{1, 2, 0}},
		{"a gap", 0, []int{1, 3}, []int{0, 3}, nil},
		{"an overlap", 0, []int{4, 3}, []int{0, 3}, nil},
		{"an overlap as long as a gap", 0, []int{2, 2, 2}, []int{0, 1, 4}, nil},
		{"ones", 1, []int{3, 3}, []int{0, 3}, nil},
	} {
		g := sum(c.fill, c.widths, c.starts)
		g.JoinPads()
		n := g.Results[0].Node
		if c.order == nil {
			if n.Op != compute.OpTypeAdd {
				t.Errorf("%s: found %s, expected a sum", c.name, n)
			}
			continue
		}
		var order []int
		for _, v := range n.In {
			p, _ := v.Node.Attr.(Parameter)
			order = append(order, p.Index)
		}
		if n.Op != compute.OpTypeConcatenate || !slices.Equal(n.Attr.(Axes), Axes{1}) || !slices.Equal(order, c.order) {
			t.Errorf("%s: found %s, expected parameters %v side by side along axis 1", c.name, n, c.order)
		}
		if len(g.Nodes) != len(c.widths)+1 {
			t.Errorf("%s: found %d nodes, expected the parameters and one more", c.name, len(g.Nodes))
		}
	}
}
