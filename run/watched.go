package run

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/nn"
	"drift/train"
)

// validate measures the averaged weights on held-out samples, at levels spread and with
// errors weighted as in training, with the same noise every time.
func (s *session) validate() (each []LevelLoss, mean float64, err error) {
	if s.held.X == nil {
		return nil, math.NaN(), nil
	}
	const levels, most = 8, 512
	clean, known := s.held.First(min(most, s.held.Len()))
	m, err := s.model()
	if err != nil {
		return nil, 0, err
	}
	spread, weight, err := s.dir.Config.Train.Objective()
	if err != nil {
		return nil, 0, err
	}
	d := m.net.Conditioned(known)
	noise := drift.NewNoise(s.task.Seed, "validation", 0)
	for i := range levels {
		at := spread.At(s.task.Process, (float64(i)+0.5)/levels)
		x, out := clean.Like(), clean.Like()
		noise.Normal(x)
		for j, v := range clean.Data {
			x.Data[j] = at.Alpha*v + at.Sigma*x.Data[j]
		}
		if err := d.Denoise(out, x, at); err != nil {
			return nil, 0, err
		}
		var sum float64
		for j, v := range clean.Data {
			sum += (out.Data[j] - v) * (out.Data[j] - v)
		}
		loss := sum / float64(len(clean.Data)) * weight.Of(at)
		if math.IsNaN(loss) || math.IsInf(loss, 0) {
			why := fmt.Errorf("held-out loss: found %v at Sigma/Alpha %.3g, expected a finite number", loss, at.Ratio())
			return nil, 0, &train.DivergedError{Step: s.trainer.Step(), Why: why}
		}
		each = append(each, LevelLoss{Ratio: at.Ratio(), Loss: loss})
		mean += loss / levels
	}
	return each, mean, nil
}

// model is the network with its averaged weights as they are now. There is one for
// the whole session, since building it takes a while.
func (s *session) model() (*Model, error) {
	whole, err := s.state()
	if err != nil {
		return nil, err
	}
	state := train.Averaged(whole)
	if s.shown != nil {
		return s.shown, s.shown.net.SetWeights(state)
	}
	net, err := nn.NewModel(s.engine, s.task.Network, s.task.Predict, s.dir.Manifest.Signature(), state)
	if err != nil {
		return nil, err
	}
	s.shown = &Model{Manifest: s.dir.Manifest, Process: s.task.Process, net: net}
	return s.shown, nil
}

// Samples of a grid that shows a run's progress: at most gridMost pictures, which take
// about as long as one, or gridPoints points.
const (
	gridMost   = 48
	gridPoints = 1000
	gridSteps  = 20
)

// brief asks for the manner of the run in few steps: a walk of a thousand, as an imported
// model may have, would take longer than the training between two looks at it.
func (m Manifest) brief() Request {
	r := DefaultRequest()
	r.Steps = gridSteps
	r = m.Request(r)
	if m.Jumps == 0 { // else the steps are those that were learnt
		r.Steps = min(r.Steps, gridSteps)
	}
	return r
}

// samples draws the grid of a step: with the same noise every time, of every class
// equally many, and where samples are made of something, of that of held-out samples.
func (s *session) samples(ctx context.Context) (Event, error) {
	m, err := s.model()
	if err != nil {
		return Event{}, err
	}
	r, c := s.grid()
	drawn, err := m.eachGiven(r, c, fromNoise(ctx, nil))
	at := s.event("samples", math.NaN()).clean()
	at.Samples = drawn
	return at, err
}

// look measures the quality of samples that are drawn as in the training data, and
// writes it into the metrics.
func (s *session) look(ctx context.Context) (Event, error) {
	m, err := s.model()
	if err != nil {
		return Event{}, err
	}
	r := s.dir.Manifest.brief()
	r.N, r.Seed = s.preview.N, s.task.Seed+1
	var known nn.Condition
	if d := s.dir.Manifest.Data; d.Upscale != 0 || m.together() {
		known = s.asLearnt(r.N)
	} else if known, err = m.condition(r); err != nil {
		return Event{}, err
	}
	drawn, err := m.eachGiven(r, known, fromNoise(ctx, nil))
	if err != nil {
		return Event{}, err
	}
	at := s.event("preview", math.NaN()).clean()
	if at.FID, err = s.preview.FID(ctx, drawn.X); err != nil {
		return at, err
	}
	return at, writeLine(s.log, at)
}

// asLearnt is the conditions of n samples that are learnt from, spread evenly over all, and
// of each again where there are fewer.
func (s *session) asLearnt(n int) nn.Condition {
	d, rows := s.learnt, drift.Evenly(s.learnt.Len(), n)
	d.Rows = make([]int, n)
	for i := range d.Rows {
		d.Rows[i] = s.learnt.Row(rows[i%len(rows)])
	}
	_, known := d.First(n)
	return known
}

// grid is what is asked for to see a run's progress.
func (s *session) grid() (Request, nn.Condition) {
	d, r, c := s.dir.Manifest.Data, s.dir.Manifest.brief(), nn.Condition{}
	r.Seed, r.N = s.task.Seed, gridPoints
	classes := len(d.Classes)
	if d.Image() {
		r.N = min(gridMost/max(1, classes)*max(1, classes), gridMost)
		if classes > gridMost {
			r.N = min(classes, 4*gridMost)
		}
	}
	if d.Numbers != nil || d.Upscale != 0 {
		from := s.held
		if from.X == nil || from.Len() < r.N {
			from = s.learnt
		}
		r.N = min(r.N, from.Len())
		_, c = from.First(r.N)
		return r, c
	}
	if classes > 0 {
		c.Labels = make([]int, r.N)
		for i := range c.Labels {
			c.Labels[i] = i % classes
		}
	}
	return r, c
}
