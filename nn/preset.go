package nn

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// Presets are the sizes that networks come in, chosen for pictures of 8×8 to 64×64
// pixels and two cores.
var Presets = []string{"tiny", "small", "medium", "base"}

// size is where a preset stands among them; the spec is known to be valid.
func (s Spec) size() int { return max(0, slices.Index(Presets, s.Preset)) }

// noiseShift is the freq_shift that makes the frequencies of a positional embedding of c
// channels rise from 1 to 16, which suits [drift.NoiseInput].
func noiseShift(c int) float64 {
	n := float64(c / 2)
	return n + (n-1)*math.Log(10000)/math.Log(16)
}

// levels is how many levels a U-Net has on pictures of such sides: sides are halved
// while both are even and stay 4 or more, three times at most. Sides that are not
// divisible so often have fewer levels: 28 has 3 (28, 14, 7), an odd side 1.
func levels(height, width int) int {
	n := 1
	for ; n < 4 && height%2 == 0 && width%2 == 0 && min(height, width) >= 8; n++ {
		height, width = height/2, width/2
	}
	return n
}

// channels are those of the levels of a U-Net that has so many of them.
func (s Spec) channels(levels int) []int {
	all := [][]int{{16, 24, 48, 64}, {16, 32, 80, 128}, {32, 64, 128, 256}, {48, 96, 192, 256}}[s.size()]
	if levels < 3 { // small pictures: the finest level costs little
		all = all[1:]
	}
	return all[:levels]
}

// mostAttended is how many pixels attention sees at most, 32×32: what it takes grows with
// the square of their number, and sides that cannot be halved leave thousands.
const mostAttended = 1 << 10

// attended is how many levels of a U-Net on pictures of such sides, from the coarsest
// on, have attention.
func (s Spec) attended(height, width int) int {
	n := levels(height, width)
	most := min([]int{1, 1, 2, 1}[s.size()], n-1)
	for i := range most {
		if coarse := n - 1 - i; (height>>coarse)*(width>>coarse) > mostAttended {
			return i
		}
	}
	return most
}

// middleAttends says whether a U-Net on pictures of such sides has attention between the
// two ways.
func middleAttends(height, width int) bool {
	coarse := levels(height, width) - 1
	return (height>>coarse)*(width>>coarse) <= mostAttended
}

// presetUNet is a U-Net with attention at the coarsest levels and between the two ways,
// where there are not too many pixels.
func (s Spec) presetUNet(sees Signature) UNet2D {
	m := DefaultUNet2D()
	height, width, channels := sees.picture()
	n := levels(height, width)
	m.LayersPerBlock = []int{1, 1, 1, 2}[s.size()]
	m.InChannels, m.OutChannels = channels+sees.Picture, channels
	m.BlockChannels = s.channels(n)
	m.DownBlocks = slices.Repeat([]string{"DownBlock2D"}, n)
	m.UpBlocks = slices.Repeat([]string{"UpBlock2D"}, n)
	for i := range s.attended(height, width) {
		m.DownBlocks[n-1-i], m.UpBlocks[i] = "AttnDownBlock2D", "AttnUpBlock2D"
	}
	m.AddAttention = middleAttends(height, width)
	m.NormGroups, m.AttnNormGroups, m.HeadDim = 8, new(8), new([]int{16, 16, 32, 64}[s.size()])
	m.TimeScaleShift, m.FreqShift = "scale_shift", noiseShift(m.BlockChannels[0])
	if sees.Classes > 0 {
		m.ClassEmbeddings = new(sees.Classes + 1)
	}
	return m
}

// presetEDM2 has the levels and channels of presetUNet, and attention at the same places.
func (s Spec) presetEDM2(sees Signature) EDM2 {
	height, width, _ := sees.picture()
	n := levels(height, width)
	m := EDM2{Channels: s.channels(n), Blocks: []int{1, 1, 1, 2}[s.size()], HeadDim: []int{16, 16, 32, 64}[s.size()]}
	m.PlainMiddle = !middleAttends(height, width)
	for i := range s.attended(height, width) {
		m.Attend = append(m.Attend, n-1-i)
	}
	return m
}

// presetDiT is a transformer over the smallest patches of which there are at most 256.
func (s Spec) presetDiT(sees Signature) DiT {
	m := DefaultDiT()
	height, width, channels := sees.picture()
	m.PatchSize = 1
	for p := range 9 {
		if p > 0 && height%p == 0 && width%p == 0 {
			m.PatchSize = p
			if height*width <= 256*p*p {
				break
			}
		}
	}
	m.SampleSize = max(height, width)
	m.Heads, m.HeadDim, m.Layers = 4, []int{16, 32, 48, 64}[s.size()], []int{4, 6, 8, 8}[s.size()]
	m.InChannels, m.OutChannels = channels+sees.Picture, new(channels)
	m.ClassEmbeddings, m.NoiseScale = max(1, sees.Classes), 16
	return m
}

// picture is the shape of samples that are pictures.
func (s Signature) picture() (height, width, channels int) {
	if len(s.Shape) < 3 {
		return s.Shape[0], s.Shape[1], 1
	}
	return s.Shape[0], s.Shape[1], s.Shape[2]
}

// Resolve fills in what a spec leaves open, for samples of a signature: the kind, by
// default the small U-Net for pictures larger than 12×12 and an MLP otherwise, and the
// settings of its preset. A resolved spec stays as it is; beside one whose table of classes
// has too few rows there is a [FewRowsError].
func (s Spec) Resolve(sees Signature) (Spec, error) {
	pictures := len(sees.Shape) > 1
	if s.Kind == "" {
		s.Kind = "mlp"
		if pictures && min(sees.Shape[0], sees.Shape[1]) > 12 && s.Width+s.Blocks == 0 {
			s.Kind = "unet"
		}
	}
	if err := s.Validate(); err != nil {
		return s, err
	}
	if s.Kind != "mlp" && !pictures {
		return s, fmt.Errorf("network.kind: found %q for samples of shape %v, expected \"mlp\", or pictures", s.Kind, sees.Shape)
	}
	if !s.open() {
		return s, s.checkClasses(sees.Classes)
	}
	if s.Preset == "" && s.Kind != "mlp" {
		s.Preset = "small"
	}
	switch s.Kind {
	case "unet":
		s.UNet = new(s.presetUNet(sees))
	case "dit":
		s.DiT = new(s.presetDiT(sees))
	case "edm2":
		s.EDM2 = new(s.presetEDM2(sees))
	default:
		width, blocks := 64, 2
		if s.Preset != "" {
			width, blocks = []int{256, 512, 768, 1024}[s.size()], []int{2, 3, 3, 4}[s.size()]
		}
		s.Width, s.Blocks = cmp.Or(s.Width, width), cmp.Or(s.Blocks, blocks)
	}
	return s, nil
}

// WithClasses is a spec whose table of classes has rows for so many and one for none, or
// is left out; one that knows classes in another way stays as it is.
func (s Spec) WithClasses(n int) Spec {
	switch {
	case s.UNet != nil && s.UNet.ClassEmbedding == nil:
		net := *s.UNet
		if net.ClassEmbeddings = nil; n > 0 {
			net.ClassEmbeddings = new(n + 1)
		}
		s.UNet = &net
	case s.DiT != nil:
		net := *s.DiT
		net.ClassEmbeddings = max(1, n)
		s.DiT = &net
	}
	return s
}

// String names a resolved spec for people: "U-Net small".
func (s Spec) String() string {
	name := map[string]string{"mlp": "MLP", "unet": "U-Net", "dit": "DiT", "edm2": "EDM2"}[s.Kind]
	switch {
	case s.Preset != "":
		return name + " " + s.Preset
	case s.Kind == "mlp":
		return fmt.Sprintf("MLP of %d blocks of %d", s.Blocks, s.Width)
	}
	return name
}
