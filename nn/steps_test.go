package nn_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"drift/nn"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// stepsOf are the losses of some training steps of a network, and the operations of one that
// the engine hands on to another.
func stepsOf(t *testing.T, net nn.Network, sees nn.Signature, steps int) (losses []float32, foreign []string) {
	t.Helper()
	engine, store := pictureEngine(t), model.NewStore()
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(engine, store, func(scope *model.Scope, nodes []*graph.Node) *graph.Node {
		in, _ := sees.Input(nodes)
		store.SetTraining(in.X.Graph(), true)
		loss := graph.ReduceAllMean(graph.Square(graph.Sub(net.Forward(scope.At("model"), in), in.X)))
		optimizer.Adam().LearningRate(1e-3).Done().UpdateGraph(scope, in.X.Graph(), loss)
		return loss
	})
	if err != nil {
		t.Fatal(err)
	}
	e := sees.Example(2)
	copy(e.X, formula("x", len(e.X), 3))
	copy(e.Noise, []float32{1, 2})
	for range steps {
		out, g, err := exec.CallWithGraph(e.Tensors()...)
		if err != nil {
			t.Fatal(err)
		}
		losses = append(losses, tensors.ToScalar[float32](out[0]))
		if x, ok := g.Executable().(interface{ Foreign() []string }); ok {
			foreign = x.Foreign()
		}
	}
	return losses, foreign
}

// Training steps of every kind of network and block are repeatable, and have a kernel
// for every operation but the random numbers of dropout.
func TestStepsRepeatAndDelegateNothing(t *testing.T) {
	nets := map[string]nn.Network{}
	sees := nn.Signature{Shape: []int{8, 12, 3}, Classes: 5}
	for _, kind := range nn.Kinds {
		s, err := nn.Spec{Kind: kind, Preset: "tiny"}.Resolve(sees)
		if err != nil {
			t.Fatal(err)
		}
		nets[kind], _ = s.Network(5)
	}
	for _, f := range foreigners(t).UNets {
		if testing.Short() && f.Name != "skip" && f.Name != "k" {
			continue
		}
		net := nn.DefaultUNet2D()
		if err := json.Unmarshal(f.Config, &net); err != nil {
			t.Fatal(err)
		}
		net.InChannels, net.OutChannels = 3, 3
		nets[f.Name] = net
	}
	for name, net := range nets {
		a, foreign := stepsOf(t, net, sees, 3)
		for _, op := range foreign {
			if strings.Contains(op, "RNGBitGenerator") {
				continue // dropout's
			}
			t.Errorf("%s: found %s handed to GoMLX's Go backend, expected a kernel", name, op)
		}
		if b, _ := stepsOf(t, net, sees, 3); !slices.Equal(a, b) {
			t.Errorf("%s: found losses %v and then %v", name, a, b)
		}
		if !(a[2] < a[0]) {
			t.Errorf("%s: found losses %v, expected them to fall", name, a)
		}
	}
}

// Dropout changes what training sees, from step to step.
func TestDropoutIsForTraining(t *testing.T) {
	net, sees := nn.DefaultDiT(), nn.Signature{Shape: []int{4, 4, 1}}
	net.Heads, net.HeadDim, net.InChannels, net.Layers, net.SampleSize, net.ClassEmbeddings = 1, 8, 1, 1, 4, 1
	plain, _ := stepsOf(t, net, sees, 5)
	net.Dropout = 0.5
	dropped, _ := stepsOf(t, net, sees, 5)
	if plain[4] == dropped[4] {
		t.Errorf("found losses %v with dropout and without", plain)
	}
}
