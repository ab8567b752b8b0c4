package cpu

import (
	"fmt"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Operations that move elements: to other shapes, orders and places.

func (g *sketch) any() *pair { return g.some(func(*pair) bool { return true }) }

// ranked is a value with axes.
func (g *sketch) ranked() *pair { return g.some(func(p *pair) bool { return p.shape.Rank() > 0 }) }

// permutation is an order of n axes.
func (g *sketch) permutation(n int) []int {
	p := make([]int, n)
	for i := range p {
		p[i] = i
	}
	for i := n - 1; i > 0; i-- {
		j := g.pick(i + 1)
		p[i], p[j] = p[j], p[i]
	}
	return p
}

// subset is some of n axes, in order.
func (g *sketch) subset(n int) []int {
	var s []int
	for i := range n {
		if g.pick(2) == 0 {
			s = append(s, i)
		}
	}
	return s
}

// reshape factorises the size anew.
func (g *sketch) reshape() error {
	x := g.any()
	left := x.shape.Size()
	var dims []int
	if left == 0 {
		dims = g.permutation(0)
		for _, at := range g.permutation(len(x.dims())) {
			dims = append(dims, x.dims()[at])
		}
		left = 1
	}
	for left > 1 && len(dims) < 5 {
		var divisors []int
		for d := 1; d <= min(left, 200); d++ {
			if left%d == 0 {
				divisors = append(divisors, d)
			}
		}
		d := divisors[g.pick(len(divisors))]
		dims, left = append(dims, d), left/d
	}
	if left > 1 || g.chance(4) && x.shape.Size() > 0 {
		dims = append(dims, left)
	}
	_, err := g.move(fmt.Sprintf("Reshape %v", dims), x, func(f compute.Function, x compute.Value) (compute.Value, error) { return f.Reshape(x, dims...) })
	return err
}

func (g *sketch) transpose() error {
	x := g.any()
	p := g.permutation(x.shape.Rank())
	_, err := g.move(fmt.Sprintf("Transpose %v", p), x, func(f compute.Function, x compute.Value) (compute.Value, error) { return f.Transpose(x, p...) })
	return err
}

func (g *sketch) broadcast() error {
	x := g.any()
	var dims, axes []int
	for i, d := range append(slices.Clone(x.dims()), 1) {
		if g.chance(3) && sizeOfDims(dims)*x.shape.Size() < 3000 {
			dims = append(dims, 1+g.pick(5))
		}
		if i == x.shape.Rank() {
			break
		}
		if d == 1 && g.pick(2) == 0 && x.shape.Size() < 3000 {
			d = 1 + g.pick(7)
		}
		axes, dims = append(axes, len(dims)), append(dims, d)
	}
	if sizeOfDims(dims) > 50_000 {
		return nil
	}
	shape := shapes.Make(x.shape.DType, dims...)
	_, err := g.move(fmt.Sprintf("BroadcastInDim %v at %v", dims, axes), x, func(f compute.Function, x compute.Value) (compute.Value, error) {
		return f.BroadcastInDim(x, shape, axes)
	})
	return err
}

func (g *sketch) slice() error {
	x := g.ranked()
	if x == nil {
		return nil
	}
	var starts, limits, strides []int
	for _, d := range x.dims() {
		start := g.pick(d + 1)
		if d > 0 && start == d && !g.chance(8) {
			start = 0 // few are empty
		}
		limit := start + g.pick(d-start+1)
		if limit == start && !g.chance(8) {
			limit = d
		}
		if d > 0 && g.chance(8) { // from the end; past the end
			start, limit = start-d, d+g.pick(2)
		}
		starts, limits, strides = append(starts, start), append(limits, limit), append(strides, 1+g.pick(3))
	}
	if g.chance(4) {
		strides = nil
	}
	_, err := g.move(fmt.Sprintf("Slice %v to %v by %v", starts, limits, strides), x, func(f compute.Function, x compute.Value) (compute.Value, error) {
		return f.Slice(x, starts, limits, strides)
	})
	return err
}

func (g *sketch) reverse() error {
	x := g.any()
	axes := g.subset(x.shape.Rank())
	if len(axes) > 0 && g.chance(8) {
		axes = append(axes, axes[0])
	}
	_, err := g.move(fmt.Sprintf("Reverse %v", axes), x, func(f compute.Function, x compute.Value) (compute.Value, error) { return f.Reverse(x, axes...) })
	return err
}

// pad pads; what the Go backend cannot do, less than nothing, has a test of its own.
func (g *sketch) pad() error {
	x := g.any()
	if x.shape.Size() > 3000 {
		return nil
	}
	fill := g.some(func(p *pair) bool { return p.shape.DType == x.shape.DType && p.shape.Rank() == 0 })
	if fill == nil {
		fill = g.input(x.shape.DType)
	}
	axes := make([]compute.PadAxis, x.shape.Rank())
	for i := range axes {
		axes[i] = compute.PadAxis{Start: g.pick(3), End: g.pick(3), Interior: g.pick(2)}
		if x.dims()[i] == 0 {
			axes[i].Interior = 0
		}
	}
	if len(axes) > 3 {
		axes = axes[:3]
	}
	p, err := g.apply(fmt.Sprintf("Pad %v", axes), []*pair{x, fill}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.Pad(in[0], in[1], axes...)
	})
	if p != nil {
		g.keep(p, max(x.mag, fill.mag), max(x.err, fill.err), x.exact && fill.exact)
	}
	return err
}

func (g *sketch) concatenate() error {
	x := g.ranked()
	if x == nil {
		return nil
	}
	axis := g.pick(x.shape.Rank())
	parts := []*pair{x}
	for range g.pick(3) {
		y := g.some(func(p *pair) bool {
			if p.shape.DType != x.shape.DType || p.shape.Rank() != x.shape.Rank() {
				return false
			}
			for i, d := range p.dims() {
				if i != axis && d != x.dims()[i] {
					return false
				}
			}
			return p.shape.Size() < 3000
		})
		if y == nil {
			y = x
		}
		parts = append(parts, y)
	}
	p, err := g.apply(fmt.Sprintf("Concatenate at %d", axis), parts, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.Concatenate(axis, in...)
	})
	if p != nil {
		mag, off, exact := 0.0, 0.0, true
		for _, y := range parts {
			mag, off, exact = max(mag, y.mag), max(off, y.err), exact && y.exact
		}
		g.keep(p, mag, off, exact)
	}
	return err
}

// gather takes slices from where whole numbers say, which may lie outside.
func (g *sketch) gather() error {
	x := g.some(func(p *pair) bool { return p.shape.Rank() > 0 && p.shape.Size() > 0 && p.shape.Size() < 4000 })
	if x == nil {
		return nil
	}
	starts := g.subset(x.shape.Rank())
	if len(starts) == 0 {
		starts = []int{g.pick(x.shape.Rank())}
	}
	if g.chance(2) {
		slices.Reverse(starts)
	}
	sizes, batch := make([]int, x.shape.Rank()), make([]int, g.pick(3))
	var collapsed, offsets []int
	for i, d := range x.dims() {
		if sizes[i] = 1 + g.pick(d); g.chance(2) {
			sizes[i] = 1
		}
		if sizes[i] == 1 && slices.Contains(starts, i) && g.chance(2) {
			collapsed = append(collapsed, i)
		}
	}
	for i := range batch {
		batch[i] = 1 + g.pick(4)
	}
	vector := g.pick(len(batch) + 1)
	wholes := slices.DeleteFunc(slices.Clone(types), func(t dtypes.DType) bool { return !t.IsInt() })
	index := g.input(wholes[g.pick(len(wholes))], slices.Insert(slices.Clone(batch), vector, len(starts))...)
	rank := len(batch) + len(sizes) - len(collapsed)
	for len(offsets) < len(sizes)-len(collapsed) {
		if axis := g.pick(rank); !slices.Contains(offsets, axis) {
			offsets = append(offsets, axis)
		} else {
			for i := range rank {
				if !slices.Contains(offsets, i) {
					offsets = append(offsets, i)
					break
				}
			}
		}
	}
	slices.Sort(offsets)
	p, err := g.apply(fmt.Sprintf("Gather at %v of %v, sizes %v, collapsed %v, to %v", starts, vector, sizes, collapsed, offsets), []*pair{x, index}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.Gather(in[0], in[1], vector, offsets, collapsed, starts, sizes, false)
	})
	if p != nil {
		g.keep(p, x.mag, x.err, x.exact)
	}
	return err
}
