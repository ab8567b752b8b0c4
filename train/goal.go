package train

import (
	"drift"
	"drift/nn"
)

// Goal asks for something else of a network than what samples were before noise came to
// them: distillation asks for what a teacher would make of them.
type Goal interface {
	// Numbers is how many numbers the network sees beside the sample's own.
	Numbers() int
	// Level is where draw number k stands; u in [0, 1) is spread evenly over a batch.
	Level(k int, u float64) drift.Level
	// Aim writes what is asked and what is to be answered. student is the network as it
	// is now, with its averaged weights. What it writes must depend on these alone.
	Aim(l Lesson, student *nn.Model) error
}

// Lesson is a micro-batch on its way to the network: samples, diffused, and what is known
// of them. Numbers, zero at first, and Clean are to be written.
type Lesson struct {
	First     int // number of the first draw
	X         *drift.Batch
	Levels    []drift.Level // of each
	Condition nn.Condition  // as the network is told it, but for numbers
	Numbers   *drift.Batch  // what else the network shall see of each
	Clean     *drift.Batch  // what D shall answer
}

// student makes the model that a goal sees.
func (t *Trainer) student() (err error) {
	t.follows, err = nn.ModelOn(t.engine, t.store, emaPrefix, t.task.Network, t.task.Predict, t.draws.data.Signature())
	return err
}

// aim lets the task's goal decide what a micro-batch is to learn.
func (t *Trainer) aim(e example) error {
	n, data := t.cfg.Batch, t.draws.data
	l := Lesson{First: e.first, X: drift.NewBatch(n, data.X.Shape...), Levels: e.levels}
	l.Numbers, l.Clean = drift.NewBatch(n, t.task.Goal.Numbers()), l.X.Like()
	dim := l.X.Dim()
	for i, at := range e.levels {
		_, _, in, _ := t.task.Predict.Precond(at)
		for j, row := 0, l.X.Row(i); j < dim; j++ {
			row[j] = float64(e.X[i*dim+j]) / in
		}
	}
	l.Condition = e.condition(data)
	if err := t.task.Goal.Aim(l, t.follows); err != nil {
		return err
	}
	for i, at := range e.levels {
		end := (i + 1) * len(e.Vector) / n
		e.Vector[end-1-t.draws.data.Signature().Vector] = 1
		narrow(e.Vector[end-l.Numbers.Dim():], l.Numbers.Row(i))
		skip, out, _, _ := t.task.Predict.Precond(at)
		for j, clean := range l.Clean.Row(i) {
			e.target[i*dim+j] = float32((clean - skip*l.X.Row(i)[j]) / out)
		}
	}
	return nil
}

// condition is what an example says of its samples, but for numbers.
func (e example) condition(data Data) nn.Condition {
	n, c := len(e.Noise), nn.Condition{}
	if data.Classes > 0 {
		c.Labels = make([]int, n)
		for i, label := range e.Class {
			if c.Labels[i] = int(label); c.Labels[i] == data.Classes {
				c.Labels[i] = -1
			}
		}
	}
	if e.Picture != nil {
		c.Pictures = drift.NewBatch(n, data.X.Shape[0], data.X.Shape[1], data.Signature().Picture)
		widen(c.Pictures.Data, e.Picture)
	}
	return c
}

// widen reads as many values as dst has room for.
func widen(dst []float64, values []float32) {
	for i := range dst {
		dst[i] = float64(values[i])
	}
}
