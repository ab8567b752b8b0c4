package run

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

func engine(t testing.TB) compute.Backend {
	t.Helper()
	e, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// tiny is a run that takes a moment.
func tiny(steps int) Config {
	c := DefaultConfig("dogcat")
	c.Samples, c.CheckpointEvery = 300, 10
	c.Network = nn.Spec{Kind: "mlp", Width: 16, Blocks: 1}
	c.Train.Steps, c.Train.Batch = steps, 32
	return c
}

// trainRun trains and returns the last event.
func trainRun(t testing.TB, path string, c Config, o Options) Event {
	t.Helper()
	var last Event
	for e, err := range Train(context.Background(), path, c, o) {
		if err != nil {
			t.Fatal(err)
		}
		last = e
	}
	return last
}

// trainError trains and returns the error that ended it.
func trainError(path string, c Config, o Options) error {
	for _, err := range Train(context.Background(), path, c, o) {
		if err != nil {
			return err
		}
	}
	return nil
}

func lastState(t testing.TB, path string) nn.State {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := d.Load("last")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sampleRun(t testing.TB, path string, r Request) *Samples {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestStoppedAndResumedRunIsTheStraightRun(t *testing.T) {
	straight, broken := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if e := trainRun(t, straight, tiny(40), Options{}); e.Kind != "finished" || e.Step != 40 {
		t.Fatalf("found %+v, expected a finished run of 40 steps", e)
	}
	for _, stop := range []int{3, 14, 22} {
		ctx, cancel := context.WithCancel(context.Background())
		var last Event
		for e, err := range Train(ctx, broken, tiny(40), Options{Resume: true}) {
			if err != nil {
				t.Fatal(err)
			}
			if last = e; e.Step >= stop {
				cancel()
			}
		}
		cancel()
		if last.Kind != "stopped" || last.Checkpoint == "" {
			t.Fatalf("found %+v, expected a run that stopped with a checkpoint", last)
		}
	}
	trainRun(t, broken, tiny(40), Options{Resume: true})
	if !reflect.DeepEqual(lastState(t, straight), lastState(t, broken)) {
		t.Error("the resumed run ends with other bytes")
	}
	r := DefaultRequest()
	r.N, r.Steps = 20, 5
	if a, b := sampleRun(t, straight, r), sampleRun(t, broken, r); !slices.Equal(a.X.Data, b.X.Data) {
		t.Error("the resumed run samples other bytes")
	}
	d, err := Open(broken)
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	for i := 1; i < len(events); i++ {
		if events[i].Step < events[i-1].Step {
			t.Errorf("metrics: step %d follows step %d", events[i].Step, events[i-1].Step)
		}
	}
}

func TestMoreStepsExtendAFinishedRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(10), Options{Resume: true})
	if e := trainRun(t, path, tiny(10), Options{Resume: true}); e.Kind != "finished" || !strings.Contains(e.Note, "already finished") {
		t.Errorf("found %+v, expected a note that the run is finished", e)
	}
	if e := trainRun(t, path, tiny(5), Options{Resume: true}); !strings.Contains(e.Note, "already finished") || configOf(t, path).Train.Steps != 10 {
		t.Errorf("found %+v and %d steps in the config, expected a note that the run is finished, and its 10", e, configOf(t, path).Train.Steps)
	}
	more := tiny(20)
	more.Train.EMALengths = []float64{} // as a config file says that there are none
	if e := trainRun(t, path, more, Options{Resume: true}); e.Step != 20 {
		t.Errorf("found %+v, expected 20 steps", e)
	}
}

func configOf(t *testing.T, path string) Config {
	t.Helper()
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return d.Config
}

func TestResumeRefusesAnotherRun(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(10), Options{})
	other := tiny(20)
	other.Train.Rate = 0.5
	data := tiny(20)
	data.Samples = 200
	for name, c := range map[string]struct {
		config Config
		o      Options
		says   string
	}{
		"an existing run": {tiny(10), Options{}, "--resume"},
		"another rate":    {other, Options{Resume: true}, "train.rate"},
		"other data":      {data, Options{Resume: true}, "samples"},
	} {
		if err := trainError(path, c.config, c.o); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: found error %v, expected one that says %q", name, err, c.says)
		}
	}
}

func TestFromStartsAtAnotherRunsWeights(t *testing.T) {
	first, second := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	trainRun(t, first, tiny(20), Options{})
	trainRun(t, second, tiny(1), Options{From: first})
	narrow := tiny(1)
	narrow.Network.Width = 8
	if err := trainError(filepath.Join(t.TempDir(), "c"), narrow, Options{From: first}); err == nil {
		t.Error("weights of another width: found no error")
	}
	a, b := lastState(t, first), lastState(t, second)
	if reflect.DeepEqual(a["/ema/model/in/weights"], b["/ema/model/in/weights"]) {
		t.Error("the new run has not moved")
	}
}

// What is left out of the weights of another run is told. A distilled run, whose answers
// depend on where a jump ends, is not a beginning.
func TestFromTellsWhatItLeavesOut(t *testing.T) {
	dir := t.TempDir()
	first, taught := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	trainRun(t, first, tiny(2), Options{})
	c := tiny(1)
	c.Dataset = "moons"
	plain := &dataset.Set{Name: "moons", X: drift.RowsOf(drift.NewBatch(30, 2))}
	drift.NewNoise(1, "plain", 0).Normal(plain.X.Batch())
	for e, err := range Train(t.Context(), filepath.Join(dir, "c"), c, Options{From: first, Set: plain}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "start" && !strings.Contains(e.Note, "these are left out: /model/embed/class") {
			t.Errorf("found note %q, expected the class table in it", e.Note)
		}
	}
	d, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	student, err := DistilConfig(d)
	if err != nil {
		t.Fatal(err)
	}
	student.Train.Steps = 1
	trainRun(t, taught, student, Options{})
	if err := trainError(filepath.Join(dir, "d"), tiny(1), Options{From: taught}); err == nil || !strings.Contains(err.Error(), "expected its teacher: --from "+first) {
		t.Errorf("from a student: found error %v", err)
	}
}

// A run that was killed before its first checkpoint goes on from the weights it was given.
func TestFromKilledEarlyIsTheStraightRun(t *testing.T) {
	first, straight, killed := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b"), filepath.Join(t.TempDir(), "c")
	trainRun(t, first, tiny(20), Options{})
	trainRun(t, straight, tiny(5), Options{From: first})
	trainRun(t, killed, tiny(5), Options{From: first})
	d, err := Open(killed)
	if err != nil {
		t.Fatal(err)
	}
	all, err := d.checkpoints()
	if err != nil || len(all) != 2 || all[0].Step != 0 {
		t.Fatalf("found checkpoints %v (%v), expected one of step 0 and one of step 5", all, err)
	}
	if err := os.Remove(all[1].Path); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(d.join("manifest.toml")); err != nil {
		t.Fatal(err)
	}
	if err := trainError(killed, tiny(1), Options{From: first}); err == nil || !strings.Contains(err.Error(), "put the manifest back") {
		t.Errorf("a run that lost its manifest: found error %v", err)
	}
	if err := os.Remove(d.join("config.toml")); err != nil {
		t.Fatal(err)
	}
	trainRun(t, killed, tiny(1), Options{From: first}) // killed even before it was a run: that one is gone
	if all, err = d.checkpoints(); err != nil || len(all) != 2 {
		t.Fatalf("found checkpoints %v (%v)", all, err)
	}
	if err := os.Remove(all[1].Path); err != nil {
		t.Fatal(err)
	}
	trainRun(t, killed, tiny(5), Options{Resume: true})
	if a, b := lastState(t, straight), lastState(t, killed); !reflect.DeepEqual(a, b) {
		t.Error("the resumed run ends with other bytes")
	}
}

// A run whose manifest could not be written any more, as on a full disk, or that was
// killed just before, begins anew with the same command.
func TestCreateAfterItFailed(t *testing.T) {
	first, path := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	trainRun(t, first, tiny(1), Options{})
	from, err := Open(first)
	if err != nil {
		t.Fatal(err)
	}
	inTheWay := filepath.Join(path, "manifest.toml", "file")
	if err := os.MkdirAll(inTheWay, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, _, err := create(path, from.Config, from.Manifest, lastState(t, first)); err == nil {
		t.Fatal("a manifest that cannot be written: found no error")
	}
	if err := os.RemoveAll(filepath.Dir(inTheWay)); err != nil {
		t.Fatal(err)
	}
	if all, err := (&Dir{Path: path}).checkpoints(); err != nil || len(all) != 1 {
		t.Fatalf("found checkpoints %v (%v), expected one that was left", all, err)
	}
	trainRun(t, path, tiny(1), Options{From: first})
	if err := os.Remove(filepath.Join(path, "manifest.toml")); err != nil {
		t.Fatal(err)
	}
	if err := trainError(path, tiny(1), Options{From: first}); err == nil || !strings.Contains(err.Error(), "put the manifest back") {
		t.Errorf("a run that lost its manifest: found error %v", err)
	}
}

func TestKeepsTheLastThreeAndTheBest(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(80), Options{})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	for step, held := range map[int]float64{90: 0.1, 100: 0.5, 110: 0.6, 120: 0.7, 130: 0.8} {
		if _, err := d.save(lastState(t, path), step, held); err != nil {
			t.Fatal(err)
		}
	}
	all, err := d.checkpoints()
	if err != nil {
		t.Fatal(err)
	}
	var steps []int
	for _, c := range all {
		steps = append(steps, c.Step)
	}
	if len(steps) != 4 || !slices.Equal(steps[1:], []int{110, 120, 130}) || steps[0] != 90 {
		t.Errorf("found checkpoints of steps %v, expected [90 110 120 130]", steps)
	}
	if best := bestOf(all); best.Step != 90 || best.Held != 0.1 {
		t.Errorf("best: found %+v, expected step 90", best)
	}
}

func TestOneWriterAtATime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	release, err := lock(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := trainError(path, tiny(10), Options{}); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("found error %v, expected one about another process", err)
	}
	release()
	trainRun(t, path, tiny(1), Options{})
}

// A sample depends on its index, not on the size of the batches.
func TestBatchSizeDoesNotChangeSamples(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(20), Options{})
	for _, solver := range []string{"ddpm", "dpm++2m"} {
		r := DefaultRequest()
		r.N, r.Steps, r.Solver, r.Guidance = 50, 6, solver, 1.5
		var first *Samples
		for _, r.Batch = range []int{50, 1, 7, 64} {
			s := sampleRun(t, path, r)
			if first == nil {
				first = s
			}
			if !slices.Equal(s.X.Data, first.X.Data) || !slices.Equal(s.Labels, first.Labels) {
				t.Errorf("%s: batches of %d give other samples", solver, r.Batch)
			}
		}
	}
}

func TestClassesAreDrawnAsInTheData(t *testing.T) {
	m := &Model{Manifest: Manifest{Data: Data{Classes: []string{"a", "b", "c"}, Share: []float64{0.2, 0.5, 0.3}}}}
	const n = 20000
	labels, err := m.labels(Request{N: n, Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	for c, want := range m.Manifest.Data.Share {
		found := 0.0
		for _, l := range labels {
			if l == c {
				found += 1. / n
			}
		}
		if math.Abs(found-want) > 5*math.Sqrt(want*(1-want)/n) {
			t.Errorf("class %d: found share %v, expected %v", c, found, want)
		}
	}
}

// A pattern draws from the classes that it names, as often as they occur among them, and
// sample i is of one class whatever else is asked for.
func TestClassesLikeAPattern(t *testing.T) {
	m := &Model{Manifest: Manifest{Data: Data{Classes: []string{"cat-0", "dog-0", "dog-1", "*"}, Share: []float64{0.4, 0.1, 0.3, 0.2}}}}
	const n = 20000
	labels, err := m.labels(Request{N: n, Seed: 3, Class: "dog-*"})
	if err != nil {
		t.Fatal(err)
	}
	count := make([]int, 4)
	for _, l := range labels {
		count[l]++
	}
	if want := 0.75 * n; count[0]+count[3] > 0 || math.Abs(float64(count[2])-want) > 5*math.Sqrt(want/4) {
		t.Errorf("found %v, expected none, a quarter, three quarters and none", count)
	}
	if later, err := m.labels(Request{N: 7, First: 50, Seed: 3, Class: "dog-*"}); err != nil || !slices.Equal(later, labels[50:57]) {
		t.Errorf("samples from 50 on: found %v, %v, expected %v", later, err, labels[50:57])
	}
	for name, want := range map[string]int{"*": 3, "dog-0": 1, "c?t-0": 0} { // a class may be called as a pattern
		if labels, err := m.labels(Request{N: 2, Class: name}); err != nil || !slices.Equal(labels, []int{want, want}) {
			t.Errorf("%s: found %v, %v, expected %d", name, labels, err, want)
		}
	}
	if labels, err := (&Model{Manifest: Manifest{Data: Data{Classes: []string{"", "a"}, Share: []float64{0.5, 0.5}}}}).labels(Request{N: 99}); err != nil || !slices.Contains(labels, 0) || !slices.Contains(labels, 1) {
		t.Errorf("a class without a name: found %v, %v, expected both", labels, err)
	}
	nested := Data{Classes: []string{"x/1", "x/2", "xa"}}
	for name, want := range map[string][]int{"*": {0, 1, 2}, "x*": {0, 1, 2}, "x/*": {0, 1}, "x?1": {0}, "x/[2-9]": {1}} {
		if among, err := nested.ClassesLike(name); err != nil || !slices.Equal(among, want) {
			t.Errorf("%s among %q: found %v, %v, expected %v", name, nested.Classes, among, err, want)
		}
	}
	rare := &Model{Manifest: Manifest{Data: Data{Classes: []string{"a", "b-0", "b-1"}, Share: []float64{1, 0, 0}}}}
	if labels, err := rare.labels(Request{N: 99, Class: "b*"}); err != nil || !slices.Contains(labels, 1) || !slices.Contains(labels, 2) {
		t.Errorf("classes that do not occur: found %v, %v, expected both", labels, err)
	}
	rare.Manifest.Data.Share = []float64{0, 0, 0}
	if labels, err := rare.labels(Request{N: 99}); err != nil || !slices.Contains(labels, 0) || !slices.Contains(labels, 1) || !slices.Contains(labels, 2) {
		t.Errorf("shares that nobody knows: found %v, %v, expected all classes", labels, err)
	}
	for name, hint := range map[string]string{"dog": `did you mean "dog*"?`, "cat-1": "did you mean cat-0?"} {
		if _, err := m.labels(Request{N: 2, Class: name}); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("%s: found error %v, expected %s", name, err, hint)
		}
	}
	for _, name := range []string{"bird*", "dog", "["} {
		if _, err := m.labels(Request{N: 2, Class: name}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: found error %v", name, err)
		}
	}
}

func TestBadRequests(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(1), Options{})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*Request){
		"n:":        func(r *Request) { r.N = 0 },
		"batch":     func(r *Request) { r.Batch = 0 },
		"steps":     func(r *Request) { r.Steps = 1e9 },
		"steps: ":   func(r *Request) { r.Steps = 0 },
		"solver":    func(r *Request) { r.Solver = "magic" },
		"class":     func(r *Request) { r.Class = "bird" },
		"labels":    func(r *Request) { r.N, r.Labels = 2, []int{0, -2} },
		"labels: f": func(r *Request) { r.N, r.Labels = 2, []int{2, 0} },
		"guidance":  func(r *Request) { r.Guidance = math.NaN() },
		"guidance:": func(r *Request) { r.Guidance = math.Inf(1) },
	} {
		r := DefaultRequest()
		spoil(&r)
		if _, err := m.Sample(context.Background(), r, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
}

// Damage of any kind is told, and no other checkpoint is touched.
func TestDamagedCheckpoints(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(20), Options{})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	_, c, err := d.Load("last")
	if err != nil {
		t.Fatal(err)
	}
	good, err := os.ReadFile(c.Path)
	if err != nil {
		t.Fatal(err)
	}
	for name, spoil := range map[string]func([]byte) []byte{
		"empty":          func(b []byte) []byte { return nil },
		"truncated":      func(b []byte) []byte { return b[:len(b)-100] },
		"header only":    func(b []byte) []byte { return b[:9] },
		"bit flipped":    func(b []byte) []byte { b[len(b)-50] ^= 4; return b },
		"name flipped":   func(b []byte) []byte { return []byte(strings.Replace(string(b), "/model/in", "/model/im", 1)) },
		"foreign":        func(b []byte) []byte { return []byte("PK\x03\x04 a zip file, perhaps, of some length") },
		"future version": func(b []byte) []byte { return []byte(strings.Replace(string(b), `"format":"1"`, `"format":"9"`, 1)) },
	} {
		if err := os.WriteFile(c.Path, spoil(slices.Clone(good)), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := d.Load("last"); err == nil || !strings.Contains(err.Error(), c.Path) {
			t.Errorf("%s: found error %v, expected one that names the file", name, err)
		}
		if err := trainError(path, tiny(30), Options{Resume: true}); err == nil {
			t.Errorf("%s: resuming found no error", name)
		}
	}
	if n := configOf(t, path).Train.Steps; n != 20 {
		t.Errorf("found %d steps in the config of a run that could not go on, expected its 20", n)
	}
	all, err := d.checkpoints()
	if err != nil || len(all) < 2 {
		t.Errorf("found checkpoints %v, error %v, expected the older one still there", all, err)
	}
}

// What is to be said of looks is said as training begins.
func TestWarningsOfPreviewsAreTold(t *testing.T) {
	for e, err := range Train(context.Background(), filepath.Join(t.TempDir(), "run"), tiny(1), Options{Preview: &Preview{Every: 9, N: 2, Warnings: []string{"not kept"}}}) {
		if err != nil || !slices.Contains(e.Warnings, "not kept") {
			t.Errorf("found warnings %q (%v), expected that of the preview", e.Warnings, err)
		}
		return
	}
}

func TestBadManifestsAndConfigs(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(1), Options{})
	manifest := filepath.Join(path, "manifest.toml")
	good, err := os.ReadFile(manifest)
	if err != nil {
		t.Fatal(err)
	}
	for says, change := range map[string][2]string{
		"newer drift":               {"format = 1", "format = 2"},
		"process":                   {"process = 'vp'", "process = 'up'"},
		"unknown key":               {"[network]", "[network]\ndepth = 3"},
		"line":                      {"[network]", "[network"},
		"width":                     {"width = 16", "width = -16"},
		"std":                       {"std = [", "std = [0.0, "},
		"mean: found NaN":           {"mean = [", "mean = [nan, 0.0] #"},
		"mean: found 1e+308":        {"mean = [", "mean = [0.0, 1e308] #"},
		"std: found +Inf":           {"std = [", "std = [1.0, inf] #"},
		"share: found NaN":          {"share = [", "share = [nan, 1.0] #"},
		"share: found -5":           {"share = [", "share = [-5.0, 1.0] #"},
		"share: found 1.5 in all":   {"share = [", "share = [0.5, 1.0] #"},
		"numbers.scale.mean: found": {"[data.scale]", "[data.numbers]\ncolumns = ['a']\n[data.numbers.scale]\nmean = [-inf]\nstd = [1.0]\n[data.scale]"},
		"range: found [NaN 1]":      {"range = []", "range = [nan, 1.0]"},
		"shape":                     {"shape = [2]", "shape = [2000000, 2000000, 3]"},
	} {
		changed := strings.Replace(string(good), change[0], change[1], 1)
		if changed == string(good) {
			t.Fatalf("%s: the manifest does not hold %q", says, change[0])
		}
		if err := os.WriteFile(manifest, []byte(changed), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(path); err == nil || !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), manifest) {
			t.Errorf("%s: found error %v, expected one that says so and names the file", says, err)
		}
	}
	config := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(config, []byte("[train]\nstepps = 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := ReadConfig(config, DefaultConfig("dogcat")); err == nil || !strings.Contains(err.Error(), "train.stepps (line 2)") {
		t.Errorf("found error %v, expected one that names train.stepps in line 2", err)
	}
	if err := os.WriteFile(config, []byte("\ufeff[train]\nsteps = 3\n"), 0o644); err != nil { // as some editors write it
		t.Fatal(err)
	}
	if c, err := ReadConfig(config, DefaultConfig("dogcat")); err != nil || c.Train.Steps != 3 {
		t.Errorf("after a byte order mark: found %d steps (%v), expected 3", c.Train.Steps, err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "manifest.toml") {
		t.Errorf("empty folder: found error %v", err)
	}
}

// A run whose loss is no number any more names the checkpoint that it had, which is good.
func TestDivergedRunKeepsItsLastCheckpoint(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(400)
	c.CheckpointEvery, c.Holdout, c.Noise = 1, 0, "timestep"
	c.Network, c.Train.Batch = nn.Spec{}, 1
	// No number beyond t = 0.97, where one of some 30 batches lies.
	breaks := nn.NetworkFunc(func(scope *model.Scope, in nn.Input) *graph.Node {
		w := scope.VariableWithShape("w", shapes.Make(dtypes.Float32)).NodeValue(in.X.Graph())
		root := graph.Sqrt(graph.AddScalar(graph.Neg(in.Noise), 970))
		return graph.Mul(graph.Mul(in.X, w), graph.InsertAxes(root, -1))
	})
	err := trainError(path, c, Options{Net: breaks})
	var diverged *train.DivergedError
	if !errors.As(err, &diverged) || diverged.Step < 2 || diverged.Step > 400 {
		t.Fatalf("found error %v, expected one of a step that diverged", err)
	}
	d, openErr := Open(path)
	if openErr != nil {
		t.Fatal(openErr)
	}
	all, listErr := d.checkpoints()
	if listErr != nil || len(all) == 0 || all[len(all)-1].Step != diverged.Step-1 || !strings.Contains(err.Error(), "last good checkpoint: "+all[len(all)-1].Path) {
		t.Errorf("found error %v, expected one that names the last of %v", err, all)
	}
	if err := lastState(t, path).Finite(); err != nil {
		t.Error(err)
	}
}

// The user's own data set and network go through the same run.
func TestOwnDataAndNetwork(t *testing.T) {
	x := drift.NewBatch(100, 3)
	drift.NewNoise(1, "own", 0).Normal(x)
	set := &dataset.Set{Name: "mine", X: drift.RowsOf(x), Columns: []string{"a", "b", "c"}}
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(10)
	c.Dataset, c.Network = "mine", nn.Spec{}
	trainRun(t, path, c, Options{Set: set, Net: nn.MLP{Width: 12, Blocks: 1}})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.ModelWith(engine(t), "last", nn.MLP{Width: 12, Blocks: 1})
	if err != nil {
		t.Fatal(err)
	}
	r := DefaultRequest()
	r.N, r.Steps = 5, 3
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil || s.X.N != 5 || s.Labels != nil {
		t.Errorf("found %+v, error %v, expected 5 samples without labels", s, err)
	}
}

// A run that was written before levels and weights could be chosen goes on with those
// that it began with.
func TestOldRunsLoad(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, tiny(10), Options{})
	file := filepath.Join(path, "config.toml")
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var old []string
	for _, line := range strings.Split(string(data), "\n") {
		if key, _, _ := strings.Cut(line, " "); key != "levels" && key != "loss_weight" {
			old = append(old, line)
		}
	}
	if len(old) != strings.Count(string(data), "\n")-1 {
		t.Fatalf("found %q, expected it to hold levels and loss_weight", data)
	}
	if err := os.WriteFile(file, []byte(strings.Join(old, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	if e := trainRun(t, path, tiny(20), Options{Resume: true}); e.Step != 20 {
		t.Errorf("found %+v, expected 20 steps", e)
	}
	other := tiny(30)
	other.Train.LossWeight = "min-snr"
	if err := trainError(path, other, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "train.loss_weight") {
		t.Errorf("another weight: found error %v", err)
	}
}

// Who leaves a run whose last checkpoint cannot be written is not called again.
func TestLeavingARunThatCannotBeWritten(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(10)
	c.SampleEvery = 2
	for e, err := range Train(context.Background(), path, c, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "samples" {
			checkpoints := filepath.Join(path, "checkpoints")
			if err := errors.Join(os.RemoveAll(checkpoints), os.WriteFile(checkpoints, nil, 0o644)); err != nil {
				t.Fatal(err)
			}
			break
		}
	}
}

// More samples than memory should hold at once are refused before any are made.
func TestSamplesAtOnce(t *testing.T) {
	m := &Model{Manifest: Manifest{Data: Data{Shape: []int{64, 64, 3}}}}
	if _, _, err := m.plan(Request{Solver: "ddim", N: 30_000, Batch: 100}); err == nil || !strings.Contains(err.Error(), "expected at most 21845 at once") {
		t.Errorf("found error %v", err)
	}
}
