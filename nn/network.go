package nn

import (
	"fmt"

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

// Spec names a network and its size: what a manifest stores. The fields of a U-Net are
// left out for others; where they are left out for a U-Net, its defaults stand. Networks
// of diffusers have settings of their own in place of all of these.
type Spec struct {
	Kind   string `toml:"kind" json:"kind"`                         // "mlp", "unet", "unet2d" or "dit"
	Width  int    `toml:"width" json:"width"`                       // values in a hidden layer, or channels of the finest level; 8 to 4096
	Blocks int    `toml:"blocks" json:"blocks"`                     // residual blocks, in a U-Net of a level; 1 to 64
	Mults  []int  `toml:"mults,omitempty" json:"mults,omitempty"`   // channels of each level of a U-Net, in widths; default 1, 2
	Attend []int  `toml:"attend,omitempty" json:"attend,omitempty"` // levels of a U-Net with attention, counted from 0
	Groups int    `toml:"groups,omitempty" json:"groups,omitempty"` // of channels normalised together in a U-Net; default 8

	UNet2D *UNet2D `toml:"unet2d,omitempty" json:"unet2d,omitempty"` // of kind "unet2d"
	DiT    *DiT    `toml:"dit,omitempty" json:"dit,omitempty"`       // of kind "dit"
}

// Network builds the network that the spec names, for data of so many classes.
func (s Spec) Network(classes int) (Network, error) {
	switch {
	case s.Kind == "unet2d" && s.UNet2D != nil:
		return *s.UNet2D, s.UNet2D.Validate()
	case s.Kind == "dit" && s.DiT != nil:
		return *s.DiT, s.DiT.Validate()
	case s.Kind != "mlp" && s.Kind != "unet":
		return nil, fmt.Errorf("network.kind: found %q, expected \"mlp\", \"unet\", or \"unet2d\" or \"dit\" with settings under that name", s.Kind)
	case s.Width < 8 || s.Width > 4096:
		return nil, fmt.Errorf("network.width: found %d, expected 8 to 4096", s.Width)
	case s.Blocks < 1 || s.Blocks > 64:
		return nil, fmt.Errorf("network.blocks: found %d, expected 1 to 64", s.Blocks)
	case s.Kind == "unet":
		return s.unet(classes)
	case len(s.Mults)+len(s.Attend)+s.Groups != 0:
		return nil, fmt.Errorf("network.mults, attend and groups: found %v, %v and %d, expected none for kind %q", s.Mults, s.Attend, s.Groups, s.Kind)
	}
	return MLP{Width: s.Width, Blocks: s.Blocks, Classes: classes}, nil
}

func (s Spec) unet(classes int) (Network, error) {
	net := UNet{Base: s.Width, Mults: s.Mults, Blocks: s.Blocks, Attend: s.Attend, Groups: s.Groups, Classes: classes}
	if net.Mults == nil {
		net.Mults = []int{1, 2}
	}
	if net.Groups == 0 {
		net.Groups = 8
	}
	if len(net.Mults) < 1 || len(net.Mults) > 8 {
		return nil, fmt.Errorf("network.mults: found %d levels, expected 1 to 8", len(net.Mults))
	}
	for _, m := range net.Mults {
		if m < 1 || m > 16 {
			return nil, fmt.Errorf("network.mults: found %d, expected 1 to 16", m)
		}
	}
	for _, level := range net.Attend {
		if level < 0 || level >= len(net.Mults) {
			return nil, fmt.Errorf("network.attend: found level %d, expected 0 to %d", level, len(net.Mults)-1)
		}
	}
	if net.Groups < 1 || net.Base%net.Groups != 0 || net.Base%2 != 0 {
		return nil, fmt.Errorf("network.width and groups: found %d and %d, expected an even multiple of the groups", net.Base, net.Groups)
	}
	return net, nil
}
