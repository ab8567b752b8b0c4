package nn_test

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"testing"

	"drift"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// trained returns a model after a few steps, so that no branch is zero any more.
func trained(t *testing.T, classes int) *nn.Model { return trainedWide(t, classes, 32) }

func trainedWide(t *testing.T, classes, width int) *nn.Model {
	t.Helper()
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	data := train.Data{X: drift.RowsOf(drift.NewBatch(64, 2)), Classes: classes}
	drift.NewNoise(2, "data", 0).Normal(data.X.Batch())
	for i := range data.X.N {
		if classes > 0 {
			data.Labels = append(data.Labels, i%classes)
		}
	}
	c := train.Default()
	c.Steps, c.Batch = 10, 16
	trainer, err := train.New(engine, train.Task{Process: p, Predict: k, Network: nn.MLP{Width: width, Blocks: 2, Classes: classes}}, c, data)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range trainer.Run(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
	}
	m, err := trainer.Model()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

var someLevel = drift.Level{Alpha: 0.8, Sigma: 0.6}

// A sample's answer has the same bytes alone, among others, and at any place.
func TestNeighboursDoNotMatter(t *testing.T) {
	for _, width := range []int{8, 33, 64, 128, 300} {
		t.Run(fmt.Sprint("width ", width), func(t *testing.T) { neighboursDoNotMatter(t, trainedWide(t, 3, width)) })
	}
}

func neighboursDoNotMatter(t *testing.T, m *nn.Model) {
	const n = 600 // more than two tiles
	x, labels := drift.NewBatch(n, 2), make([]int, n)
	drift.NewNoise(3, "x", 0).Normal(x)
	for i := range labels {
		labels[i] = i%4 - 1
	}
	all := x.Like()
	if err := m.Denoiser(labels).Denoise(all, x, someLevel); err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{1, 7, 64, 300} {
		for lo := 0; lo < n; lo += 97 {
			hi := min(lo+size, n)
			part := drift.NewBatch(hi-lo, 2)
			if err := m.Denoiser(labels[lo:hi]).Denoise(part, x.Slice(lo, hi), someLevel); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(part.Data, all.Slice(lo, hi).Data) {
				t.Fatalf("samples %d to %d differ in a batch of their own", lo, hi)
			}
		}
	}
}

func TestModelServesManyGoroutines(t *testing.T) {
	m := trained(t, 2)
	x := drift.NewBatch(300, 2)
	drift.NewNoise(3, "x", 0).Normal(x)
	one := x.Like()
	if err := m.Denoiser(nil).Denoise(one, x, someLevel); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			y := x.Like()
			if err := m.Denoiser(nil).Denoise(y, x, someLevel); err != nil {
				t.Error(err)
			} else if !slices.Equal(y.Data, one.Data) {
				t.Error("a goroutine got another answer")
			}
		})
	}
	all.Wait()
}

func TestLabelsMatterAndAreChecked(t *testing.T) {
	m := trained(t, 2)
	x := drift.NewBatch(2, 2)
	a, b, none := x.Like(), x.Like(), x.Like()
	for _, c := range []struct {
		labels []int
		dst    *drift.Batch
	}{{[]int{0, 0}, a}, {[]int{1, 1}, b}, {nil, none}} {
		if err := m.Denoiser(c.labels).Denoise(c.dst, x, someLevel); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Equal(a.Data, b.Data) || slices.Equal(a.Data, none.Data) {
		t.Error("classes give equal answers")
	}
	for _, bad := range [][]int{{0}, {0, 2}, {-2, 0}} {
		if err := m.Denoiser(bad).Denoise(a, x, someLevel); err == nil {
			t.Errorf("labels %v: found no error", bad)
		}
	}
	if err := m.Denoiser(nil).Denoise(drift.NewBatch(2, 3), drift.NewBatch(2, 3), someLevel); err == nil {
		t.Error("samples of another shape: found no error")
	}
}

// Nothing is 0/0 at the ends: pure noise, and next to none.
func TestEndsAreFinite(t *testing.T) {
	m := trained(t, 0)
	x := drift.NewBatch(5, 2)
	drift.NewNoise(3, "x", 0).Normal(x)
	for _, at := range []drift.Level{{Alpha: 0, Sigma: 1}, {Alpha: 1, Sigma: 80}, {Alpha: 1, Sigma: 1e-6}} {
		y := x.Like()
		if err := m.Denoiser(nil).Denoise(y, x, at); err != nil {
			t.Fatal(err)
		}
		if err := y.Finite(); err != nil {
			t.Errorf("at %v: %v", at, err)
		}
	}
}

// A network that panics, as GoMLX networks do, gives an error.
func TestPanicsBecomeErrors(t *testing.T) {
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	k, _ := drift.PredictionByName("v")
	broken := nn.NetworkFunc(func(*model.Scope, nn.Input) *graph.Node { panic("no such layer") })
	if _, err := nn.NewModel(engine, broken, k, nn.Signature{Shape: []int{2}}, nn.State{}); err == nil || !strings.Contains(err.Error(), "no such layer") {
		t.Errorf("found error %v, expected one that says: no such layer", err)
	}
}

func TestSpecIsChecked(t *testing.T) {
	for _, bad := range []nn.Spec{
		{Kind: "unit", Width: 64, Blocks: 2},
		{Kind: "mlp", Width: 0, Blocks: 2},
		{Kind: "mlp", Width: 64, Blocks: 1e6},
		{Kind: "unet", Width: 64, Blocks: 2},
		{Kind: "unet"},
		{Kind: "mlp", Width: 64, Blocks: 2, UNet: new(smallUNet())},
		{Kind: "unet", UNet: new(nn.UNet2D{})},
	} {
		if _, err := bad.Network(2); err == nil {
			t.Errorf("%+v: found no error", bad)
		}
	}
}

func TestStateNamesNumbersThatAreNotFinite(t *testing.T) {
	bits := math.Float32bits(float32(math.Inf(1)))
	s := nn.State{"/a": {DType: "Float32", Shape: []int{2}, Data: []byte{0, 0, 0, 0, byte(bits), byte(bits >> 8), byte(bits >> 16), byte(bits >> 24)}}}
	if err := s.Finite(); err == nil || !strings.Contains(err.Error(), "position 1") {
		t.Errorf("found %v, expected an error that names position 1", err)
	}
}
