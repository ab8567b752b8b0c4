package watch

import (
	"bytes"
	"context"
	"image/gif"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"drift/nn"
	"drift/run"
)

func tiny() run.Config {
	c := run.DefaultConfig("digits")
	c.Samples, c.CheckpointEvery, c.SampleEvery = 300, 10, 10
	c.Network = nn.Spec{Kind: "mlp", Width: 16, Blocks: 1}
	c.Train.Steps, c.Train.Batch = 40, 16
	return c
}

// train trains, until a step if it is not 0, and returns the last event.
func train(t *testing.T, path string, until int, preview *run.Preview) run.Event {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last run.Event
	for e, err := range Train(ctx, path, tiny(), run.Options{Resume: true, Preview: preview}) {
		if err != nil {
			t.Fatal(err)
		}
		if last = e; until > 0 && e.Step >= until {
			cancel()
		}
	}
	return last
}

func files(t *testing.T, path string) map[string][]byte {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(path, "samples", "*"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string][]byte{}
	for _, name := range append(names, filepath.Join(path, "progress.gif")) {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all[filepath.Base(name)] = data
	}
	return all
}

// A run that was stopped twice has the grids and the animation of the straight one, and
// its event file has no step twice.
func TestFilesGoOnWithTheRun(t *testing.T) {
	dir := t.TempDir()
	straight, broken := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	if e := train(t, straight, 0, nil); e.Kind != "finished" {
		t.Fatalf("found %+v, expected a finished run", e)
	}
	for _, stop := range []int{13, 30} {
		if e := train(t, broken, stop, nil); e.Kind != "stopped" {
			t.Fatalf("found %+v, expected a stopped run", e)
		}
		if _, err := os.Stat(filepath.Join(broken, "progress.gif")); err != nil {
			t.Errorf("a stopped run has no animation: %v", err)
		}
	}
	// What a killed process left behind.
	left := filepath.Join(broken, "samples", "step-000035.png")
	if err := os.WriteFile(left, []byte("half"), 0o644); err != nil {
		t.Fatal(err)
	}
	train(t, broken, 0, nil)
	a, b := files(t, straight), files(t, broken)
	if !maps.EqualFunc(a, b, bytes.Equal) {
		t.Errorf("found %v, expected %v with the same bytes", slices.Sorted(maps.Keys(b)), slices.Sorted(maps.Keys(a)))
	}
	if len(a) != 5 {
		t.Errorf("found %v, expected four grids and an animation", slices.Sorted(maps.Keys(a)))
	}
	film, err := gif.DecodeAll(bytes.NewReader(a["progress.gif"]))
	if err != nil || len(film.Image) != 4 {
		t.Errorf("found an animation of error %v, expected 4 frames", err)
	}
	for _, path := range []string{straight, broken} {
		data, err := os.ReadFile(filepath.Join(path, "tensorboard", eventFile))
		if err != nil {
			t.Fatal(err)
		}
		if n := bytes.Count(data, []byte("samples")); n != 4 {
			t.Errorf("%s: found %d grids among the events, expected 4", path, n)
		}
		if n := bytes.Count(data, []byte("held_out/noise")); n < 4*8 {
			t.Errorf("%s: found %d held-out losses by level, expected 8 a checkpoint", path, n)
		}
	}
}
