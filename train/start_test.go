package train

import (
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/nn"
)

// told is what a network knows of samples: the names of their classes, and how many
// numbers; bare leaves the table of a U-Net without a row for no class.
type told struct {
	classes []string
	numbers int
	bare    bool
}

// familyOf are small networks of every kind for pictures of 8×8 by what they are told.
var familyOf = map[string]func(told) nn.Network{
	"MLP": func(w told) nn.Network { return nn.MLP{Width: 16, Blocks: 1, Classes: len(w.classes)} },
	"U-Net": func(w told) nn.Network {
		m := nn.DefaultUNet2D()
		m.InChannels, m.OutChannels, m.BlockChannels, m.LayersPerBlock = 1, 1, []int{8}, 1
		m.DownBlocks, m.UpBlocks, m.NormGroups = []string{"DownBlock2D"}, []string{"UpBlock2D"}, 4
		if n := len(w.classes); w.bare {
			m.ClassEmbeddings = new(n)
		} else if n > 0 {
			m.ClassEmbeddings = new(n + 1)
		}
		return m
	},
	"DiT": func(w told) nn.Network {
		m := nn.DefaultDiT()
		m.Heads, m.HeadDim, m.Layers, m.SampleSize, m.PatchSize, m.InChannels = 2, 8, 2, 8, 4, 1
		m.ClassEmbeddings = max(1, len(w.classes))
		return m
	},
	"EDM2": func(w told) nn.Network {
		return nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8, Classes: len(w.classes)}
	},
}

// begun is a trainer of a network that has not taken a step.
func begun(t *testing.T, net nn.Network, w told) *Trainer {
	t.Helper()
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, _ := drift.ProcessByName("vp")
	k, _ := drift.PredictionByName("v")
	data := Data{X: drift.RowsOf(drift.NewBatch(4, 8, 8, 1)), Classes: len(w.classes)}
	if data.Classes > 0 {
		data.Labels = make([]int, 4)
	}
	if w.numbers > 0 {
		data.Vectors = drift.NewBatch(4, w.numbers)
	}
	c := small(1)
	c.Batch, c.WeightDecay, c.EMALengths = 4, 0.1, []float64{0.1}
	trainer, err := New(engine, Task{Process: p, Predict: k, Network: net, Seed: 2}, c, data)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// answers are what a network says of some samples under a condition.
func answers(t *testing.T, m *nn.Model, c nn.Condition) []float64 {
	t.Helper()
	x := drift.NewBatch(3, 8, 8, 1)
	drift.NewNoise(7, "x", 0).Normal(x)
	out := x.Like()
	if err := m.Conditioned(c).Denoise(out, x, drift.Level{Alpha: 0.6, Sigma: 0.8}); err != nil {
		t.Fatal(err)
	}
	return out.Data
}

// A network that starts from another begins with its function, whatever classes and
// numbers either is told: without condition, and of the classes that both know. What only
// the new one is told changes nothing yet.
func TestStartFromIsTheParentsFunction(t *testing.T) {
	pair := []string{"dog", "cat"}
	more := []string{"cat", "bird", "dog"}
	for name, change := range map[string]struct {
		was, is        told
		fresh, dropped bool // whether tensors are
		edm2           bool // whether its table or none is kept, so that this holds for it
	}{
		"the same":            {told{pair, 2, false}, told{pair, 2, false}, false, false, true},
		"other order":         {told{pair, 0, false}, told{[]string{"cat", "dog"}, 0, false}, false, false, true},
		"more classes":        {told{pair, 0, false}, told{more, 0, false}, true, false, true},
		"fewer classes":       {told{more, 0, false}, told{pair, 0, false}, false, false, false},
		"no classes any more": {told{pair, 0, false}, told{}, false, true, false},
		"classes":             {told{}, told{pair, 0, false}, true, false, false},
		"other numbers":       {told{pair, 2, false}, told{pair, 3, false}, true, false, true},
		"nothing any more":    {told{pair, 2, false}, told{}, false, true, false},
		"all else":            {told{pair, 0, false}, told{more, 2, false}, true, false, false},
		"a bare table":        {told{pair, 0, true}, told{more, 0, false}, true, false, false},
		"to a bare table":     {told{pair, 0, false}, told{more, 0, true}, true, false, false},
	} {
		for kind, build := range familyOf {
			if kind == "EDM2" && !change.edm2 || kind != "U-Net" && (change.was.bare || change.is.bare) {
				continue
			}
			parent := begun(t, build(change.was), change.was)
			known := nn.State{}
			for path, w := range below(state(t, parent), emaPrefix) {
				values := make([]float32, len(w.Data)/4)
				r := drift.Rand(3, path)
				for i := range values {
					values[i] = float32(0.3 * r.NormFloat64())
				}
				known[path] = nn.Floats(w.Shape, values)
			}
			if err := parent.Restore(WithAverage(state(t, parent), known)); err != nil {
				t.Fatal(err)
			}
			child := begun(t, build(change.is), change.is)
			c, err := child.StartFrom(Parent{known, change.was.classes}, change.is.classes)
			if err != nil {
				t.Fatalf("%s, %s: %v", kind, name, err)
			}
			// The table of a DiT is there without classes too.
			if kind != "DiT" && (len(c.Fresh) > 0 != change.fresh || len(c.Dropped) > 0 != change.dropped) {
				t.Errorf("%s, %s: found %+v", kind, name, c)
			}
			s := state(t, child)
			for path := range s {
				if strings.HasPrefix(path, weights) && !slices.Equal(s[path].Data, s[emaPrefix+path].Data) {
					t.Errorf("%s, %s: %s is not its average", kind, name, path)
				}
			}
			first, err := parent.Model()
			if err != nil {
				t.Fatal(err)
			}
			second, err := child.Model()
			if err != nil {
				t.Fatal(err)
			}
			for i, class := range append(slices.Clone(change.is.classes), "") {
				was, is := nn.Condition{}, nn.Condition{}
				if from := slices.Index(change.was.classes, class); from >= 0 {
					was.Labels = slices.Repeat([]int{from}, 3)
				} else if kind == "EDM2" && class != "" {
					continue // whose rows all have the same length
				}
				if class != "" {
					is.Labels = slices.Repeat([]int{i}, 3)
				}
				if change.is.numbers > 0 && change.was.numbers == 0 {
					is.Vectors = drift.NewBatch(3, change.is.numbers)
					drift.NewNoise(8, "numbers", 0).Normal(is.Vectors)
				}
				a, b := answers(t, first, was), answers(t, second, is)
				for k := range a {
					if math.Abs(a[k]-b[k]) > 1e-4*max(1, math.Abs(a[k])) {
						t.Errorf("%s, %s, class %q: found an answer of %v, expected the parent's %v", kind, name, class, b[k], a[k])
						break
					}
				}
				if slices.Max(a) < 0.1 {
					t.Errorf("%s: found no answer above %v: the test sees nothing", kind, slices.Max(a))
				}
			}
		}
	}
}
