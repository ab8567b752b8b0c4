package feature

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"strings"
	"time"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/optimizer"
)

// recipe is the version of what Learn does. Another network, or another way to train it, is
// another recipe: classifiers that were stored before it are trained anew.
const recipe = 1

const (
	heldOut   = 0.1 // share of the data set that judges the classifier
	learnSeed = 1
	batch     = 128
)

// stepsFor shows every picture four times, those of small sets up to thirty times.
func stepsFor(n int) int { return min(3000, 1+max(4*n, min(30*n, 100_000))/batch) }

// Watch is told how far the training of a classifier has come.
type Watch func(step, steps int, loss float64)

// Learn trains a classifier on nine tenths of a data set of pictures with classes, and judges
// it by the others. Equal data give equal classifiers.
func Learn(ctx context.Context, engine compute.Backend, set *dataset.Set, watch Watch) (*Classifier, error) {
	if len(set.Classes) < 2 {
		return nil, fmt.Errorf("classifier of %s: found %d classes, expected at least 2 (features of random convolutions and of an ONNX file need none)", set.Name, len(set.Classes))
	}
	return learn(ctx, engine, set, stepsFor(set.X.N), watch)
}

// Untrained is an extractor for pictures without classes: the same network with its first
// weights, which nobody has trained. Distances between its features see textures and
// shapes, but not what people look for in a picture, and they compare with nothing else.
func Untrained(ctx context.Context, engine compute.Backend, set *dataset.Set) (*Classifier, error) {
	plain := *set
	plain.Labels, plain.Classes = nil, nil
	c, err := learn(ctx, engine, &plain, 0, nil)
	if err == nil {
		c.none = len(set.Classes) < 2
	}
	return c, err
}

func learn(ctx context.Context, engine compute.Backend, set *dataset.Set, steps int, watch Watch) (*Classifier, error) {
	began := time.Now()
	if err := checkPictures(set.X.Shape); err != nil {
		return nil, fmt.Errorf("classifier of %s: %w", set.Name, err)
	}
	scale, err := dataset.Fit(set)
	if err != nil {
		return nil, err
	}
	known, held, err := set.Split(heldOut, learnSeed)
	if err != nil {
		return nil, err
	}
	l, err := newLearner(engine, known, scale, steps)
	if err != nil {
		return nil, fmt.Errorf("classifier of %s: %w", set.Name, err)
	}
	for step := range steps {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		loss, err := l.advance(step)
		if err != nil {
			return nil, fmt.Errorf("classifier of %s: %w", set.Name, err)
		}
		if watch != nil {
			watch(step+1, steps, loss)
		}
	}
	weights, err := l.weights()
	if err != nil {
		return nil, err
	}
	card := Card{Recipe: recipe, Data: set.SHA256(), Name: set.Name, Shape: set.X.Shape, Scale: scale, Classes: set.Classes, Steps: steps}
	c, err := newClassifier(engine, card, weights)
	if err != nil || steps == 0 {
		return c, err
	}
	_, labels, err := c.Classify(ctx, held.X)
	if err != nil {
		return nil, err
	}
	c.card.Learned, c.card.Held = known.X.N, held.X.N
	for i, label := range labels {
		if label == held.Labels[i] {
			c.card.Right++
		}
	}
	c.card.Seconds = time.Since(began).Seconds()
	return c, nil
}

// learner trains one classifier.
type learner struct {
	known *dataset.Set
	scale dataset.Scale
	cfg   train.Config // of which the rate and its schedule count
	net   nn.Classifier
	store *model.Store
	exec  *model.Exec
	order []int // of the pictures in this epoch
	epoch int
}

func newLearner(engine compute.Backend, known *dataset.Set, scale dataset.Scale, steps int) (*learner, error) {
	l := &learner{
		known: known, scale: scale, epoch: -1, store: model.NewStore(),
		cfg: train.Config{Steps: max(1, steps), Rate: 3e-3, Warmup: 50, Schedule: "cosine"},
		net: architecture(known.X.Shape, len(known.Classes)),
	}
	nn.Seed(l.store, learnSeed)
	return l, nn.Guard("training", func() (err error) {
		if err := l.store.SetRNGStateFromSeed(learnSeed); err != nil {
			return err
		}
		if l.exec, err = model.NewExec(engine, l.store, l.graph); err != nil {
			return err
		}
		pictures := shapes.Make(dtypes.Float32, append([]int{batch}, known.X.Shape...)...)
		if _, err := l.exec.Compile(pictures, shapes.Make(dtypes.Int32, batch), shapes.Make(dtypes.Float32)); err != nil {
			return err
		}
		return l.store.InitializeVariables(engine, nil)
	})
}

// graph is one step of Adam on the cross entropy of pictures [batch, H, W, C] and labels [batch].
func (l *learner) graph(scope *model.Scope, x, label, rate *graph.Node) *graph.Node {
	_, scores := l.net.Forward(scope.At("model"), x) // [batch, classes]
	right := graph.OneHot(label, l.net.Classes, dtypes.Float32)
	loss := graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(right, graph.LogSoftmax(scores)), -1)))
	optimizer.LearningRateVar(scope, dtypes.Float32, 0).SetNodeValue(rate)
	optimizer.Adam().Epsilon(1e-8).Betas(0.9, 0.99).Done().UpdateGraph(scope, x.Graph(), loss)
	return loss
}

// advance takes a step and returns its loss.
func (l *learner) advance(step int) (loss float64, err error) {
	shape, dim := l.known.X.Shape, l.known.X.Dim()
	values, labels, moved := make([]float32, batch*dim), make([]int32, batch), make([]float64, dim)
	for i := range batch {
		row := l.row(step*batch + i)
		r := drift.Rand(learnSeed, "classifier shift", uint64(step), uint64(i))
		shift(moved, l.known.X.Row(row), shape, reach(r.IntN, shape[0]), reach(r.IntN, shape[1]))
		standardise(l.scale, moved, values[i*dim:(i+1)*dim])
		labels[i] = int32(l.known.Labels[row])
	}
	err = nn.Guard("training", func() error {
		out, err := l.exec.Call1(tensors.FromFlatDataAndDimensions(values, append([]int{batch}, shape...)...),
			tensors.FromFlatDataAndDimensions(labels, batch), float32(l.cfg.RateAt(step)))
		if err != nil {
			return err
		}
		defer out.FinalizeAll()
		return tensors.ConstFlatData(out, func(flat []float32) { loss = float64(flat[0]) })
	})
	if err == nil && (math.IsNaN(loss) || math.IsInf(loss, 0)) {
		err = fmt.Errorf("training diverged at step %d: the loss is %v", step+1, loss)
	}
	return loss, err
}

// row is the picture that draw number k takes: every epoch shows all once.
func (l *learner) row(k int) int {
	if epoch := k / l.known.X.N; epoch != l.epoch {
		l.epoch, l.order = epoch, drift.Rand(learnSeed, "classifier epoch", uint64(epoch)).Perm(l.known.X.N)
	}
	return l.order[k%l.known.X.N]
}

// reach draws how far a picture is shifted along a side, by at most a fourteenth of it.
func reach(draw func(n int) int, side int) int { return draw(2*(side/14)+1) - side/14 }

// shift moves a picture by dy and dx pixels; pixels at the border repeat.
func shift(to, from []float64, shape []int, dy, dx int) {
	h, w, c := shape[0], shape[1], shape[2]
	for y := range h {
		for x := range w {
			at := min(max(y+dy, 0), h-1)*w + min(max(x+dx, 0), w-1)
			copy(to[(y*w+x)*c:(y*w+x+1)*c], from[at*c:(at+1)*c])
		}
	}
}

// weights are those of the classifier, without the optimiser's moments.
func (l *learner) weights() (nn.State, error) {
	all, err := nn.Save(l.store)
	for name := range all {
		if !strings.HasPrefix(name, nn.Scope+"/") {
			delete(all, name)
		}
	}
	return all, err
}

// hashOf is a SHA-256 in hex over several parts.
func hashOf(parts ...[]byte) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d\n", len(p))
		h.Write(p)
	}
	return hex.EncodeToString(h.Sum(nil))
}
