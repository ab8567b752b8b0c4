package run

import (
	"context"
	"fmt"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
	"drift/train"
)

// classed is dull pictures of whole shades, the second class of which is light.
func classed(n int) *dataset.Set {
	s := dull(n)
	s.Labels, s.Classes = make([]int, n), []string{"dark", "light"}
	for i := range n {
		s.Labels[i] = i % 2
		for j, v := range s.X.Row(i) {
			s.X.Row(i)[j] = math.Round(v/2) + 127*float64(i%2)
		}
	}
	return s
}

// A run with an upscaling is measured on the data's own pictures, or on those that it is
// given, each of every class.
func TestUpscaledRunsAreMeasured(t *testing.T) {
	for name, set := range map[string]*dataset.Set{"classes": classed(300), "no classes": dull(300)} {
		path := filepath.Join(t.TempDir(), "run")
		c := tiny(300)
		c.Dataset, c.CheckpointEvery, c.Network.Width, c.Upscale, c.Holdout, c.Train.Batch = "dull", 1000, 64, 2, 0.1, 64
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
		r.N, r.Steps, r.Seed = 20, 12, 1
		report, s, err := m.Evaluate(context.Background(), set, r, nil)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if most := 1.3 * report.SlicedWassersteinHigh; !(report.SlicedWasserstein < most) {
			t.Errorf("%s: found samples a distance of %.1f from the data, expected less than %.1f", name, report.SlicedWasserstein, most)
		}
		if err := m.Detail(context.Background(), report, set, s, 1); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if bits := report.BitsPerDimension; set.Labels != nil && (bits == nil || !(bits.Value > 0 && bits.Value < 8)) || report.Memorisation != nil {
			t.Errorf("%s: found %v bits and memorisation %v, expected some of 8 bits and none", name, bits, report.Memorisation)
		}
		r.Small = train.Shrink(set.X.Slice(0, 20).Batch(), 2)
		report, s, err = m.Evaluate(context.Background(), set, r, nil)
		if err != nil {
			t.Fatalf("%s, small pictures: %v", name, err)
		}
		if err := m.Detail(context.Background(), report, set, s, 1); err != nil {
			t.Fatalf("%s, small pictures: %v", name, err)
		}
		classes := max(1, len(set.Classes))
		if s.X.N != 20*classes {
			t.Fatalf("%s: found %d samples of 20 small pictures, expected %d of each", name, s.X.N, classes)
		}
	}
}

// Real rows are of the class of their sample, the held-out ones before the learnt ones and
// each as often as the others.
func TestRealRowsAreHeldOutOnesFirst(t *testing.T) {
	set := classed(40)
	learned, held, err := set.Parts(0.25, 7)
	if err != nil {
		t.Fatal(err)
	}
	m := &Model{Manifest: Manifest{Seed: 7, Data: Data{Count: len(learned), SHA256: set.SHA256()}}}
	r := Request{N: 80, Labels: make([]int, 80)}
	for i := range r.Labels {
		r.Labels[i] = i % 2
	}
	rows, err := m.realRows(set, r)
	if err != nil {
		t.Fatal(err)
	}
	for i, row := range rows {
		if set.Labels[row] != i%2 {
			t.Errorf("sample %d: found a picture of class %d, expected %d", i, set.Labels[row], i%2)
		}
		if first, ok := i%40 < len(held), slices.Contains(held, row); ok != first {
			t.Errorf("sample %d: found row %d, held out %v, expected %v", i, row, ok, first)
		}
	}
	slices.Sort(rows)
	for i, row := range rows {
		if row != i/2 {
			t.Fatalf("found the rows %v, expected each twice", rows)
		}
	}
}

// Evaluating a run that learnt class and numbers together asks it for nothing that it does
// not know.
func TestRunsThatLearntTogetherAreMeasuredSo(t *testing.T) {
	path, set, c := filepath.Join(t.TempDir(), "run"), shades(400), tiny(800)
	c.Dataset, c.CheckpointEvery, c.Network.Width, c.Train.Batch, c.Train.DropApart = "shades", 2000, 48, 64, false
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
	r.N, r.Steps = 100, 20
	report, _, err := m.Evaluate(context.Background(), set, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !(*report.ClassAccuracy > 0.97) || !(report.SlicedWasserstein < 15) {
		t.Errorf("found a class accuracy of %v and samples a distance of %.1f from the data", *report.ClassAccuracy, report.SlicedWasserstein)
	}
}

// Numbers of other columns than a run learnt are refused, as is more than there is memory
// for, before anything is made.
func TestEvaluationRefuses(t *testing.T) {
	path, set, c := filepath.Join(t.TempDir(), "run"), shades(60), tiny(2)
	c.Dataset, c.Train.DropApart = "shades", false
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
	r.N, r.Steps = 10, 2
	refused := func(set *dataset.Set, r Request, says ...string) {
		t.Helper()
		_, _, err := m.Evaluate(t.Context(), set, r, nil)
		for _, text := range says {
			if err == nil || !strings.Contains(err.Error(), text) {
				t.Errorf("found error %v, expected one that says %s", err, text)
			}
		}
	}
	was := fmt.Sprintf("expected %q", set.VectorColumns)
	renamed, more := *set, *set
	renamed.VectorColumns = slices.Clone(set.VectorColumns)
	renamed.VectorColumns[0] = "weight"
	refused(&renamed, r, fmt.Sprintf("found the columns of numbers %q", renamed.VectorColumns), was)
	more.VectorColumns = append(slices.Clone(set.VectorColumns), "weight")
	more.Vectors = drift.NewBatch(set.X.N, len(more.VectorColumns))
	refused(&more, r, fmt.Sprintf("found the columns of numbers %q", more.VectorColumns), was)
	r.N = MaxSamples / len(set.Classes)
	refused(set, r, "at once")
}
