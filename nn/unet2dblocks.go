package nn

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// unetRun is a U-Net while its graph is built.
type unetRun struct {
	UNet2D
	e, active *graph.Node   // embedding [B, E], and through the activation
	picture   *graph.Node   // what blocks with "Skip" hand on, [B, h, w, channels]; nil for none
	left      []*graph.Node // what the way down left for the way up
}

// residualPlan is how a residual block differs from the plainest.
type residualPlan struct {
	groups, groupsOut int                           // of the normalisations
	divide            float64                       // divides the sum; 0 for 1
	resize            func(*graph.Node) *graph.Node // what changes the sides, before the first convolution; nil for nothing
	project           bool                          // the shortcut has a convolution though channels are equal
}

// residual adds to x what two convolutions make of it; between them the embedding
// shifts, or scales and shifts, the channels.
func (r *unetRun) residual(scope *model.Scope, x *graph.Node, out int, p residualPlan) *graph.Node {
	h := r.act(norm(scope.At("norm1"), x, p.groups, r.NormEps)) // [B, H, W, in]
	if p.resize != nil {
		x, h = p.resize(x), p.resize(h) // [B, H', W', in]
	}
	h = conv(scope.At("conv1"), h, out, 3, 1, 1, 1, 1) // [B, H', W', out]
	if at := scope.At("norm2"); r.TimeScaleShift == "scale_shift" {
		h = scaledShifted(norm(at, h, p.groupsOut, r.NormEps), linear(scope.At("time_emb_proj"), r.active, 2*out, 0.5))
	} else {
		shift := linear(scope.At("time_emb_proj"), r.active, out, 0.5)
		h = norm(at, graph.Add(h, graph.Reshape(shift, -1, 1, 1, out)), p.groupsOut, r.NormEps)
	}
	h = dropout(scope, r.act(h), r.Dropout)
	h = conv(scope.At("conv2"), h, out, 3, 1, 1, 1, 0) // [B, H', W', out]
	if p.project || x.Shape().Dim(3) != out {
		x = pointwise(scope.At("conv_shortcut"), x, out, true)
	}
	return divided(graph.Add(x, h), p.divide)
}

// scaledShifted is x·(1 + scale) + shift by the two halves of [B, 2C].
func scaledShifted(x, both *graph.Node) *graph.Node {
	c := x.Shape().Dim(3)
	scale, shift := halves(both)
	return graph.Add(graph.Mul(x, graph.OnePlus(graph.Reshape(scale, -1, 1, 1, c))), graph.Reshape(shift, -1, 1, 1, c))
}

// halves parts the last axis of [B, 2C].
func halves(x *graph.Node) (a, b *graph.Node) {
	c := x.Shape().Dim(1) / 2
	return graph.SliceAxis(x, 1, graph.AxisRange(0, c)), graph.SliceAxis(x, 1, graph.AxisRange(c))
}

func divided(x *graph.Node, by float64) *graph.Node {
	if by == 0 || by == 1 {
		return x
	}
	return graph.MulScalar(x, 1/by)
}

// kResidual is k-diffusion's residual block: the embedding scales and shifts what both
// normalisations leave. Groups are 32 channels wide, those of the second normalisation
// 32 of the channels of the block, also where what comes out has others.
func (r *unetRun) kResidual(scope *model.Scope, x *graph.Node, out, block int) *graph.Node {
	adaptive := func(name string, h *graph.Node, of int) *graph.Node {
		c := h.Shape().Dim(3)
		both := linear(scope.At("%s", name).At("linear"), r.e, 2*c, 0.5)
		return r.act(scaledShifted(normalised(h, of/32, r.NormEps, nil, nil), both))
	}
	h := conv(scope.At("conv1"), adaptive("norm1", x, x.Shape().Dim(3)), out, 3, 1, 1, 1, 1)
	h = dropout(scope, adaptive("norm2", h, block), r.Dropout)
	h = conv(scope.At("conv2"), h, out, 3, 1, 1, 1, 0)
	if x.Shape().Dim(3) != out {
		x = pointwise(scope.At("conv_shortcut"), x, out, false)
	}
	return graph.Add(x, h)
}

// attention lets every pixel look at every other, and adds what it saw. groups = 0
// stands for no normalisation.
func (r *unetRun) attention(scope *model.Scope, x *graph.Node, groups int, divide float64) *graph.Node {
	d := x.Shape().Dimensions
	dim := d[3]
	if r.HeadDim != nil {
		dim = *r.HeadDim
	}
	if dim > d[3] {
		panic(fmt.Errorf("attention_head_dim: found %d, expected at most %d, the channels of the block", dim, d[3]))
	}
	h := x
	if groups > 0 {
		h = norm(scope.At("group_norm"), x, groups, r.NormEps)
	}
	h = attend(scope, graph.Reshape(h, d[0], d[1]*d[2], d[3]), d[3]/dim, dim, true, 0)
	return divided(graph.Add(x, graph.Reshape(h, d...)), divide)
}

// few is how many groups blocks with "Skip" normalise in.
func few(channels int) int { return min(channels/4, 32) }

// plan is that of the residual blocks of a kind, which turn in channels into out.
func (r *unetRun) plan(kind blockKind, in, out int) residualPlan {
	if kind.skip {
		return residualPlan{groups: few(in), groupsOut: few(out), divide: math.Sqrt2}
	}
	return residualPlan{groups: r.NormGroups, groupsOut: r.NormGroups}
}

// attendIn is the attention of a block of a kind.
func (r *unetRun) attendIn(scope *model.Scope, x *graph.Node, kind blockKind) *graph.Node {
	if kind.skip {
		return r.attention(scope, x, 32, math.Sqrt2)
	}
	return r.attention(scope, x, r.NormGroups, 1)
}

// down is a block of the way down; the last does not change the sides.
func (r *unetRun) down(scope *model.Scope, h *graph.Node, kind blockKind, level int) *graph.Node {
	out := r.BlockChannels[level]
	for i := range r.LayersPerBlock {
		at := scope.At("resnets").At("%d", i)
		if kind.k {
			h = r.kResidual(at, h, out, out)
		} else {
			h = r.residual(at, h, out, r.plan(kind, h.Shape().Dim(3), out))
		}
		if kind.attend {
			h = r.attendIn(scope.At("attentions").At("%d", i), h, kind)
		}
		r.left = append(r.left, h)
	}
	if level == len(r.BlockChannels)-1 {
		return h
	}
	if d := h.Shape().Dimensions; d[1]%2 != 0 || d[2]%2 != 0 {
		panic(fmt.Errorf("u-net: found pictures of %d×%d at level %d of %d, expected even sides", d[1], d[2], level, len(r.BlockChannels)))
	}
	at, p := scope.At("downsamplers").At("0"), r.plan(kind, out, out)
	switch {
	case kind.k:
		return filterDown(h, true)
	case kind.skip:
		p.resize, p.project = func(x *graph.Node) *graph.Node { return filterDown(x, false) }, true
		h = r.residual(scope.At("resnet_down"), h, out, p)
		if c := r.picture.Shape().Dim(3); c != 3 {
			panic(fmt.Errorf("in_channels: found %d, expected 3 for blocks with \"Skip\"", c))
		}
		r.picture = filterDown(r.picture, false)
		h = graph.Add(h, pointwise(scope.At("skip_conv"), r.picture, out, true))
	case kind.resnet || kind.attend && r.DownsampleType == "resnet":
		p.resize = halve
		h = r.residual(at, h, out, p)
	default:
		h = conv(at.At("conv"), h, out, 3, 2, r.DownsamplePadding, 1, 1)
	}
	r.left = append(r.left, h)
	return h
}

// middle is the block between the two ways.
func (r *unetRun) middle(scope *model.Scope, h *graph.Node) *graph.Node {
	c := h.Shape().Dim(3)
	p := r.plan(blockKind{}, c, c)
	p.divide = r.MidScale
	h = r.residual(scope.At("resnets").At("0"), h, c, p)
	if r.AddAttention {
		groups := r.NormGroups
		if r.AttnNormGroups != nil {
			groups = *r.AttnNormGroups
		} else if r.TimeScaleShift == "scale_shift" {
			groups = 0
		}
		h = r.attention(scope.At("attentions").At("0"), h, groups, r.MidScale)
	}
	return r.residual(scope.At("resnets").At("1"), h, c, p)
}

// up is block i of the way up; the last does not change the sides.
func (r *unetRun) up(scope *model.Scope, h *graph.Node, kind blockKind, i int) *graph.Node {
	last := len(r.BlockChannels) - 1
	out, next := r.BlockChannels[last-i], r.BlockChannels[max(0, last-i-1)]
	if kind.k {
		return r.kUp(scope, h, out, next, i == last)
	}
	for j, left := range r.take(r.LayersPerBlock + 1) {
		h = joined(h, left)
		p := r.plan(kind, h.Shape().Dim(3), out)
		if kind.skip && kind.attend { // diffusers divides one of the two by 4, not their sum
			p.groups = min(h.Shape().Dim(3)-left.Shape().Dim(3)+left.Shape().Dim(3)/4, 32)
		}
		h = r.residual(scope.At("resnets").At("%d", j), h, out, p)
		if kind.attend && !kind.skip {
			h = r.attendIn(scope.At("attentions").At("%d", j), h, kind)
		}
	}
	if kind.skip && kind.attend {
		h = r.attendIn(scope.At("attentions").At("0"), h, kind)
	}
	if kind.skip && r.picture != nil {
		r.picture = filterUp(r.picture, false)
	}
	if i == last {
		return h
	}
	at, p := scope.At("upsamplers").At("0"), r.plan(kind, out, out)
	switch {
	case kind.skip:
		picture := silu(norm(scope.At("skip_norm"), h, few(out), r.NormEps))
		picture = conv(scope.At("skip_conv"), picture, 3, 3, 1, 1, 1, 1)
		if r.picture != nil {
			picture = graph.Add(r.picture, picture)
		}
		r.picture = picture
		p.resize, p.project = func(x *graph.Node) *graph.Node { return filterUp(x, false) }, true
		return r.residual(scope.At("resnet_up"), h, out, p)
	case kind.resnet || kind.attend && r.UpsampleType == "resnet":
		p.resize = double
		return r.residual(at, h, out, p)
	}
	return conv(at.At("conv"), double(h), out, 3, 1, 1, 1, 1)
}

// kUp is k-diffusion's block of the way up: it sees only the last of what its level left.
func (r *unetRun) kUp(scope *model.Scope, h *graph.Node, out, next int, last bool) *graph.Node {
	h = joined(h, r.take(r.LayersPerBlock)[0])
	if c := h.Shape().Dim(3); c != 2*out {
		panic(fmt.Errorf("up_block_types: found %d channels for a KUpBlock2D, expected %d", c, 2*out))
	}
	for i := range r.LayersPerBlock {
		to := out
		if i == r.LayersPerBlock-1 {
			to = next
		}
		h = r.kResidual(scope.At("resnets").At("%d", i), h, to, out)
	}
	if last {
		return h
	}
	return filterUp(h, true)
}

// take is the last n of what the way down left, latest first.
func (r *unetRun) take(n int) []*graph.Node {
	if len(r.left) < n {
		panic(fmt.Errorf("up_block_types: found blocks that look back at more than the way down leaves"))
	}
	var taken []*graph.Node
	for range n {
		end := len(r.left) - 1
		taken, r.left = append(taken, r.left[end]), r.left[:end]
	}
	return taken
}

// joined is both pictures' channels together.
func joined(h, left *graph.Node) *graph.Node {
	a, b := h.Shape().Dimensions, left.Shape().Dimensions
	if a[1] != b[1] || a[2] != b[2] {
		panic(fmt.Errorf("up_block_types: found pictures of %d×%d and %d×%d to be joined; the blocks up do not mirror those down", a[1], a[2], b[1], b[2]))
	}
	return graph.Concatenate([]*graph.Node{h, left}, -1)
}
