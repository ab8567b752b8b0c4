package main

import (
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift/run"
)

// A name of a model is asked for at the server that HF_ENDPOINT names; package hub tests the rest.
func TestHubByName(t *testing.T) {
	dir := t.TempDir()
	tinyPipeline(t, dir)
	var asked []string
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.URL.Path)
		name, isFile := strings.CutPrefix(r.URL.Path, "/org/tiny/resolve/"+tinyCommit)
		switch {
		case isFile:
			http.ServeFile(w, r, filepath.Join(dir, "tiny", name))
		case r.URL.Path == "/api/models/org/tiny/revision/v1":
			fmt.Fprintf(w, `{"sha": %q}`, tinyCommit)
		case r.URL.Path == "/api/models/org/tiny/tree/"+tinyCommit:
			json.NewEncoder(w).Encode(treeOf(t, filepath.Join(dir, "tiny")))
		default:
			http.NotFound(w, r)
		}
	}))
	defer s.Close()
	t.Setenv("HF_ENDPOINT", s.URL)
	t.Setenv("DRIFT_DATA", dir)
	for _, args := range [][]string{{"hub", "import", "hf://org/cat"}, {"hub", "inspect", "org/cat"}} {
		if out, errs, code := driftOn(t, dir, args...); code != 1 || !strings.Contains(errs, "hf://org/cat@main: found nothing at "+s.URL+"/org/cat") {
			t.Errorf("drift %v: exit code %d: %s%s", args, code, out, errs)
		}
	}
	if len(asked) != 2 || asked[0] != "/api/models/org/cat/revision/main" {
		t.Errorf("asked for %q", asked)
	}
	if _, errs, code := driftOn(t, dir, "hub", "import", "hf://cat"); code != 1 || !strings.Contains(errs, "expected hf://OWNER/NAME") || len(asked) != 2 {
		t.Errorf("half a name: exit code %d: %s", code, errs)
	}
	mustDrift(t, dir, "hub", "import", "hf://org/tiny@v1")
	d, err := run.Open(filepath.Join(dir, "runs", "tiny"))
	if err != nil || d.Manifest.Source != "hf://org/tiny@"+tinyCommit {
		t.Errorf("found source %q, %v, expected the commit", d.Manifest.Source, err)
	}
	mustDrift(t, dir, "sample", "runs/tiny", "-n", "1", "--steps", "2", "--out", "a.png")
	before := len(asked)
	if _, errs, code := driftOn(t, dir, "hub", "import", "hf://org/tiny@v1"); code != 1 || !strings.Contains(errs, "found an existing run") || len(asked) != before {
		t.Errorf("a second time: exit code %d: %s", code, errs)
	}
}

const tinyCommit = "0123456789abcdef0123456789abcdef01234567"

// treeOf is what the server says of a folder's files.
func treeOf(t *testing.T, dir string) (all []map[string]any) {
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		name, _ := filepath.Rel(dir, path)
		all = append(all, map[string]any{"type": "file", "path": filepath.ToSlash(name), "size": len(data), "oid": fmt.Sprintf("%x", sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(data), data)))})
		return err
	})
	if err != nil {
		t.Error(err)
	}
	return all
}

// A run is called by the folder that its data lie in, also from within it, and is no data.
func TestWithinData(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 16)
	within := filepath.Join(dir, "photos")
	mustDrift(t, within, "train", ".", "--size", "16", "--preset", "tiny", "--steps", "2", "--checkpoint-every", "1", "--sample-every", "1", "--batch", "2")
	mustDrift(t, within, "train", ".", "--size", "16", "--preset", "tiny", "--steps", "3", "--checkpoint-every", "1", "--sample-every", "1", "--batch", "2", "--resume")
	if !run.Exists(filepath.Join(within, "runs", "photos")) {
		t.Error("found no run runs/photos")
	}
}

// Names of classes are lines of text: marks, blank ends and line breaks of other systems are
// none of them, and mistakes are told by their line.
func TestClassNames(t *testing.T) {
	path := filepath.Join(t.TempDir(), "names.txt")
	for text, says := range map[string]string{
		"\ufeffcat\r\nblue dog\r\n\r\n \n": "", "cat\nblue dog": "",
		"cat\n\ndog\n": "line 2: found no name", "": "line 1: found no name", "cat\ndog\ncat\n": `line 3: found "cat" as in line 1`,
	} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		names, err := classNames(path)
		if says == "" && (err != nil || !slices.Equal(names, []string{"cat", "blue dog"})) {
			t.Errorf("%q: found names %q (%v), expected cat and blue dog", text, names, err)
		}
		if says != "" && (err == nil || !strings.Contains(err.Error(), says)) {
			t.Errorf("%q: found error %v, expected one that says %q", text, err, says)
		}
	}
}

// A network that knows a row for no class beside its classes comes back with as many
// classes as it was trained on, where they are named.
func TestNoClassComesBack(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 16)
	mustDrift(t, dir, "train", "photos", "--size", "16", "--out", "run", "--preset", "tiny", "--process", "vp", "--noise", "timestep", "--full-range", "--steps", "1", "--batch", "2", "--sample-every", "0")
	if _, errs, code := driftOn(t, dir, "hub", "export", "run", "--checkpoint", "bst", "--out", "out"); code == 0 || !strings.Contains(errs, `found checkpoint "bst", expected last or best`) {
		t.Errorf("exit code %d, %s", code, errs)
	}
	mustDrift(t, dir, "hub", "export", "run", "--out", "out/")
	if err := os.WriteFile(filepath.Join(dir, "names"), []byte("cats\ndogs\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	mustDrift(t, dir, "hub", "import", "out", "--classes", "names", "--data", "photos", "--out", "back")
	mustDrift(t, dir, "hub", "import", "out", "--out", "without")
	for name, want := range map[string]int{"back": 2, "without": 3} {
		d, err := run.Open(filepath.Join(dir, name))
		if err != nil || len(d.Manifest.Data.Classes) != want {
			t.Errorf("%s: found classes %q (%v), expected %d", name, d.Manifest.Data.Classes, err, want)
		}
	}
	mustDrift(t, dir, "sample", "back", "--class", "dogs", "--guidance", "2", "-n", "1", "--steps", "2", "--out", "dog.png")

	// It can teach, as its data have what it knows, in the size that it knows.
	mustDrift(t, dir, "distil", "back", "--steps", "1")
	mustDrift(t, dir, "hub", "import", "out", "--data", "photos", "--out", "strange")
	if _, errs, code := driftOn(t, dir, "distil", "strange", "--steps", "1"); code == 0 || !strings.Contains(errs, `hub import --classes`) {
		t.Errorf("other classes: exit code %d, %s", code, errs)
	}

	// Weights that nobody knows are neither taken for those of an imported run nor deleted.
	if err := os.Remove(filepath.Join(dir, "back-fast", "manifest.toml")); err != nil {
		t.Fatal(err)
	}
	if _, errs, code := driftOn(t, dir, "hub", "import", "out", "--out", "back-fast"); code == 0 || !strings.Contains(errs, "checkpoints but no manifest.toml") {
		t.Errorf("over checkpoints: exit code %d, %s", code, errs)
	}
}
