package run

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
)

// A run that is told how its pictures were changed is resumed, sampled without changes, also
// with numbers and enlarging, and taught to take few steps.
func TestAugmentedRun(t *testing.T) {
	set := dull(40)
	set.Vectors, set.VectorColumns = drift.NewBatch(40, 2), []string{"a", "b"}
	drift.NewNoise(5, "numbers", 0).Normal(set.Vectors)
	for name, change := range map[string]func(*Config, *dataset.Set){
		"alone":     func(_ *Config, s *dataset.Set) { s.Vectors, s.VectorColumns = nil, nil },
		"numbers":   func(c *Config, _ *dataset.Set) { c.Flip = true },
		"enlarging": func(c *Config, s *dataset.Set) { c.Upscale, s.Vectors, s.VectorColumns = 2, nil, nil },
	} {
		t.Run(name, func(t *testing.T) {
			c, s := tiny(4), *set
			c.Dataset, c.Train.Batch, c.Augment = "dull", 8, 0.5
			change(&c, &s)
			path := filepath.Join(t.TempDir(), "run")
			half := c
			half.Train.Steps = 2
			trainRun(t, path, half, Options{Set: &s})
			trainRun(t, path, c, Options{Set: &s, Resume: true})
			d, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			if n := d.Manifest.Data.Augmented; n != dataset.AugmentLabels {
				t.Errorf("data.augmented: found %d, expected %d", n, dataset.AugmentLabels)
			}
			m, err := d.Model(engine(t), "last")
			if err != nil {
				t.Fatal(err)
			}
			r := DefaultRequest()
			r.N, r.Steps = 2, 2
			if c.Upscale > 0 {
				r.Small = drift.NewBatch(2, 2, 2, 1)
			}
			if s.Vectors != nil {
				r.Given = map[string]float64{"b": 1}
			}
			if _, err := m.Sample(context.Background(), r, nil); err != nil {
				t.Error(err)
			}
			nowhere := *d
			nowhere.Config.Dataset = ""
			if _, err := DistilConfig(&nowhere); err == nil || !strings.Contains(err.Error(), "found no data set") {
				t.Errorf("a teacher without data: found error %v", err)
			}
			student, err := DistilConfig(d)
			if s.Vectors != nil {
				if err == nil || !strings.Contains(err.Error(), "told numbers") {
					t.Errorf("a teacher that is told numbers: found error %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			student.Train.Steps = 2
			trainRun(t, filepath.Join(t.TempDir(), "student"), student, Options{Set: &s})
		})
	}
}

// What is drawn is a mirrored picture, changed further as its label says.
func TestAugmentMirrorsBeforeItTells(t *testing.T) {
	shape := []int{2, 2, 1}
	a, err := Config{Flip: true, Augment: 1e-9}.augment(shape)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[[2]bool]int{}
	for i := range uint64(400) {
		x, label := []float64{1, 2, 3, 4}, make([]float64, a.Labels)
		a.Draw(label, drift.Rand(1, "train augment", i))(x)
		mirrored := slices.Equal(x, []float64{2, 1, 4, 3})
		if !mirrored && !slices.Equal(x, []float64{1, 2, 3, 4}) {
			t.Fatalf("found %v, expected a picture that is mirrored at most", x)
		}
		seen[[2]bool{mirrored, label[0] == 1}]++
	}
	for _, k := range [][2]bool{{false, false}, {false, true}, {true, false}, {true, true}} {
		if seen[k] < 70 || seen[k] > 130 {
			t.Errorf("mirrored, said to be %v: found %d of 400, expected about 100", k, seen[k])
		}
	}
	if _, err := (Config{Augment: 0.1}).augment([]int{2}); err == nil || !strings.Contains(err.Error(), "expected pictures") {
		t.Errorf("points: found error %v", err)
	}
	for _, p := range []float64{-0.1, 1.1} {
		c := tiny(1)
		c.Augment = p
		if err := c.Validate(); err == nil || !strings.Contains(err.Error(), "augment") {
			t.Errorf("probability %v: found error %v", p, err)
		}
	}
}
