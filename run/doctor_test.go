package run

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"drift"
	"drift/dataset"
	"drift/train"
)

func timeFromNow(seconds float64) time.Time {
	return time.Now().Add(time.Duration(seconds * float64(time.Second)))
}

// photographs are pictures whose brightness differs, as that of photographs does: most of
// their spread lies in one direction.
func photographs(n int) *dataset.Set {
	s := &dataset.Set{Name: "photographs", X: drift.RowsOf(drift.NewBatch(n, 32, 32, 3)), Min: 0, Max: 255}
	r := drift.Rand(2, "photographs")
	for i := range n {
		light := 127 + 60*r.NormFloat64()
		for j := range s.X.Row(i) {
			s.X.Row(i)[j] = min(max(light+70*r.NormFloat64(), 0), 255)
		}
	}
	return s
}

func TestDoctorFindsWhatIsWrong(t *testing.T) {
	toy, err := DefaultConfig("dogcat").OpenSet()
	if err != nil {
		t.Fatal(err)
	}
	pictures := photographs(60)
	few := *toy
	few.X = toy.X.Slice(0, 100)
	few.Labels = make([]int, 100)
	few.Classes = []string{"one", "two"}
	few.Labels[3] = 1
	names := few
	names.Classes, names.Labels = nil, nil
	for i := range 100 {
		names.Classes, names.Labels = append(names.Classes, strings.Repeat("x", i+1)), append(names.Labels, i)
	}
	far := few
	far.X = drift.RowsOf(far.X.Batch().Clone())
	far.X.Batch().Data[7] = 1e6
	out := *pictures
	out.Max = 1
	for _, c := range []struct {
		check   string
		verdict Verdict
		says    string
		set     *dataset.Set
		change  func(*Config)
	}{
		{"start", Good, "nats", pictures, func(c *Config) { c.Process = "vp" }},
		{"start", Doubt, "brightness", pictures, func(c *Config) { c.Process = "scaled-linear" }},
		{"range", Good, "0 to 255", pictures, func(c *Config) {}},
		{"range", Nonsense, "outside", &out, func(c *Config) {}},
		{"range", Doubt, `column "x2"`, &far, func(c *Config) {}},
		{"average", Good, "200 of 4000", toy, func(c *Config) {}},
		{"average", Doubt, "too few", toy, func(c *Config) { c.Train.EMA = 0 }},
		{"rate", Good, "usual", toy, func(c *Config) {}},
		{"rate", Doubt, "usual", toy, func(c *Config) { c.Train.Rate = 0.05 }},
		{"rate", Good, "after 1000 steps of warm-up", toy, func(c *Config) { c.Train.Warmup = 5000 }},
		{"rate", Nonsense, "diverge", toy, func(c *Config) { c.Train.Rate = 1 }},
		{"batch", Doubt, "more than once", &few, func(c *Config) {}},
		{"batch", Good, "64 samples a step", toy, func(c *Config) { c.Train.Batch, c.Train.Accumulate = 16, 4 }},
		{"visits", Doubt, "some never", toy, func(c *Config) { c.Train.Steps = 10 }},
		{"visits", Doubt, "--augment", pictures, func(c *Config) {}},
		{"classes", Good, "2 classes", toy, func(c *Config) {}},
		{"classes", Doubt, `"two" (1)`, &few, func(c *Config) { c.Holdout = 0 }},
		{"classes", Nonsense, "nearly a class", &names, func(c *Config) { c.Holdout = 0 }},
		{"guidance", Good, "20 %", toy, func(c *Config) {}},
		{"guidance", Doubt, "cannot be guided", toy, func(c *Config) { c.Train.LabelDropout = 0 }},
		{"guidance", Nonsense, "never told", toy, func(c *Config) { c.Train.LabelDropout = 1 }},
		{"held-out", Doubt, "by heart", toy, func(c *Config) { c.Holdout = 0 }},
	} {
		config := DefaultConfig("x")
		c.change(&config)
		found, err := config.Examine(c.set, nil)
		if err != nil {
			t.Fatal(err)
		}
		seen := false
		for _, f := range found {
			if f.Check == c.check {
				seen = true
				if f.Verdict != c.verdict || !strings.Contains(f.Text, c.says) {
					t.Errorf("found %+v, expected %s that says %q", f, c.verdict, c.says)
				}
			}
		}
		if !seen {
			t.Errorf("nothing said of %s", c.check)
		}
	}
}

// Sampling starts at the first level of a run's grid, which may lie far before the last of
// its process.
func TestDoctorLooksWhereTheGridStarts(t *testing.T) {
	pictures := photographs(60)
	for _, c := range []struct {
		walk    *Manner
		verdict Verdict
		says    string
	}{
		{nil, Good, "its noisiest samples"},
		{&Manner{Solver: "ddim", Grid: "trailing", Steps: 4}, Good, "its noisiest samples"},
		{&Manner{Solver: "ddim", Grid: "leading", Steps: 4}, Doubt, `grid "leading" of 4 steps begins`},
	} {
		found, err := DefaultConfigFor("x", pictures.X.Shape).Examine(pictures, c.walk)
		if err != nil {
			t.Fatal(err)
		}
		if f := found[0]; f.Check != "start" || f.Verdict != c.verdict || !strings.Contains(f.Text, c.says) {
			t.Errorf("%+v: found %+v, expected %s that says %q", c.walk, f, c.verdict, c.says)
		}
	}
	p := DefaultConfigFor("x", pictures.X.Shape)
	if _, err := p.Examine(pictures, &Manner{Solver: "ddim", Grid: "leading", Steps: 2000}); err == nil || !strings.Contains(err.Error(), "2000") {
		t.Errorf("more steps than the grid has: found error %v", err)
	}
}

// Nonsense does not start, unless somebody insists; doubts are told as training begins.
func TestNonsenseIsRefused(t *testing.T) {
	c := tiny(3)
	c.Train.LabelDropout = 1
	path := filepath.Join(t.TempDir(), "run")
	if err := trainError(path, c, Options{}); err == nil || !strings.Contains(err.Error(), "never told") || Exists(path) {
		t.Errorf("found error %v, expected one that says why, and no run", err)
	}
	for e, err := range Train(t.Context(), path, c, Options{Force: true}) {
		if err != nil {
			t.Fatal(err)
		}
		if e.Kind == "start" && !strings.Contains(strings.Join(e.Warnings, "\n"), "never told") {
			t.Errorf("found warnings %q, expected the doctor's", e.Warnings)
		}
	}
}

func TestMeasureTellsWhatARunTakes(t *testing.T) {
	c := tiny(1000)
	cost, err := c.Measure(t.Context(), nil)
	if err != nil || cost.Each <= 0 || cost.Whole < 1000*cost.Each || cost.Weight < 1000 || cost.Data != 300*2*8 || cost.Memory == 0 {
		t.Errorf("found %+v and error %v", cost, err)
	}
}

// What a run may take on disk is told before it does: the four checkpoints that it keeps, and its
// snapshots.
func TestMeasureTellsWhatARunTakesOnDisk(t *testing.T) {
	c := tiny(16)
	c.CheckpointEvery, c.Snapshots, c.Train.EMALengths = 2, 4, []float64{0.05, 0.1}
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, c, Options{})
	checkpoint, snapshots := uint64(0), uint64(0)
	for _, folder := range []string{"checkpoints", snapshotDir} {
		files, err := filepath.Glob(filepath.Join(path, folder, "*"+checkpointExt))
		if err != nil || len(files) < 3 {
			t.Fatalf("%s: found %v and error %v", folder, files, err)
		}
		for _, f := range files {
			info, err := os.Stat(f)
			if err != nil {
				t.Fatal(err)
			}
			if folder == snapshotDir {
				snapshots += uint64(info.Size())
			} else {
				checkpoint = uint64(info.Size())
			}
		}
	}
	taken := 4*checkpoint + snapshots
	cost, err := c.Measure(t.Context(), nil)
	if err != nil || cost.Disk > taken || cost.Disk < taken*3/4 { // files have headers too
		t.Errorf("found %d bytes and error %v, expected nearly %d", cost.Disk, err, taken)
	}
}

// What a student takes is measured with its teacher, and with the numbers that it sees
// beside what its teacher sees.
func TestMeasureOfAStudent(t *testing.T) {
	teacher, student := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	trainRun(t, teacher, tiny(5), Options{})
	d, err := Open(teacher)
	if err != nil {
		t.Fatal(err)
	}
	c, err := DistilConfig(d)
	if err != nil {
		t.Fatal(err)
	}
	c.Train.Steps = 3
	first := ""
	for e, err := range Train(t.Context(), student, c, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		first += e.Plan
	}
	weights := 0
	for _, w := range train.Averaged(lastState(t, student)) {
		weights += len(w.Data) / 4
	}
	if cost, err := c.Measure(t.Context(), nil); err != nil || cost.Weight != weights || cost.Each <= 0 {
		t.Errorf("found %+v and error %v, expected %d weights", cost, err, weights)
	}
	if !strings.Contains(first, fmt.Sprintf("%.3g k parameters", float64(weights)/1000)) || !strings.Contains(first, "teacher") {
		t.Errorf("found plan %q, expected one for %d weights and a teacher", first, weights)
	}
	if err := os.Rename(teacher, teacher+"-elsewhere"); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Measure(t.Context(), nil); err == nil || !strings.Contains(err.Error(), teacher) {
		t.Errorf("without its teacher: found error %v", err)
	}
}

// Pictures that nobody made smaller, other people's weights, and runs in place of data are refused.
func TestWhatCannotBeTrainedIsRefused(t *testing.T) {
	dir := t.TempDir()
	big := &dataset.Set{Name: "big", X: drift.RowsOf(drift.NewBatch(2, 512, 512, 3)), Min: -9, Max: 9}
	drift.NewNoise(1, "big", 0).Normal(big.X.Batch())
	c := DefaultConfigFor("big", big.X.Shape)
	if err := trainError(filepath.Join(dir, "big"), c, Options{Set: big}); err == nil || !strings.Contains(err.Error(), "--size") {
		t.Errorf("large pictures: found error %v", err)
	}
	if _, err := c.Measure(context.Background(), big); err == nil || !strings.Contains(err.Error(), "--size") {
		t.Errorf("large pictures, measured: found error %v", err)
	}
	path := filepath.Join(dir, "run")
	trainRun(t, path, tiny(1), Options{})
	c = tiny(1)
	c.Dataset = path
	if err := trainError(filepath.Join(dir, "again"), c, Options{}); err == nil || !strings.Contains(err.Error(), "the folder of a run") {
		t.Errorf("a run as data: found error %v", err)
	}
	if err := os.Remove(filepath.Join(path, "manifest.toml")); err != nil {
		t.Fatal(err)
	}
	if err := trainError(path, tiny(1), Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "1 checkpoints but no manifest") {
		t.Errorf("checkpoints without a manifest: found error %v", err)
	}
}
