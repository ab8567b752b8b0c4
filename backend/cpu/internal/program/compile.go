package program

import (
	"fmt"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// compiler turns units into steps.
type compiler struct {
	program *Program
	l       *lowered
	options Options
}

// maker makes a step once every value has a slot.
type maker = func(of map[*ir.Value]*slot) step

// unit says what the plan must know of a unit, and how to make its step.
func (c *compiler) unit(u *unit, external map[*ir.Value]bool) (planned, maker, error) {
	n := u.nodes[0]
	cost := &cost{kind: n.Kind(), name: n.String()}
	if u.fused {
		cost.kind, cost.name = "region", fmt.Sprintf("region of %d from %s", len(u.nodes), n)
	}
	c.program.costs = append(c.program.costs, cost)
	p, m, err := c.step(u, external)
	for _, v := range append(p.reads, p.makes...) {
		cost.bytes += bytesOf(v.Shape)
	}
	switch a := n.Attr.(type) {
	case product:
		cost.flops = a.FLOPs()
	case conv:
		cost.flops = a.form.FLOPs()
	}
	return p, m, err
}

func (c *compiler) step(u *unit, external map[*ir.Value]bool) (planned, maker, error) {
	if u.fused {
		return c.region(u, external)
	}
	n := u.nodes[0]
	p := planned{makes: n.Out}
	for _, v := range n.In {
		p.reads = append(p.reads, c.l.refs[v].root)
	}
	f32 := float32s(n.In...) && float32s(n.Out...)
	switch n.Op {
	case ir.OpCopy:
		return c.copyOf(n, p)
	case ir.OpProduct:
		return c.product(n, p)
	case ir.OpConv:
		return c.conv(n, p)
	case compute.OpTypeReduceSum, compute.OpTypeReduceMax, compute.OpTypeReduceMin:
		if f32 {
			return c.reduce(n, p)
		}
	case compute.OpTypeFusedSoftmax:
		if f32 && n.Attr.(ir.Axes)[0] == n.In[0].Shape.Rank()-1 {
			return c.softmax(n, p)
		}
	case compute.OpTypeConcatenate:
		if wordSize(n.Out[0].Shape.DType) > 0 {
			return c.concatenate(n, p)
		}
	case compute.OpTypePad:
		if wordSize(n.Out[0].Shape.DType) > 0 && padFits(n) {
			return c.pad(n, p)
		}
	}
	if m := c.anyConvolution(n); m != nil {
		return p, m, nil
	}
	if m := c.gather(n); m != nil {
		return p, m, nil
	}
	if m := c.plain(n); m != nil {
		return p, m, nil
	}
	return c.foreign(n, p)
}

// wordSize is the number of bytes of an element that can be moved about by itself,
// or 0.
func wordSize(t dtypes.DType) int {
	switch t {
	case dtypes.Float32, dtypes.Float64, dtypes.Bool, dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64,
		dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64, dtypes.BFloat16, dtypes.Float16:
		return t.Size()
	}
	return 0
}
