package train

import (
	"math"

	"drift"
	"drift/nn"
)

// Data is what a run learns from: standardised samples, and what is known of each.
type Data struct {
	X        *drift.Batch
	Labels   []int        // class of each sample; nil if there are none
	Classes  int          // number of classes
	Vectors  *drift.Batch // standardised numbers that describe each sample; nil if there are none
	Pictures *drift.Batch // standardised picture that each sample is to be made of; nil if there are none
}

// Signature is what a network sees of the data.
func (d Data) Signature() nn.Signature {
	s := nn.Signature{Shape: d.X.Shape, Classes: d.Classes}
	if d.Vectors != nil {
		s.Vector = d.Vectors.Dim()
	}
	if d.Pictures != nil {
		s.Picture = d.Pictures.Shape[2]
	}
	return s
}

// Condition is that of every sample.
func (d Data) Condition() nn.Condition {
	return nn.Condition{Labels: d.Labels, Vectors: d.Vectors, Pictures: d.Pictures}
}

// Slice is the samples lo ≤ i < hi, sharing memory with the data.
func (d Data) Slice(lo, hi int) Data {
	c := d.Condition().Slice(lo, hi)
	return Data{X: d.X.Slice(lo, hi), Classes: d.Classes, Labels: c.Labels, Vectors: c.Vectors, Pictures: c.Pictures}
}

// cleanest is the smallest Sigma/Alpha that is trained on: below it nothing of the
// data's shape is left to learn, and the loss weights grow without bound.
const cleanest = 0.002

// example is what the network sees at one step and what it should say.
type example struct {
	*nn.Example
	target []float32 // batch × dim
	weight []float32 // batch
	levels []drift.Level
}

// draw makes the examples of a step, keyed by (seed, step).
func (t *Trainer) draw(step int) example {
	n, dim := t.cfg.Batch, t.data.X.Dim()
	e := example{
		Example: t.data.Signature().Example(n),
		target:  make([]float32, n*dim), weight: make([]float32, n), levels: make([]drift.Level, n),
	}
	known := t.data.Condition()
	unnamed := nn.Condition{Pictures: known.Pictures} // a picture is what the sample is made of: it is never left out
	eps := drift.NewBatch(n, t.data.X.Shape...)
	noise := drift.NewNoise(t.seed, "train noise", 0)
	noise.Seek(step)
	noise.Normal(eps)
	r := drift.Rand(t.seed, "train levels", uint64(step))
	first := r.Float64()
	for i := range n {
		row := t.order(step*n + i)
		// One offset and equal spacing: the quantiles of a batch cover [0, 1) evenly
		// (Kingma et al. 2021, arXiv:2107.00630, appendix I.1).
		_, u := math.Modf(first + float64(i)/float64(n))
		at := t.levels.At(t.task.Process, u)
		if at.Ratio() < cleanest {
			at = t.task.Process.AtLambda(-math.Log(cleanest))
		}
		_, _, in, level := t.task.Predict.Precond(at)
		onClean, onNoise := t.task.Predict.Target(at)
		x0, ε := t.data.X.Row(row), eps.Row(i)
		for j := range dim {
			e.X[i*dim+j] = float32(in * (at.Alpha*x0[j] + at.Sigma*ε[j]))
			e.target[i*dim+j] = float32(onClean*x0[j] + onNoise*ε[j])
		}
		e.levels[i], e.Noise[i], e.weight[i] = at, float32(level), float32(t.weight.OnTarget(t.task.Predict, at))
		if drop := r.Float64() < t.cfg.LabelDropout; drop {
			e.SetCondition(i, unnamed, row)
		} else {
			e.SetCondition(i, known, row)
		}
	}
	return e
}

// order is the row that draw number k takes: every epoch visits all rows once, in
// an order of its own.
func (t *Trainer) order(k int) int {
	epoch := k / t.data.X.N
	if epoch != t.epoch || t.shuffled == nil {
		t.epoch = epoch
		t.shuffled = drift.Rand(t.seed, "train epoch", uint64(epoch)).Perm(t.data.X.N)
	}
	return t.shuffled[k%t.data.X.N]
}
