package run_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/run"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Train on your own points, then sample. Here: a noisy circle, made on the spot.
func Example() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	circle := drift.NewBatch(2000, 2)
	for i := range circle.N {
		r := drift.Rand(1, "circle", uint64(i))
		angle := 2 * math.Pi * r.Float64()
		radius := 5 + 0.2*r.NormFloat64()
		circle.Row(i)[0], circle.Row(i)[1] = radius*math.Cos(angle), radius*math.Sin(angle)
	}
	config := run.DefaultConfig("circle")
	config.Train.Steps = 400
	options := run.Options{Set: &dataset.Set{Name: "circle", X: drift.RowsOf(circle), Columns: []string{"x", "y"}}}
	path := filepath.Join(dir, "circle")
	for event, err := range run.Train(context.Background(), path, config, options) {
		if err != nil {
			panic(err)
		}
		if event.Kind == "finished" {
			fmt.Println("trained", event.Step, "steps")
		}
	}

	trained, err := run.Open(path)
	if err != nil {
		panic(err)
	}
	engine, err := nn.Engine()
	if err != nil {
		panic(err)
	}
	m, err := trained.Model(engine, "last")
	if err != nil {
		panic(err)
	}
	request := run.DefaultRequest()
	request.N = 500
	samples, err := m.Sample(context.Background(), request, nil)
	if err != nil {
		panic(err)
	}
	var radius float64
	for i := range samples.X.N {
		radius += math.Hypot(samples.X.Row(i)[0], samples.X.Row(i)[1]) / float64(samples.X.N)
	}
	fmt.Printf("mean radius of %d new points: %.0f\n", samples.X.N, radius)
	// Output:
	// trained 400 steps
	// mean radius of 500 new points: 5
}

// linear is a network of your own: F = W·x + w·noise. It is too simple to learn
// much, but any function of a GoMLX graph will do in its place.
func linear(scope *model.Scope, in nn.Input) *graph.Node {
	x := in.X
	dim := x.Shape().Dimensions[1]
	w := scope.VariableWithShape("w", shapes.Make(dtypes.Float32, dim, dim)).NodeValue(x.Graph())
	v := scope.VariableWithShape("v", shapes.Make(dtypes.Float32, 1, dim)).NodeValue(x.Graph())
	return graph.Add(graph.MatMul(x, w), graph.MatMul(graph.InsertAxes(in.Noise, -1), v))
}

func ExampleOptions_ownNetwork() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)

	config := run.DefaultConfig("dogcat")
	config.Train.Steps = 50
	for event, err := range run.Train(context.Background(), filepath.Join(dir, "linear"), config, run.Options{Net: nn.NetworkFunc(linear)}) {
		if err != nil {
			panic(err)
		}
		if event.Kind == "finished" {
			fmt.Println("trained", event.Step, "steps")
		}
	}
	// Output: trained 50 steps
}
