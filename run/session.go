package run

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"drift/nn"
	"drift/train"
)

// mostUnsaved is how long a run trains without a checkpoint: where steps are slow, a few
// hundred of them may take hours.
const mostUnsaved = 5 * time.Minute

// run trains to the end, with a checkpoint now and then and one at the end.
func (s *session) run(ctx context.Context, yield func(Event, error) bool) {
	if !yield(s.first, nil) {
		return
	}
	clock := newClock(s.trainer.Step(), s.until)
	s.saved = time.Now()
	m := meter{session: s}
	for p, err := range s.trainer.Run(ctx) {
		if err != nil {
			s.fail(ctx, err, m.mean(), yield)
			return
		}
		m.add(p.Loss)
		alive := yield(s.step(p), nil)
		if steps, changed := clock.fit(p.Step, p.Steps); changed {
			if err = s.refit(steps); err != nil {
				yield(Event{}, err)
				return
			}
		}
		if err := s.after(ctx, p, &m, alive, yield); err != nil {
			if !errors.Is(err, errUnwatched) {
				yield(Event{}, s.told(err))
			}
			return
		}
	}
	done := s.event("finished", math.NaN())
	done.Run, done.Checkpoint, done.HeldMean = s.dir.Path, s.last.Path, s.last.Held
	done.Note = s.first.Note
	yield(done.clean(), nil)
}

// errUnwatched says that the caller wants no more events.
var errUnwatched = errors.New("nobody watches the run any more")

// after does what is due after a step. What belongs to a step is written before its
// checkpoint, since whoever resumes from there does not come by that step again. A
// caller who is not alive any more gets a last checkpoint and no events.
func (s *session) after(ctx context.Context, p train.Progress, m *meter, alive bool, yield func(Event, error) bool) error {
	c := s.dir.Config
	last := p.Step >= c.Train.Steps
	if last || p.Step%c.snapshotEvery() == 0 {
		if err := s.snapshot(p.Step); err != nil {
			return err
		}
	}
	if alive && c.SampleEvery > 0 && (last || p.Step%c.SampleEvery == 0) {
		at, err := s.samples(context.WithoutCancel(ctx)) // whoever resumes does not come by it again
		if err != nil {
			return err
		}
		alive = yield(at, nil)
	}
	if look := s.preview; alive && look != nil && (last || p.Step%look.Every == 0) {
		at, err := s.look(context.WithoutCancel(ctx))
		if err != nil {
			return err
		}
		alive = yield(at, nil)
	}
	keep := !alive || last || p.Step%c.CheckpointEvery == 0
	due := time.Since(s.saved) >= s.unsaved // without a held-out loss, which takes as long as some steps
	switch at, err := m.note(p, keep, due); {
	case err != nil:
		return err
	case keep || due:
		if err := s.checkpoint(&at); err != nil {
			return err
		}
		alive = alive && yield(at, nil)
	case at.Kind != "":
		at.Kind = "noted"
		alive = yield(at, nil)
	}
	if !alive {
		return errUnwatched
	}
	return nil
}

// snapshot keeps the power averages of a step, if the run has any.
func (s *session) snapshot(step int) error {
	if len(s.dir.Config.Train.EMALengths) == 0 {
		return nil
	}
	state, err := s.state()
	if err != nil {
		return err
	}
	return s.dir.snapshot(state, step)
}

// state is the state of the trainer, all of it finite.
func (s *session) state() (nn.State, error) {
	state, err := s.trainer.State()
	if err != nil {
		return nil, err
	}
	if err := state.Finite(); err != nil {
		return nil, &train.DivergedError{Step: s.trainer.Step(), Why: err}
	}
	return state, nil
}

// refit changes the number of steps of the run, on the disk too, so that whoever
// resumes it has the same schedule.
func (s *session) refit(steps int) error {
	s.trainer.SetSteps(steps)
	s.dir.Config.Train.Steps = steps
	return writeTOML(s.dir.join("config.toml"), s.dir.Config)
}

// fail ends a run early: a stop that was asked for keeps everything, an error that came
// with it is told. loss is the mean since the last line in the metrics, NaN if there was
// no step.
func (s *session) fail(ctx context.Context, err error, loss float64, yield func(Event, error) bool) {
	if !errors.Is(err, ctx.Err()) && !errors.Is(err, context.Cause(ctx)) {
		yield(Event{}, s.told(err))
		return
	}
	mark := s.event("checkpoint", loss)
	err = nil
	if s.last.Path == "" || s.last.Step != mark.Step {
		err = s.measure(&mark)
	}
	if err == nil {
		err = s.checkpoint(&mark)
	}
	if err != nil {
		yield(Event{}, s.told(err))
		return
	}
	mark.Kind, mark.Run = "stopped", s.dir.Path
	yield(mark.clean(), nil)
}

// told is an error that ends the run: where it diverged with the checkpoint to go back to.
func (s *session) told(err error) error {
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) {
		return err
	}
	last := "none was written yet"
	if s.last.Path != "" {
		last = s.last.Path
	}
	return fmt.Errorf("%w; last good checkpoint: %s", err, last)
}

// checkpoint saves the state of the step that an event is about. The event is in the
// metrics already, which lie safely on disk before the checkpoint does.
func (s *session) checkpoint(at *Event) error {
	if s.last.Path != "" && s.last.Step == at.Step {
		at.Checkpoint = s.last.Path
		return nil
	}
	if err := s.log.Sync(); err != nil {
		return err
	}
	state, err := s.state()
	if err != nil {
		return err
	}
	held := at.HeldMean
	if len(at.Held) == 0 {
		held = math.NaN()
	}
	if s.last, err = s.dir.save(state, at.Step, held); err != nil {
		return err
	}
	s.saved = time.Now()
	at.Checkpoint = s.last.Path
	at.Seconds = time.Since(s.began).Seconds()
	return nil
}

// measure adds the held-out loss to an event and writes it into the metrics.
func (s *session) measure(at *Event) (err error) {
	if at.Held, at.HeldMean, err = s.validate(); err != nil {
		return err
	}
	*at = at.clean()
	return writeLine(s.log, *at)
}

func (s *session) step(p train.Progress) Event {
	at := s.event("step", p.Loss)
	at.Rate = p.Rate
	return at
}

func (s *session) event(kind string, loss float64) Event {
	return Event{Kind: kind, Step: s.trainer.Step(), Steps: s.dir.Config.Train.Steps, Loss: loss, Seconds: time.Since(s.began).Seconds()}
}

// clean leaves out what was not measured.
func (e Event) clean() Event {
	if math.IsNaN(e.Loss) {
		e.Loss = 0
	}
	if math.IsNaN(e.HeldMean) {
		e.HeldMean = 0
	}
	return e
}

// meter is the mean loss since the last line in the metrics.
type meter struct {
	session *session
	sum     float64
	count   int
}

func (m *meter) add(loss float64) { m.sum, m.count = m.sum+loss, m.count+1 }

func (m *meter) mean() float64 { return m.sum / float64(m.count) }

// note writes a line into the metrics where one is due, about 200 in a run and one for
// each checkpoint, with a held-out loss where keep says so. The event is empty where
// nothing was due.
func (m *meter) note(p train.Progress, keep, due bool) (Event, error) {
	if !keep && !due && p.Step%max(1, p.Steps/200) != 0 {
		return Event{}, nil
	}
	at := m.session.step(p)
	at.Loss = m.mean()
	m.sum, m.count = 0, 0
	if keep || due {
		at.Kind = "checkpoint"
	}
	if !keep {
		return at, writeLine(m.session.log, at)
	}
	return at, m.session.measure(&at)
}
