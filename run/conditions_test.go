package run

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"
)

// described is points that lie at the numbers that describe them, (angle, 10·size), and a
// little noise around.
func described(n int) *dataset.Set {
	s := &dataset.Set{Name: "described", X: drift.RowsOf(drift.NewBatch(n, 2)), Columns: []string{"x", "y"},
		Vectors: drift.NewBatch(n, 2), VectorColumns: []string{"angle", "size"}}
	noise := drift.NewNoise(3, "described", 0)
	noise.Normal(s.Vectors)
	noise.Normal(s.X.Batch())
	for i := range n {
		v, x := s.Vectors.Row(i), s.X.Row(i)
		v[0], v[1] = 40+20*v[0], 3+v[1]
		x[0], x[1] = v[0]+0.5*x[0], 10*v[1]+0.25*x[1]
	}
	return s
}

// Samples have the numbers that they are asked to have, and those that nobody gave are as
// in the mean.
func TestGivenNumbersAreHeard(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(700)
	c.Dataset, c.CheckpointEvery, c.Network.Width, c.Train.Batch = "described", 1000, 48, 128
	trainRun(t, path, c, Options{Set: described(2000)})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	r := DefaultRequest()
	r.N, r.Steps = 200, 15
	mean := func(r Request) (x, y float64) {
		s, err := m.Sample(context.Background(), r, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range s.X.N {
			x, y = x+s.X.Row(i)[0]/float64(s.X.N), y+s.X.Row(i)[1]/float64(s.X.N)
		}
		return x, y
	}
	for _, given := range []map[string]float64{{"angle": 30, "size": 4}, {"size": 2}, {"angle": 60}} {
		r.Given = given
		want := [2]float64{40, 30}
		if v, ok := given["angle"]; ok {
			want[0] = v
		}
		if v, ok := given["size"]; ok {
			want[1] = 10 * v
		}
		if x, y := mean(r); math.Abs(x-want[0]) > 4 || math.Abs(y-want[1]) > 2.5 {
			t.Errorf("given %v: found a mean of %.2f, %.2f, expected %v", given, x, y, want)
		}
	}
	for says, spoil := range map[string]func(*Request){
		"did you mean size": func(r *Request) { r.Given = map[string]float64{"siez": 1} },
		"finite":            func(r *Request) { r.Given = map[string]float64{"size": math.NaN()} },
		"does not enlarge":  func(r *Request) { r.Small = drift.NewBatch(1, 2, 2, 1) },
	} {
		r := DefaultRequest()
		spoil(&r)
		if _, err := m.Sample(context.Background(), r, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
	d.Manifest.Data.Numbers.Scale.Std[1] = 0
	if err := d.Manifest.validate(); err == nil {
		t.Error("a deviation of 0: found no error")
	}
}

// dull is pictures 4×4 that their halves say nearly everything of: each quarter is one shade.
func dull(n int) *dataset.Set {
	s := &dataset.Set{Name: "dull", X: drift.RowsOf(drift.NewBatch(n, 4, 4, 1)), Min: 0, Max: 255}
	r := drift.Rand(4, "dull")
	for i := range n {
		row := s.X.Row(i)
		for quarter := range 4 {
			shade := 255 * r.Float64()
			for k := range 4 {
				row[(quarter/2*2+k/2)*4+quarter%2*2+k%2] = shade
			}
		}
	}
	return s
}

// A run with an upscaling makes large pictures of the small ones that it is given.
func TestUpscaledRunEnlargesPictures(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(600)
	c.Dataset, c.CheckpointEvery, c.Network.Width, c.Upscale, c.Flip, c.Train.Batch = "dull", 1000, 64, 2, true, 64
	set := dull(500)
	trainRun(t, path, c, Options{Set: set})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	r := DefaultRequest()
	r.N, r.Steps = 40, 15
	fresh := dull(540).X.Slice(500, 540)
	r.Small = train.Shrink(fresh.Batch(), 2)
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	var off float64
	back := train.Shrink(s.X, 2)
	for i, v := range back.Data {
		off += (v - r.Small.Data[i]) * (v - r.Small.Data[i]) / float64(len(back.Data))
	}
	if rms := math.Sqrt(off); rms > 20 { // shades are uniform: others would be 104 away
		t.Errorf("found pictures whose small version is %.1f shades away from what was given, expected at most 20", rms)
	}
	r.Small = nil
	if _, err := m.Sample(context.Background(), r, nil); err == nil || !strings.Contains(err.Error(), "small pictures") {
		t.Errorf("nothing given: found error %v", err)
	}
	r.Small = drift.NewBatch(1, 3, 3, 1)
	if _, err := m.Sample(context.Background(), r, nil); err == nil || !strings.Contains(err.Error(), "[2 2 1]") {
		t.Errorf("another size: found error %v", err)
	}
	c.Upscale = 3
	if err := trainError(filepath.Join(t.TempDir(), "b"), c, Options{Set: set}); err == nil || !strings.Contains(err.Error(), "upscale") {
		t.Errorf("a factor that does not divide: found error %v", err)
	}
}

// The weights of any length, made of snapshots when the run is over, are those of a run
// that kept just that average.
func TestAnyLengthAfterwards(t *testing.T) {
	dir := t.TempDir()
	c := tiny(200)
	c.Train.EMALengths, c.Snapshots = []float64{0.05, 0.1}, 20
	trainRun(t, filepath.Join(dir, "two"), c, Options{})
	d, err := Open(filepath.Join(dir, "two"))
	if err != nil {
		t.Fatal(err)
	}
	steps, err := d.snapshots()
	if err != nil || len(steps) != 20 {
		t.Fatalf("found snapshots %v and error %v, expected 20", steps, err)
	}
	size := func(a, b nn.State) (diff, norm float64) {
		for name, t := range a {
			x, y := values(t), values(b[name])
			for i := range x {
				diff, norm = diff+(x[i]-y[i])*(x[i]-y[i]), norm+x[i]*x[i]
			}
		}
		return math.Sqrt(diff), math.Sqrt(norm)
	}
	for _, length := range []float64{0.06, 0.08, 0.1, 0.15} {
		direct := c
		direct.Train.EMALengths = []float64{length}
		path := filepath.Join(dir, fmt.Sprint(length))
		trainRun(t, path, direct, Options{})
		want := train.Power(lastState(t, path), 0)
		state, _, err := d.Load(WithLength(length))
		if err != nil {
			t.Fatal(err)
		}
		last := train.Averaged(lastState(t, filepath.Join(dir, "two")))
		off, norm := size(want, train.Averaged(state))
		other, _ := size(want, last)
		if off > 0.002*norm || off > other/5 {
			t.Errorf("length %v: found weights %.2g of their norm away, those of the run's own average %.2g away", length, off/norm, other/norm)
		}
	}
	for says, which := range map[string]string{"expected a number": "ema:long", "0.28": "ema:0.5", "lack": "ema:0.005"} {
		if _, _, err := d.Load(which); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: found error %v, expected one that says %q", which, err, says)
		}
	}
	plain := filepath.Join(dir, "plain")
	trainRun(t, plain, tiny(2), Options{})
	p, err := Open(plain)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Load("ema:0.1"); err == nil || !strings.Contains(err.Error(), "ema_lengths") {
		t.Errorf("a run without power averages: found error %v", err)
	}
}

func values(t nn.Tensor) []float64 {
	sum := weighted{}
	if err := sum.add(nn.State{"x": t}, 1); err != nil {
		panic(err)
	}
	return sum["x"]
}

// Snapshots stay few and spread, however many there were.
func TestSnapshotsStayFew(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(10)
	c.Train.EMALengths, c.Snapshots = []float64{0.1}, 5
	trainRun(t, path, c, Options{})
	trainRun(t, path, func() Config { c.Train.Steps = 40; return c }(), Options{Resume: true})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	steps, err := d.snapshots()
	if err != nil || len(steps) != 5 || steps[4] != 40 {
		t.Fatalf("found snapshots %v and error %v, expected 5 that end at 40", steps, err)
	}
	for i, s := range steps[1:] {
		if gap := s - steps[i]; gap > 20 {
			t.Errorf("found snapshots %v, expected them to be spread", steps)
		}
	}
	if err := d.forget(20); err != nil {
		t.Fatal(err)
	}
	if steps, _ := d.snapshots(); steps[len(steps)-1] > 20 {
		t.Errorf("found snapshots %v after those behind 20 were forgotten", steps)
	}
}

// A run that must be over by some time ends there, finished and with everything kept.
func TestRunEndsInTime(t *testing.T) {
	path := filepath.Join(t.TempDir(), "run")
	c := tiny(1 << 20)
	c.CheckpointEvery = 1 << 20
	last := trainRun(t, path, c, Options{Until: timeFromNow(1.5)})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	if last.Kind != "finished" || last.Step != d.Config.Train.Steps || last.Step >= 1<<20 || last.Checkpoint == "" {
		t.Errorf("found %+v and %d steps in the config, expected a finished run", last, d.Config.Train.Steps)
	}
	if rate := d.Config.Train.RateAt(last.Step - 1); rate > 0.1*c.Train.Rate {
		t.Errorf("last rate: found %v, expected the end of the cosine", rate)
	}
	more := trainRun(t, path, d.Config, Options{Resume: true, Until: timeFromNow(1.5)})
	if more.Kind != "finished" || more.Step <= last.Step || more.Step >= 1<<20 || more.Note != "" {
		t.Errorf("found %+v, expected more than %d steps of a finished run that was given more time", more, last.Step)
	}
	nearly := d.Config
	nearly.Train.Steps = more.Step + 1 // too few to tell the speed from
	most := trainRun(t, path, nearly, Options{Resume: true, Until: timeFromNow(1.5)})
	if most.Step <= more.Step+10 || most.Step >= 1<<20 {
		t.Errorf("found %+v, expected many more than %d steps of a run that was nearly finished", most, more.Step)
	}
	short := filepath.Join(t.TempDir(), "short")
	trainRun(t, short, tiny(1), Options{})
	if longer := trainRun(t, short, tiny(1), Options{Resume: true, Until: timeFromNow(1.5)}); longer.Step <= 10 {
		t.Errorf("found %+v, expected many more steps than 1", longer)
	}
}

// shades is pictures 4×4 of one shade, the number that describes them, half of them dark
// and half light, which are their classes.
func shades(n int) *dataset.Set {
	s := &dataset.Set{Name: "shades", X: drift.RowsOf(drift.NewBatch(n, 4, 4, 1)), Min: 0, Max: 255, Labels: make([]int, n), Classes: []string{"dark", "light"},
		Vectors: drift.NewBatch(n, 1), VectorColumns: []string{"shade"}}
	r := drift.Rand(5, "shades")
	for i := range n {
		s.Labels[i] = i % 2
		shade := 20 + 60*r.Float64() + 155*float64(i%2)
		s.Vectors.Row(i)[0] = shade
		for k := range 16 {
			s.X.Row(i)[k] = shade + 4*r.NormFloat64()
		}
	}
	return s
}

// between is the share of samples that lie between dark and light, where the data have
// none, and the mean of all.
func between(t *testing.T, m *Model, r Request) (share float64, mean float64) {
	t.Helper()
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.X.N {
		shade := 0.0
		for _, v := range s.X.Row(i) {
			shade += v / 16
		}
		if mean += shade / float64(s.X.N); shade > 92 && shade < 163 {
			share += 1 / float64(s.X.N)
		}
	}
	return share, mean
}

// A run is asked for a class without numbers, for numbers without a class, and for both or
// neither: none of its samples is what the data never are, and each is what was asked for.
// One that learnt them together says of which requests it does not know.
func TestClassAndNumbersAreKnownApart(t *testing.T) {
	path, set, c := filepath.Join(t.TempDir(), "run"), shades(400), tiny(1500)
	c.Dataset, c.CheckpointEvery, c.Network.Width, c.Train.Batch = "shades", 2000, 48, 64
	trainRun(t, path, c, Options{Set: set})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	before := *m
	before.Manifest.Apart = false
	for name, c := range map[string]struct {
		ask   func(*Request)
		mean  float64
		doubt bool
	}{
		"nothing":           {func(*Request) {}, 127, true},
		"a class":           {func(r *Request) { r.Class = "light" }, 205, true},
		"numbers":           {func(r *Request) { r.Given = map[string]float64{"shade": 220} }, 220, false}, // a run from before draws a class to them
		"numbers, no class": {func(r *Request) { r.Given, r.Labels = map[string]float64{"shade": 50}, slices.Repeat([]int{-1}, r.N) }, 50, true},
		"both":              {func(r *Request) { r.Class, r.Given = "dark", map[string]float64{"shade": 50} }, 50, false},
		"neither":           {func(r *Request) { r.Labels = slices.Repeat([]int{-1}, r.N) }, 127, false},
	} {
		r := DefaultRequest()
		r.N, r.Steps = 400, 20
		c.ask(&r)
		if share, mean := between(t, m, r); share > 0.06 || math.Abs(mean-c.mean) > 12 {
			t.Errorf("%s: found a mean shade of %.1f and a share of %.3f between dark and light, expected %.1f and next to none", name, mean, share, c.mean)
		}
		if doubts := m.Doubts(r); doubts != nil {
			t.Errorf("%s: found the doubts %q about a run that learnt class and numbers apart", name, doubts)
		}
		if doubts := before.Doubts(r); (doubts != nil) != c.doubt {
			t.Errorf("%s: found the doubts %q about a run that learnt class and numbers together, expected some: %v", name, doubts, c.doubt)
		}
	}
}

// Runs from before a choice go on as they began, whoever leaves it open; what the config of
// a run says is what a new one reads.
func TestRunsThatLearntTogetherGoOnSo(t *testing.T) {
	dir, set, c := t.TempDir(), shades(60), tiny(8)
	c.Dataset, c.Train.DropApart = "shades", false
	older, file := filepath.Join(dir, "older"), filepath.Join(dir, "older", "config.toml")
	trainRun(t, older, c, Options{Set: set})
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := ReadConfig(file, DefaultConfig("")); err != nil || again.Train.DropApart {
		t.Errorf("found error %v and the config\n%s, expected one that says drop_apart = false", err, text)
	}
	if err := os.WriteFile(file, bytes.Replace(text, []byte("drop_apart = false\n"), nil, 1), 0o600); err != nil {
		t.Fatal(err)
	}
	for steps := 16; steps < 32; steps += 8 {
		c.Train.DropApart, c.Train.Steps = steps > 16, steps // which is the default
		trainRun(t, older, c, Options{Set: set, Resume: true})
		if d, err := Open(older); err != nil || d.Config.Train.DropApart || d.Manifest.Apart {
			t.Errorf("found error %v and %+v, expected a run that learns both together", err, d.Config.Train)
		}
	}
	apart := filepath.Join(dir, "apart")
	trainRun(t, apart, c, Options{Set: set})
	c.Train.DropApart = false
	if err := trainError(apart, c, Options{Set: set, Resume: true}); err == nil || !strings.Contains(err.Error(), "drop_apart") {
		t.Errorf("resumed in another way: found error %v", err)
	}
	plain := filepath.Join(dir, "plain")
	trainRun(t, plain, tiny(2), Options{})
	if d, err := Open(plain); err != nil || !d.Config.Train.DropApart || d.Manifest.Apart {
		t.Errorf("a run without numbers: found error %v and %+v, expected drop_apart as it was, and a manifest without apart", err, d.Config.Train)
	}
}
