package run

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"drift"
	"drift/dataset"
	"drift/internal/safefile"
	"drift/metric"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
)

// Options say how to begin or continue a run; they are not part of its config.
type Options struct {
	Resume bool            // go on with the run, or start it if there is none
	From   string          // another run whose weights to start from; empty to start afresh
	Engine compute.Backend // what computes; nil for nn.Engine()
	Set    *dataset.Set    // the data, where the caller brings their own; else the config's dataset is opened
	Net    nn.Network      // the network, where the caller brings their own; else the config's is built
	Until  time.Time       // when training must be over: the steps are fitted so that their schedule ends then; zero for Config.Train.Steps
	Force  bool            // train although the doctor calls it nonsense, or there seems to be too little memory

	Preview *Preview // looks at quality meanwhile; nil for none

	Reading func(what string, done, total int) // told how far opening the data has come; nil for nobody
}

// Preview is a look at the quality of samples while a run is trained.
type Preview struct {
	Every int // steps between looks
	N     int // samples that a look takes, drawn with the same seeds every time

	// FID measures N samples, in the units of the data set, as they are drawn; an error ends the training.
	FID      func(ctx context.Context, x *drift.Batch) (*metric.Measure, error)
	Warnings []string // about the looks, told as training begins
}

// Event is something that happened in a training run.
type Event struct {
	Kind       string      `json:"event"` // "start", "resume", "step", "noted", "samples", "preview", "checkpoint", "stopped" or "finished"
	Run        string      `json:"run,omitempty"`
	Step       int         `json:"step"`
	Steps      int         `json:"steps"`
	Loss       float64     `json:"loss,omitempty"` // of the step; in the metrics the mean since the line before; 0 where there was no step
	Rate       float64     `json:"rate,omitempty"`
	Held       []LevelLoss `json:"held_out,omitempty"`
	HeldMean   float64     `json:"held_out_loss,omitempty"`
	Checkpoint string      `json:"checkpoint,omitempty"`
	Seconds    float64     `json:"seconds"` // since this process began
	Note       string      `json:"note,omitempty"`
	Plan       string      `json:"plan,omitempty"`     // as training begins: the network, what it takes, and about how long a step and how much memory
	Warnings   []string    `json:"warnings,omitempty"` // about the data and what is to become of them, as training begins

	FID     *metric.Measure `json:"fid,omitempty"` // of "preview"
	Samples *Samples        `json:"-"`             // of "samples": drawn with the averaged weights and the same seeds every time
}

// LevelLoss is the held-out loss at one noise level.
type LevelLoss struct {
	Ratio float64 `json:"ratio"` // Sigma/Alpha
	Loss  float64 `json:"loss"`  // weighted as in training
}

// Train trains a run in the folder path and yields what happens. When ctx ends it
// writes a checkpoint of the step it had reached, yields "stopped" and ends without
// an error: nothing is lost, and Options.Resume goes on from there.
func Train(ctx context.Context, path string, c Config, o Options) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		s, err := begin(ctx, path, c, o)
		if err != nil {
			yield(Event{}, err)
			return
		}
		defer s.release()
		watched := true // what fails after the caller left, as the last checkpoint may, is told to nobody
		s.run(ctx, func(e Event, err error) bool {
			watched = watched && yield(e, err)
			return watched
		})
	}
}

// session is one process's work on a run.
type session struct {
	dir     *Dir
	trainer *train.Trainer
	learnt  train.Data
	held    train.Data
	task    train.Task
	engine  compute.Backend
	shown   *Model // with the averaged weights of some step; nil until somebody asks
	log     metricsLog
	unlock  func()
	undo    func() // what was done to the whole process
	began   time.Time
	until   time.Time
	preview *Preview
	first   Event // "start" or "resume"
	begun   bool  // with weights from elsewhere
	last    Checkpoint
	saved   time.Time     // when that was written, or training began
	unsaved time.Duration // after which another is due
}

// begin prepares everything that can fail without touching the disk, then takes the
// run's lock and creates or restores it.
func begin(ctx context.Context, path string, c Config, o Options) (*session, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	if look := o.Preview; look != nil && (look.Every < 1 || look.N < 1) {
		return nil, fmt.Errorf("preview: found %d samples every %d steps, expected at least 1 of both", look.N, look.Every)
	}
	if o.Set == nil {
		set, err := c.OpenSetContext(ctx, o.Reading)
		if err != nil {
			return nil, err
		}
		o.Set = set
	}
	learnt, held, data, err := prepare(c, o.Set)
	if err != nil {
		return nil, err
	}
	resumed := o.Resume && Exists(path)
	if resumed {
		was, err := Open(path)
		if err != nil {
			return nil, err
		}
		c = c.goingOn(was.Config)
	}
	var older *Dir
	if o.From != "" && !Exists(path) {
		if older, err = parent(o.From, data); err != nil {
			return nil, err
		}
	}
	c, few, err := c.resolved(data, o.Net)
	switch {
	case err != nil:
		return nil, err
	case few != nil && !resumed && c.Distil == (Distil{}): // a student is as its teacher
		return nil, few
	}
	m := c.manifest(data)
	if older != nil {
		m.follow(older.Manifest)
	}
	doubts, err := c.doubts(path, learnt, data, m.Walk, o)
	if err != nil {
		return nil, err
	}
	if few != nil {
		doubts = append(doubts, few.Error())
	}
	if o.Preview != nil {
		doubts = append(doubts, o.Preview.Warnings...)
	}
	s := &session{began: time.Now(), unsaved: mostUnsaved, until: o.Until, preview: o.Preview, learnt: learnt, held: held, first: Event{Kind: "start", Run: path, Steps: c.Train.Steps, Warnings: append(o.Set.Warnings(), doubts...)}}
	if s.task, err = m.task(o.Net); err != nil {
		return nil, err
	}
	if o.Engine == nil {
		if o.Engine, err = nn.Engine(); err != nil {
			return nil, err
		}
	}
	s.engine = o.Engine
	var teacher train.Parent
	if c.Distil != (Distil{}) {
		if teacher, err = c.Distil.learnFrom(o.Engine, &s.task, data); err != nil {
			return nil, err
		}
		s.held = train.Data{} // what a student is to answer, data do not say
	}
	if s.first.Plan, err = plan(path, c, s.task.Network, o, m.Signature()); err != nil {
		return nil, err
	}
	if s.trainer, err = train.New(o.Engine, s.task, c.Train, learnt); err != nil {
		return nil, err
	}
	need := needs(s.trainer)
	if err := bearing(need); err != nil && !o.Force {
		return nil, fmt.Errorf("%w (--force trains anyway)", err)
	} else if err != nil {
		s.first.Warnings = append(s.first.Warnings, err.Error())
	}
	if need > 0 {
		s.first.Plan += fmt.Sprintf(", about %s of memory", inBytes(need))
	}
	switch {
	case Exists(path):
	case o.From != "" && s.task.Goal != nil:
		err = fmt.Errorf("from: found %q for a run that has a teacher, expected none: it begins with the teacher's weights", o.From)
	case older != nil:
		s.begun, err = true, s.startFrom(older, data.Classes)
	case s.task.Goal != nil:
		s.begun, s.first.Note = true, "taught by "+c.Distil.Teacher
		_, err = s.trainer.StartFrom(teacher, data.Classes)
	}
	if err != nil {
		return nil, err
	}
	if s.unlock, err = lock(path); err != nil {
		return nil, err
	}
	s.undo = lean(need)
	if err := s.open(path, c, m, o); err != nil {
		s.release()
		return nil, err
	}
	return s, nil
}

// plan says what a config's network is and takes.
func plan(path string, c Config, net nn.Network, o Options, sees nn.Signature) (string, error) {
	name := c.Network.String()
	if o.Net != nil {
		name = "own network"
	}
	cost, err := nn.Cost(o.Engine, net, sees)
	if err != nil {
		return "", err
	}
	if err := c.bearable(cost); err != nil && !o.Force && !Exists(path) {
		return "", fmt.Errorf("%w (--force trains anyway)", err)
	}
	each, err := cost.StepTime(o.Engine, c.Train.Seen())
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s: %s, about %.2g s a step", name, cost, each.Seconds())
	if c.Distil != (Distil{}) {
		text += " beside what its teacher and the network itself answer"
	}
	return text, nil
}

// bearable refuses steps of pictures that nobody made smaller: they would take minutes and
// more memory than there is.
func (c Config) bearable(cost nn.Costs) error {
	const most = 10.0 // 10¹² operations: a minute on two fast cores, some 50 GB
	if step := 3e-12 * float64(cost.FLOP) * float64(c.Train.Batch); step > most {
		return fmt.Errorf("network: found a step of %.3g TFLOP, expected at most %g: bring the pictures to a smaller size with --size, or take a smaller --batch or --preset", step, most)
	}
	return nil
}

// doubts is what the doctor says of a run that is about to start. One that is resumed
// was looked at when it did.
func (c Config) doubts(path string, learnt train.Data, data Data, walk *Manner, o Options) ([]string, error) {
	if o.Resume && Exists(path) {
		return nil, nil
	}
	found, err := c.examine(learnt, data, walk)
	if err != nil {
		return nil, err
	}
	doubts, err := refused(found)
	if o.Force && err != nil {
		return append(doubts, err.Error()), nil
	}
	return doubts, err
}

// open creates the run or restores it. This process holds its lock.
func (s *session) open(path string, c Config, m Manifest, o Options) (err error) {
	if s.dir = (&Dir{Path: path}); !Exists(path) {
		err = s.create(path, c, m)
	} else if !o.Resume {
		err = fmt.Errorf("run %s: found an existing run, expected none; use --resume to go on with it or --out for another folder", path)
	} else if s.dir, err = Open(path); err == nil {
		if err = sameRun(s.dir, c, m); err == nil {
			err = s.restore(c)
		}
	}
	if err != nil {
		return err
	}
	if err := errors.Join(safefile.Sweep(path), safefile.Sweep(s.dir.join("checkpoints")), safefile.Sweep(s.dir.join(snapshotDir))); err != nil {
		return err
	}
	if err := s.dir.forget(s.trainer.Step()); err != nil {
		return err
	}
	s.log, err = openMetrics(s.dir.join("metrics.jsonl"), s.trainer.Step())
	return err
}

// create makes the run. One whose weights come from elsewhere has them in a checkpoint of
// step 0 before it is a run: whoever resumes it must not depend on where they came from.
func (s *session) create(path string, c Config, m Manifest) (err error) {
	var state nn.State
	if s.begun {
		if state, err = s.trainer.State(); err != nil {
			return err
		}
	}
	s.dir, s.last, err = create(path, c, m, state)
	return err
}

// release lets other processes write to the run again.
func (s *session) release() {
	if s.log != nil {
		s.log.Close()
	}
	s.undo()
	s.unlock()
}

// restore brings the trainer to the last checkpoint, if the run has one yet, and keeps
// the config that it goes on with: one of fewer steps than are done changes nothing.
func (s *session) restore(c Config) error {
	s.dir.Config = c
	s.first.Kind = "resume"
	all, err := s.dir.checkpoints()
	if err != nil {
		return err
	}
	if len(all) > 0 {
		state, last, err := s.dir.Load("last")
		if err != nil {
			return err
		}
		if err := s.trainer.Restore(state); err != nil {
			return fmt.Errorf("%s: %w", last.Path, err)
		}
		s.last = last
	}
	s.first.Step = s.trainer.Step()
	if c.Train.Steps >= s.trainer.Step() {
		if err := writeTOML(s.dir.join("config.toml"), c); err != nil {
			return err
		}
	}
	left := c.Train.Steps - s.trainer.Step()
	switch {
	case left > warm+1 || left > 0 && (s.until.IsZero() || s.trainer.Step() == 0): // fewer say nothing of the speed
	case !s.until.IsZero(): // as many again, until the clock knows how many fit
		s.first.Steps = min(max(2*s.trainer.Step(), s.trainer.Step()+warm+2), train.MaxSteps)
		return s.refit(s.first.Steps)
	default:
		s.first.Note = fmt.Sprintf("already finished: %d steps are done; more --steps than that extend it", s.trainer.Step())
	}
	return nil
}
