package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/model"
)

// DiT is a diffusion transformer (Peebles & Xie 2023, arXiv:2212.09748, adaLN-Zero)
// with the settings of Hugging Face diffusers' class DiTTransformer2DModel: its JSON
// keys are those of that library's config.json, and [DefaultDiT] holds the values that
// stand where a key is left out. Pointers are nil where that file says null.
type DiT struct {
	Heads           int     `json:"num_attention_heads" toml:"num_attention_heads"`         // of each attention
	HeadDim         int     `json:"attention_head_dim" toml:"attention_head_dim"`           // channels of a head
	InChannels      int     `json:"in_channels" toml:"in_channels"`                         // of a sample and of the picture that is its condition
	OutChannels     *int    `json:"out_channels" toml:"out_channels,omitempty"`             // of a sample, or twice as many: then the second half, a learnt variance, is dropped; nil for InChannels
	Layers          int     `json:"num_layers" toml:"num_layers"`                           // transformer blocks
	Dropout         float64 `json:"dropout" toml:"dropout"`                                 // share of values that training sets to 0 behind each attention and in each perceptron
	NormGroups      int     `json:"norm_num_groups" toml:"norm_num_groups"`                 // not used
	AttentionBias   bool    `json:"attention_bias" toml:"attention_bias"`                   // of queries, keys and values
	SampleSize      int     `json:"sample_size" toml:"sample_size"`                         // side of a picture; places in one of another side are counted as if it had this one
	PatchSize       int     `json:"patch_size" toml:"patch_size"`                           // side of the squares of pixels that become a token
	Activation      string  `json:"activation_fn" toml:"activation_fn"`                     // "gelu-approximate", "gelu", "geglu", "geglu-approximate", "swiglu" or "linear-silu"
	ClassEmbeddings int     `json:"num_embeds_ada_norm" toml:"num_embeds_ada_norm"`         // classes; the table has one more row, for no condition
	UpcastAttention bool    `json:"upcast_attention" toml:"upcast_attention"`               // of no effect in float32
	NormType        string  `json:"norm_type" toml:"norm_type"`                             // "ada_norm_zero"
	NormAffine      bool    `json:"norm_elementwise_affine" toml:"norm_elementwise_affine"` // the second normalisation of a block has a weight and a bias
	NormEps         float64 `json:"norm_eps" toml:"norm_eps"`                               // added to the variances of the second normalisation of a block
	NoiseScale      float64 `json:"-" toml:"noise_scale,omitempty"`                         // times the noise input is the time that is embedded; 0 stands for 1
}

// DefaultDiT holds the defaults of diffusers' DiTTransformer2DModel.
func DefaultDiT() DiT {
	return DiT{
		Heads: 16, HeadDim: 72, InChannels: 4, Layers: 28, NormGroups: 32, AttentionBias: true, SampleSize: 32, PatchSize: 2,
		Activation: "gelu-approximate", ClassEmbeddings: 1000, NormType: "ada_norm_zero", NormEps: 1e-5,
	}
}

// feedForwards are the first layers of a block's perceptron: how many values the dense
// layer makes for each that comes out, and what follows it.
var feedForwards = map[string]struct {
	parts int
	act   func(*graph.Node) *graph.Node
}{
	"gelu":              {1, activation.Gelu},
	"gelu-approximate":  {1, activation.GeluApproximate},
	"geglu":             {2, gated(activation.Gelu)},
	"geglu-approximate": {1, func(x *graph.Node) *graph.Node { return graph.Mul(x, graph.Sigmoid(graph.MulScalar(x, 1.702))) }},
	"swiglu":            {2, gated(silu)},
	"linear-silu":       {1, silu},
}

// gated is the first half of the values times act of the second (Shazeer 2020,
// arXiv:2002.05202, eqs. 5 and 6).
func gated(act func(*graph.Node) *graph.Node) func(*graph.Node) *graph.Node {
	return func(x *graph.Node) *graph.Node {
		half := x.Shape().Dim(-1) / 2
		return graph.Mul(graph.SliceAxis(x, -1, graph.AxisRange(0, half)), act(graph.SliceAxis(x, -1, graph.AxisRange(half))))
	}
}

// Validate names the first setting that makes no sense, if one does.
func (m DiT) Validate() error {
	for _, r := range []struct {
		name                 string
		value, least, atMost int
	}{
		{"num_attention_heads", m.Heads, 1, 1 << 10},
		{"attention_head_dim", m.HeadDim, 1, 1 << 12},
		{"in_channels", m.InChannels, 1, 1 << 16},
		{"num_layers", m.Layers, 1, 1 << 10},
		{"sample_size", m.SampleSize, m.PatchSize, 1 << 16},
		{"patch_size", m.PatchSize, 1, 1 << 10},
		{"num_embeds_ada_norm", m.ClassEmbeddings, 1, 1 << 24},
	} {
		if r.value < r.least || r.value > r.atMost {
			return fmt.Errorf("%s: found %d, expected %d to %d", r.name, r.value, r.least, r.atMost)
		}
	}
	_, known := feedForwards[m.Activation]
	switch {
	case m.Heads*m.HeadDim%4 != 0:
		return fmt.Errorf("num_attention_heads and attention_head_dim: found %d and %d, expected a product that is a multiple of 4", m.Heads, m.HeadDim)
	case m.OutChannels != nil && *m.OutChannels < 1:
		return fmt.Errorf("out_channels: found %d, expected at least 1", *m.OutChannels)
	case !known:
		return fmt.Errorf("activation_fn: found %q, expected one of %s", m.Activation, listed(feedForwards))
	case m.NormType != "ada_norm_zero":
		return fmt.Errorf("norm_type: found %q, expected \"ada_norm_zero\"", m.NormType)
	case !(m.Dropout >= 0 && m.Dropout < 1):
		return fmt.Errorf("dropout: found %v, expected at least 0 and below 1", m.Dropout)
	case !(m.NormEps > 0 && m.NormEps < 1):
		return fmt.Errorf("norm_eps: found %v, expected above 0 and below 1", m.NormEps)
	case !finite(m.NoiseScale):
		return fmt.Errorf("noise_scale: found %v, expected a finite number", m.NoiseScale)
	}
	return nil
}

// Forward implements [Network]: squares of pixels become tokens, which learn of each
// other by attention; time and label scale, shift and gate every block.
//
// Samples are [height, width, channels] or [height, width], with sides that are
// multiples of the patch. The condition of numbers enters through a dense layer.
// Variables start as they do for training from scratch: every gate and the last layer at
// zero. See [FromDiffusers] for their names.
func (m DiT) Forward(scope *model.Scope, in Input) *graph.Node {
	if err := m.Validate(); err != nil {
		panic(fmt.Errorf("dit: %w", err))
	}
	out := m.InChannels
	if m.OutChannels != nil {
		out = *m.OutChannels
	}
	x, shape := pictureOf(in, m.InChannels, out)
	d, p, width := x.Shape().Dimensions, m.PatchSize, m.Heads*m.HeadDim
	if d[1]%p != 0 || d[2]%p != 0 {
		panic(fmt.Errorf("dit: found pictures of %d×%d, expected sides that are multiples of %d", d[1], d[2], p))
	}
	rows, columns := d[1]/p, d[2]/p
	if rows*columns > maxTokens {
		panic(fmt.Errorf("dit: found pictures of %d×%d in %d patches of %d×%d, expected at most %d", d[1], d[2], rows*columns, p, p, maxTokens))
	}
	h := graph.Reshape(x, d[0], rows, p, columns, p, d[3])
	h = graph.Reshape(graph.TransposeAllAxes(h, 0, 1, 3, 2, 4, 5), d[0], rows*columns, p*p*d[3]) // [B, T, p·p·C]
	h = patches(scope.At("pos_embed").At("proj"), h, p, width)                                   // [B, T, W]
	h = graph.Add(h, graph.InsertAxes(m.places(scope, x.Graph(), rows, columns), 0))
	var e *graph.Node // [B, W]
	for i := range m.Layers {
		at := scope.At("transformer_blocks").At("%d", i)
		own := m.embedding(at.At("norm1").At("emb"), scope, in)
		if i == 0 {
			e = own
		}
		h = block(at, h, func(h *graph.Node) *graph.Node { return m.block(at, h, own) })
	}
	shift, scale := halves(linear(scope.At("proj_out_1"), silu(e), 2*width, 0))
	h = modulated(layerNorm(h, 1e-6), scale, shift)
	h = linear(scope.At("proj_out_2"), h, p*p*out, 0) // [B, T, p·p·out]
	h = graph.TransposeAllAxes(graph.Reshape(h, d[0], rows, columns, p, p, out), 0, 1, 3, 2, 4, 5)
	return sampleOf(graph.Reshape(h, d[0], d[1], d[2], out), shape)
}

// patches is a p×p convolution in steps of p pixels, of pixels that are sorted by patch.
func patches(scope *model.Scope, x *graph.Node, p, out int) *graph.Node {
	in := x.Shape().Dim(-1)
	w := normal(scope, "weight", 1/math.Sqrt(float64(in)), p, p, in/(p*p), out).NodeValue(x.Graph())
	return product(x, graph.Reshape(w, in, out), biasOf(scope, x, out, true))
}

// maxTokens bounds the patches of a picture, all of which look at each other.
const maxTokens = 1 << 16

// places are the positions as a node, which a network that is only checked need not know.
func (m DiT) places(scope *model.Scope, g *graph.Graph, rows, columns int) *graph.Node {
	if checked(scope) != nil {
		return graph.Parameter(g, "positions", shapes.Make(dtypes.Float32, rows*columns, m.Heads*m.HeadDim))
	}
	return graph.Const(g, m.positions(rows, columns))
}

// positions are sines and cosines of the places of patches, [T, W]: the first half of
// the columns, the second of the rows.
func (m DiT) positions(rows, columns int) [][]float32 {
	width, base := m.Heads*m.HeadDim, float64(m.SampleSize/m.PatchSize)
	quarter := width / 4
	all := make([][]float32, 0, rows*columns)
	for i := range rows {
		for j := range columns {
			token := make([]float32, width)
			for k := range quarter {
				frequency := math.Pow(10000, -float64(k)/float64(quarter))
				x, y := float64(j)*base/float64(columns)*frequency, float64(i)*base/float64(rows)*frequency
				token[k], token[quarter+k] = float32(math.Sin(x)), float32(math.Cos(x))
				token[2*quarter+k], token[3*quarter+k] = float32(math.Sin(y)), float32(math.Cos(y))
			}
			all = append(all, token)
		}
	}
	return all
}

// embedding joins time and conditions into one vector a sample, [B, W]. Each block has
// its own, as in diffusers; the layer for conditions of numbers lies at the top and is
// all blocks'.
func (m DiT) embedding(scope, top *model.Scope, in Input) *graph.Node {
	width, time := m.Heads*m.HeadDim, scaled(in.Noise, m.NoiseScale)
	e := timeEmbedding(scope.At("timestep_embedder"), positional(time, 256, 1, true), width, silu)
	table := normal(scope.At("class_embedder").At("embedding_table"), "weight", 1, m.ClassEmbeddings+1, width)
	e = graph.Add(e, rowOf(table.NodeValue(e.Graph()), in.Class))
	if in.Vector != nil {
		e = graph.Add(e, linear(top.At("vector_embedding"), in.Vector, width, 1))
	}
	return e
}

// block is attention and a perceptron, each behind a normalisation that the embedding
// scales and shifts, and before a gate.
func (m DiT) block(scope *model.Scope, h, e *graph.Node) *graph.Node {
	d := h.Shape().Dimensions
	six := graph.Reshape(linear(scope.At("norm1").At("linear"), silu(e), 6*d[2], 0), d[0], 6, d[2])
	part := func(i int) *graph.Node { return graph.Reshape(graph.SliceAxis(six, 1, graph.AxisElem(i)), d[0], d[2]) }

	u := modulated(layerNorm(h, 1e-6), part(1), part(0))
	u = attend(scope.At("attn1"), u, m.Heads, m.HeadDim, m.AttentionBias, 1)
	h = graph.Add(h, graph.Mul(graph.InsertAxes(part(2), 1), dropout(scope, u, m.Dropout)))

	u = layerNorm(h, m.NormEps)
	if m.NormAffine {
		at := scope.At("norm3")
		u = graph.Mul(u, graph.ExpandLeftToRank(filled(at, "weight", 1, d[2]).NodeValue(h.Graph()), 3))
		u = graph.Add(u, graph.ExpandLeftToRank(biasOf(at, u, d[2], true), 3))
	}
	u = modulated(u, part(4), part(3))
	ff, net := feedForwards[m.Activation], scope.At("ff").At("net")
	u = ff.act(linear(net.At("0").At("proj"), u, 4*d[2]*ff.parts, 1))
	u = linear(net.At("2"), dropout(scope, u, m.Dropout), d[2], 1)
	return graph.Add(h, graph.Mul(graph.InsertAxes(part(5), 1), u))
}

// modulated is x·(1 + scale) + shift, for tokens [B, T, W] by [B, W].
func modulated(x, scale, shift *graph.Node) *graph.Node {
	return graph.Add(graph.Mul(x, graph.InsertAxes(graph.OnePlus(scale), 1)), graph.InsertAxes(shift, 1))
}

// layerNorm gives every token mean 0 and variance 1 (Ba et al. 2016, arXiv:1607.06450,
// eqs. 3 and 4, without gain and bias).
func layerNorm(x *graph.Node, eps float64) *graph.Node {
	h := graph.Sub(x, graph.ReduceAndKeep(x, graph.ReduceMean, -1))
	variance := graph.ReduceAndKeep(graph.Square(h), graph.ReduceMean, -1)
	return graph.Mul(h, graph.Reciprocal(graph.Sqrt(graph.AddScalar(variance, eps))))
}
