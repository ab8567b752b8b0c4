package nn

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Network builds F of Karras et al. 2022 (eq. 7) in a GoMLX graph.
//
// Forward returns float32 of the shape of in.X. Its variables go under scope; as usual
// in GoMLX it panics on errors, which drift recovers.
type Network interface {
	Forward(scope *model.Scope, in Input) *graph.Node
}

// NetworkFunc makes a Network of a function.
type NetworkFunc func(scope *model.Scope, in Input) *graph.Node

// Forward calls f.
func (f NetworkFunc) Forward(scope *model.Scope, in Input) *graph.Node {
	return f(scope, in)
}

// Spec names a network and its size: what a manifest stores. [Spec.Resolve] fills in
// what is left open.
type Spec struct {
	Kind       string  `toml:"kind,omitempty" json:"kind"`                         // one of [Kinds]; empty to choose by the samples
	Preset     string  `toml:"preset,omitempty" json:"preset,omitempty"`           // one of [Presets], where the settings below are left out; empty for "small", or an MLP of 2 blocks of 64
	Width      int     `toml:"width,omitempty" json:"width,omitempty"`             // of an MLP, values in a hidden layer; 8 to 4096
	Blocks     int     `toml:"blocks,omitempty" json:"blocks,omitempty"`           // of an MLP, residual blocks; 1 to 64
	NoiseScale float64 `toml:"noise_scale,omitempty" json:"noise_scale,omitempty"` // of an MLP, see there; that of the other networks is among their settings
	UNet       *UNet2D `toml:"unet,omitempty" json:"unet,omitempty"`
	DiT        *DiT    `toml:"dit,omitempty" json:"dit,omitempty"`
	EDM2       *EDM2   `toml:"edm2,omitempty" json:"edm2,omitempty"`
}

// Kinds are the networks that a [Spec] may name.
var Kinds = []string{"mlp", "unet", "dit", "edm2"}

// Validate names the first setting that makes no sense, if one does.
func (s Spec) Validate() error {
	switch {
	case s.Kind != "" && !slices.Contains(Kinds, s.Kind):
		return fmt.Errorf("network.kind: found %q, expected one of %q", s.Kind, Kinds)
	case s.Preset != "" && !slices.Contains(Presets, s.Preset):
		return fmt.Errorf("network.preset: found %q, expected one of %q", s.Preset, Presets)
	case s.Width != 0 && (s.Width < 8 || s.Width > 4096):
		return fmt.Errorf("network.width: found %d, expected 8 to 4096", s.Width)
	case s.Blocks != 0 && (s.Blocks < 1 || s.Blocks > 64):
		return fmt.Errorf("network.blocks: found %d, expected 1 to 64", s.Blocks)
	case s.Kind != "" && s.Kind != "mlp" && s.Width+s.Blocks > 0:
		return fmt.Errorf("network.width and blocks: found %d and %d, expected none for kind %q", s.Width, s.Blocks, s.Kind)
	case math.IsNaN(s.NoiseScale) || math.IsInf(s.NoiseScale, 0):
		return fmt.Errorf("network.noise_scale: found %v, expected a finite number", s.NoiseScale)
	case s.Kind != "" && s.Kind != "mlp" && s.NoiseScale != 0:
		return fmt.Errorf("network.noise_scale: found %v, expected none for kind %q", s.NoiseScale, s.Kind)
	case s.UNet != nil && s.Kind != "unet" || s.DiT != nil && s.Kind != "dit" || s.EDM2 != nil && s.Kind != "edm2":
		return fmt.Errorf("network: found settings of another kind than %q", s.Kind)
	}
	var err error
	switch {
	case s.UNet != nil:
		err = s.UNet.Validate()
	case s.DiT != nil:
		err = s.DiT.Validate()
	case s.EDM2 != nil:
		err = s.EDM2.Validate()
	}
	if err != nil {
		return fmt.Errorf("network.%s.%w", s.Kind, err)
	}
	return nil
}

// open says whether settings of a network are left out.
func (s Spec) open() bool {
	switch s.Kind {
	case "unet":
		return s.UNet == nil
	case "dit":
		return s.DiT == nil
	case "edm2":
		return s.EDM2 == nil
	}
	return s.Width == 0 || s.Blocks == 0
}

// Network builds the network that a resolved spec names, for data of so many classes.
func (s Spec) Network(classes int) (Network, error) {
	if err := s.Validate(); err != nil {
		return nil, err
	}
	switch {
	case s.Kind == "" || s.open():
		return nil, fmt.Errorf("network: found kind %q without its settings", s.Kind)
	case s.UNet != nil:
		return *s.UNet, nil
	case s.DiT != nil:
		return *s.DiT, nil
	case s.EDM2 != nil:
		net := *s.EDM2
		net.Classes = classes
		return net, nil
	}
	return MLP{Width: s.Width, Blocks: s.Blocks, Classes: classes, NoiseScale: s.NoiseScale}, nil
}
