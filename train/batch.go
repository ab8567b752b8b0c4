package train

import (
	"math"

	"drift"
	"drift/internal/parallel"
	"drift/nn"
)

// cleanest is the smallest Sigma/Alpha that is trained on: below it nothing of the
// data's shape is left to learn, and the loss weights grow without bound.
const cleanest = 0.002

// example is what the network sees of a micro-batch and what it should say.
type example struct {
	*nn.Example
	target []float32 // micro-batch × dim
	weight []float32 // micro-batch
	levels []drift.Level
	first  int // number of the first draw
}

// drawer draws the examples of steps. All that it remembers is one epoch's order,
// which is keyed as everything else, so what it draws depends on the step alone. It
// is not safe for concurrent use.
type drawer struct {
	task   Task
	cfg    Config
	levels drift.TrainLevels
	weight drift.LossWeight
	data   Data

	epoch    int // of the shuffled order below
	shuffled []int
}

// draw makes the examples of a step, one for each micro-batch, keyed by (seed, step).
func (d *drawer) draw(step int) []example {
	parts := make([]example, d.cfg.parts())
	size, n := d.cfg.Batch, d.cfg.Batch*d.cfg.parts()
	r := drift.Rand(d.task.Seed, "train levels", uint64(step))
	first := r.Float64()
	for k := range parts {
		e := d.empty()
		e.first = step*n + k*size
		eps := drift.NewBatch(size, d.data.X.Shape...)
		noise := drift.NewNoise(d.task.Seed, "train noise", k*size)
		noise.Seek(step)
		noise.Normal(eps)
		at, rows, drop := e.levels, make([]int, size), make([]dropped, size)
		for i := range size {
			// One offset and equal spacing: the quantiles of a batch cover [0, 1) evenly
			// (Kingma et al. 2021, arXiv:2107.00630, appendix I.1).
			_, u := math.Modf(first + float64(k*size+i)/float64(n))
			if drop[i] = d.apart(e.first + i); r.Float64() < d.cfg.LabelDropout {
				drop[i] = dropped{class: true, numbers: true}
			}
			at[i], rows[i] = d.at(e.first+i, u), d.order(e.first+i)
		}
		parallel.Blocks(size, perValue*eps.Dim(), func(lo, hi int) {
			for i := lo; i < hi; i++ {
				d.fill(e, i, rows[i], eps.Row(i), drop[i])
			}
		})
		parts[k] = e
	}
	return parts
}

func (d *drawer) empty() example {
	n, dim := d.cfg.Batch, d.data.X.Dim()
	return example{
		Example: d.data.Signature().Example(n),
		target:  make([]float32, n*dim), weight: make([]float32, n), levels: make([]drift.Level, n),
	}
}

// at is the level of draw number k, by a quantile.
func (d *drawer) at(k int, u float64) drift.Level {
	if d.task.Goal != nil {
		return d.task.Goal.Level(k, u)
	}
	at := d.levels.At(d.task.Process, u)
	if at.Ratio() < cleanest {
		at = d.task.Process.AtLambda(-math.Log(cleanest))
	}
	return at
}

// dropped is what a network is not told of a sample.
type dropped struct{ class, numbers bool }

// apart is what draw number k drops of a class and numbers that are not dropped together:
// a network that never saw one without the other does not know what to make of either
// alone. Dropping both stays a throw of its own: two rare ones would seldom fall together,
// and guidance needs it.
func (d *drawer) apart(k int) dropped {
	if !d.cfg.DropApart || d.data.Labels == nil || d.data.Vectors == nil {
		return dropped{}
	}
	r := drift.Rand(d.task.Seed, "train dropout", uint64(k))
	return dropped{class: r.Float64() < d.cfg.LabelDropout, numbers: r.Float64() < d.cfg.LabelDropout}
}

// perValue is about how many simple operations one value of a sample costs.
const perValue = 16

// fill makes row i of an example: sample number k diffused to the row's level with the
// noise ε. The network is not told what is dropped of its class and numbers; a picture is
// what the sample is made of: it is never left out.
func (d *drawer) fill(e example, i, k int, ε []float64, drop dropped) {
	at, row, dim := e.levels[i], d.data.Row(k), len(ε)
	x0 := make([]float64, dim)
	d.data.read(x0, row)
	change := d.augment(e, i, e.first+i)
	if change != nil {
		change(x0)
	}
	if width := len(e.Picture) / d.cfg.Batch; width > 0 {
		p := make([]float64, width)
		d.data.picture(p, x0, row, change)
		narrow(e.Picture[i*width:], p)
	}
	if !drop.class && d.data.Labels != nil && d.data.Labels[row] >= 0 {
		e.Class[i] = int32(d.data.Labels[row])
	}
	if !drop.numbers && d.data.Vectors != nil {
		told := e.Vector[i*len(e.Vector)/d.cfg.Batch:]
		told[0] = 1
		narrow(told[1:], d.data.Vectors.Row(row))
	}
	_, _, in, level := d.task.Predict.Precond(at)
	onClean, onNoise := d.task.Predict.Target(at)
	for j := range dim {
		e.X[i*dim+j] = float32(in * (at.Alpha*x0[j] + at.Sigma*ε[j]))
		e.target[i*dim+j] = float32(onClean*x0[j] + onNoise*ε[j])
	}
	e.Noise[i], e.weight[i] = float32(level), float32(d.weight.OnTarget(d.task.Predict, at))
}

// augment decides how draw number k is changed and tells the network, behind the
// sample's own numbers.
func (d *drawer) augment(e example, i, k int) (change func([]float64)) {
	a := d.data.Augment
	if a == nil {
		return nil
	}
	label := make([]float64, a.Labels)
	change = a.Draw(label, drift.Rand(d.task.Seed, "train augment", uint64(k)))
	if a.Labels > 0 {
		end := (i+1)*len(e.Vector)/d.cfg.Batch - d.data.numbers
		narrow(e.Vector[end-a.Labels:], label)
	}
	return change
}

// order is the sample that draw number k takes: every epoch visits all samples once,
// in an order of its own.
func (d *drawer) order(k int) int {
	n := d.data.Len()
	epoch := k / n
	if epoch != d.epoch || d.shuffled == nil {
		d.epoch = epoch
		d.shuffled = drift.Rand(d.task.Seed, "train epoch", uint64(epoch)).Perm(n)
	}
	return d.shuffled[k%n]
}

// narrow writes values as float32 to the beginning of dst.
func narrow(dst []float32, values []float64) {
	for i, v := range values {
		dst[i] = float32(v)
	}
}
