package feature

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/dataset"
	"drift/internal/tensorfile"
	"drift/metric"
	"drift/nn"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Classifier is an [Extractor] that also says which class a picture shows.
type Classifier struct {
	card    Card
	net     *network
	weights nn.State
	hash    string
	none    bool // untrained, as there were no classes to learn
	unkept  error
}

// Card says what a classifier has learned, and how well.
type Card struct {
	Recipe  int           `json:"recipe"` // version of how drift builds and trains it
	Data    string        `json:"data"`   // SHA-256 of the data set
	Name    string        `json:"name"`   // of the data set
	Shape   []int         `json:"shape"`  // of a picture
	Scale   dataset.Scale `json:"scale"`
	Classes []string      `json:"classes"` // none if it is untrained
	Steps   int           `json:"steps"`   // 0 if it is untrained
	Learned int           `json:"learned"` // pictures that it was trained on
	Held    int           `json:"held"`    // pictures that were held out
	Right   int           `json:"right"`   // of them recognised
	Seconds float64       `json:"seconds"` // of training
}

// Accuracy is the share of pictures that were held out from its training and recognised, with
// the range of the true one; NaN if none were.
func (c Card) Accuracy() metric.Estimate { return metric.Share(c.Right, c.Held) }

// Card says what the classifier has learned.
func (c *Classifier) Card() Card { return c.card }

// Unkept says why [Open] could not keep the classifier that it trained; nil if it could.
func (c *Classifier) Unkept() error { return c.unkept }

// Dim implements [Extractor].
func (c *Classifier) Dim() int { return c.net.outs[0] }

// Hash implements [Extractor].
func (c *Classifier) Hash() string { return c.hash }

// Name implements [Extractor].
func (c *Classifier) Name() string {
	if c.card.Steps == 0 {
		return "random convolutions"
	}
	return "classifier of " + c.card.Name
}

// Features implements [Extractor].
func (c *Classifier) Features(ctx context.Context, pictures *drift.Rows) (*drift.Batch, error) {
	outs, err := c.net.run(ctx, pictures)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.Name(), err)
	}
	return outs[0], nil
}

// Classify is Features with the class of the highest score for each picture.
func (c *Classifier) Classify(ctx context.Context, pictures *drift.Rows) (features *drift.Batch, labels []int, err error) {
	outs, err := c.net.run(ctx, pictures)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Name(), err)
	}
	labels = make([]int, pictures.N)
	for i := range labels {
		scores := outs[1].Row(i)
		labels[i] = slices.Index(scores, slices.Max(scores))
	}
	return outs[0], labels, nil
}

// architecture is the network for pictures of a shape: levels until a side is about 4, fewer
// channels where there are more pixels, fewer features of tiny pictures.
func architecture(shape []int, classes int) nn.Classifier {
	widths := []int{8, 8, 8, 16, 32, 64, 96}
	levels := int(math.Round(math.Log2(float64(max(shape[0], shape[1])) / 4)))
	if levels <= 2 {
		return nn.Classifier{Widths: []int{32, 64}, Groups: 8, Features: 64, Classes: max(1, classes)}
	}
	return nn.Classifier{Widths: widths[len(widths)-min(levels, len(widths)):], Groups: 8, Features: 96, Classes: max(1, classes)}
}

// checkPictures says what keeps pictures of a shape from being seen by a classifier.
func checkPictures(shape []int) error {
	if len(shape) != 3 || shape[0] < 1 || shape[1] < 1 || shape[2] < 1 || shape[0] > 1024 || shape[1] > 1024 {
		return fmt.Errorf("found samples of shape %v, expected pictures [height, width, channels] of at most 1024×1024", shape)
	}
	return nil
}

// newClassifier makes a classifier of its weights.
func newClassifier(engine compute.Backend, card Card, weights nn.State) (*Classifier, error) {
	net := architecture(card.Shape, len(card.Classes))
	n := &network{shape: card.Shape, in: card.Shape, tile: tile, outs: []int{net.Features, net.Classes}}
	n.input = func(picture []float64, into []float32) { standardise(card.Scale, picture, into) }
	store := model.NewStore()
	err := nn.Guard("classifier", func() (err error) {
		n.exec, err = model.NewExec(engine, store, func(scope *model.Scope, x *graph.Node) (*graph.Node, *graph.Node) {
			return net.Forward(scope.At("model"), x)
		})
		if err != nil {
			return err
		}
		if _, err = n.exec.Compile(shapes.Make(dtypes.Float32, append([]int{tile}, card.Shape...)...)); err != nil {
			return err
		}
		if err := nn.Load(store, weights); err != nil {
			return err
		}
		return store.InitializeVariables(engine, nil)
	})
	if err != nil {
		return nil, err
	}
	said, err := json.Marshal(card.Scale)
	if err != nil {
		return nil, err
	}
	return &Classifier{card: card, net: n, weights: weights, hash: hashOf([]byte(tensorfile.Sum(weights)), said)}, nil
}

// standardise scales the pixels of a picture, which share one mean and deviation.
func standardise(s dataset.Scale, picture []float64, into []float32) {
	for i, v := range picture {
		into[i] = float32((v - s.Mean[0]) / s.Std[0])
	}
}
