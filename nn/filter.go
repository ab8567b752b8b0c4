package nn

import (
	"fmt"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
)

// The filter (1, 3, 3, 1)/8 along both sides halves and doubles pictures without
// aliasing (Karras et al. 2020, arXiv:1912.04958). What lies beyond the border is 0, or
// with reflect the pixels within, mirrored.

// filterDown is [B, H, W, C] → [B, H/2, W/2, C].
func filterDown(x *graph.Node, reflect bool) *graph.Node {
	for _, axis := range []int{1, 2} {
		even, odd := parity(x, axis) // x[2i], x[2i+1]
		last := even.Shape().Dim(axis) - 1
		before := shifted(odd, axis, -1, border(odd, axis, 0, reflect))    // x[2i-1]
		after := shifted(even, axis, 1, border(even, axis, last, reflect)) // x[2i+2]
		x = graph.MulScalar(graph.Add(graph.Add(before, after), graph.MulScalar(graph.Add(even, odd), 3)), 1./8)
	}
	return x
}

// filterUp is [B, H, W, C] → [B, 2H, 2W, C].
func filterUp(x *graph.Node, reflect bool) *graph.Node {
	for _, axis := range []int{1, 2} {
		dims := slices.Clone(x.Shape().Dimensions)
		n := dims[axis]
		before := shifted(x, axis, -1, border(x, axis, 1, reflect)) // x[i-1]
		after := shifted(x, axis, 1, border(x, axis, n-2, reflect)) // x[i+1]
		near := graph.MulScalar(x, 3./4)
		pairs := graph.Stack([]*graph.Node{
			graph.Add(near, graph.MulScalar(before, 1./4)),
			graph.Add(near, graph.MulScalar(after, 1./4)),
		}, axis+1)
		dims[axis] *= 2
		x = graph.Reshape(pairs, dims...)
	}
	return x
}

// border is the element of x at a place of an axis, or zeros.
func border(x *graph.Node, axis, place int, reflect bool) *graph.Node {
	if n := x.Shape().Dim(axis); reflect && (place < 0 || place >= n) {
		panic(fmt.Errorf("u-net: found a side of %d pixels to be mirrored at its border, expected at least 2", n))
	}
	if !reflect {
		return graph.ZerosLike(graph.SliceAxis(x, axis, graph.AxisElem(0)))
	}
	return graph.SliceAxis(x, axis, graph.AxisElem(place))
}

// shifted holds at place i of an axis what x has at i+by, and edge where that is
// beyond the border; by is -1 or 1.
func shifted(x *graph.Node, axis, by int, edge *graph.Node) *graph.Node {
	n := x.Shape().Dim(axis)
	if n == 1 {
		return edge
	}
	if by < 0 {
		return graph.Concatenate([]*graph.Node{edge, graph.SliceAxis(x, axis, graph.AxisRange(0, n-1))}, axis)
	}
	return graph.Concatenate([]*graph.Node{graph.SliceAxis(x, axis, graph.AxisRange(1, n)), edge}, axis)
}

// parity is x at even and at odd places of an axis.
func parity(x *graph.Node, axis int) (even, odd *graph.Node) {
	dims := slices.Clone(x.Shape().Dimensions)
	half := dims[axis] / 2
	if 2*half != dims[axis] {
		panic(fmt.Errorf("u-net: found a side of %d pixels to be halved, expected an even number", dims[axis]))
	}
	dims[axis] = half
	pairs := graph.Reshape(x, slices.Insert(slices.Clone(dims), axis+1, 2)...)
	pick := func(i int) *graph.Node {
		return graph.Reshape(graph.SliceAxis(pairs, axis+1, graph.AxisElem(i)), dims...)
	}
	return pick(0), pick(1)
}

// halve is the mean of every 2×2 pixels, [B, H, W, C] → [B, H/2, W/2, C].
func halve(x *graph.Node) *graph.Node {
	d := x.Shape().Dimensions
	if d[1]%2 != 0 || d[2]%2 != 0 {
		panic(fmt.Errorf("u-net: found pictures of %d×%d to be halved, expected even sides", d[1], d[2]))
	}
	return graph.ReduceMean(graph.Reshape(x, d[0], d[1]/2, 2, d[2]/2, 2, d[3]), 2, 4)
}
