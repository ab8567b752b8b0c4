package nn_test

import (
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift/nn"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Every preset is a network that fits its samples, the larger has more parameters, and
// a resolved spec stays as it is, also through JSON.
func TestPresets(t *testing.T) {
	engine := pictureEngine(t)
	for _, shape := range [][]int{{8, 8, 1}, {25, 14, 3}, {28, 28, 1}, {32, 32, 3}, {63, 63, 3}, {64, 64, 3}} {
		for _, kind := range nn.Kinds {
			var params []int
			for _, preset := range nn.Presets {
				sees := nn.Signature{Shape: shape, Classes: 10, Vector: 2, Picture: 1}
				s, err := nn.Spec{Kind: kind, Preset: preset}.Resolve(sees)
				if err != nil {
					t.Fatal(err)
				}
				if again, err := s.Resolve(sees); err != nil || !reflect.DeepEqual(s, again) {
					t.Errorf("%v resolved twice is %+v (%v)", s, again, err)
				}
				net, err := s.Network(10)
				if err != nil {
					t.Fatal(err)
				}
				c, err := nn.Cost(engine, net, sees)
				if err != nil {
					t.Fatalf("%v on %v: %v", s, shape, err)
				}
				params = append(params, c.Params)
				data, _ := json.Marshal(s)
				var back nn.Spec
				if err := json.Unmarshal(data, &back); err != nil || back.String() != s.String() {
					t.Errorf("%s: read back as %v (%v)", data, back, err)
				}
			}
			if !slices.IsSorted(params) || params[0] == params[1] || params[1] == params[2] {
				t.Errorf("%s on %v: found %v parameters, expected more for each preset", kind, shape, params)
			}
		}
	}
}

// Attention sees at most 32×32 pixels, whatever the sides: those that cannot be halved
// often enough have less of it. Sides that can have it at their coarsest level.
func TestPresetsDoNotAttendToLargeGrids(t *testing.T) {
	for side := 8; side <= 200; side++ {
		for _, preset := range nn.Presets {
			sees := nn.Signature{Shape: []int{side, side + side%2, 3}}
			grid := func(level int) int { return side >> level * ((side + side%2) >> level) }
			u, err := nn.Spec{Kind: "unet", Preset: preset}.Resolve(sees)
			if err != nil {
				t.Fatal(err)
			}
			e, err := nn.Spec{Kind: "edm2", Preset: preset}.Resolve(sees)
			if err != nil {
				t.Fatal(err)
			}
			last := len(u.UNet.DownBlocks) - 1
			if small := grid(last) <= 1024; u.UNet.AddAttention != small || e.EDM2.PlainMiddle == small {
				t.Errorf("%s on sides of %d: the middle, of %d pixels: found attention %v and %v", preset, side, grid(last), u.UNet.AddAttention, !e.EDM2.PlainMiddle)
			}
			for level, name := range u.UNet.DownBlocks {
				attends := name == "AttnDownBlock2D"
				if attends && grid(level) > 1024 || last > 0 && level == last && grid(level) <= 1024 && !attends {
					t.Errorf("%s on sides of %d: level %d, of %d pixels: found %s", preset, side, level, grid(level), name)
				}
				if u.UNet.UpBlocks[last-level] == "AttnUpBlock2D" != attends || slices.Contains(e.EDM2.Attend, level) != attends {
					t.Errorf("%s on sides of %d: level %d: the ways up, and of EDM2, attend elsewhere than %s", preset, side, level, name)
				}
			}
		}
	}
}

// What attention multiplies is part of a network's cost, though not of what PyTorch's is
// compared with.
func TestCostsCountAttention(t *testing.T) {
	engine := pictureEngine(t)
	sees := nn.Signature{Shape: []int{16, 16, 3}}
	of := func(attend bool) nn.Costs {
		m := nn.DefaultUNet2D()
		m.BlockChannels, m.DownBlocks, m.UpBlocks = []int{16}, []string{"DownBlock2D"}, []string{"UpBlock2D"}
		m.NormGroups, m.HeadDim, m.AddAttention = 4, new(4), attend
		c, err := nn.Cost(engine, m, sees)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	const pixels, channels = 16 * 16, 16
	layers, products := 4*2*pixels*channels*channels, 2*2*pixels*pixels*channels
	if found := of(true).FLOP - of(false).FLOP; found != layers+products {
		t.Errorf("found %d operations for attention, expected %d of four dense layers and %d of two products", found, layers, products)
	}
}

// A network of the caller's own may multiply over several axes.
func TestCostsOfAnyProduct(t *testing.T) {
	net := nn.NetworkFunc(func(scope *model.Scope, in nn.Input) *graph.Node {
		weight := scope.VariableWithShape("weight", shapes.Make(dtypes.Float32, 4, 4, 3, 5)).NodeValue(in.X.Graph())
		square := graph.Einsum("bhwc,bhwc->b", in.X, in.X)
		wide := graph.Einsum("bhwc,hwcd->bd", in.X, weight)
		return graph.Add(in.X, graph.Reshape(graph.Add(square, graph.ReduceSum(wide, -1)), -1, 1, 1, 1))
	})
	if c, err := nn.Cost(pictureEngine(t), net, nn.Signature{Shape: []int{4, 4, 3}}); err != nil || c.Params != 4*4*3*5 {
		t.Errorf("found %+v and error %v", c, err)
	}
}

// Without a kind, the samples choose it.
func TestSamplesChooseTheNetwork(t *testing.T) {
	for _, c := range []struct {
		shape []int
		spec  nn.Spec
		want  string
	}{
		{[]int{2}, nn.Spec{}, "MLP of 2 blocks of 64"},
		{[]int{8, 8, 1}, nn.Spec{}, "MLP of 2 blocks of 64"},
		{[]int{28, 28, 1}, nn.Spec{}, "U-Net small"},
		{[]int{28, 28, 1}, nn.Spec{Preset: "base"}, "U-Net base"},
		{[]int{28, 28, 1}, nn.Spec{Width: 32}, "MLP of 2 blocks of 32"},
		{[]int{2}, nn.Spec{Kind: "unet"}, ""},
		{[]int{2}, nn.Spec{Kind: "cnn"}, ""},
		{[]int{2}, nn.Spec{Preset: "huge"}, ""},
		{[]int{8, 8, 1}, nn.Spec{Kind: "dit", Width: 64}, ""},
	} {
		s, err := c.spec.Resolve(nn.Signature{Shape: c.shape})
		if got := s.String(); (c.want == "") != (err != nil) || err == nil && got != c.want {
			t.Errorf("%v for %v: found %q (%v), expected %q", c.spec, c.shape, got, err, c.want)
		}
	}
}

// A table of classes for other data is refused if it has too few rows for these, and may
// be made one for them.
func TestTablesFitTheClasses(t *testing.T) {
	for _, kind := range nn.Kinds {
		old := nn.Signature{Shape: []int{16, 16, 1}, Classes: 4}
		s, err := nn.Spec{Kind: kind}.Resolve(old)
		if err != nil {
			t.Fatal(err)
		}
		for classes, fits := range map[int]bool{0: true, 3: true, 4: true, 10: kind == "mlp" || kind == "edm2"} {
			now := nn.Signature{Shape: old.Shape, Classes: classes}
			if _, err := s.Resolve(now); (err == nil) != fits || err != nil && !strings.Contains(err.Error(), "for data of 10 classes, expected 1") {
				t.Errorf("%s of 4 classes for %d: found error %v", kind, classes, err)
			}
			if again, err := s.Resolve(now); !fits && (!errors.As(err, new(*nn.FewRowsError)) || !reflect.DeepEqual(again, s)) {
				t.Errorf("%s of 4 classes for %d: found %v and error %v, expected it beside one about rows", kind, classes, again, err)
			}
			if known := s.Knows(classes); (known == classes) != fits {
				t.Errorf("%s of 4 classes: knows %d of %d", kind, known, classes)
			}
			if _, err := s.WithClasses(classes).Resolve(now); err != nil || s.WithClasses(classes).Knows(classes) != classes {
				t.Errorf("%s with %d classes: found error %v", kind, classes, err)
			}
		}
		if known := s.WithClasses(0).Knows(4); kind == "unet" && known != 0 {
			t.Errorf("a U-Net without a table knows %d classes", known)
		}
	}
}

// The settings that UNet2D and DiT refuse are named.
func TestSettingsAreChecked(t *testing.T) {
	for says, change := range map[string]func(*nn.UNet2D){
		"down_block_types":    func(m *nn.UNet2D) { m.DownBlocks[0] = "CrossAttnDownBlock2D" },
		"up_block_types":      func(m *nn.UNet2D) { m.UpBlocks = m.UpBlocks[:2] },
		"num_train_timesteps": func(m *nn.UNet2D) { m.TimeEmbedding = "learned" },
		"downsample_padding":  func(m *nn.UNet2D) { m.DownsamplePadding = 2 },
		"act_fn":              func(m *nn.UNet2D) { m.Activation = "tanh" },
		"norm_num_groups":     func(m *nn.UNet2D) { m.NormGroups = 0 },

		"mid_block_scale_factor: found NaN":  func(m *nn.UNet2D) { m.MidScale = math.NaN() },
		"mid_block_scale_factor: found +Inf": func(m *nn.UNet2D) { m.MidScale = math.Inf(1) },
		"freq_shift: found -Inf":             func(m *nn.UNet2D) { m.FreqShift = math.Inf(-1) },
		"noise_scale: found NaN":             func(m *nn.UNet2D) { m.NoiseScale = math.NaN() },
	} {
		m := nn.DefaultUNet2D()
		change(&m)
		if err := m.Validate(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
	d := nn.DefaultDiT()
	d.Activation = "relu"
	if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "activation_fn") {
		t.Errorf("found error %v, expected one that says activation_fn", err)
	}
	d = nn.DefaultDiT()
	d.NoiseScale = math.Inf(1)
	if err := d.Validate(); err == nil || !strings.Contains(err.Error(), "noise_scale: found +Inf") {
		t.Errorf("found error %v, expected one that says noise_scale", err)
	}
	_, err := nn.Cost(pictureEngine(t), nn.DefaultUNet2D(), nn.Signature{Shape: []int{12, 12, 3}})
	if err == nil || !strings.Contains(err.Error(), "3×3") {
		t.Errorf("pictures that cannot be halved thrice: found error %v, expected one that says 3×3", err)
	}
}
