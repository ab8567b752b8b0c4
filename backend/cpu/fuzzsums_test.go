package cpu

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// Operations that sum: reductions, products, convolutions.

// keepSum bounds a sum of n products of numbers of which the two sides add in any
// order: γ_n·Σ|x| each (Higham, Accuracy and Stability of Numerical Algorithms, 2002,
// section 3.1), to first order.
func (g *sketch) keepSum(p *pair, n int, mag, off float64, exact bool) {
	terms := float64(n) * mag
	exact = exact && (!p.float() || n <= 1)
	err := 0.0
	if !exact {
		err = float64(n)*off + 2*float64(n+1)*p.unit()*terms
	}
	g.keep(p, terms, err, exact)
}

// times bounds a product: its size and error.
func times(x, y *pair) (mag, off float64) {
	return x.mag * y.mag, x.mag*y.err + y.mag*x.err + x.err*y.err
}

// reduction is an operation over axes.
type reduction = func(f compute.Function, x compute.Value, axes ...int) (compute.Value, error)

func (g *sketch) reduce() error {
	x := g.any()
	axes := g.subset(x.shape.Rank())
	if len(axes) == 0 && x.shape.Rank() > 0 && !g.chance(4) {
		axes = []int{g.pick(x.shape.Rank())}
	}
	if g.chance(4) {
		slices.Reverse(axes)
	}
	n := 1
	for i, d := range x.dims() {
		if len(axes) == 0 || slices.Contains(axes, i) {
			n *= d
		}
	}
	type row struct {
		name string
		f    reduction
	}
	list := []row{{"ReduceSum", compute.Function.ReduceSum}, {"ReduceMax", compute.Function.ReduceMax}, {"ReduceMin", compute.Function.ReduceMin}, {"ReduceSum", compute.Function.ReduceSum}, {"ReduceProduct", compute.Function.ReduceProduct}}
	switch {
	case x.is(dtypes.Bool):
		list = []row{{"ReduceLogicalAnd", compute.Function.ReduceLogicalAnd}, {"ReduceLogicalOr", compute.Function.ReduceLogicalOr}, {"ReduceLogicalXor", compute.Function.ReduceLogicalXor}}
	case x.whole():
		list = append(list, row{"ReduceBitwiseAnd", compute.Function.ReduceBitwiseAnd}, row{"ReduceBitwiseOr", compute.Function.ReduceBitwiseOr}, row{"ReduceBitwiseXor", compute.Function.ReduceBitwiseXor})
	}
	r := list[g.pick(len(list))]
	product := math.Pow(max(1, x.mag), float64(n))
	if r.name == "ReduceProduct" && product > 1e4 {
		return nil
	}
	p, err := g.apply(fmt.Sprintf("%s %v", r.name, axes), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return r.f(f, in[0], axes...)
	})
	if p == nil {
		return err
	}
	switch r.name {
	case "ReduceSum":
		g.keepSum(p, n, x.mag, x.err, x.exact)
	case "ReduceProduct":
		// Each factor is off by err of 1 at least, and each rounding by a unit.
		exact := x.exact && (!x.float() || n <= 1)
		off := 0.0
		if !exact {
			off = 2 * float64(n) * product * (x.err + 2*x.unit())
		}
		g.keep(p, product, off, exact)
	default:
		mag := x.mag
		if n == 0 {
			mag = math.Inf(1)
		}
		g.keep(p, mag, x.err, x.exact)
	}
	return nil
}

// dot adds a DotGeneral whose axes are in any order: x keeps its axes, and the other
// side is an input made to fit, or x itself.
func (g *sketch) dot() error {
	x := g.some(func(p *pair) bool { return p.number() && p.shape.Rank() > 0 })
	if x == nil {
		return nil
	}
	order := g.permutation(x.shape.Rank())
	nBatch := g.pick(len(order))
	nSum := g.pick(len(order) - nBatch + 1)
	batch, sum := order[:nBatch], order[nBatch:nBatch+nSum]
	// The right side, in the order batch, summed, own; then shuffled.
	var dims []int
	for _, a := range order[:nBatch+nSum] {
		dims = append(dims, x.dims()[a])
	}
	for range g.pick(3) {
		dims = append(dims, 1+g.pick(20))
	}
	terms := 1
	for _, a := range sum {
		terms *= x.dims()[a]
	}
	if sizeOfDims(dims) > 20_000 || sizeOfDims(dims)/max(1, terms)*x.shape.Size() > 2_000_000 {
		return nil
	}
	place := g.permutation(len(dims)) // of each axis of the right side
	shuffled := make([]int, len(dims))
	for i, at := range place {
		shuffled[at] = dims[i]
	}
	batchR, sumR := place[:nBatch], place[nBatch:nBatch+nSum]
	y := g.some(func(p *pair) bool { return p.shape.DType == x.shape.DType && slices.Equal(p.dims(), shuffled) })
	if y == nil {
		y = g.input(x.shape.DType, shuffled...)
	}
	p, err := g.apply(fmt.Sprintf("DotGeneral %v %v with %v %v", sum, batch, sumR, batchR), []*pair{x, y}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.DotGeneral(in[0], sum, batch, in[1], sumR, batchR, compute.DotGeneralConfig{})
	})
	if p != nil {
		mag, off := times(x, y)
		g.keepSum(p, terms, mag, off, x.exact && y.exact)
	}
	return err
}

// conv adds a convolution over one to three spatial axes, or a gradient of one, in
// any order of axes. The shapes are made to fit an input that is one of g, if it can be.
func (g *sketch) conv() error {
	rank := 1 + g.pick(8)%3
	if g.pick(2) == 0 {
		rank = 2
	}
	x := g.some(func(p *pair) bool {
		return p.number() && p.shape.Rank() == rank+2 && p.shape.Size() < 20_000 && p.shape.Size() > 0
	})
	in, kernel, out := g.permutation(rank+2), g.permutation(rank+2), g.permutation(rank+2)
	if g.pick(2) == 0 { // as GoMLX has them
		for i := range rank + 2 {
			in[i], kernel[i], out[i] = i, i, i
		}
		in = append(in[:1], append(in[2:], in[1])...) // batch, channels, then the spatial ones
		in[1], in[rank+1] = rank+1, rank
		for i := range rank {
			in[2+i] = 1 + i
		}
		out = slices.Clone(in)
		kernel = append([]int{rank, rank + 1}, kernel[:rank]...)
	}
	wide := rank == 2 && g.chance(4) // with as many channels as Winograd's form needs
	if x == nil || wide || g.chance(3) {
		dims := make([]int, rank+2)
		for i := range dims {
			dims[i] = 1 + g.pick(9)
		}
		t := dtypes.Float32
		switch {
		case wide:
			dims[in[0]], dims[in[1]] = 1+g.pick(2), 8*(1+g.pick(2))
			dims[in[2]], dims[in[3]] = 3+g.pick(9), 3+g.pick(9)
		case g.chance(8):
			if t = g.dtype(); t == dtypes.Bool {
				t = dtypes.Float64
			}
		}
		x = g.input(t, dims...)
	}
	axes := compute.ConvolveAxesConfig{
		InputBatch: in[0], InputChannels: in[1], InputSpatial: in[2:],
		KernelInputChannels: kernel[0], KernelOutputChannels: kernel[1], KernelSpatial: kernel[2:],
		OutputBatch: out[0], OutputChannels: out[1], OutputSpatial: out[2:],
	}
	batch, channels := x.dims()[in[0]], x.dims()[in[1]]
	groups, batchGroups := 1, 1
	if g.chance(6) && channels%2 == 0 {
		groups = 2
	} else if g.chance(8) && batch%2 == 0 && in[0] == out[0] && x.float() { // elsewhere the Go backend crashes
		batchGroups = 2
	}
	outs := (1 + g.pick(6)) * groups * batchGroups
	if wide {
		outs = 8 * (1 + g.pick(2)) * groups * batchGroups
	}
	dims := make([]int, rank+2)
	dims[kernel[0]], dims[kernel[1]] = channels/groups, outs
	var strides, inputDilations, kernelDilations []int
	var paddings [][2]int
	for i := range rank {
		size := x.dims()[in[2+i]]
		k := 1 + g.pick(4)
		if g.chance(4) {
			k = size // as for a kernel gradient
		} else if wide {
			k = 3
		}
		dims[kernel[2+i]] = k
		strides = append(strides, 1+g.pick(6)%3)
		inputDilations = append(inputDilations, 1+max(0, g.pick(6)-3)%3)
		kernelDilations = append(kernelDilations, 1+max(0, g.pick(6)-3)%3)
		paddings = append(paddings, [2]int{g.pick(5) - 1, g.pick(5) - 1})
	}
	if sizeOfDims(dims)/outs > 4000 {
		return nil
	}
	w := g.some(func(p *pair) bool { return p.shape.DType == x.shape.DType && slices.Equal(p.dims(), dims) })
	if w == nil {
		w = g.input(x.shape.DType, dims...)
	}
	if g.pick(2) == 0 { // as a gradient of an input has it
		var err error
		spatial := kernel[2:]
		w, err = g.move(fmt.Sprintf("Reverse %v", spatial), w, func(f compute.Function, x compute.Value) (compute.Value, error) { return f.Reverse(x, spatial...) })
		if w == nil {
			return err
		}
	}
	if wide || g.chance(4) {
		strides, inputDilations, kernelDilations = nil, nil, nil
	}
	name := fmt.Sprintf("ConvGeneral %+v strides %v paddings %v dilations %v %v groups %d %d", axes, strides, paddings, inputDilations, kernelDilations, groups, batchGroups)
	p, err := g.apply(name, []*pair{x, w}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.ConvGeneral(in[0], in[1], axes, strides, paddings, inputDilations, kernelDilations, groups, batchGroups)
	})
	if p != nil {
		mag, off := times(x, w)
		g.keepSum(p, sizeOfDims(dims)/outs, mag, off, x.exact && w.exact)
	}
	return err
}

func (g *sketch) softmax() error {
	x := g.some(func(p *pair) bool {
		return p.float() && p.shape.Rank() > 0 && p.mag < 30 && p.shape.Size() > 0
	})
	if x == nil {
		return nil
	}
	axis := g.pick(x.shape.Rank())
	if g.pick(2) == 0 {
		axis = x.shape.Rank() - 1
	}
	p, err := g.apply(fmt.Sprintf("FusedSoftmax %d", axis), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.FusedSoftmax(in[0], axis)
	})
	if p != nil {
		// y = e^(x-max)/Σ: |dy| ≤ |dx|/2·2; then the exponential's error and argument's
		// rounding, the sum's, and the quotient's, all relative to y ≤ 1.
		n := float64(x.dims()[axis])
		g.keep(p, 1, 2*x.err+2*x.unit()*(2*functionError+2*x.mag+n+2), false)
	}
	return err
}

func (g *sketch) argMinMax() error {
	x := g.some(func(p *pair) bool { return p.exact && p.shape.Rank() > 0 && p.shape.Size() > 0 && !p.is(dtypes.Bool) })
	if x == nil {
		return nil
	}
	axis, least := g.pick(x.shape.Rank()), g.pick(2) == 0
	p, err := g.apply(fmt.Sprintf("ArgMinMax %d %v", axis, least), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.ArgMinMax(in[0], axis, dtypes.Int32, least)
	})
	if p != nil {
		g.keep(p, float64(x.dims()[axis]), 0, true)
	}
	return err
}

// window is a reduction by windows. Where only padding lies under one, maxima and minima
// are infinite, so that those have less padding than window.
func (g *sketch) window(x *pair) error {
	how := []compute.ReduceOpType{compute.ReduceOpMax, compute.ReduceOpMin, compute.ReduceOpSum}[g.pick(3)]
	rank := x.shape.Rank()
	size, strides, dilations, inner, pads := make([]int, rank), make([]int, rank), make([]int, rank), make([]int, rank), make([][2]int, rank)
	terms := 1
	for i, d := range x.dims() {
		dilations[i], inner[i] = 1+g.pick(2), 1
		if how == compute.ReduceOpSum {
			inner[i] += g.pick(2)
		}
		size[i], strides[i] = 1+g.pick(min((d-1)/dilations[i]+1, 4)), 1+g.pick(3)
		if g.chance(2) && dilations[i] == 1 {
			pads[i] = [2]int{g.pick(size[i]), g.pick(size[i])}
		}
		terms *= size[i]
	}
	p, err := g.apply(fmt.Sprintf("ReduceWindow %s %v by %v, dilations %v and %v, pads %v", how, size, strides, dilations, inner, pads), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.ReduceWindow(in[0], how, size, strides, inner, dilations, pads)
	})
	switch {
	case p == nil:
	case how == compute.ReduceOpSum:
		g.keepSum(p, terms, x.mag, x.err, x.exact)
	default:
		g.keep(p, x.mag, x.err, x.exact)
	}
	return err
}

// rare adds one of the operations that few programs have.
func (g *sketch) rare() error {
	x := g.some(func(p *pair) bool {
		return p.number() && p.shape.Rank() > 0 && p.shape.Size() > 0 && p.shape.Size() < 4000
	})
	if x == nil {
		return nil
	}
	rank := x.shape.Rank()
	axis := g.pick(rank)
	switch g.pick(3) {
	case 0:
		o := compute.CumSumOptions{Exclusive: g.pick(2) == 0, Reverse: g.pick(2) == 0}
		p, err := g.apply(fmt.Sprintf("CumSum %d %+v", axis, o), []*pair{x}, func(f compute.Function, in []compute.Value) (compute.Value, error) {
			return f.CumSum(in[0], axis, o)
		})
		if p != nil {
			g.keepSum(p, x.dims()[axis], x.mag, x.err, x.exact)
		}
		return err
	case 1:
		return g.window(x)
	}
	in, sizes := []*pair{x}, make([]int, rank)
	for i, d := range x.dims() {
		in, sizes[i] = append(in, g.input(dtypes.Int32)), 1+g.pick(d)
	}
	p, err := g.apply(fmt.Sprintf("DynamicSlice %v", sizes), in, func(f compute.Function, in []compute.Value) (compute.Value, error) {
		return f.DynamicSlice(in[0], in[1:], sizes)
	})
	if p != nil {
		g.keep(p, x.mag, x.err, x.exact)
	}
	return err
}
