package feature_test

import (
	"bytes"
	"context"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drift"
	"drift/feature"
)

// hashed is what make_onnx.py calls pictures.
func hashed(n, c int) *drift.Batch {
	x := drift.NewBatch(n, 10, 12, c)
	for i := range x.Data {
		x.Data[i] = float64(uint64(i) * 2654435761 % (1 << 32) * 256 / (1 << 32))
	}
	return x
}

var eightBits = [2]float64{0, 255}

// An ONNX file gives what ONNX Runtime gives, for every scaling and output, with channels on
// either side, and for as many pictures as one likes.
func TestONNXIsONNXRuntimes(t *testing.T) {
	data, err := os.ReadFile("testdata/onnx.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string]map[string][][]float64
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	check := func(file string, x *drift.Batch, o feature.ONNXOptions, want [][]float64) {
		t.Helper()
		e, err := feature.OpenONNX(engine(t), "testdata/"+file, x.Shape, o)
		if err != nil {
			t.Fatal(err)
		}
		if e.Dim() != len(want[0]) {
			t.Fatalf("%s %+v: found %d values, expected %d", file, o, e.Dim(), len(want[0]))
		}
		got, err := e.Features(context.Background(), drift.RowsOf(x))
		if err != nil {
			t.Fatal(err)
		}
		most := 0.0
		for _, row := range want {
			for _, v := range row {
				most = max(most, math.Abs(v))
			}
		}
		for i, row := range want {
			for j, v := range row {
				if !(math.Abs(got.Row(i)[j]-v) <= 1e-5*most) {
					t.Errorf("%s %+v: picture %d, value %d: found %v, expected %v", file, o, i, j, got.Row(i)[j], v)
				}
			}
		}
	}
	for _, s := range feature.Scalings {
		for _, output := range []string{"features", "map"} {
			check("tiny.onnx", hashed(4, 3), feature.ONNXOptions{Range: eightBits, Pixels: s.Name, Output: output}, want[s.Name][output])
		}
	}
	check("nhwc.onnx", hashed(2, 1), feature.ONNXOptions{Range: eightBits}, want["nhwc"]["y"])
	check("pools.onnx", hashed(4, 3), feature.ONNXOptions{Range: eightBits}, want["pools"]["y"])
	// Other units, the default scaling.
	x := hashed(4, 3)
	for i := range x.Data {
		x.Data[i] = x.Data[i]/127.5 - 1
	}
	check("tiny.onnx", x, feature.ONNXOptions{Range: [2]float64{-1, 1}, Output: "features"}, want["0..1"]["features"])
}

// Pictures of another size and colour are resized; features depend on the picture alone.
func TestONNXFitsPictures(t *testing.T) {
	x := drift.NewBatch(61, 5, 6, 1)
	for i := range x.Data {
		x.Data[i] = float64(i % 17)
	}
	e, err := feature.OpenONNX(engine(t), "testdata/tiny.onnx", x.Shape, feature.ONNXOptions{Range: [2]float64{0, 16}, Output: "features"})
	if err != nil {
		t.Fatal(err)
	}
	all, err := e.Features(context.Background(), drift.RowsOf(x))
	if err != nil {
		t.Fatal(err)
	}
	one, err := e.Features(context.Background(), drift.RowsOf(x.Slice(60, 61)))
	if err != nil {
		t.Fatal(err)
	}
	for j, v := range one.Data {
		if v != all.Row(60)[j] {
			t.Errorf("value %d: found %v alone and %v among others", j, v, all.Row(60)[j])
		}
	}
}

func TestONNXRefuses(t *testing.T) {
	dir := t.TempDir()
	good, err := os.ReadFile("testdata/tiny.onnx")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string][]byte{"empty": {}, "text": []byte("not a network"), "half": good[:len(good)/2]}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := feature.OpenONNX(engine(t), filepath.Join(dir, name), []int{10, 12, 3}, feature.ONNXOptions{Range: eightBits}); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: found error %v", name, err)
		}
	}
	for says, c := range map[string]struct {
		shape []int
		o     feature.ONNXOptions
	}{
		`outputs ["features" "map"]`: {[]int{10, 12, 3}, feature.ONNXOptions{Range: eightBits}},
		"expected one of 0..1":       {[]int{10, 12, 3}, feature.ONNXOptions{Range: eightBits, Pixels: "0-1"}},
		"expected pictures":          {[]int{120}, feature.ONNXOptions{Range: eightBits}},
		"black and white":            {[]int{10, 12, 3}, feature.ONNXOptions{}},
		"none":                       {[]int{10, 12, 3}, feature.ONNXOptions{Range: eightBits, Output: "none"}},
	} {
		if _, err := feature.OpenONNX(engine(t), "testdata/tiny.onnx", c.shape, c.o); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%+v: found error %v, expected one that says %q", c, err, says)
		}
	}
	if _, err := feature.OpenONNX(engine(t), filepath.Join(dir, "gone.onnx"), []int{10, 12, 3}, feature.ONNXOptions{Range: eightBits}); err == nil {
		t.Error("no such file: found no error")
	}
}

// A damaged file is a network or an error, soon, and never a panic.
func TestDamagedONNX(t *testing.T) {
	good, err := os.ReadFile("testdata/tiny.onnx")
	if err != nil {
		t.Fatal(err)
	}
	path, refused := filepath.Join(t.TempDir(), "x.onnx"), 0
	for i := range uint64(150) {
		data, r := bytes.Clone(good), drift.Rand(1, "damage", i)
		for range 1 + r.IntN(3) {
			data[r.IntN(len(data))] = byte(r.IntN(256))
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := feature.OpenONNX(engine(t), path, []int{10, 12, 3}, feature.ONNXOptions{Range: eightBits, Output: "features"}); err != nil {
			refused++
		}
	}
	if refused == 0 || refused == 150 {
		t.Errorf("found %d of 150 refused, expected some", refused)
	}
}

// Whatever the bytes, a file is a network or an error.
func FuzzONNX(f *testing.F) {
	for _, name := range []string{"tiny.onnx", "nhwc.onnx"} {
		data, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.onnx")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		e, err := feature.OpenONNX(engine(t), path, []int{10, 12, 3}, feature.ONNXOptions{Range: eightBits, Output: "features"})
		if err == nil && e.Dim() < 1 {
			t.Errorf("found %d features", e.Dim())
		}
	})
}
