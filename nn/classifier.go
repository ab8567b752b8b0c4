package nn

import (
	"fmt"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Classifier tells pictures apart: convolutions at ever coarser levels, each of two with group
// norm and SiLU, the first with stride 2; then a mean over the picture, a hidden layer
// whose values are the features, and a score for each class. It is no [Network].
type Classifier struct {
	Widths   []int // channels of each level, multiples of Groups
	Groups   int   // of channels that are normalised together
	Features int   // values that stand for a picture
	Classes  int   // at least 1
}

// Forward builds the classifier for pictures [batch, height, width, channels] of unit
// variance: features [batch, Features] and scores [batch, Classes], whose softmax are
// probabilities.
func (m Classifier) Forward(scope *model.Scope, x *graph.Node) (features, scores *graph.Node) {
	if x.Rank() != 4 || len(m.Widths) == 0 || m.Features < 1 || m.Classes < 1 {
		panic(fmt.Errorf("classifier: found pictures of shape %v, widths %v, %d features, %d classes; expected [height, width, channels] and at least 1 of each",
			x.Shape().Dimensions[1:], m.Widths, m.Features, m.Classes))
	}
	h := x
	for i, width := range m.Widths {
		at := scope.At("level_%d", i)
		for j, stride := range []int{2, 1} {
			h = conv3(at.At("conv_%d", j), h, width, stride, 1) // [B, H/2^(i+1), W/2^(i+1), width], rounded up
			h = silu(groupNorm(at.At("norm_%d", j), h, m.Groups))
		}
	}
	h = graph.ReduceMean(h, 1, 2)                                // [B, width]
	features = silu(dense(scope.At("hidden"), h, m.Features, 1)) // [B, Features]
	return features, dense(scope.At("scores"), features, m.Classes, 1)
}
