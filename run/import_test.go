package run

import (
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/train"
)

// discreteConfig learns on a table of so many training steps, which the network is told.
func discreteConfig(t *testing.T, steps int) Config {
	t.Helper()
	p, err := drift.ProcessByName("cosine")
	if err != nil {
		t.Fatal(err)
	}
	c := tiny(20)
	c.Process, c.Noise = discrete, "timestep"
	for i := range steps {
		c.Schedule = append(c.Schedule, p.Lambda(float64(i+1)/float64(steps)))
	}
	return c
}

// A run on a table, which ends at λ = -Inf, is trained, kept, resumed and sampled as any
// other; its network hears the training step.
func TestDiscreteRuns(t *testing.T) {
	c := discreteConfig(t, 50)
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, c, Options{})
	c.Train.Steps = 30
	if e := trainRun(t, path, c, Options{Resume: true}); e.Step != 30 {
		t.Errorf("found step %d after resuming, expected 30", e.Step)
	}
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Manifest.Schedule, c.Schedule) || !math.IsInf(c.Schedule[49], -1) {
		t.Errorf("found schedule %v, expected %v", d.Manifest.Schedule, c.Schedule)
	}
	k, err := d.Manifest.Prediction()
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Manifest.Path()
	if err != nil {
		t.Fatal(err)
	}
	if _, _, _, noise := k.Precond(p.At(13. / 50)); math.Abs(noise-12) > 1e-9 {
		t.Errorf("found timestep %v, expected 12", noise)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	r := DefaultRequest()
	r.N, r.Steps, r.Grid, r.Solver = 5, 10, "trailing", "ddim"
	whole := sampled(t, m, r)
	r.Short = true
	if short := sampled(t, m, r); reflect.DeepEqual(short.Data, whole.Data) {
		t.Error("a short walk ends where a whole one does")
	}
	for _, grid := range []string{"leading", "linspace", "linspace-even", "karras", "exponential"} { // which end at the first training step themselves
		for _, name := range []string{"dpm++2m", "ddim", "deis"} {
			r.Grid, r.Solver = grid, name
			if short := sampled(t, m, r); short.Finite() != nil {
				t.Errorf("a short walk by %s on %s: %v", name, grid, short.Finite())
			}
		}
	}
	r.Solver = "ddim"
	r.Grid, r.Steps = "leading", 51
	if _, err := m.Sample(t.Context(), r, nil); err == nil || !strings.Contains(err.Error(), "steps: found 51, expected 1 to 50") {
		t.Errorf("51 of 50 steps: found error %v", err)
	}
	short := tinyModel(t, tiny(10))
	r.Steps = 10
	if _, err := short.Sample(t.Context(), r, nil); err == nil || !strings.Contains(err.Error(), `short: found a process "vp"`) {
		t.Errorf("short on vp: found error %v", err)
	}
}

// What was imported has the weights of the other run, is sampled as it says, and begins
// a fine-tuning.
func TestImport(t *testing.T) {
	c := discreteConfig(t, 50)
	dir := t.TempDir()
	trainRun(t, filepath.Join(dir, "a"), c, Options{})
	a, err := Open(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := a.Load("last")
	if err != nil {
		t.Fatal(err)
	}
	m := a.Manifest
	m.Walk = &Manner{Solver: "ddim", Grid: "leading", Steps: 7, Clip: []float64{-30, 30}, Short: true}
	if _, err := Import(filepath.Join(dir, "b"), c, m, train.Averaged(state)); err != nil {
		t.Fatal(err)
	}
	if _, err := Import(filepath.Join(dir, "b"), c, m, train.Averaged(state)); err == nil || !strings.Contains(err.Error(), "found an existing run") {
		t.Errorf("a second time: found error %v", err)
	}
	b, err := Open(filepath.Join(dir, "b"))
	if err != nil {
		t.Fatal(err)
	}
	r := b.Manifest.Request(DefaultRequest())
	if r.Solver != "ddim" || r.Grid != "leading" || r.Steps != 7 || !r.Short || !slices.Equal(r.Clip, m.Walk.Clip) || r.Batch != DefaultRequest().Batch {
		t.Errorf("found request %+v", r)
	}
	r.N = 4
	one, err := a.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	two, err := b.Model(engine(t), "best")
	if err != nil {
		t.Fatal(err)
	}
	if x, y := sampled(t, one, r), sampled(t, two, r); !slices.Equal(x.Data, y.Data) {
		t.Errorf("found samples %v, expected %v", y.Data, x.Data)
	}
	c.Train.Steps = 5
	if e := trainRun(t, filepath.Join(dir, "c"), c, Options{From: filepath.Join(dir, "b")}); e.Step != 5 {
		t.Errorf("found step %d of the fine-tuning, expected 5", e.Step)
	}
	// What shows the progress walks as the model does, in a few of its steps.
	for steps, want := range map[int]int{7: 7, 50: gridSteps} {
		b.Manifest.Walk.Steps = steps
		if r := b.Manifest.brief(); r.Steps != want || r.Solver != "ddim" || r.Grid != "leading" || !r.Short {
			t.Errorf("a walk of %d steps: found %+v for the progress, expected %d", steps, r, want)
		}
	}
	b.Manifest.Jumps, b.Manifest.Walk.Steps = 32, 32
	if r := b.Manifest.brief(); r.Steps != 32 {
		t.Errorf("a student of 32 jumps: found %d steps for the progress", r.Steps)
	}
}

func TestManifestsOfTablesAreChecked(t *testing.T) {
	good := discreteConfig(t, 10).manifest(Data{Shape: []int{2}})
	good.Data.Scale.Mean, good.Data.Scale.Std = []float64{0}, []float64{1}
	if err := good.validate(); err != nil {
		t.Fatal(err)
	}
	for want, change := range map[string]func(*Manifest){
		"schedule: found 0 training steps":      func(m *Manifest) { m.Schedule = nil },
		"expected none but for process":         func(m *Manifest) { m.Process = "vp" },
		"noise: found \"steps\"":                func(m *Manifest) { m.Noise = "steps" },
		"predict: \"eps\" cannot serve process": func(m *Manifest) { m.Predict = "eps" },
		"walk: solver: found \"dim\"":           func(m *Manifest) { m.Walk = &Manner{Solver: "dim", Grid: "leading", Steps: 1} },
		"walk: grid: found \"led\"":             func(m *Manifest) { m.Walk = &Manner{Solver: "ddim", Grid: "led", Steps: 1} },
		"walk: steps: found 0":                  func(m *Manifest) { m.Walk = &Manner{Solver: "ddim", Grid: "leading"} },
		"walk: clip: found [1]":                 func(m *Manifest) { m.Walk = &Manner{Solver: "ddim", Grid: "leading", Steps: 1, Clip: []float64{1}} },
	} {
		m := good
		change(&m)
		if err := m.validate(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected %q", err, want)
		}
	}
}
