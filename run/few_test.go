package run_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"drift"
	"drift/edit"
	"drift/nn"
	"drift/run"
)

// trainedRun trains a run for some steps and opens it.
func trainedRun(path string, c run.Config) *run.Dir {
	for _, err := range run.Train(context.Background(), path, c, run.Options{}) {
		if err != nil {
			panic(err)
		}
	}
	d, err := run.Open(path)
	if err != nil {
		panic(err)
	}
	return d
}

func open(d *run.Dir) *run.Model {
	engine, err := nn.Engine()
	if err != nil {
		panic(err)
	}
	m, err := d.Model(engine, "last")
	if err != nil {
		panic(err)
	}
	return m
}

// Distil a run, and sample its student in one step.
func ExampleDistilConfig() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	c := run.DefaultConfig("dogcat")
	c.Samples, c.Train.Steps = 500, 30
	teacher := trainedRun(filepath.Join(dir, "teacher"), c)
	if c, err = run.DistilConfig(teacher); err != nil {
		panic(err)
	}
	c.Train.Steps = 20
	student := open(trainedRun(filepath.Join(dir, "student"), c))
	r := student.Manifest.Request(run.DefaultRequest())
	r.N, r.Steps = 10, 1
	s, err := student.Sample(context.Background(), r, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.X.N, "points in one step; at most", student.Manifest.Jumps)
	// Output: 10 points in one step; at most 32
}

// Samples by other ways than from noise: here variations of a point, of strength 0.3.
// The same for pictures is `drift edit vary`.
func ExampleModel_Each() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	c := run.DefaultConfig("dogcat")
	c.Samples, c.Train.Steps = 500, 30
	m := open(trainedRun(filepath.Join(dir, "run"), c))
	point, err := m.Standardise(&drift.Batch{Data: []float64{10, 20}, N: 1, Shape: []int{2}})
	if err != nil {
		panic(err)
	}
	r := run.DefaultRequest()
	r.N, r.Class = 3, "dog"
	s, err := m.Each(r, func(w run.Walk, x *drift.Batch) error {
		for i := range x.N {
			copy(x.Row(i), point.Data)
		}
		if w.Levels, err = edit.Vary(x, w.Levels, 0.3, w.Noise); err != nil {
			return err
		}
		return w.Follow(context.Background(), x, nil)
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(s.X.N, "variations")
	// Output: 3 variations
}

// What made samples, for a file of them; `drift sample --like` reads it from pictures.
func ExampleModel_Recipe() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	c := run.DefaultConfig("dogcat")
	c.Samples, c.Train.Steps = 500, 2
	m := open(trainedRun(filepath.Join(dir, "run"), c))
	r := run.DefaultRequest()
	r.Seed, r.EachClass, r.Steps = 7, 2, 5
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		panic(err)
	}
	one := m.Recipe(r).Of(s, 3, m.Manifest.Data.Classes)
	fmt.Println("seed", one.Seed, "index", one.First, "class", one.Class)
	// Output: seed 7 index 3 class cat
}
