package nn

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Costs are what a network takes.
type Costs struct {
	Params int // trainable values
	FLOP   int // of one sample's forward pass: what [FLOP] counts, and products of activations
}

// Cost counts what a network takes on samples of a signature. It builds the network's
// graph, and so finds what does not fit.
func Cost(engine compute.Backend, net Network, sees Signature) (c Costs, err error) {
	err = Guard("network", func() error {
		g, store := graph.NewGraph(engine, "cost"), model.NewStore()
		defer g.Finalize()
		var nodes []*graph.Node
		for i, shape := range sees.Shapes(1) {
			nodes = append(nodes, graph.Parameter(g, fmt.Sprint("input_", i), shape))
		}
		in, _ := sees.Input(nodes)
		net.Forward(store.RootScope().At("model"), in)
		for v := range store.IterVariables() {
			c.Params += v.Shape().Size()
		}
		c.FLOP = FLOP(g) + products(g)
		return nil
	})
	return c, err
}

// FLOP counts two for each multiply-add of the convolutions and dense layers of a
// graph, as bench/peers/torch_unet.py does for PyTorch: products of activations with
// activations, as in attention, are left out.
func FLOP(g *graph.Graph) int {
	total := 0
	for _, n := range g.Nodes() {
		if ofWeights(n) || n.Type() == graph.NodeTypeConvGeneral {
			kernel := n.Inputs()[1].Shape() // [..., out]
			total += 2 * n.Shape().Size() * kernel.Size() / kernel.Dim(-1)
		}
	}
	return total
}

// ofWeights says whether a node is a product of a dense layer.
func ofWeights(n *graph.Node) bool {
	return n.Type() == graph.NodeTypeDotGeneral && n.Inputs()[1].Rank() == 2
}

// products counts two for each multiply-add of what [FLOP] leaves out: products of
// activations over one axis, [batch..., m, k]·[batch..., k, n] → [batch..., m, n] with
// the axes in any order but for the result's. Those over more axes are left out, where
// their ranks tell.
func products(g *graph.Graph) int {
	total := 0
	for _, n := range g.Nodes() {
		if n.Type() != graph.NodeTypeDotGeneral || ofWeights(n) {
			continue
		}
		a, b, out := n.Inputs()[0].Shape(), n.Inputs()[1].Shape(), n.Shape()
		axes, batch := a.Rank()+b.Rank()-2-out.Rank(), 1
		if axes < 0 || axes > out.Rank() {
			continue
		}
		for _, d := range out.Dimensions[:axes] {
			batch *= d
		}
		k := math.Sqrt(float64(a.Size()) * float64(b.Size()) / float64(out.Size()) / float64(batch))
		total += 2 * out.Size() * int(math.Round(k))
	}
	return total
}

// StepTime is about how long a training step of a batch takes on an engine. A pass
// forward and one back are three times the work of the first; the engine's pace is
// measured on a convolution, which takes a fraction of a second.
func (c Costs) StepTime(engine compute.Backend, batch int) (time.Duration, error) {
	pace, err := paceOf(engine)
	if err != nil {
		return 0, err
	}
	return time.Duration(3 * float64(c.FLOP) * float64(batch) / pace * float64(time.Second)), nil
}

// share is what networks of drift reach, in training, of the pace of the convolution
// that [paceOf] measures: the rest goes to normalisations, activations and the optimiser.
const share = 0.5

// paceOf is how many FLOP a second an engine does in training.
func paceOf(engine compute.Backend) (pace float64, err error) {
	const batch, side, channels = 16, 16, 64
	err = Guard("engine", func() error {
		store := model.NewStore()
		flop := 0
		exec, err := model.NewExec(engine, store, func(scope *model.Scope, x *graph.Node) *graph.Node {
			y := conv(scope, x, channels, 3, 1, 1, 1, 1)
			flop = FLOP(x.Graph())
			return graph.ReduceAllMean(y)
		})
		if err != nil {
			return err
		}
		defer exec.Finalize()
		x := graph.MustNewExec(engine, func(g *graph.Graph) *graph.Node {
			return graph.Ones(g, shapes.Make(dtypes.Float32, batch, side, side, channels))
		}).MustCall()[0]
		best := math.Inf(1)
		for range 5 {
			began := time.Now()
			if _, err := exec.Call(x); err != nil {
				return err
			}
			best = min(best, time.Since(began).Seconds())
		}
		pace = share * float64(flop) / best
		return nil
	})
	return pace, err
}

// String is "2.1 M parameters, 0.310 GFLOP a sample".
func (c Costs) String() string {
	return fmt.Sprintf("%s parameters, %s a sample", short(float64(c.Params), ""), short(float64(c.FLOP), "FLOP"))
}

// short writes a number with up to three digits, a prefix of the SI and a unit.
func short(v float64, unit string) string {
	i := 0
	for ; v >= 999.5 && i < 4; i++ {
		v /= 1000
	}
	return strings.TrimSpace(fmt.Sprintf("%.3g %s%s", v, []string{"", "k", "M", "G", "T"}[i], unit))
}
