package nn

import (
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// recomputeParam is where a store says whether blocks are computed again for gradients.
const recomputeParam = "drift_recompute"

// Recompute lets the networks built in a store keep, for their gradients, what goes into
// their blocks only, and compute the rest a second time (Chen et al. 2016,
// arXiv:1604.06174): less memory, more time, the same values.
func Recompute(store *model.Store) { store.RootScope().SetParam(recomputeParam, true) }

// block is f(x), a part of a network that is small at its ends and large within.
func block(scope *model.Scope, x *graph.Node, f func(x *graph.Node) *graph.Node) *graph.Node {
	if !model.GetParamOr(scope, recomputeParam, false) {
		return f(x)
	}
	return f(x.Checkpoint()).StopCheckpoint()
}
