package feature_test

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
	"drift/feature"
	"drift/nn"

	"github.com/gomlx/compute"
)

func engine(t *testing.T) compute.Backend {
	t.Helper()
	e, err := nn.Engine()
	if err == nil && e.String() == "go" {
		e, err = nn.EngineByName("go:ops_sequential")
	}
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// bars are pictures of 8×8 with a bar that lies (class 0) or stands (class 1), and noise.
func bars(n int, seed uint64) *dataset.Set {
	s := &dataset.Set{Name: "bars", X: drift.RowsOf(drift.NewBatch(n, 8, 8, 1)), Labels: make([]int, n), Classes: []string{"lying", "standing"}, Max: 1}
	for i := range n {
		r := drift.Rand(seed, "bars", uint64(i))
		at := r.IntN(8)
		s.Labels[i] = i % 2
		for y := range 8 {
			for x := range 8 {
				v := 0.2 * r.Float64()
				if i%2 == 0 && y == at || i%2 == 1 && x == at {
					v = 1 - v
				}
				s.X.Row(i)[8*y+x] = v
			}
		}
	}
	return s
}

// A classifier learns bars, is kept under the hash of its data, found again with the same
// answers, and trained again when its file is damaged.
func TestClassifierIsLearnedAndKept(t *testing.T) {
	t.Setenv("DRIFT_DATA", t.TempDir())
	set, ctx, steps := bars(200, 1), context.Background(), 0
	watch := func(_, _ int, _ float64) { steps++ }
	c, err := feature.Open(ctx, engine(t), set, watch)
	if err != nil {
		t.Fatal(err)
	}
	card := c.Card()
	if card.Right != 20 || card.Held != 20 || card.Learned != 180 || steps != card.Steps || card.Data != set.SHA256() {
		t.Errorf("found %+v after %d steps, expected all of 20 held-out pictures recognised", card, steps)
	}
	fresh := bars(300, 2)
	features, labels, err := c.Classify(ctx, fresh.X)
	if err != nil || features.N != 300 || features.Dim() != c.Dim() {
		t.Fatalf("found features %d×%v (%v)", features.N, features.Shape, err)
	}
	if !slices.Equal(labels, fresh.Labels) {
		t.Errorf("found wrong classes of fresh bars")
	}
	one, err := c.Features(ctx, fresh.X.Slice(123, 124))
	if err != nil || !slices.Equal(one.Data, features.Row(123)) {
		t.Errorf("a picture alone has other features than among others (%v)", err)
	}
	m, err := c.Recognised(ctx, fresh.X, append(slices.Repeat([]int{0}, 150), slices.Repeat([]int{1}, 150)...))
	if err != nil || m.Value != 0.5 || m.Floor.Value != 1 {
		t.Errorf("asked for the first half lying: found %+v (%v), expected a half recognised", m, err)
	}

	steps = 0
	again, err := feature.Open(ctx, engine(t), set, watch)
	if err != nil || steps != 0 || again.Hash() != c.Hash() {
		t.Fatalf("found it trained again for %d steps (%v), or another hash", steps, err)
	}
	same, err := again.Features(ctx, fresh.X)
	if err != nil || !slices.Equal(same.Data, features.Data) {
		t.Errorf("read back: found other features (%v)", err)
	}

	folder, _ := feature.Folder()
	files, _ := filepath.Glob(filepath.Join(folder, "*"))
	if len(files) != 1 {
		t.Fatalf("found files %q, expected one", files)
	}
	data, _ := os.ReadFile(files[0])
	data[len(data)-1] ^= 1
	if err := os.WriteFile(files[0], data, 0o644); err != nil {
		t.Fatal(err)
	}
	third, err := feature.Open(ctx, engine(t), set, watch)
	if err != nil || steps != card.Steps || third.Hash() != c.Hash() {
		t.Errorf("a damaged file: found %d steps (%v), expected the same classifier trained anew", steps, err)
	}
}

// A classifier that cannot be kept is as good as one that is, and says why it was not.
func TestClassifierThatCannotBeKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "a file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DRIFT_DATA", file)
	set := bars(200, 1)
	c, err := feature.Open(context.Background(), engine(t), set, nil)
	if err != nil || c.Unkept() == nil || !strings.Contains(c.Unkept().Error(), "cannot keep it") {
		t.Fatalf("found %v and error %v, expected a classifier that says why it is not kept", c, err)
	}
	if _, labels, err := c.Classify(context.Background(), set.X); err != nil || !slices.Equal(labels, set.Labels) {
		t.Errorf("found wrong classes (%v)", err)
	}
	for _, name := range []string{"DRIFT_DATA", "HOME", "XDG_CACHE_HOME", "LocalAppData"} {
		t.Setenv(name, "") // nowhere to keep anything
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := feature.Open(stopped, engine(t), set, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("without a folder: found error %v, expected training to begin", err)
	}
}

// Bad input is an error that says what was expected; a stopped training stops.
func TestClassifierRefuses(t *testing.T) {
	t.Setenv("DRIFT_DATA", t.TempDir())
	ctx := context.Background()
	plain := bars(40, 1)
	plain.Labels, plain.Classes = nil, nil
	flat, _ := dataset.Open("moons", dataset.Options{N: 50})
	for says, set := range map[string]*dataset.Set{"at least 2 (": plain, "expected pictures": flat} {
		if _, err := feature.Open(ctx, engine(t), set, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
	c, err := feature.Untrained(ctx, engine(t), plain)
	if err != nil {
		t.Fatal(err)
	}
	if found, err := feature.Compare(ctx, c, feature.Pictures{Generated: bars(20, 2).X, Learned: plain.X}, 3, nil); err != nil || !strings.Contains(found.Warnings[0], "as the data set has no classes") {
		t.Errorf("without classes: found %+v, %v, expected a warning that says so", found, err)
	}
	for says, x := range map[string]*drift.Batch{"found shape [4 4 1]": drift.NewBatch(3, 4, 4, 1), "expected finite": {Data: slices.Repeat([]float64{math.NaN()}, 64), N: 1, Shape: []int{8, 8, 1}}} {
		if _, err := c.Features(ctx, drift.RowsOf(x)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
	stopped, stop := context.WithCancel(ctx)
	if _, err := feature.Open(stopped, engine(t), bars(100, 1), func(step, _ int, _ float64) {
		if step == 3 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped at step 3: found error %v", err)
	}
	folder, _ := feature.Folder()
	if files, _ := filepath.Glob(filepath.Join(folder, "*")); len(files) != 0 {
		t.Errorf("found files %q, expected none", files)
	}
}

// Fresh pictures of the source lie at the floors; blurred ones and those of one class do not;
// copies are found, and what lies beside them.
func TestCompare(t *testing.T) {
	ctx, set := context.Background(), bars(900, 1)
	known, held, _ := set.Split(0.5, 1)
	e, err := feature.Untrained(ctx, engine(t), set)
	if err != nil {
		t.Fatal(err)
	}
	at := func(x *drift.Rows) *feature.Comparison {
		t.Helper()
		c, err := feature.Compare(ctx, e, feature.Pictures{Generated: x, Learned: known.X, Unseen: held.X}, 3, nil)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	good := at(bars(400, 7).X)
	if good.Samples != 400 || good.Pairwise != 400 || good.Dimensions != e.Dim() || good.SHA256 != e.Hash() || good.Copies == nil {
		t.Fatalf("found %+v", good)
	}
	if len(good.Warnings) != 2 || !strings.Contains(good.Warnings[0], "random convolutions") || !strings.Contains(good.Warnings[1], "few") {
		t.Errorf("found warnings %q", good.Warnings)
	}
	if strings.Contains(good.Warnings[0], "no classes") {
		t.Errorf("a set with classes: found %q", good.Warnings[0])
	}
	if good.FID.Value > good.FID.Floor.High || good.KID.Value > good.KID.Floor.High || good.Coverage.Value < good.Coverage.Floor.Low || good.Copies.Value > 0.05 {
		t.Errorf("fresh pictures: found FID %+v over %+v, KID %+v over %+v, coverage %+v over %+v, copies %+v", good.FID, *good.FID.Floor, good.KID, *good.KID.Floor, good.Coverage, *good.Coverage.Floor, good.Copies)
	}
	sorted := bars(1000, 7).X // class after class, as folders hold them
	for i, x := 0, bars(1000, 7).X; i < x.N; i++ {
		copy(sorted.Row(i), x.Row(i%500*2+i/500))
	}
	if c := at(sorted); c.Samples >= 500 || c.FID.Low > c.FID.Floor.High || c.Recall.High < c.Recall.Floor.Low {
		t.Errorf("sorted by class: found FID %+v, recall %+v", c.FID, c.Recall)
	}
	lying := bars(800, 7).X
	for i := range 400 {
		copy(lying.Row(i), lying.Row(2*i))
	}
	if c := at(lying.Slice(0, 400)); !(c.FID.Low > c.FID.Floor.High && c.Recall.Value < c.Recall.Floor.Low && c.Precision.Value > 0.8) {
		t.Errorf("one class of two: found FID %+v, recall %+v, precision %+v", c.FID, c.Recall, c.Precision)
	}
	copies := bars(400, 8).X
	for i := range 100 {
		copy(copies.Row(4*i), known.X.Row(3*i))
	}
	c := at(copies)
	if !(c.Copies.Value >= 0.25 && c.Copies.Low > c.Copies.Floor.High) || c.Nearest.Nearest[40][0].Index != 30 {
		t.Errorf("a quarter copied: found %+v, the nearest of copy 40 is %+v, expected 30", c.Copies, c.Nearest.Nearest[40])
	}
	// With a test set, distances are those to it, and it is unseen; copies are still those of what was learned.
	tested, err := feature.Compare(ctx, e, feature.Pictures{Generated: bars(400, 7).X, Learned: lying, Test: bars(900, 11).X}, 3, nil)
	if err != nil {
		t.Fatal(err)
	}
	if tested.Samples != 400 || tested.FID.Value > tested.FID.Floor.High || tested.Copies == nil || tested.Nearest.Learned.N != lying.N {
		t.Errorf("with a test set: found FID %+v over %+v of %d, copies %+v", tested.FID, *tested.FID.Floor, tested.Samples, tested.Copies)
	}
	if _, err := feature.Compare(ctx, e, feature.Pictures{Generated: copies, Learned: lying, Test: copies.Slice(0, 7)}, 3, nil); err == nil || !strings.Contains(err.Error(), "test") {
		t.Errorf("seven test pictures: found error %v", err)
	}
	stopped, stop := context.WithCancel(ctx)
	if _, err := feature.Compare(stopped, e, feature.Pictures{Generated: copies, Learned: known.X}, 3, func(what string, done, _ int) {
		if what == "comparing" && done == 2 {
			stop()
		}
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped while comparing: found error %v", err)
	}
	if _, err := feature.Compare(ctx, e, feature.Pictures{Generated: copies.Slice(0, 2), Learned: known.X}, 3, nil); err == nil {
		t.Error("two pictures: found no error")
	}
}

// A preview is Compare's FID for as many pictures, up to which real ones it takes.
func TestPreview(t *testing.T) {
	ctx, set := context.Background(), bars(700, 1)
	e, err := feature.Untrained(ctx, engine(t), set)
	if err != nil {
		t.Fatal(err)
	}
	p, err := feature.NewPreview(ctx, e, set.X, 150, 1)
	if err != nil {
		t.Fatal(err)
	}
	good, err := p.FID(ctx, bars(150, 5).X.Batch())
	if err != nil || good.Value > good.Floor.High || !strings.Contains(p.Warning(), "150 samples are few") {
		t.Errorf("fresh pictures: found %+v (%v) and warning %q", good, err, p.Warning())
	}
	grey := drift.NewBatch(150, 8, 8, 1)
	if bad, err := p.FID(ctx, grey); err != nil || !(bad.Value > 5*good.Floor.High) {
		t.Errorf("empty pictures: found %+v (%v)", bad, err)
	}
	if _, err := p.FID(ctx, grey.Slice(0, 149)); err == nil {
		t.Error("too few: found no error")
	}
	if _, err := feature.NewPreview(ctx, e, set.X, 351, 1); err == nil {
		t.Error("too few real pictures: found no error")
	}
}
