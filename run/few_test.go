package run_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"drift"
	"drift/dataset"
	"drift/edit"
	"drift/nn"
	"drift/run"
	"drift/train"
)

// trainedRun trains a run for some steps and opens it.
func trainedRun(path string, c run.Config, o run.Options) *run.Dir {
	for _, err := range run.Train(context.Background(), path, c, o) {
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
	teacher := trainedRun(filepath.Join(dir, "teacher"), c, run.Options{})
	if c, err = run.DistilConfig(teacher); err != nil {
		panic(err)
	}
	c.Train.Steps = 20
	student := open(trainedRun(filepath.Join(dir, "student"), c, run.Options{}))
	r := student.Manifest.Request(run.DefaultRequest())
	r.N, r.Steps = 10, 1
	s, err := student.Sample(context.Background(), r, nil)
	if err != nil {
		panic(err)
	}
	fmt.Println(s.X.N, "points in one step; at most", student.Manifest.Jumps)
	// Output: 10 points in one step; at most 32
}

// Super-resolution: a run that was trained with an upscaling makes large pictures of small
// ones. Here each quarter of a picture is of one shade, so that a small picture says all.
func ExampleRequest_superResolution() {
	dir, err := os.MkdirTemp("", "drift")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(dir)
	large := drift.NewBatch(500, 4, 4, 1)
	for i := range large.N {
		r, shades := drift.Rand(1, "shades", uint64(i)), [4]float64{}
		for k := range shades {
			shades[k] = 255 * r.Float64()
		}
		for k := range large.Row(i) {
			large.Row(i)[k] = shades[k/8*2+k%4/2]
		}
	}
	c := run.DefaultConfig("shades")
	c.Upscale, c.Train.Steps, c.Train.Batch = 2, 300, 64
	set := &dataset.Set{Name: "shades", X: drift.RowsOf(large), Min: 0, Max: 255}
	m := open(trainedRun(filepath.Join(dir, "run"), c, run.Options{Set: set}))

	r := run.DefaultRequest()
	r.N, r.Steps = 3, 20 // three large pictures of one small one
	r.Small = &drift.Batch{Data: []float64{20, 90, 160, 230}, N: 1, Shape: []int{2, 2, 1}}
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		panic(err)
	}
	var off float64
	for i, v := range train.Shrink(s.X, 2).Data {
		off = max(off, math.Abs(v-r.Small.Data[i%4]))
	}
	fmt.Printf("%d pictures of %v; made small again they are within 40 of 255: %v\n", s.X.N, s.X.Shape, off < 40)
	// Output: 3 pictures of [4 4 1]; made small again they are within 40 of 255: true
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
	m := open(trainedRun(filepath.Join(dir, "run"), c, run.Options{}))
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
	m := open(trainedRun(filepath.Join(dir, "run"), c, run.Options{}))
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
