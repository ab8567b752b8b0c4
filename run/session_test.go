package run

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"drift"
	"drift/dataset"
	"drift/metric"
	"drift/train"
)

// begun is the work on a new run.
func begun(t *testing.T, c Config, o Options) *session {
	t.Helper()
	s, err := begin(t.Context(), filepath.Join(t.TempDir(), "run"), c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.release)
	return s
}

// spoil sets all weights, averages and what else is Float32 to a value.
func (s *session) spoil(value float32) error {
	state, err := s.trainer.State()
	if err != nil {
		return err
	}
	for _, t := range state {
		for i := 0; t.DType == "Float32" && i < len(t.Data); i += 4 {
			binary.LittleEndian.PutUint32(t.Data[i:], math.Float32bits(value))
		}
	}
	return s.trainer.Restore(state)
}

// Weights that are no numbers any more, though the loss still was one, are told as a loss
// that is none, whoever comes by them first; so are finite ones whose answers are none.
func TestDivergedWeightsAreTold(t *testing.T) {
	nan := float32(math.NaN())
	for name, at := range map[string]struct {
		value  float32
		says   string
		change func(*Config)
	}{
		"checkpoint":          {nan, "tensor", func(c *Config) {}},
		"nothing held out":    {nan, "tensor", func(c *Config) { c.Holdout = 0 }},
		"grid of samples":     {nan, "tensor", func(c *Config) { c.SampleEvery = 20 }},
		"snapshot":            {nan, "tensor", func(c *Config) { c.Train.EMALengths, c.Snapshots = []float64{0.1}, 2 }},
		"answers too large":   {3e38, "held-out loss", func(c *Config) {}},
		"stopped by the user": {nan, "tensor", func(c *Config) { c.CheckpointEvery = 15 }},
	} {
		c := tiny(20)
		at.change(&c)
		s := begun(t, c, Options{})
		ctx, cancel := context.WithCancel(t.Context())
		var failed error
		s.run(ctx, func(e Event, err error) bool {
			if e.Kind == "step" && e.Step == 20 || e.Kind == "step" && c.CheckpointEvery == 15 && e.Step == 16 {
				if err := s.spoil(at.value); err != nil {
					t.Fatal(err)
				}
				if e.Step == 16 {
					cancel()
				}
			}
			failed = err
			return true
		})
		cancel()
		good, err := filepath.Glob(s.dir.join("checkpoints", "*"))
		if err != nil || len(good) != 1 {
			t.Fatalf("%s: found checkpoints %v, %v, expected one", name, good, err)
		}
		var diverged *train.DivergedError
		if !errors.As(failed, &diverged) || !strings.Contains(failed.Error(), at.says) || !strings.HasSuffix(failed.Error(), "last good checkpoint: "+good[0]) {
			t.Errorf("%s: found error %v, expected one of a run that diverged, which says %q and names %s", name, failed, at.says, good[0])
		}
	}
}

// An error that comes in the step in which a run is stopped is told.
func TestErrorWhileStopping(t *testing.T) {
	s := begun(t, tiny(20), Options{})
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	for _, broken := range []error{errors.New("the disk burns"), fmt.Errorf("step: %w", ctx.Err()), context.Cause(ctx)} {
		var last Event
		var found error
		s.fail(ctx, broken, math.NaN(), func(e Event, err error) bool { last, found = e, err; return true })
		if stop := !strings.Contains(broken.Error(), "burns"); stop != (last.Kind == "stopped") || stop != (found == nil) {
			t.Errorf("%v: found event %q and error %v", broken, last.Kind, found)
		}
	}
}

// What was not measured is not in the metrics: no loss where the last step has its line
// already, and none beside a look at quality.
func TestMetricsHoldWhatWasMeasured(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	look := &Preview{Every: 5, N: 4, FID: func(context.Context, *drift.Batch) (*metric.Measure, error) {
		return &metric.Measure{Estimate: metric.Estimate{Value: 1}}, nil
	}}
	for e, err := range Train(ctx, path, tiny(20), Options{Preview: look}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "noted" && e.Step == 7 {
			cancel()
		}
	}
	data, err := os.ReadFile(filepath.Join(path, "metrics.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, has := range []string{`"event":"preview","step":5`, `"event":"checkpoint","step":7`, `"loss":0.`} {
		if !strings.Contains(string(data), has) {
			t.Errorf("found %s, expected it to hold %s", data, has)
		}
	}
	if strings.Contains(string(data), `"loss":0,`) {
		t.Errorf("found %s, expected no loss where there was none", data)
	}
}

// A look at more samples than there are learnt ones, of whose conditions they are, takes
// these again.
func TestPreviewsOfMoreThanThereAre(t *testing.T) {
	upscaled, together := tiny(4), tiny(4)
	upscaled.Dataset, upscaled.Upscale, upscaled.Train.Batch = "classed", 2, 4
	together.Dataset, together.Train.DropApart, together.Train.Batch = "shades", false, 4
	for _, c := range []struct {
		config Config
		set    *dataset.Set
	}{{upscaled, classed(20)}, {together, shades(20)}} {
		looked := 0
		look := &Preview{Every: 2, N: 50, FID: func(_ context.Context, x *drift.Batch) (*metric.Measure, error) {
			if looked++; x.N != 50 {
				return nil, fmt.Errorf("found %d samples, expected 50", x.N)
			}
			return &metric.Measure{}, nil
		}}
		if err := trainError(filepath.Join(t.TempDir(), "run"), c.config, Options{Set: c.set, Preview: look}); err != nil || looked != 2 {
			t.Errorf("%s: found error %v after %d looks, expected 2", c.set.Name, err, looked)
		}
	}
}

// Labels that are of no class are refused, but for -1.
func TestLabelsOfNoClass(t *testing.T) {
	for label, good := range map[int]bool{-2: false, -1: true, 1: true, 2: false} {
		set, c := shades(60), tiny(2)
		for i := range 20 {
			set.Labels[3*i] = label
		}
		c.Dataset = "shades"
		err := trainError(filepath.Join(t.TempDir(), "run"), c, Options{Set: set})
		if (err == nil) != good || err != nil && !strings.Contains(err.Error(), "labels from") {
			t.Errorf("label %d: found error %v", label, err)
		}
	}
}

// Looks that are never, or at nothing, are refused.
func TestPreviewsOfNothing(t *testing.T) {
	for _, look := range []Preview{{Every: 0, N: 1}, {Every: 1, N: 0}, {Every: -1, N: 1}} {
		path := filepath.Join(t.TempDir(), "run")
		if err := trainError(path, tiny(5), Options{Preview: &look}); err == nil || !strings.Contains(err.Error(), "preview") || Exists(path) {
			t.Errorf("%+v: found error %v, expected one about the preview", look, err)
		}
	}
}

// journal is a log that tells when it was made to last.
type journal struct {
	metricsLog
	synced func()
}

func (j journal) Sync() error { j.synced(); return j.metricsLog.Sync() }

// What led to a checkpoint lies safely on disk before it, also before one that comes as time
// has passed.
func TestMetricsLastBeforeTheirCheckpoint(t *testing.T) {
	for unsaved, want := range map[time.Duration]string{mostUnsaved: "[0 1]", 1: "[0 1 2 3]"} {
		c := tiny(4)
		c.CheckpointEvery = 2
		s := begun(t, c, Options{})
		s.unsaved = unsaved
		var before []int
		s.log = journal{s.log, func() {
			all, err := s.dir.checkpoints()
			if err != nil {
				t.Error(err)
			}
			before = append(before, len(all))
		}}
		s.run(t.Context(), func(_ Event, err error) bool {
			if err != nil {
				t.Error(err)
			}
			return true
		})
		if fmt.Sprint(before) != want {
			t.Errorf("after %v: synced with %v checkpoints there, expected once before each of %s", unsaved, before, want)
		}
	}
}

// A run whose steps are slow has a checkpoint before checkpoint_every steps are over, and
// what is resumed from there ends with the weights of a run that was never stopped.
func TestSlowStepsAreKept(t *testing.T) {
	c := tiny(12)
	c.CheckpointEvery = 1000
	dir := t.TempDir()
	straight, path, killed := filepath.Join(dir, "straight"), filepath.Join(dir, "run"), filepath.Join(dir, "killed")
	trainRun(t, straight, c, Options{})
	s, err := begin(t.Context(), path, c, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.release()
	s.unsaved = 1 // nanosecond
	s.run(t.Context(), func(e Event, err error) bool {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "checkpoint" && e.Step == 5 {
			if err := os.CopyFS(killed, os.DirFS(path)); err != nil { // what a kill leaves
				t.Fatal(err)
			}
		}
		return true
	})
	d, err := Open(killed)
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.checkpoints()
	if err != nil || len(all) != keepLast || all[len(all)-1].Step != 5 || !math.IsNaN(all[0].Held) {
		t.Fatalf("found checkpoints %v and error %v, expected the last three up to step 5, without a held-out loss", all, err)
	}
	if e := trainRun(t, killed, c, Options{Resume: true}); e.Step != 12 {
		t.Errorf("resumed: found step %d, expected 12", e.Step)
	}
	for _, path := range []string{path, killed} {
		if !reflect.DeepEqual(lastState(t, path), lastState(t, straight)) {
			t.Errorf("%s: found other weights than without checkpoints on the way", path)
		}
	}
}
