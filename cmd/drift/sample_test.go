package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"drift/run"
)

// digitsRun trains a model of pictures for a moment in dir/run.
func digitsRun(t testing.TB, dir string) {
	t.Helper()
	mustDrift(t, dir, "train", "digits", "--out", "run", "--width", "16", "--blocks", "1", "--steps", "30", "--batch", "32")
}

// A picture holds what made it: --like makes the same bytes, from a file of a folder,
// from a grid, out of a moved run, and one sample of many alone.
func TestPicturesReproduceThemselves(t *testing.T) {
	dir := t.TempDir()
	digitsRun(t, dir)
	read := func(name string) string {
		t.Helper()
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	same := func(a, b string) {
		t.Helper()
		if read(a) != read(b) {
			t.Errorf("%s and %s differ", a, b)
		}
	}
	walk := []string{"--steps", "4", "--seed", "5", "--guidance", "2", "--clip", "data", "--solver", "ddpm"}
	mustDrift(t, dir, append([]string{"sample", "run", "--each-class", "2", "--out", "all/"}, walk...)...)
	names := files(t, dir+"/all/*")
	if len(names) != 20 {
		t.Fatalf("found %d pictures, want 20", len(names))
	}
	for i := range 20 {
		if name := fmt.Sprintf("%06d-%d.png", i, i%10); names[name] == "" {
			t.Errorf("no picture %s", name)
		}
	}
	mustDrift(t, dir, "sample", "--like", "all/000013-3.png", "--out", "again.png")
	same("again.png", "all/000013-3.png")
	mustDrift(t, dir, append([]string{"sample", "run", "--class", "3", "--index", "13", "--out", "alone.png", "--batch", "1"}, walk...)...)
	same("alone.png", "all/000013-3.png")
	mustDrift(t, dir, append([]string{"sample", "run", "--each-class", "2", "--out", "grid.png"}, walk...)...)
	mustDrift(t, dir, "sample", "--like", "grid.png", "--out", "grid2.png", "--batch", "3")
	same("grid.png", "grid2.png")
	mustDrift(t, dir, "sample", "--like", "grid.png", "--index", "13", "--out", "alone2.png")
	same("alone2.png", "all/000013-3.png")
	if err := os.Rename(filepath.Join(dir, "run"), filepath.Join(dir, "moved")); err != nil {
		t.Fatal(err)
	}
	mustDrift(t, dir, "sample", "moved", "--like", "all/000013-3.png", "--out", "moved.png")
	same("moved.png", "all/000013-3.png")
	mustDrift(t, dir, "sample", "moved", "--like", "all/000013-3.png", "--out", "other.png", "--seed", "6")
	if read("other.png") == read("moved.png") {
		t.Error("--seed beside --like changed nothing")
	}
	mustDrift(t, dir, "sample", "moved", "--like", "all/000013-3.png", "--index", "0", "--each-class", "2", "--out", "each/")
	if each := files(t, dir+"/each/*"); len(each) != 20 || each["000013-3.png"] != names["000013-3.png"] {
		t.Errorf("--each-class beside --like: found %d pictures, expected those of the first time", len(each))
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"--like", "all/000013-3.png"}, "name the RUN if it lies elsewhere now"},
		{[]string{"--like", "nothing.png"}, "cannot read"},
		{[]string{"--like", "moved/manifest.toml"}, "expected a PNG picture"},
		{[]string{"moved", "--like", "all/000013-3.png", "--checkpoint", "best"}, "found beside --like"},
		{[]string{}, "expected a RUN"},
		{[]string{"moved", "--out", "all/"}, "found a folder with 20 files"},
		{[]string{"moved", "--given", "a=1,a=2"}, `given: found "a" twice`},
		{[]string{"moved", "--index", "-1"}, "index: found -1"},
		{[]string{"moved", "--each-class", "-1"}, "each class: found -1"},
		{[]string{"moved", "--each-class", "0"}, "each class: found 0"},
	} {
		_, errs, code := driftOn(t, dir, append([]string{"sample"}, test.args...)...)
		if code == 0 || !strings.Contains(errs, test.want) {
			t.Errorf("sample %v: exit code %d, %q, want %q", test.args, code, errs, test.want)
		}
	}
	// The weights that made it are gone.
	mustDrift(t, dir, "train", "digits", "--out", "moved", "--width", "16", "--blocks", "1", "--steps", "34", "--batch", "32", "--checkpoint-every", "1", "--resume")
	if _, errs, code := driftOn(t, dir, "sample", "moved", "--like", "all/000013-3.png"); code == 0 || !strings.Contains(errs, "found no checkpoint with hash") {
		t.Errorf("other weights: exit code %d, %q", code, errs)
	}
	if left := files(t, dir+"/*/.tmp-*"); len(left) > 0 {
		t.Errorf("temporary files: %v", left)
	}
}

// A picture of weights that were averaged over another length comes back, as long as these
// can be made of what the run keeps.
func TestLikeOfAnotherLength(t *testing.T) {
	dir := t.TempDir()
	train := []string{"train", "digits", "--out", "run", "--width", "16", "--blocks", "1", "--batch", "32", "--ema-lengths", "0.05,0.1"}
	mustDrift(t, dir, append(train, "--steps", "30")...)
	walk := []string{"sample", "run", "-n", "1", "--steps", "3"}
	mustDrift(t, dir, append(walk, "--ema-length", "0.08", "--out", "a.png")...)
	mustDrift(t, dir, append(walk, "--out", "plain.png")...)
	mustDrift(t, dir, "sample", "--like", "a.png", "--out", "b.png")
	mustDrift(t, dir, "sample", "--like", "plain.png", "--ema-length", "0.08", "--out", "c.png")
	all := files(t, dir+"/*.png")
	if all["a.png"] != all["b.png"] || all["a.png"] != all["c.png"] || all["a.png"] == all["plain.png"] {
		t.Error("found pictures that differ, or are that of the run's own average")
	}
	mustDrift(t, dir, append(train, "--steps", "34", "--resume")...)
	if _, errs, code := driftOn(t, dir, "sample", "--like", "a.png", "--out", "d.png"); code != 1 || !strings.Contains(errs, "found averaged weights of length 0.08 with hash") {
		t.Errorf("other weights: exit code %d, %q", code, errs)
	}
}

// A picture that was made larger comes back out of the small one, and out of no other.
func TestLikeOfEnlarged(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, "train", "digits", "--out", "run", "--network", "unet", "--preset", "tiny", "--steps", "2", "--batch", "4", "--upscale", "2", "--sample-every", "0")
	if err := os.Mkdir(filepath.Join(dir, "small"), 0o755); err != nil {
		t.Fatal(err)
	}
	for i, name := range []string{"a", "b"} {
		writeTestPNG(t, filepath.Join(dir, "small", name+".png"), 4, 4, func(x, y int) uint8 { return uint8(20*(x+3*y) + i) })
	}
	mustDrift(t, dir, "sample", "run", "--small", "small", "--steps", "2", "--out", "large/")
	mustDrift(t, dir, "sample", "run", "--small", "small", "--steps", "2", "--out", "grid.png")
	second, err := filepath.Glob(dir + "/large/000001-*.png")
	if err != nil || len(second) != 1 {
		t.Fatalf("found %v, %v, expected one", second, err)
	}
	mustDrift(t, dir, "sample", "--like", second[0], "--small", "small/b.png", "--out", "large/again.png")
	mustDrift(t, dir, "sample", "--like", "grid.png", "--small", "small", "--out", "grid2.png")
	all, grids := files(t, dir+"/large/*.png"), files(t, dir+"/*.png")
	if all["again.png"] != all[filepath.Base(second[0])] || grids["grid.png"] != grids["grid2.png"] {
		t.Error("found pictures that differ")
	}
	if err := os.WriteFile(filepath.Join(dir, "small", "aa.png"), []byte("no picture"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := driftOn(t, dir, "sample", "run", "--small", "small", "--steps", "2", "--out", "left/"); code != 0 || !strings.Contains(errs, "note: left out aa.png") || !strings.Contains(errs, "numbered by the 2 small pictures that could be read") {
		t.Errorf("one that cannot be read: exit code %d, %q", code, errs)
	}
	mustDrift(t, dir, "sample", "run", "--small", "small", "-n", "2", "--steps", "2", "--out", "two/")
	mustDrift(t, dir, "sample", "run", "--small", "small", "-n", "2", "--steps", "2", "--out", "two.png")
	fourth, err := filepath.Glob(dir + "/two/000003-*.png")
	if err != nil || len(fourth) != 1 || len(files(t, dir+"/two/*.png")) != 4 {
		t.Fatalf("two of each of two: found %v, %v of %d, expected four", fourth, err, len(files(t, dir+"/two/*.png")))
	}
	mustDrift(t, dir, "sample", "--like", fourth[0], "--small", "small/b.png", "--out", "two/again.png")
	mustDrift(t, dir, "sample", "--like", "two.png", "--small", "small", "--out", "two-again.png")
	twos, grids := files(t, dir+"/two/*.png"), files(t, dir+"/two*.png")
	if twos["again.png"] != twos[filepath.Base(fourth[0])] || grids["two.png"] != grids["two-again.png"] {
		t.Error("two of each: found pictures that differ")
	}
	if _, errs, code := driftOn(t, dir, "sample", "run", "--small", "small", "-n", "0", "--out", "none.png"); code != 1 || !strings.Contains(errs, "n: found 0") {
		t.Errorf("none of each: exit code %d, %q", code, errs)
	}
	for want, small := range map[string][]string{"found none, expected those": nil, "found others, with the hash": {"--small", "small/a.png"}} {
		if _, errs, code := driftOn(t, dir, append([]string{"sample", "--like", second[0], "--out", "bad.png"}, small...)...); code != 1 || !strings.Contains(errs, want) {
			t.Errorf("%v: exit code %d, %q, expected %q", small, code, errs, want)
		}
	}
}

func TestFileNames(t *testing.T) {
	for class, want := range map[string]string{"dog": "dog", "a/b c": "a-b-c", "..": "--", "猫_1": "猫_1", strings.Repeat("x", 99): strings.Repeat("x", 40)} {
		if got := fileName(class); got != want {
			t.Errorf("%q: found %q, want %q", class, got, want)
		}
	}
}

// Help names one default of each flag, or that of points and that of pictures, and both are the
// ones that are taken.
func TestHelpTellsDefaultsOnce(t *testing.T) {
	dir := t.TempDir()
	for command, wanted := range map[string][]string{
		"train":        {"samples a step (default 256; 64 for pictures larger than 12×12)", "(default none; 0.05,0.1 for pictures larger than 12×12)", "(default vp; cosine for pictures"},
		"doctor":       {"training steps (default 4000; 10000 for pictures larger than 12×12)"},
		"sample":       {"(default 1000; 100 of pictures and for .gif; 1 with --index or --small)"},
		"eval":         {"(default 2000; of pictures 2000 in all, but at least 10 of each class)"},
		"edit inpaint": {"none: --method says how to walk"},
	} {
		help := mustDrift(t, dir, append(strings.Fields(command), "--help")...)
		for _, line := range strings.Split(help, "\n") {
			if regexp.MustCompile(`\(default[^()]*\) \(default`).MatchString(line) {
				t.Errorf("%s: found two defaults: %s", command, line)
			}
		}
		for _, text := range wanted {
			if !strings.Contains(help, text) {
				t.Errorf("%s: found no %q in its help", command, text)
			}
		}
	}
}

// Measuring takes as many samples as it needs: of pictures not so many of each class that they
// take hours.
func TestSamplesThatAreMeasured(t *testing.T) {
	pictures, points := run.Data{Shape: []int{32, 32, 3}}, run.Data{Shape: []int{2}}
	for _, c := range []struct {
		data    run.Data
		classes int
		want    int
	}{{pictures, 0, 2000}, {pictures, 10, 200}, {pictures, 80, 25}, {pictures, 23, 87}, {pictures, 1000, 10}, {points, 0, 2000}, {points, 2, 2000}} {
		c.data.Classes = make([]string, c.classes)
		if found := enough(c.data); found != c.want {
			t.Errorf("shape %v and %d classes: found %d of each, expected %d", c.data.Shape, c.classes, found, c.want)
		}
	}
}
