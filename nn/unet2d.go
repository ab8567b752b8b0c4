package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Forward implements [Network]: residual blocks at ever coarser levels, then back up,
// where each block also sees what the way down left at its level (Ho et al. 2020,
// arXiv:2006.11239, appendix B). Time and conditions become one embedding, which shifts,
// or scales and shifts, the channels of every residual block. Blocks with "Skip" in
// their names hand a picture on beside the channels, as in NCSN++ (Song et al. 2021,
// arXiv:2011.13456, appendix H), and those that begin with K are k-diffusion's.
//
// Samples are [height, width, channels] or [height, width]; each level but the last
// halves the sides. A label without a row in the table adds nothing to the embedding,
// as no condition does. The condition of numbers enters through a dense layer, with
// class_embed_type "identity" as it is. Variables start as they do for training from
// scratch: the last layer of each branch and of the network at zero. See
// [FromDiffusers] for their names.
//
// GoMLX's own engine "go" deadlocks on convolutions unless it is told to be
// sequential: GOMLX_BACKEND=go:ops_sequential.
func (m UNet2D) Forward(scope *model.Scope, in Input) *graph.Node {
	if err := m.Validate(); err != nil {
		panic(fmt.Errorf("u-net: %w", err))
	}
	x, shape := pictureOf(in, m.InChannels, m.OutChannels)
	if m.CenterInput {
		x = graph.AddScalar(graph.MulScalar(x, 2), -1)
	}
	e := m.embedding(scope, in)
	r := &unetRun{UNet2D: m, e: e, active: m.act(e), picture: x}

	h := conv(scope.At("conv_in"), x, m.BlockChannels[0], 3, 1, 1, 1, 1) // [B, H, W, C0]
	r.left = []*graph.Node{h}
	for i, name := range m.DownBlocks {
		h = r.down(scope.At("down_blocks").At("%d", i), h, downKinds[name], i) // [B, H/2^(i+1), W/2^(i+1), Ci]
	}
	if m.MidBlock != nil {
		h = r.middle(scope.At("mid_block"), h)
	}
	r.picture = nil
	for i, name := range m.UpBlocks {
		h = r.up(scope.At("up_blocks").At("%d", i), h, upKinds[name], i)
	}
	h = silu(norm(scope.At("conv_norm_out"), h, m.NormGroups, m.NormEps))
	h = conv(scope.At("conv_out"), h, m.OutChannels, 3, 1, 1, 1, 0) // [B, H, W, out]
	if r.picture != nil {
		h = graph.Add(h, r.picture)
	}
	if m.TimeEmbedding == "fourier" {
		h = graph.Div(h, graph.Reshape(m.time(in), -1, 1, 1, 1))
	}
	return sampleOf(h, shape)
}

// pictureOf is x of a batch with its condition, [B, H, W, in], and the shape of x.
func pictureOf(in Input, inChannels, outChannels int) (x *graph.Node, shape []int) {
	x, own := pixelsOf(in)
	if all := x.Shape().Dim(3); all != inChannels {
		panic(fmt.Errorf("in_channels: found %d, expected %d, those of a sample and of the picture that is its condition", inChannels, all))
	}
	if outChannels != own && outChannels != 2*own {
		panic(fmt.Errorf("out_channels: found %d, expected %d, those of a sample, or twice as many", outChannels, own))
	}
	return x, in.X.Shape().Dimensions
}

// pixelsOf is x of a batch with its condition, [B, H, W, channels], and how many channels
// are those of a sample.
func pixelsOf(in Input) (x *graph.Node, own int) {
	x = in.X
	if x.Rank() == 3 {
		x = graph.InsertAxes(x, -1) // [B, H, W, 1]
	}
	if x.Rank() != 4 {
		panic(fmt.Errorf("samples: found %d axes, expected height, width and perhaps channels", in.X.Rank()-1))
	}
	own = x.Shape().Dim(3)
	if in.Picture != nil {
		x = graph.Concatenate([]*graph.Node{x, in.Picture}, -1)
	}
	return x, own
}

// sampleOf drops what a network says of variances, and gives the rest the shape of x.
func sampleOf(h *graph.Node, shape []int) *graph.Node {
	channels := 1
	if len(shape) == 4 {
		channels = shape[3]
	}
	if h.Shape().Dim(3) > channels {
		h = graph.SliceAxis(h, 3, graph.AxisRange(0, channels))
	}
	return graph.Reshape(h, shape...)
}

func (m UNet2D) act(x *graph.Node) *graph.Node { return activations[m.Activation](x) }

// time is what the time embedding sees, [B].
func (m UNet2D) time(in Input) *graph.Node { return scaled(in.Noise, m.NoiseScale) }

// embedding joins time and conditions into one vector a sample, [B, 4·C0].
func (m UNet2D) embedding(scope *model.Scope, in Input) *graph.Node {
	width := 4 * m.BlockChannels[0]
	if m.TimeEmbeddingDim != nil {
		width = *m.TimeEmbeddingDim
	}
	project := m.projection(scope.At("time_proj"))
	e := timeEmbedding(scope.At("time_embedding"), project(m.time(in)), width, silu)
	at := scope.At("class_embedding")
	kind := ""
	if m.ClassEmbedding != nil {
		kind = *m.ClassEmbedding
	}
	switch {
	case kind == "timestep":
		label := project(graph.ConvertDType(in.Class, dtypes.Float32))
		e = graph.Add(e, timeEmbedding(at, label, width, silu))
	case kind == "" && m.ClassEmbeddings != nil:
		table := normal(at, "weight", 1, *m.ClassEmbeddings, width).NodeValue(e.Graph())
		e = graph.Add(e, rowOf(table, in.Class))
	}
	switch {
	case in.Vector == nil:
	case kind == "identity":
		if k := in.Vector.Shape().Dim(1) - 1; k != width {
			panic(fmt.Errorf("condition: found vectors of %d values, expected %d, the width of the embedding", k, width))
		}
		e = graph.Add(e, graph.SliceAxis(in.Vector, 1, graph.AxisRange(1)))
	default:
		e = graph.Add(e, linear(scope.At("vector_embedding"), in.Vector, width, 1))
	}
	return e
}

// projection spreads times [B] over C0 values, or 2·C0 with "fourier". One function
// does so for noise and for class labels.
func (m UNet2D) projection(scope *model.Scope) func(*graph.Node) *graph.Node {
	c := m.BlockChannels[0]
	switch m.TimeEmbedding {
	case "fourier": // Song et al. 2021, arXiv:2011.13456, appendix C.1: frequencies are drawn, and not learnt
		return func(t *graph.Node) *graph.Node {
			freqs := normal(scope, "weight", 16, c).SetTrainable(false).NodeValue(t.Graph())
			angle := graph.MulScalar(graph.Mul(graph.InsertAxes(graph.Log(t), -1), graph.ExpandLeftToRank(freqs, 2)), 2*math.Pi)
			return graph.Concatenate([]*graph.Node{graph.Sin(angle), graph.Cos(angle)}, -1)
		}
	case "learned":
		return func(t *graph.Node) *graph.Node {
			table := normal(scope, "weight", 1, *m.NumTrainTimesteps, c).NodeValue(t.Graph())
			return rowOf(table, graph.ConvertDType(graph.Round(t), dtypes.Int32))
		}
	}
	return func(t *graph.Node) *graph.Node { return positional(t, c, m.FreqShift, m.FlipSinToCos) }
}
