package nn

import (
	"encoding/json"
	"fmt"
	"slices"
)

// UNet2D is a U-Net with the settings of Hugging Face diffusers' class UNet2DModel: its
// JSON keys are those of that library's config.json, and [DefaultUNet2D] holds the
// values that stand where a key is left out. Pointers are nil where that file says
// null. See [UNet2D.Forward] for what the settings do.
type UNet2D struct {
	SampleSize        Sides    `json:"sample_size" toml:"sample_size,omitempty"`                   // sides of a picture; not used, any sides that fit will do
	InChannels        int      `json:"in_channels" toml:"in_channels"`                             // of a sample and of the picture that is its condition
	OutChannels       int      `json:"out_channels" toml:"out_channels"`                           // of a sample, or twice as many: then the second half, a learnt variance, is dropped
	CenterInput       bool     `json:"center_input_sample" toml:"center_input_sample"`             // 2·x - 1 goes in instead of x
	TimeEmbedding     string   `json:"time_embedding_type" toml:"time_embedding_type"`             // "positional", "fourier" or "learned"
	TimeEmbeddingDim  *int     `json:"time_embedding_dim" toml:"time_embedding_dim,omitempty"`     // nil for 4 times the channels of the finest level
	FreqShift         float64  `json:"freq_shift" toml:"freq_shift"`                               // of positional frequencies 10000^(-i/(n-shift)), i < n; above n they rise
	FlipSinToCos      bool     `json:"flip_sin_to_cos" toml:"flip_sin_to_cos"`                     // cosines before sines
	DownBlocks        []string `json:"down_block_types" toml:"down_block_types"`                   // of each level, the finest first
	MidBlock          *string  `json:"mid_block_type" toml:"mid_block_type,omitempty"`             // "UNetMidBlock2D" or nil
	UpBlocks          []string `json:"up_block_types" toml:"up_block_types"`                       // of each level, the coarsest first
	BlockChannels     []int    `json:"block_out_channels" toml:"block_out_channels"`               // of each level, the finest first
	LayersPerBlock    int      `json:"layers_per_block" toml:"layers_per_block"`                   // residual blocks of a level on the way down; one more on the way up
	MidScale          float64  `json:"mid_block_scale_factor" toml:"mid_block_scale_factor"`       // divides what leaves the blocks of the middle
	DownsamplePadding int      `json:"downsample_padding" toml:"downsample_padding"`               // 1 for a border on all sides, 0 for one right and below
	DownsampleType    string   `json:"downsample_type" toml:"downsample_type"`                     // "conv" or "resnet", of AttnDownBlock2D
	UpsampleType      string   `json:"upsample_type" toml:"upsample_type"`                         // "conv" or "resnet", of AttnUpBlock2D
	Dropout           float64  `json:"dropout" toml:"dropout"`                                     // share of values that training sets to 0 before the second convolution of a block
	Activation        string   `json:"act_fn" toml:"act_fn"`                                       // "silu", "swish", "mish", "gelu" or "relu"
	HeadDim           *int     `json:"attention_head_dim" toml:"attention_head_dim,omitempty"`     // channels of a head of attention; nil for all
	NormGroups        int      `json:"norm_num_groups" toml:"norm_num_groups"`                     // of channels normalised together
	AttnNormGroups    *int     `json:"attn_norm_num_groups" toml:"attn_norm_num_groups,omitempty"` // the same for the middle's attention; nil for NormGroups with "default", none with "scale_shift"
	NormEps           float64  `json:"norm_eps" toml:"norm_eps"`                                   // added to variances
	TimeScaleShift    string   `json:"resnet_time_scale_shift" toml:"resnet_time_scale_shift"`     // "default": the embedding shifts channels; "scale_shift": it scales them too
	AddAttention      bool     `json:"add_attention" toml:"add_attention"`                         // in the middle
	ClassEmbedding    *string  `json:"class_embed_type" toml:"class_embed_type,omitempty"`         // nil for a table, "timestep" or "identity"
	ClassEmbeddings   *int     `json:"num_class_embeds" toml:"num_class_embeds,omitempty"`         // rows of the table; nil for no classes
	NumTrainTimesteps *int     `json:"num_train_timesteps" toml:"num_train_timesteps,omitempty"`   // rows of a "learned" time embedding
	NoiseScale        float64  `json:"-" toml:"noise_scale,omitempty"`                             // times the noise input is the time that is embedded; 0 stands for 1
}

// DefaultUNet2D holds the defaults of diffusers' UNet2DModel.
func DefaultUNet2D() UNet2D {
	return UNet2D{
		InChannels: 3, OutChannels: 3, TimeEmbedding: "positional", FlipSinToCos: true,
		DownBlocks:    []string{"DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"},
		MidBlock:      new("UNetMidBlock2D"),
		UpBlocks:      []string{"AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"},
		BlockChannels: []int{224, 448, 672, 896}, LayersPerBlock: 2, MidScale: 1, DownsamplePadding: 1,
		DownsampleType: "conv", UpsampleType: "conv", Activation: "silu", HeadDim: new(8),
		NormGroups: 32, NormEps: 1e-5, TimeScaleShift: "default", AddAttention: true,
	}
}

// Sides are those of a picture as diffusers writes them: one number for a square, or
// height and width, or null.
type Sides []int

// UnmarshalJSON implements [json.Unmarshaler].
func (s *Sides) UnmarshalJSON(data []byte) error {
	var side int
	if json.Unmarshal(data, &side) == nil && string(data) != "null" {
		*s = Sides{side}
		return nil
	}
	return json.Unmarshal(data, (*[]int)(s))
}

// MarshalJSON implements [json.Marshaler].
func (s Sides) MarshalJSON() ([]byte, error) {
	if len(s) == 1 {
		return json.Marshal(s[0])
	}
	return json.Marshal([]int(s))
}

// blockKind is what the name of a block of a [UNet2D] stands for.
type blockKind struct {
	attend bool // with attention
	skip   bool // hands a picture on beside the channels (StyleGAN's and NCSN++'s)
	resnet bool // changes its sides by a residual block
	k      bool // k-diffusion's
}

var downKinds = map[string]blockKind{
	"DownBlock2D":             {},
	"AttnDownBlock2D":         {attend: true},
	"ResnetDownsampleBlock2D": {resnet: true},
	"SkipDownBlock2D":         {skip: true},
	"AttnSkipDownBlock2D":     {skip: true, attend: true},
	"KDownBlock2D":            {k: true},
}

var upKinds = map[string]blockKind{
	"UpBlock2D":             {},
	"AttnUpBlock2D":         {attend: true},
	"ResnetUpsampleBlock2D": {resnet: true},
	"SkipUpBlock2D":         {skip: true},
	"AttnSkipUpBlock2D":     {skip: true, attend: true},
	"KUpBlock2D":            {k: true},
}

// Validate names the first setting that makes no sense, if one does. What depends on
// the sizes of several blocks together is found when the graph is built.
func (m UNet2D) Validate() error {
	levels := len(m.BlockChannels)
	switch {
	case levels < 1 || levels > 12:
		return fmt.Errorf("block_out_channels: found %d levels, expected 1 to 12", levels)
	case len(m.DownBlocks) != levels:
		return fmt.Errorf("down_block_types: found %d, expected one for each of %d levels", len(m.DownBlocks), levels)
	case len(m.UpBlocks) != levels:
		return fmt.Errorf("up_block_types: found %d, expected one for each of %d levels", len(m.UpBlocks), levels)
	case m.MidBlock != nil && *m.MidBlock != "UNetMidBlock2D":
		return fmt.Errorf("mid_block_type: found %q, expected \"UNetMidBlock2D\" or null", *m.MidBlock)
	case m.ClassEmbedding != nil && *m.ClassEmbedding != "timestep" && *m.ClassEmbedding != "identity":
		return fmt.Errorf("class_embed_type: found %q, expected \"timestep\", \"identity\" or null", *m.ClassEmbedding)
	case m.TimeEmbedding == "learned" && m.NumTrainTimesteps == nil:
		return fmt.Errorf("num_train_timesteps: found none, expected the rows of a \"learned\" time embedding")
	case m.TimeEmbedding == "positional" && m.FreqShift == float64(m.BlockChannels[0]/2):
		return fmt.Errorf("freq_shift: found %v, half the channels of the first level, expected another number", m.FreqShift)
	case m.MidScale == 0 || !finite(m.MidScale):
		return fmt.Errorf("mid_block_scale_factor: found %v, expected a finite number other than 0", m.MidScale)
	case !finite(m.FreqShift):
		return fmt.Errorf("freq_shift: found %v, expected a finite number", m.FreqShift)
	case !finite(m.NoiseScale):
		return fmt.Errorf("noise_scale: found %v, expected a finite number", m.NoiseScale)
	case !(m.Dropout >= 0 && m.Dropout < 1):
		return fmt.Errorf("dropout: found %v, expected at least 0 and below 1", m.Dropout)
	case !(m.NormEps > 0 && m.NormEps < 1):
		return fmt.Errorf("norm_eps: found %v, expected above 0 and below 1", m.NormEps)
	}
	for _, c := range m.BlockChannels {
		if c < 4 || c > 1<<16 {
			return fmt.Errorf("block_out_channels: found %d, expected 4 to %d", c, 1<<16)
		}
	}
	for _, name := range m.DownBlocks {
		if _, ok := downKinds[name]; !ok {
			return fmt.Errorf("down_block_types: found %q, expected one of %s", name, listed(downKinds))
		}
	}
	for _, name := range m.UpBlocks {
		if _, ok := upKinds[name]; !ok {
			return fmt.Errorf("up_block_types: found %q, expected one of %s", name, listed(upKinds))
		}
	}
	for _, r := range []struct {
		name          string
		value         *int
		least, atMost int
	}{
		{"in_channels", &m.InChannels, 1, 1 << 16},
		{"out_channels", &m.OutChannels, 1, 1 << 16},
		{"layers_per_block", &m.LayersPerBlock, 1, 64},
		{"downsample_padding", &m.DownsamplePadding, 0, 1},
		{"norm_num_groups", &m.NormGroups, 1, 1 << 16},
		{"attn_norm_num_groups", m.AttnNormGroups, 1, 1 << 16},
		{"attention_head_dim", m.HeadDim, 1, 1 << 16},
		{"time_embedding_dim", m.TimeEmbeddingDim, 1, 1 << 20},
		{"num_class_embeds", m.ClassEmbeddings, 1, 1 << 24},
		{"num_train_timesteps", m.NumTrainTimesteps, 1, 1 << 24},
	} {
		if r.value != nil && (*r.value < r.least || *r.value > r.atMost) {
			return fmt.Errorf("%s: found %d, expected %d to %d", r.name, *r.value, r.least, r.atMost)
		}
	}
	for _, r := range []struct {
		name, value string
		names       []string
	}{
		{"time_embedding_type", m.TimeEmbedding, []string{"positional", "fourier", "learned"}},
		{"downsample_type", m.DownsampleType, []string{"conv", "resnet"}},
		{"upsample_type", m.UpsampleType, []string{"conv", "resnet"}},
		{"resnet_time_scale_shift", m.TimeScaleShift, []string{"default", "scale_shift"}},
		{"act_fn", m.Activation, activationNames()},
	} {
		if !slices.Contains(r.names, r.value) {
			return fmt.Errorf("%s: found %q, expected one of %q", r.name, r.value, r.names)
		}
	}
	return nil
}
