package main

import (
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// photos writes n pictures of 6×8 pixels in two folders, and a file that is none.
func photos(t *testing.T, dir string, n int) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	for i := range n {
		img := image.NewNRGBA(image.Rect(0, 0, 8, 6))
		for k := range 48 {
			img.Set(k%8, k/8, color.NRGBA{uint8(r.IntN(256)), uint8(r.IntN(256)), uint8(40 * (i % 2)), 255})
		}
		path := filepath.Join(dir, "photos", []string{"cats", "dogs"}[i%2], fmt.Sprintf("%02d.png", i))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, img); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "photos", "dogs", "broken.png"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A run on pictures remembers how they were read: resuming without the flags opens the
// same data, and another size is refused.
func TestTrainOnPictures(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 20)
	train := []string{"train", "photos", "--width", "16", "--blocks", "1", "--batch", "8", "--out", "run"}
	_, errs, code := driftOn(t, dir, append(train, "--steps", "2", "--size", "4", "--channels", "1")...)
	if code != 0 || !strings.Contains(errs, "note: left out dogs/broken.png: found a file of another kind") {
		t.Fatalf("exit code %d: %s", code, errs)
	}
	config, err := os.ReadFile(filepath.Join(dir, "run", "config.toml"))
	if err != nil || !strings.Contains(string(config), "size = '4'") || !strings.Contains(string(config), "channels = 1") {
		t.Errorf("config.toml: %s (%v)", config, err)
	}
	mustDrift(t, dir, append(train, "--resume", "--steps", "4")...)
	if _, errs, code := driftOn(t, dir, append(train, "--resume", "--steps", "6", "--size", "5")...); code != 1 || !strings.Contains(errs, "pictures.size = 5, expected 4 as in its config.toml") {
		t.Errorf("another size: exit code %d: %s", code, errs)
	}
	if _, errs, code := driftOn(t, dir, "train", "photos", "--strict", "--out", "other"); code != 1 || !strings.Contains(errs, "photos: dogs/broken.png: found a file of another kind") {
		t.Errorf("strictly: exit code %d: %s", code, errs)
	}
	if out := mustDrift(t, dir, "sample", "run", "-n", "2", "--steps", "2", "--out", "a.png"); !strings.Contains(out, "a.png") {
		t.Errorf("samples: %s", out)
	}
}

func TestDataCheck(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 20)
	twin, err := os.ReadFile(filepath.Join(dir, "photos", "cats", "00.png"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "photos", "dogs", "twin.png"), twin, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	out := mustDrift(t, dir, "data", "check", "photos", "--out", "sheet.png")
	for _, want := range []string{"photos: 21 samples of shape [6 8 3]", "cats   10", "dogs   11", "could not be read: 1", "broken.png",
		"the same, groups: 1\n  cats/00.png (cats), dogs/twin.png (dogs)", "1 groups of the same samples are in different classes", "drawn: sheet.png"} {
		if !strings.Contains(out, want) {
			t.Errorf("found no %q in\n%s", want, out)
		}
	}
	if img, err := os.Open(filepath.Join(dir, "sheet.png")); err != nil {
		t.Error(err)
	} else if _, err := png.DecodeConfig(img); err != nil {
		t.Error(err)
	}
	var report struct {
		Samples    int
		Skipped    []string
		Duplicates [][]int
		Files      []string `json:"sample_files"`
	}
	lines := strings.Split(strings.TrimSpace(mustDrift(t, dir, "data", "check", "photos", "--json")), "\n")
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &report); err != nil {
		t.Fatal(err)
	}
	if report.Samples != 21 || len(report.Skipped) != 1 || len(report.Duplicates) != 1 || report.Files[report.Duplicates[0][1]] != "dogs/twin.png" {
		t.Errorf("found %+v", report)
	}
}

func TestDataByName(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("DRIFT_DATA", filepath.Join(dir, "sets"))
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"train", "mnist"}, "run `drift data get mnist`"},
		{[]string{"data", "check", "cifar10-test"}, "run `drift data get cifar10`"},
		{[]string{"data", "get", "mnst"}, `found "mnst" (did you mean mnist?)`},
		{[]string{"data", "get", "mnist", "--from", "."}, "found no file train-images-idx3-ubyte.gz, expected it there"},
	} {
		if _, errs, code := driftOn(t, dir, test.args...); code != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("drift %v: exit code %d: %s", test.args, code, errs)
		}
	}
}

// One picture is too little to learn from, whatever is forced, and leaves no run.
func TestOnePicture(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "one"), 0o755); err != nil {
		t.Fatal(err)
	}
	writeTestPNG(t, filepath.Join(dir, "one", "a.png"), 8, 8, func(x, y int) uint8 { return uint8(16*x + y) })
	for _, args := range []string{"train one --out run", "train one --out run --force", "doctor one"} {
		if _, errs, code := driftOn(t, dir, strings.Fields(args)...); code != 1 || !strings.Contains(errs, "data set one: found 1 samples, expected at least 2") {
			t.Errorf("%s: exit code %d, %q", args, code, errs)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "run")); !os.IsNotExist(err) {
		t.Errorf("found a run (%v), expected none", err)
	}
}
