package nn_test

import (
	"encoding/json"
	"hash/crc32"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// pictureEngine is drift's engine; GoMLX's own deadlocks on convolutions unless its ops
// run one after the other.
func pictureEngine(t *testing.T) compute.Backend {
	t.Helper()
	engine, err := nn.Engine()
	if err == nil && engine.String() == "go" {
		engine, err = nn.EngineByName("go:ops_sequential")
	}
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// formula is what make_edm2.py calls so.
func formula(name string, n int, scale float64) []float32 {
	start := crc32.ChecksumIEEE([]byte(name))
	values := make([]float32, n)
	for i := range values {
		values[i] = float32((float64(start+2654435761*uint32(i))/(1<<32) - 0.5) * scale)
	}
	return values
}

// lossOf is mean((y - x)²), with the weights, inputs and labels of the formula: it
// returns y, the loss and the loss's gradient by each tensor of weights. Weights are
// moved by step along their vectors of the formula.
type lossOf struct {
	engine compute.Backend
	net    nn.Network
	shape  []int // of the batch
	class  []int32
}

func (l lossOf) at(t *testing.T, step float64) (y []float32, loss float64, grads map[string][]float32) {
	t.Helper()
	store := model.NewStore()
	var names []string
	exec, err := model.NewExec(l.engine, store, func(scope *model.Scope, in []*graph.Node) []*graph.Node {
		y := l.net.Forward(scope.At("model"), nn.Input{X: in[0], Noise: in[1], Class: in[2]})
		loss := graph.ReduceAllMean(graph.Square(graph.Sub(y, in[0])))
		names = nil
		for v := range scope.IterVariables() {
			if v.Trainable {
				names = append(names, strings.TrimPrefix(v.Path(), nn.Scope+"/"))
			}
		}
		return append([]*graph.Node{y, loss}, scope.BuildTrainableVariablesGradientsGraph(loss)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Compile(nn.Signature{Shape: l.shape[1:]}.Shapes(l.shape[0])...); err != nil {
		t.Fatal(err)
	}
	for v := range store.IterVariables() {
		if !v.Trainable {
			continue
		}
		name, dims := strings.TrimPrefix(v.Path(), nn.Scope+"/"), v.Shape().Dimensions
		scale := 0.5
		if len(dims) > 1 {
			scale = 3 / math.Sqrt(float64(v.Shape().Size()/dims[len(dims)-1]))
		}
		values := formula(name, v.Shape().Size(), scale)
		for i, d := range formula("along "+name, len(values), 2) {
			values[i] += float32(step * float64(d))
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, dims...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := store.InitializeVariables(l.engine, nil); err != nil {
		t.Fatal(err)
	}
	size := drift.NewBatch(l.shape[0], l.shape[1:]...).Dim() * l.shape[0]
	out, err := exec.Call(
		tensors.FromFlatDataAndDimensions(formula("x", size, 3), l.shape...),
		tensors.FromFlatDataAndDimensions(formula("t", l.shape[0], 4), l.shape[0]),
		tensors.FromFlatDataAndDimensions(l.class, l.shape[0]))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(out[0].Shape().Dimensions, l.shape) {
		t.Fatalf("found output of shape %v, expected %v", out[0].Shape().Dimensions, l.shape)
	}
	flat := make([][]float32, len(out))
	for i := range out {
		if flat[i], err = tensors.CopyFlatData[float32](out[i]); err != nil {
			t.Fatal(err)
		}
	}
	grads = map[string][]float32{}
	for i, name := range names {
		grads[name] = flat[i+2]
	}
	return flat[0], float64(flat[1][0]), grads
}

// along is the product of a gradient with its vector of the formula.
func along(name string, grad []float32) (sum float64) {
	for i, d := range formula("along "+name, len(grad), 2) {
		sum += float64(d) * float64(grad[i])
	}
	return sum
}

// isPyTorchs holds the output, the loss and the gradients to those of a file.
func (l lossOf) isPyTorchs(t *testing.T, file string) {
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Y     []float64
		Loss  float64
		Grads map[string][2]float64 // along the formula's vector, and norm
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	y, loss, grads := l.at(t, 0)

	var off, norm float64
	for i, v := range y {
		off = math.Max(off, math.Abs(float64(v)-want.Y[i]))
		norm = math.Max(norm, math.Abs(want.Y[i]))
	}
	if !(off <= 1e-5*norm) {
		t.Errorf("output: off by %g where the largest value is %g", off, norm)
	}
	if !(math.Abs(loss-want.Loss) <= 1e-5*want.Loss) {
		t.Errorf("loss: found %v, expected %v", loss, want.Loss)
	}
	if len(grads) != len(want.Grads) {
		t.Errorf("found %d tensors of weights, expected %d", len(grads), len(want.Grads))
	}
	for name, w := range want.Grads {
		grad, ok := grads[name]
		if got := along(name, grad); !ok || !(math.Abs(got-w[0]) <= 1e-5*w[1]) {
			t.Errorf("gradient of %s: found %.8g along the vector, expected %.8g; its norm is %g", name, got, w[0], w[1])
		}
	}
}

// smallUNet has two levels, the second with attention, for pictures of one channel.
func smallUNet() nn.UNet2D {
	net := nn.DefaultUNet2D()
	net.InChannels, net.OutChannels, net.BlockChannels, net.LayersPerBlock = 1, 1, []int{4, 8}, 1
	net.DownBlocks, net.UpBlocks = []string{"DownBlock2D", "AttnDownBlock2D"}, []string{"AttnUpBlock2D", "UpBlock2D"}
	net.NormGroups, net.HeadDim = 2, new(4)
	return net
}

// With classes, on pictures without a channel axis: the gradients are the slope of the loss.
func TestGradientsAreSlopes(t *testing.T) {
	unet2d := smallUNet()
	unet2d.TimeScaleShift, unet2d.ClassEmbeddings = "scale_shift", new(4)
	dit := nn.DefaultDiT()
	dit.Heads, dit.HeadDim, dit.InChannels, dit.Layers, dit.SampleSize, dit.ClassEmbeddings = 2, 4, 1, 2, 4, 3
	for name, net := range map[string]nn.Network{
		"UNet2D": unet2d, "DiT": dit,
		"EDM2": nn.EDM2{Channels: []int{4, 8}, Blocks: 1, Attend: []int{0}, HeadDim: 4, Classes: 3},
	} {
		t.Run(name, func(t *testing.T) {
			gradientIsSlope(t, lossOf{engine: pictureEngine(t), net: net, shape: []int{2, 4, 4}, class: []int32{1, 3}})
		})
	}
}

func gradientIsSlope(t *testing.T, l lossOf) {
	_, _, grads := l.at(t, 0)
	var want float64
	for name, grad := range grads {
		want += along(name, grad)
	}
	// Two central differences leave an error of order h⁴; the loss is rounded to 2^-24
	// of itself, and to a few times that on its way, which divided by h is some 1e-4.
	slope := func(h float64) float64 {
		_, up, _ := l.at(t, h)
		_, down, _ := l.at(t, -h)
		return (up - down) / (2 * h)
	}
	const h = 0.004
	got := (4*slope(h) - slope(2*h)) / 3
	if !(math.Abs(got-want) <= 1e-3*math.Abs(want)) {
		t.Errorf("found a slope of %v, expected %v", got, want)
	}
}

// Every label has an embedding of its own, and so has none.
func TestUNetSeesClasses(t *testing.T) {
	net := smallUNet()
	net.ClassEmbeddings = new(3)
	l := lossOf{engine: pictureEngine(t), net: net, shape: []int{3, 2, 2, 1}}
	losses := map[float64]bool{}
	for class := range int32(3) {
		l.class = []int32{class, 0, 0}
		_, loss, _ := l.at(t, 0)
		losses[loss] = true
	}
	if len(losses) != 3 {
		t.Errorf("found losses %v for three labels, expected three different ones", losses)
	}
}

// initial is a network that is ready to run on n samples, and its weights.
func initial(t *testing.T, net nn.Network, sees nn.Signature, n int) (*model.Exec, *model.Store, nn.State) {
	t.Helper()
	engine, store := pictureEngine(t), model.NewStore()
	exec, err := model.NewExec(engine, store, func(scope *model.Scope, nodes []*graph.Node) *graph.Node {
		in, _ := sees.Input(nodes)
		return net.Forward(scope.At("model"), in)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := exec.Compile(sees.Shapes(n)...); err != nil {
		t.Fatal(err)
	}
	if err := store.InitializeVariables(engine, nil); err != nil {
		t.Fatal(err)
	}
	state, err := nn.Save(store)
	if err != nil {
		t.Fatal(err)
	}
	return exec, store, state
}

func TestUNetRefusesWhatDoesNotFit(t *testing.T) {
	k, _ := drift.PredictionByName("v")
	ok, odd, wide := smallUNet(), smallUNet(), smallUNet()
	odd.NormGroups, wide.HeadDim = 3, new(16)
	_, _, weights := initial(t, ok, nn.Signature{Shape: []int{8, 8, 1}}, 1)
	for _, c := range []struct {
		net   nn.UNet2D
		shape []int
		says  string
	}{
		{ok, []int{5, 8, 1}, "5×8"},
		{ok, []int{16}, "1 axes"},
		{ok, []int{8, 8, 3}, "in_channels"},
		{odd, []int{8, 8, 1}, "groups"},
		{wide, []int{8, 8, 1}, "attention_head_dim"},
	} {
		_, err := nn.NewModel(pictureEngine(t), c.net, k, nn.Signature{Shape: c.shape}, weights)
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "panic") {
			t.Errorf("%+v on %v: found error %v, expected one that says %q and of no panic", c.net, c.shape, err, c.says)
		}
	}
}
