package train

import (
	"context"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/nn"
)

// hills is a small data set of two classes in the plane.
func hills(n int) Data {
	x, labels := drift.NewBatch(n, 2), make([]int, n)
	drift.NewNoise(1, "hills", 0).Normal(x)
	for i := range labels {
		labels[i] = i % 2
		side := float64(1 - 2*labels[i])
		row := x.Row(i)
		row[0], row[1] = 0.9*side+0.4*row[0], -0.9*side+0.4*row[1]
	}
	return Data{X: drift.RowsOf(x), Labels: labels, Classes: 2}
}

func small(steps int) Config {
	c := Default()
	c.Steps, c.Batch, c.Warmup = steps, 32, 5
	return c
}

func newTrainer(t *testing.T, c Config, data Data) *Trainer {
	t.Helper()
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	k, err := drift.PredictionByName("v")
	if err != nil {
		t.Fatal(err)
	}
	trainer, err := New(engine, Task{Process: p, Predict: k, Network: nn.MLP{Width: 16, Blocks: 1, Classes: data.Classes}, Seed: 5}, c, data)
	if err != nil {
		t.Fatal(err)
	}
	return trainer
}

// advance takes so many steps and returns the last loss.
func advance(t *testing.T, trainer *Trainer, steps int) (loss float64) {
	t.Helper()
	for p, err := range trainer.Run(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		loss = p.Loss
		if steps--; steps == 0 {
			break
		}
	}
	return loss
}

func state(t *testing.T, trainer *Trainer) nn.State {
	t.Helper()
	s, err := trainer.State()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Stopped and restored at any step, a run ends with the bytes of the straight run.
func TestResumeIsBitExact(t *testing.T) {
	data := hills(50) // fewer than two batches, so that epochs end within steps
	straight := newTrainer(t, small(40), data)
	advance(t, straight, 40)
	broken := newTrainer(t, small(40), data)
	for _, steps := range []int{1, 7, 12, 20} {
		advance(t, broken, steps)
		saved := state(t, broken)
		broken = newTrainer(t, small(40), data)
		if err := broken.Restore(saved); err != nil {
			t.Fatal(err)
		}
	}
	if broken.Step() != 40 {
		t.Fatalf("step: found %d, expected 40", broken.Step())
	}
	if !reflect.DeepEqual(state(t, straight), state(t, broken)) {
		t.Error("a resumed run ends with other bytes than the straight run")
	}
}

func TestLossFalls(t *testing.T) {
	trainer := newTrainer(t, small(300), hills(500))
	first := advance(t, trainer, 1)
	var sum float64
	for range 50 {
		sum += advance(t, trainer, 1) / 50
	}
	advance(t, trainer, 200)
	var last float64
	for range 40 {
		last += advance(t, trainer, 1) / 40
	}
	// Before training F = 0, whose loss is that of unit Gaussian data: about 1.
	if first < 0.5 || first > 2 {
		t.Errorf("first loss: found %v, expected about 1", first)
	}
	if last > 0.6 || last > sum {
		t.Errorf("last loss: found %v after %v, expected below 0.6", last, sum)
	}
}

func TestDivergenceNamesStepAndLevels(t *testing.T) {
	data := hills(64)
	data.X.Batch().Data[20] = math.NaN()
	trainer := newTrainer(t, small(10), data)
	for _, err := range trainer.Run(context.Background()) {
		var diverged *DivergedError
		if errors.As(err, &diverged) {
			if diverged.Step < 1 || diverged.From.Sigma <= 0 || diverged.To.Ratio() < diverged.From.Ratio() {
				t.Errorf("found %+v, expected a step and a range of levels", diverged)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Error("found no error, expected a DivergedError")
}

// A bound that float32 does not hold would scale gradients by Inf/Inf or 0/0.
func TestClipIsFiniteAndPositive(t *testing.T) {
	for clip, ok := range map[float64]bool{
		0: true, 1e-3: true, 3e38: true,
		math.Inf(1): false, 1e39: false, 1e-50: false, -1: false, math.NaN(): false,
	} {
		c := small(1)
		c.Clip = clip
		if err := c.Validate(); ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "train.clip") {
			t.Errorf("%v: found error %v", clip, err)
		}
	}
}

func TestStopKeepsTheStep(t *testing.T) {
	trainer := newTrainer(t, small(100), hills(64))
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stopped error
	for p, err := range trainer.Run(ctx) {
		if stopped = err; p.Step == 3 {
			cancel()
		}
	}
	if !errors.Is(stopped, context.Canceled) || trainer.Step() != 3 {
		t.Errorf("found error %v at step %d, expected a cancelled context at step 3", stopped, trainer.Step())
	}
}

func TestRestoreRefusesForeignStates(t *testing.T) {
	trainer := newTrainer(t, small(10), hills(64))
	good := state(t, trainer)
	for name, spoil := range map[string]func(nn.State){
		"missing tensor": func(s nn.State) { delete(s, "/model/in/weights") },
		"extra tensor":   func(s nn.State) { s["/model/other"] = s["/model/in/weights"] },
		"other shape":    func(s nn.State) { w := s["/model/in/weights"]; w.Shape = []int{1, 32}; s["/model/in/weights"] = w },
		"other type":     func(s nn.State) { w := s["/model/in/weights"]; w.DType = "Int64"; s["/model/in/weights"] = w },
		"short data":     func(s nn.State) { w := s["/model/in/weights"]; w.Data = w.Data[:4]; s["/model/in/weights"] = w },
	} {
		s := nn.State{}
		for k, v := range good {
			s[k] = v
		}
		spoil(s)
		if err := newTrainer(t, small(10), hills(64)).Restore(s); err == nil {
			t.Errorf("%s: found no error", name)
		}
	}
}

func TestStartFromTakesTheAveragedWeights(t *testing.T) {
	first := newTrainer(t, small(20), hills(64))
	advance(t, first, 20)
	second := newTrainer(t, small(20), hills(64))
	if _, err := second.StartFrom(Parent{Weights: Averaged(state(t, first))}, nil); err != nil {
		t.Fatal(err)
	}
	from, to := state(t, first), state(t, second)
	if !reflect.DeepEqual(to["/model/in/weights"], from["/ema/model/in/weights"]) || second.Step() != 0 {
		t.Error("fine-tuning does not start from the averaged weights at step 0")
	}
}

// Every epoch visits every sample once.
func TestOrderVisitsEverySample(t *testing.T) {
	trainer := newTrainer(t, small(10), hills(37))
	for epoch := range 3 {
		seen := map[int]bool{}
		for k := range 37 {
			seen[trainer.draws.order(epoch*37+k)] = true
		}
		if len(seen) != 37 {
			t.Errorf("epoch %d visits %d samples, expected 37", epoch, len(seen))
		}
	}
}

func TestRateAndDecay(t *testing.T) {
	c := Config{Steps: 100, Rate: 1, Warmup: 9, Schedule: "cosine", EMA: 0.9}
	for _, want := range []struct {
		step int
		rate float64
	}{{0, 0.1}, {9, (1 + math.Cos(0.09*math.Pi)) / 2}, {50, 0.5}, {100, 0}, {200, 0}} {
		if got := c.RateAt(want.step); math.Abs(got-want.rate) > 1e-3 {
			t.Errorf("rate at step %d: found %v, expected %v", want.step, got, want.rate)
		}
	}
	short := Config{Steps: 20, Rate: 1, Warmup: 200, Schedule: "constant"}
	if a, b := short.RateAt(0), short.RateAt(5); math.Abs(a-1./6) > 1e-12 || b != 1 {
		t.Errorf("a short run: found the rates %v and %v, expected a sixth and all after a quarter", a, b)
	}
	c.Schedule = "constant"
	if got := c.RateAt(1000); got != 1 {
		t.Errorf("constant rate: found %v, expected 1", got)
	}
	if c.DecayAt(0) != 0 || c.DecayAt(9) != 0.5 || c.DecayAt(1000) != 0.9 {
		t.Errorf("decay: found %v, %v, %v, expected 0, 0.5, 0.9", c.DecayAt(0), c.DecayAt(9), c.DecayAt(1000))
	}
}

// Each distribution of levels is drawn as its quantile function says, and each target
// weighs what the weight of its level and the parametrisation say.
func TestObjectives(t *testing.T) {
	for _, levels := range drift.AllTrainLevels() {
		for _, weight := range drift.LossWeights() {
			c := small(1)
			c.Batch, c.Levels, c.LossWeight = 64, levels.Name, weight.Name
			trainer := newTrainer(t, c, hills(64))
			p, k := trainer.task.Process, trainer.task.Predict
			e := trainer.draw(3).parts[0]
			first := drift.Rand(trainer.task.Seed, "train levels", 3).Float64()
			for i, at := range e.levels {
				_, u := math.Modf(first + float64(i)/64)
				want := p.AtLambda(min(levels.At(p, u).Lambda(), -math.Log(cleanest)))
				if math.Abs(at.Lambda()-want.Lambda()) > 1e-9 {
					t.Fatalf("%s: level %d: found %v, expected %v", levels.Name, i, at, want)
				}
				_, out, _, _ := k.Precond(at)
				if w := out * out * weight.Of(at); math.Abs(float64(e.weight[i])-w) > 1e-6*w {
					t.Fatalf("%s: weight at %v: found %v, expected %v", weight.Name, at, e.weight[i], w)
				}
			}
		}
		c := small(3)
		c.Levels, c.LossWeight = levels.Name, "soft-min-snr"
		if loss := advance(t, newTrainer(t, c, hills(64)), 3); !(loss > 0) {
			t.Errorf("%s: found loss %v, expected one above 0", levels.Name, loss)
		}
	}
	for _, spoil := range []func(*Config){func(c *Config) { c.Levels = "all" }, func(c *Config) { c.LossWeight = "heavy" }} {
		c := small(1)
		spoil(&c)
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "expected one of") {
			t.Errorf("found error %v, expected the names that there are", err)
		}
	}
	c := small(1)
	c.Levels, c.LossWeight = "", ""
	if levels, weight, err := c.Objective(); err != nil || levels.Name != "uniform" || weight.Name != "snr+1" {
		t.Errorf("no names: found %s, %s and error %v, expected uniform and snr+1", levels.Name, weight.Name, err)
	}
}

// Labels are those of classes, or -1 for none.
func TestLabelsAreOfClasses(t *testing.T) {
	data := hills(20)
	data.Labels = slices.Clone(data.Labels)
	for label, good := range map[int]bool{-1: true, data.Classes - 1: true, -2: false, data.Classes: false} {
		data.Labels[3] = label
		if err := data.Check(); (err == nil) != good || err != nil && !strings.Contains(err.Error(), "labels from") {
			t.Errorf("label %d of %d classes: found error %v", label, data.Classes, err)
		}
	}
}
