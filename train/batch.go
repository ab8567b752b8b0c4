package train

import (
	"math"

	"drift"
)

// Data is what a run learns from: standardised samples, a label for each (nil if
// there are none) and the number of classes.
type Data struct {
	X       *drift.Batch
	Labels  []int
	Classes int
}

// cleanest is the smallest Sigma/Alpha that is trained on: below it nothing of the
// data's shape is left to learn, and the loss weights grow without bound.
const cleanest = 0.002

// example is what the network sees at one step, in float32 as it goes in.
type example struct {
	x, target     []float32 // batch × dim
	noise, weight []float32 // batch
	class         []int32   // batch
	levels        []drift.Level
}

// draw makes the examples of a step, keyed by (seed, step).
func (t *Trainer) draw(step int) example {
	n, dim := t.cfg.Batch, t.data.X.Dim()
	e := example{
		x: make([]float32, n*dim), target: make([]float32, n*dim),
		noise: make([]float32, n), weight: make([]float32, n), class: make([]int32, n),
		levels: make([]drift.Level, n),
	}
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
			e.x[i*dim+j] = float32(in * (at.Alpha*x0[j] + at.Sigma*ε[j]))
			e.target[i*dim+j] = float32(onClean*x0[j] + onNoise*ε[j])
		}
		e.levels[i], e.noise[i], e.weight[i] = at, float32(level), float32(t.weight.OnTarget(t.task.Predict, at))
		e.class[i] = int32(t.data.Classes)
		if drop := r.Float64() < t.cfg.LabelDropout; t.data.Labels != nil && !drop {
			e.class[i] = int32(t.data.Labels[row])
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
