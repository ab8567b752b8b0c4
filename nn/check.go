package nn

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Check is an error that names the first variable that a network has and the weights
// lack, or the other way round, or that has another shape in them. It runs nothing.
func Check(engine compute.Backend, net Network, sees Signature, weights State) error {
	return Guard("network", func() error {
		g, store := graph.NewGraph(engine, "check"), model.NewStore()
		defer g.Finalize()
		var nodes []*graph.Node
		for i, shape := range sees.Shapes(1) {
			nodes = append(nodes, graph.Parameter(g, fmt.Sprint("input_", i), shape))
		}
		in, _ := sees.Input(nodes)
		net.Forward(store.RootScope().At("model"), in)
		return Load(store, weights)
	})
}
