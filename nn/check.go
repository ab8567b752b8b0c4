package nn

import (
	"fmt"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// checkedParam is where a store keeps the weights that a network is checked against.
const checkedParam = "drift_checked"

// checked are the weights that a network is checked against while it is built, or nil.
func checked(scope *model.Scope) State { return model.GetParamOr(scope, checkedParam, State(nil)) }

// Check is an error that names the first variable that a network has and the weights
// lack, or the other way round, or that has another shape in them. It runs nothing, ends at
// the first variable that does not fit, and makes no table that a network has beside its
// variables, so that settings that nobody vouches for take no memory.
func Check(engine compute.Backend, net Network, sees Signature, weights State) error {
	return Guard("network", func() error {
		g, store := graph.NewGraph(engine, "check"), model.NewStore()
		defer g.Finalize()
		if weights == nil {
			weights = State{}
		}
		store.RootScope().SetParam(checkedParam, weights)
		var nodes []*graph.Node
		for i, shape := range sees.Shapes(1) {
			nodes = append(nodes, graph.Parameter(g, fmt.Sprint("input_", i), shape))
		}
		in, _ := sees.Input(nodes)
		net.Forward(store.RootScope().At("model"), in)
		return Load(store, weights)
	})
}
