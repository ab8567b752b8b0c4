package tfevents

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// events are those of testdata/events.json, which TensorBoard's own reader made of the
// file that this test writes: see testdata/read_events.py.
var events = []Event{
	{Wall: 1.5, Step: 0, Values: []Value{{Tag: "loss", Scalar: 0.75}}},
	{Wall: 1700000000.25, Step: 500, Values: []Value{{Tag: "loss", Scalar: -3e-7}, {Tag: "held_out/0.05", Scalar: 12}}},
	{Wall: 1700000001, Step: 12345678901, Values: []Value{{Tag: "samples", PNG: onePixel, Width: 1, Height: 1}}},
}

// onePixel is a PNG of one pixel.
var onePixel = []byte("\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00\x00\x0cIDATx\x9cc\xf8\xcf\xc0\x00\x00\x03\x01\x01\x00\xc9\xfe\x92\xef\x00\x00\x00\x00IEND\xaeB`\x82")

func write(t *testing.T, path string, step int64, all []Event) []byte {
	t.Helper()
	w, err := Open(path, step)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range all {
		if err := w.Add(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// The file is, byte for byte, the one that TensorBoard's reader understood as written.
func TestFileIsTheOneThatTensorBoardRead(t *testing.T) {
	found := write(t, filepath.Join(t.TempDir(), "events.out.tfevents.1"), 0, events)
	golden := filepath.Join("testdata", "events.out.tfevents.1")
	if os.Getenv("DRIFT_UPDATE") != "" {
		if err := os.WriteFile(golden, found, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(found, want) {
		t.Error("the file is not the one that was read; write it with DRIFT_UPDATE=1 and run testdata/read_events.py")
	}
	text, err := os.ReadFile(filepath.Join("testdata", "events.json"))
	if err != nil {
		t.Fatal(err)
	}
	var read []struct {
		Wall   float64
		Step   int64
		Values []struct {
			Tag           string
			Scalar        *float32
			PNG           []byte
			Width, Height int
		}
	}
	if err := json.Unmarshal(text, &read); err != nil {
		t.Fatal(err)
	}
	if len(read) != len(events) {
		t.Fatalf("TensorBoard read %d events, expected %d", len(read), len(events))
	}
	for i, e := range events {
		r := read[i]
		if r.Wall != e.Wall || r.Step != e.Step || len(r.Values) != len(e.Values) {
			t.Errorf("event %d: TensorBoard read %+v, expected %+v", i, r, e)
		}
		for j, v := range e.Values {
			got := r.Values[j]
			if got.Tag != v.Tag || (v.PNG == nil) != (got.Scalar != nil) || got.Scalar != nil && *got.Scalar != v.Scalar ||
				!bytes.Equal(got.PNG, v.PNG) || got.Width != v.Width || got.Height != v.Height {
				t.Errorf("event %d, value %d: TensorBoard read %+v, expected %+v", i, j, got, v)
			}
		}
	}
}

// Whatever a killed process left, a file that is opened again holds the events up to the
// step, and going on gives the file of one that was never stopped.
func TestOpenDropsWhatComesAgain(t *testing.T) {
	dir := t.TempDir()
	whole := write(t, filepath.Join(dir, "whole"), 0, events)
	for cut := 0; cut < len(whole); cut += 5 {
		path := filepath.Join(dir, "cut")
		if err := os.WriteFile(path, whole[:cut], 0o644); err != nil {
			t.Fatal(err)
		}
		begun := write(t, path, 499, nil) // events of step 0 are kept if they were whole
		rest := events[1:]
		if len(begun) < 60 {
			rest = events
		}
		if got := write(t, path, 499, rest); !bytes.Equal(got, whole) {
			t.Fatalf("cut after %d bytes: found %d bytes, expected the %d of the whole file", cut, len(got), len(whole))
		}
	}
	damaged := bytes.Clone(whole)
	damaged[len(damaged)-10]++
	path := filepath.Join(dir, "damaged")
	if err := os.WriteFile(path, damaged, 0o644); err != nil {
		t.Fatal(err)
	}
	if got := write(t, path, 1<<40, events[2:]); !bytes.Equal(got, whole) {
		t.Error("a damaged event was not dropped")
	}
}

func FuzzStep(f *testing.F) {
	for _, e := range events {
		f.Add(e.encode())
	}
	f.Fuzz(func(t *testing.T, data []byte) { stepOf(data) })
}
