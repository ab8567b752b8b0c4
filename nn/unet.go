package nn

import (
	"errors"
	"fmt"
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// UNet is a convolutional network for pictures (Ho et al. 2020, arXiv:2006.11239,
// appendix B): residual blocks at ever coarser levels, then back up, where each block
// also sees what the way down left at its level. Noise and class become one embedding
// that shifts the channels of every residual block. The last convolution of a block,
// of an attention and of the network start at zero.
//
// Samples are [height, width, channels] or [height, width]. Each level but the last
// halves the sides, which must be even there. GoMLX's own engine "go" deadlocks on
// convolutions unless it is told to be sequential: GOMLX_BACKEND=go:ops_sequential.
//
// New runs use [UNet2D]. This one stays because runs that were trained with it, and the
// workloads of package bench, name its variables.
type UNet struct {
	Base    int   // channels of the finest level, even
	Mults   []int // channels of each level, in units of Base
	Blocks  int   // residual blocks of a level on the way down; one more on the way up
	Attend  []int // levels with self-attention after each block; the middle always has one
	Groups  int   // of channels that are normalised together; a divisor of Base
	Classes int   // labels 0 … Classes-1; Classes itself stands for no condition; 0 for no labels

	// Lo and Hi are the lowest and highest angular frequency of the noise embedding;
	// both 0 stand for 0.5 and 16, which suit [drift.NoiseInput].
	Lo, Hi float64
}

// Forward implements [Network].
func (m UNet) Forward(scope *model.Scope, in Input) *graph.Node {
	x, shape := in.X, in.X.Shape().Dimensions
	if len(shape) == 3 {
		x = graph.InsertAxes(x, -1) // [B, H, W, 1]
	}
	m.check(x.Shape().Dimensions)
	channels, last := x.Shape().Dimensions[3], len(m.Mults)-1
	if in.Picture != nil {
		x = graph.Concatenate([]*graph.Node{x, in.Picture}, -1)
	}
	e := m.embed(scope.At("embed"), in) // [B, 4·Base]

	h := conv3(scope.At("in"), x, m.Base, 1, 1) // [B, H, W, Base]
	left := []*graph.Node{h}
	for level, mult := range m.Mults {
		at := scope.At("down_%d", level)
		for i := range m.Blocks {
			h = m.block(at.At("block_%d", i), h, e, level, m.Base*mult) // [B, H/2^level, W/2^level, Base·mult]
			left = append(left, h)
		}
		if level < last {
			h = conv3(at.At("coarser"), h, m.Base*mult, 2, 1) // [B, H/2^(level+1), W/2^(level+1), Base·mult]
			left = append(left, h)
		}
	}

	at, c := scope.At("middle"), h.Shape().Dimensions[3]
	h = block(at, h, func(h *graph.Node) *graph.Node {
		h = m.residual(at.At("block_0"), h, e, c)
		h = selfAttention(at.At("attention"), h, m.Groups)
		return m.residual(at.At("block_1"), h, e, c)
	})

	for level, mult := range slices.Backward(m.Mults) {
		at := scope.At("up_%d", level)
		for i := range m.Blocks + 1 {
			end := len(left) - 1
			h = graph.Concatenate([]*graph.Node{h, left[end]}, -1)      // [B, H/2^level, W/2^level, both]
			h = m.block(at.At("block_%d", i), h, e, level, m.Base*mult) // [B, H/2^level, W/2^level, Base·mult]
			left = left[:end]
		}
		if level > 0 {
			h = conv3(at.At("finer"), double(h), m.Base*mult, 1, 1) // [B, H/2^(level-1), W/2^(level-1), Base·mult]
		}
	}
	h = silu(groupNorm(scope.At("norm"), h, m.Groups))
	return graph.Reshape(conv3(scope.At("out"), h, channels, 1, 0), shape...) // the shape of x
}

// embed joins noise and conditions into one vector a sample, already through its SiLU,
// as every block wants it: [B, 4·Base].
func (m UNet) embed(scope *model.Scope, in Input) *graph.Node {
	lo, hi := m.Lo, m.Hi
	if lo == 0 && hi == 0 {
		lo, hi = 0.5, 16
	}
	width := 4 * m.Base
	e := dense(scope.At("level_0"), fourier(in.Noise, m.Base/2, lo, hi), width, 1) // [B, 4·Base]
	e = dense(scope.At("level_1"), silu(e), width, 1)                              // [B, 4·Base]
	if m.Classes > 0 {
		table := normal(scope, "class", 1, m.Classes+1, width).NodeValue(e.Graph())
		e = graph.Add(e, graph.MatMul(graph.OneHot(in.Class, m.Classes+1, dtypes.Float32), table))
	}
	if in.Vector != nil {
		e = graph.Add(e, dense(scope.At("vector"), in.Vector, width, 1))
	}
	return silu(e)
}

// block is a residual block, with self-attention behind it at the levels that have it.
func (m UNet) block(scope *model.Scope, x, e *graph.Node, level, out int) *graph.Node {
	return block(scope, x, func(x *graph.Node) *graph.Node {
		h := m.residual(scope, x, e, out) // [B, H, W, out]
		if slices.Contains(m.Attend, level) {
			h = selfAttention(scope.At("attention"), h, m.Groups)
		}
		return h
	})
}

// residual adds to x what two convolutions make of it; between them the embedding
// shifts the channels.
func (m UNet) residual(scope *model.Scope, x, e *graph.Node, out int) *graph.Node {
	batch, in := x.Shape().Dimensions[0], x.Shape().Dimensions[3]
	shift := graph.Reshape(dense(scope.At("shift"), e, out, 0.5), batch, 1, 1, out) // [B, 1, 1, out]
	h := silu(groupNorm(scope.At("norm_0"), x, m.Groups))                           // [B, H, W, in]
	h = graph.Add(conv3(scope.At("conv_0"), h, out, 1, 1), shift)                   // [B, H, W, out]
	h = silu(groupNorm(scope.At("norm_1"), h, m.Groups))                            // [B, H, W, out]
	h = conv3(scope.At("conv_1"), h, out, 1, 0)                                     // [B, H, W, out]
	if in != out {
		x = dense(scope.At("skip"), x, out, 1) // [B, H, W, out]
	}
	return graph.Add(h, x)
}

// check panics where the network does not fit pictures [B, H, W, C].
func (m UNet) check(dims []int) {
	switch {
	case len(m.Mults) == 0:
		panic(errors.New("u-net: found no levels, expected at least one"))
	case len(dims) != 4:
		panic(fmt.Errorf("u-net: found samples of %d axes, expected height, width and perhaps channels", len(dims)-1))
	case m.Base < 4 || m.Base%2 != 0 || m.Groups < 1 || m.Base%m.Groups != 0:
		panic(fmt.Errorf("u-net: found %d base channels in %d groups, expected an even multiple of the groups, at least 4", m.Base, m.Groups))
	}
	if side := 1 << (len(m.Mults) - 1); dims[1]%side != 0 || dims[2]%side != 0 {
		panic(fmt.Errorf("u-net: found pictures of %d×%d, expected sides that are multiples of %d for %d levels",
			dims[1], dims[2], side, len(m.Mults)))
	}
}
