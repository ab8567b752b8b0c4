package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// EDM2 is a U-Net whose activations and weights keep their magnitude (Karras et al.
// 2024, arXiv:2312.02696, config G): no group normalisation, no biases, and nothing
// that begins at zero but gains. Layers expect and leave values whose mean square is
// about 1, so x should have unit variance, as it has in training.
//
// Differences from the paper: frequencies of the noise embedding are not drawn (see
// mpFourier), no condition is a row of the class table and not a vector of zeros,
// activations are not clipped, which float16 needs, and stored weights are smaller (see
// edm2Stored), so that it trains at the rates of the other networks.
type EDM2 struct {
	Channels    []int   `json:"channels" toml:"channels"`                             // of each level, the finest first; each level but the last halves the sides
	Blocks      int     `json:"blocks" toml:"blocks"`                                 // residual blocks of a level on the way down; one more on the way up
	Attend      []int   `json:"attend,omitempty" toml:"attend,omitempty"`             // levels with attention behind each block, counted from 0; between the two ways there is, unless PlainMiddle says not
	PlainMiddle bool    `json:"plain_middle,omitempty" toml:"plain_middle,omitempty"` // no attention between the two ways
	HeadDim     int     `json:"head_dim" toml:"head_dim"`                             // channels of a head of attention, at least; all where there are fewer
	Dropout     float64 `json:"dropout" toml:"dropout"`                               // share of values that training sets to 0 before the second convolution of a block
	NoiseScale  float64 `json:"noise_scale,omitempty" toml:"noise_scale,omitempty"`   // times the noise input is what is embedded, which should span a few units; 0 stands for 1
	Classes     int     `json:"-" toml:"-"`                                           // labels 0 … Classes-1; Classes itself stands for no condition; 0 for no labels
}

// Shares of the second argument in sums and concatenations of config G.
const (
	branchShare = 0.3 // of a block's branch, and of its attention
	leftShare   = 0.5 // of what the way down left
)

// Validate names the first setting that makes no sense, if one does.
func (m EDM2) Validate() error {
	switch {
	case len(m.Channels) < 1 || len(m.Channels) > 8:
		return fmt.Errorf("channels: found %d levels, expected 1 to 8", len(m.Channels))
	case m.Channels[0]%2 != 0:
		return fmt.Errorf("channels: found %d at the finest level, expected an even number", m.Channels[0])
	case m.Blocks < 1 || m.Blocks > 64:
		return fmt.Errorf("blocks: found %d, expected 1 to 64", m.Blocks)
	case m.HeadDim < 1 || m.HeadDim > 1<<16:
		return fmt.Errorf("head_dim: found %d, expected 1 to %d", m.HeadDim, 1<<16)
	case !(m.Dropout >= 0 && m.Dropout < 1):
		return fmt.Errorf("dropout: found %v, expected at least 0 and below 1", m.Dropout)
	case !finite(m.NoiseScale):
		return fmt.Errorf("noise_scale: found %v, expected a finite number", m.NoiseScale)
	}
	for _, c := range m.Channels {
		if c < 4 || c > 1<<16 || c%m.heads(c) != 0 {
			return fmt.Errorf("channels: found %d, expected 4 to %d, and whole heads of at least %d", c, 1<<16, m.HeadDim)
		}
	}
	for _, level := range m.Attend {
		if level < 0 || level >= len(m.Channels) {
			return fmt.Errorf("attend: found level %d, expected 0 to %d", level, len(m.Channels)-1)
		}
	}
	return nil
}

// heads is how many heads of attention so many channels have.
func (m EDM2) heads(channels int) int { return max(1, channels/m.HeadDim) }

// Forward implements [Network]. Samples are [height, width, channels] or [height,
// width]; the condition that is a picture goes in as more channels, and so does a
// constant 1, which does what biases would. The output's gain begins at 0, and the
// output with it.
func (m EDM2) Forward(scope *model.Scope, in Input) *graph.Node {
	if err := m.Validate(); err != nil {
		panic(fmt.Errorf("edm2: %w", err))
	}
	x, own := pixelsOf(in)
	all := m.features(scope, x, m.embedding(scope.At("embedding"), in))
	at := scope.At("conv_out")
	h := mpConv(at, all[len(all)-1], own, 3) // [B, H, W, own]
	return graph.Reshape(graph.Mul(h, mpGain(at, x.Graph())), in.X.Shape().Dimensions...)
}

// edm2Run is an EDM2 while its graph is built.
type edm2Run struct {
	EDM2
	e *graph.Node // embedding [B, E]
}

// features are what every block makes of pictures [B, H, W, in], the last [B, H, W, C0].
func (m EDM2) features(scope *model.Scope, x, e *graph.Node) (all []*graph.Node) {
	r, last := edm2Run{m, e}, len(m.Channels)-1
	x = graph.Concatenate([]*graph.Node{x, graph.OnesLike(graph.SliceAxis(x, 3, graph.AxisElem(0)))}, -1)
	h := mpConv(scope.At("conv_in"), x, m.Channels[0], 3) // [B, H, W, C0]
	all = append(all, h)
	for i, c := range m.Channels {
		at := scope.At("down_%d", i)
		if i > 0 {
			h = r.encode(at.At("coarser"), halve(h), m.Channels[i-1], false) // [B, H/2^i, W/2^i, C(i-1)]
			all = append(all, h)
		}
		for j := range m.Blocks {
			h = r.encode(at.At("block_%d", j), h, c, slices.Contains(m.Attend, i)) // [B, H/2^i, W/2^i, Ci]
			all = append(all, h)
		}
	}
	left := slices.Clone(all)
	h = r.decode(scope.At("middle").At("block_0"), h, m.Channels[last], !m.PlainMiddle)
	h = r.decode(scope.At("middle").At("block_1"), h, m.Channels[last], false)
	all = append(all, h)
	for i := last; i >= 0; i-- {
		at := scope.At("up_%d", i)
		if i < last {
			h = r.decode(at.At("finer"), double(h), m.Channels[i+1], false) // [B, H/2^i, W/2^i, C(i+1)]
			all = append(all, h)
		}
		for j := range m.Blocks + 1 {
			end := len(left) - 1
			h = r.decode(at.At("block_%d", j), mpCat(h, left[end], leftShare), m.Channels[i], slices.Contains(m.Attend, i)) // [B, H/2^i, W/2^i, Ci]
			all, left = append(all, h), left[:end]
		}
	}
	return all
}

// embedding joins noise and conditions into one vector a sample, [B, E], as wide as the
// widest level: the sum of a vector for each, divided by the root of their number.
func (m EDM2) embedding(scope *model.Scope, in Input) *graph.Node {
	width, noise := slices.Max(m.Channels), scaled(in.Noise, m.NoiseScale)
	e, parts := mpLinear(scope.At("noise"), mpFourier(noise, m.Channels[0]), width), 1
	if m.Classes > 0 {
		// A row of a table whose columns have mean square 1, as a one-hot vector of that
		// magnitude gives it.
		table := rootMeanSquare1(mpStored(scope.At("class_embedding"), e.Graph(), m.Classes+1, width), 0)
		e, parts = graph.Add(e, rowOf(table, in.Class)), parts+1
	}
	if in.Vector != nil {
		e, parts = graph.Add(e, mpLinear(scope.At("vector_embedding"), in.Vector, width)), parts+1
	}
	return mpSilu(graph.MulScalar(e, 1/math.Sqrt(float64(parts))))
}

// encode is a block of the way down, which gives every pixel unit magnitude.
func (r edm2Run) encode(scope *model.Scope, x *graph.Node, out int, attend bool) *graph.Node {
	return block(scope, x, func(x *graph.Node) *graph.Node {
		x = rootMeanSquare1(r.widened(scope, x, out), -1)
		return r.attended(scope, mpSum(x, r.branch(scope, x, out), branchShare), attend)
	})
}

// decode is a block of the way up.
func (r edm2Run) decode(scope *model.Scope, x *graph.Node, out int, attend bool) *graph.Node {
	return block(scope, x, func(x *graph.Node) *graph.Node {
		h := r.branch(scope, x, out)
		return r.attended(scope, mpSum(r.widened(scope, x, out), h, branchShare), attend)
	})
}

// widened is x with so many channels.
func (r edm2Run) widened(scope *model.Scope, x *graph.Node, out int) *graph.Node {
	if x.Shape().Dim(3) == out {
		return x
	}
	return mpConv(scope.At("conv_skip"), x, out, 1)
}

// branch is two convolutions; between them the embedding scales the channels, which it
// begins to do once its gain has left 0.
func (r edm2Run) branch(scope *model.Scope, x *graph.Node, out int) *graph.Node {
	h := mpConv(scope.At("conv_0"), mpSilu(x), out, 3) // [B, H, W, out]
	at := scope.At("scale")
	scale := graph.OnePlus(graph.Mul(mpLinear(at, r.e, out), mpGain(at, x.Graph()))) // [B, out]
	h = mpSilu(graph.Mul(h, graph.Reshape(scale, -1, 1, 1, out)))
	return mpConv(scope.At("conv_1"), dropout(scope, h, r.Dropout), out, 3) // [B, H, W, out]
}

// attended is x with attention behind it, if there is to be.
func (r edm2Run) attended(scope *model.Scope, x *graph.Node, attend bool) *graph.Node {
	if !attend {
		return x
	}
	return mpSum(x, mpAttention(scope.At("attention"), x, r.heads(x.Shape().Dim(3))), branchShare)
}
