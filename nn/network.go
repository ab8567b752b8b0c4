package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Network builds F of Karras et al. 2022 (eq. 7) in a GoMLX graph.
//
// x holds diffused samples scaled to unit variance, float32 [batch, shape...];
// noise their level as [drift.NoiseInput] gives it, float32 [batch]; class their
// label, int32 [batch], which equals the number of classes where there is no
// condition. Forward returns float32 of the shape of x. Its variables go under
// scope; as usual in GoMLX it panics on errors, which drift recovers.
type Network interface {
	Forward(scope *model.Scope, x, noise, class *graph.Node) *graph.Node
}

// NetworkFunc makes a Network of a function.
type NetworkFunc func(scope *model.Scope, x, noise, class *graph.Node) *graph.Node

// Forward calls f.
func (f NetworkFunc) Forward(scope *model.Scope, x, noise, class *graph.Node) *graph.Node {
	return f(scope, x, noise, class)
}

// Spec names a network and its size: what a manifest stores.
type Spec struct {
	Kind   string `toml:"kind" json:"kind"`     // "mlp"
	Width  int    `toml:"width" json:"width"`   // values in a hidden layer, 8 to 4096
	Blocks int    `toml:"blocks" json:"blocks"` // residual blocks, 1 to 64
}

// Network builds the network that the spec names, for data of so many classes.
func (s Spec) Network(classes int) (Network, error) {
	switch {
	case s.Kind != "mlp":
		return nil, fmt.Errorf("network.kind: found %q, expected \"mlp\"", s.Kind)
	case s.Width < 8 || s.Width > 4096:
		return nil, fmt.Errorf("network.width: found %d, expected 8 to 4096", s.Width)
	case s.Blocks < 1 || s.Blocks > 64:
		return nil, fmt.Errorf("network.blocks: found %d, expected 1 to 64", s.Blocks)
	}
	return MLP{Width: s.Width, Blocks: s.Blocks, Classes: classes}, nil
}
