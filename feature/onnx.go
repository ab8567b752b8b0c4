package feature

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"

	"drift"
	"drift/internal/onnxpools"
	"drift/internal/safefile"
	"drift/nn"
	"drift/picture"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/onnx-gomlx/onnx"
	"github.com/gomlx/onnx-gomlx/onnx/parser"
)

// ONNXOptions say how an ONNX file wants its pictures.
type ONNXOptions struct {
	Range  [2]float64 // values of black and white in the data set; lower for black
	Pixels string     // a name of Scalings; empty for the first
	Output string     // name of the output, or of any value in the graph; empty for the only output
}

// Scaling is how values of 0 to 255 go into a network, colour by colour: v·Scale + Offset.
type Scaling struct {
	Name          string
	Scale, Offset [3]float64
}

// Scalings are those that ONNX files are found to want.
var Scalings = []Scaling{
	{"0..1", [3]float64{1. / 255, 1. / 255, 1. / 255}, [3]float64{}},
	{"-1..1", [3]float64{2. / 255, 2. / 255, 2. / 255}, [3]float64{-1, -1, -1}},
	{"0..255", [3]float64{1, 1, 1}, [3]float64{}},
	imagenet([3]float64{0.485, 0.456, 0.406}, [3]float64{0.229, 0.224, 0.225}),
}

// imagenet gives each colour the mean 0 and deviation 1 that it has in ImageNet.
func imagenet(mean, std [3]float64) Scaling {
	s := Scaling{Name: "imagenet"}
	for c := range mean {
		s.Scale[c], s.Offset[c] = 1/(255*std[c]), -mean[c]/std[c]
	}
	return s
}

const (
	largestONNX = 1 << 30 // bytes
	largestSide = 2048    // pixels of an input
	largestDim  = 16_384  // of features
)

// onnxNetwork is an [Extractor] that the user brought.
type onnxNetwork struct {
	name, hash string
	net        *network
}

func (o *onnxNetwork) Dim() int     { return o.net.outs[0] }
func (o *onnxNetwork) Name() string { return o.name }
func (o *onnxNetwork) Hash() string { return o.hash }

func (o *onnxNetwork) Features(ctx context.Context, pictures *drift.Rows) (*drift.Batch, error) {
	outs, err := o.net.run(ctx, pictures)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", o.name, err)
	}
	return outs[0], nil
}

// OpenONNX is the extractor in an ONNX file, for pictures of a shape. Its one input takes pictures
// [batch, channels, height, width] or [batch, height, width, channels] of 1 or 3 channels.
// Pictures are rounded to 8 bits, as they would be stored, then cropped and resized to the
// input's size by the cubic of [picture.Picture.Fit], which is that of most libraries. An output
// [batch, values] is taken as it is, one with places (a map of pixels, a list of
// tokens) as its mean over these.
//
// The file must hold its weights. What GoMLX cannot build of it is an error.
func OpenONNX(engine compute.Backend, path string, shape []int, o ONNXOptions) (Extractor, error) {
	data, err := safefile.Read(path, largestONNX)
	if err != nil {
		return nil, err
	}
	e, err := newONNX(engine, data, shape, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	e.name = filepath.Base(path)
	if o.Output != "" {
		e.name += " " + o.Output
	}
	return e, nil
}

func newONNX(engine compute.Backend, data []byte, shape []int, o ONNXOptions) (*onnxNetwork, error) {
	if err := checkPictures(shape); err != nil {
		return nil, err
	}
	if !(o.Range[1] > o.Range[0]) {
		return nil, fmt.Errorf("range of pixels: found %v, expected the values of black and white", o.Range)
	}
	scaling, err := scalingByName(o.Pixels)
	if err != nil {
		return nil, err
	}
	n, err := buildONNX(engine, data, shape, scaling, o)
	if err != nil {
		return nil, err
	}
	return &onnxNetwork{hash: hashOf(data, []byte(scaling.Name), []byte(o.Output)), net: n}, nil
}

// buildONNX parses a file and compiles it for tiles of pictures.
func buildONNX(engine compute.Backend, data []byte, shape []int, scaling Scaling, o ONNXOptions) (n *network, err error) {
	err = nn.Guard("ONNX", func() error {
		data, err := onnxpools.Rewrite(data)
		if err != nil {
			return err
		}
		file, err := parser.Parse(data)
		if err != nil {
			return fmt.Errorf("found a damaged or foreign file: %w", err)
		}
		in, err := inputOf(file, shape)
		if err != nil {
			return err
		}
		output, err := outputOf(file, o.Output)
		if err != nil {
			return err
		}
		store := model.NewStore()
		if err := file.VariablesToScope(store.RootScope()); err != nil {
			return err
		}
		n = &network{shape: shape, in: in.dims, tile: in.tile, input: in.fill(shape, scaling, o.Range)}
		n.exec, err = model.NewExec(engine, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
			y := pooled(file.CallGraph(scope, x.Graph(), map[string]*graph.Node{in.name: x}, output)[0], in)
			n.outs = []int{y.Shape().Dimensions[1]}
			return y
		})
		if err != nil {
			return err
		}
		_, err = n.exec.Compile(shapes.Make(dtypes.Float32, append([]int{in.tile}, in.dims...)...))
		return err
	})
	return n, err
}

// pooled is an output of one vector a picture, [batch, values].
func pooled(y *graph.Node, in onnxInput) *graph.Node {
	dims := y.Shape().Dimensions
	if len(dims) < 2 || len(dims) > 4 || dims[0] != in.tile || !y.DType().IsFloat() {
		panic(fmt.Errorf("output: found %s, expected floats [batch, values], with one or two axes for places", y.Shape()))
	}
	y = graph.ConvertDType(y, dtypes.Float32)
	switch {
	case len(dims) == 3: // tokens
		y = graph.ReduceMean(y, 1)
	case len(dims) == 4 && in.channelsFirst:
		y = graph.ReduceMean(y, 2, 3)
	case len(dims) == 4:
		y = graph.ReduceMean(y, 1, 2)
	}
	if d := y.Shape().Dimensions[1]; d < 1 || d > largestDim {
		panic(fmt.Errorf("output: found %d values a picture, expected 1 to %d", d, largestDim))
	}
	return y
}

// onnxInput is what a file's input looks like.
type onnxInput struct {
	name          string
	dims          []int // of one picture
	tile          int
	channelsFirst bool
	h, w, c       int
}

// inputOf looks at the one input; what it leaves open, pictures of that shape decide.
func inputOf(file onnx.Model, shape []int) (onnxInput, error) {
	names, inputs := file.Inputs()
	if len(names) != 1 {
		return onnxInput{}, fmt.Errorf("found inputs %q, expected one", names)
	}
	in, dims := onnxInput{name: names[0]}, inputs[0].Dimensions
	if len(dims) != 4 || inputs[0].DType != dtypes.Float32 {
		return in, fmt.Errorf("input %q: found %s, expected Float32 [batch, channels, height, width] or [batch, height, width, channels]", in.name, inputs[0])
	}
	colours := func(d int) bool { return d == 1 || d == 3 }
	switch {
	case colours(dims[1]):
		in.channelsFirst, in.c, in.h, in.w = true, dims[1], dims[2], dims[3]
	case colours(dims[3]):
		in.h, in.w, in.c = dims[1], dims[2], dims[3]
	default:
		return in, fmt.Errorf("input %q: found %v, expected 1 or 3 channels on its second or last axis", in.name, dims)
	}
	if in.h < 0 {
		in.h = shape[0]
	}
	if in.w < 0 {
		in.w = shape[1]
	}
	if in.h < 1 || in.w < 1 || in.h > largestSide || in.w > largestSide {
		return in, fmt.Errorf("input %q: found pictures of %d×%d, expected sides of 1 to %d", in.name, in.h, in.w, largestSide)
	}
	in.dims = []int{in.h, in.w, in.c}
	if in.channelsFirst {
		in.dims = []int{in.c, in.h, in.w}
	}
	if in.tile = dims[0]; in.tile < 0 {
		in.tile = max(1, min(48, 1<<22/(in.h*in.w*in.c)))
	}
	if in.tile < 1 || in.tile > 1024 {
		return in, fmt.Errorf("input %q: found batches of %d pictures, expected 1 to 1024, or any number", in.name, in.tile)
	}
	return in, nil
}

// outputOf is the name of the output.
func outputOf(file onnx.Model, name string) (string, error) {
	names, _ := file.Outputs()
	switch {
	case name != "":
		return name, nil
	case len(names) == 1:
		return names[0], nil
	}
	return "", fmt.Errorf("found outputs %q, expected one, or a name that says which", names)
}

// fill puts a picture of the data set into the input.
func (in onnxInput) fill(shape []int, scaling Scaling, pixels [2]float64) func(picture []float64, into []float32) {
	return func(values []float64, into []float32) {
		p := picture.New(shape[0], shape[1], shape[2])
		for i, v := range values {
			p.Pix[i] = uint8(math.Round(255 * min(max((v-pixels[0])/(pixels[1]-pixels[0]), 0), 1)))
		}
		p = p.Channels(in.c).Fit(in.h, in.w)
		for i, v := range p.Pix {
			c, at := i%in.c, i
			if in.channelsFirst {
				at = c*in.h*in.w + i/in.c
			}
			into[at] = float32(float64(v)*scaling.Scale[c] + scaling.Offset[c])
		}
	}
}

// scalingByName finds a scaling; the empty name stands for the first.
func scalingByName(name string) (Scaling, error) {
	at := slices.IndexFunc(Scalings, func(s Scaling) bool { return s.Name == name })
	if name == "" {
		at = 0
	}
	if at < 0 {
		var names []string
		for _, s := range Scalings {
			names = append(names, s.Name)
		}
		return Scaling{}, fmt.Errorf("scaling of pixels: found %q, expected one of %s", name, strings.Join(names, ", "))
	}
	return Scalings[at], nil
}
