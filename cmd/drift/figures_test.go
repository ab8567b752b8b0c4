package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Figures are listed, made by name, never overwritten unasked, and a slip of the pen
// gets a suggestion.
func TestFiguresByName(t *testing.T) {
	dir := t.TempDir()
	help, list := mustDrift(t, dir, "figures", "--help"), mustDrift(t, dir, "figures", "--list")
	for _, name := range []string{"dissolve", "terrain", "walk", "slope", "learned", "nfe", "trajectories", "guidance"} {
		if !strings.Contains(help, "\n  "+name+" ") || !strings.Contains(list, "\n"+name+" ") {
			t.Errorf("found no %s in help or list, expected every figure", name)
		}
	}
	if list := mustDrift(t, dir, "figures", "--list", "--json"); !strings.Contains(list, `{"name":"dissolve","about":"`) {
		t.Errorf("found %s, expected names in small letters, as elsewhere", list)
	}
	_, errs, code := driftOn(t, dir, "figures", "terain", "--out", "f")
	if code != 2 || !strings.Contains(errs, "did you mean terrain?") {
		t.Errorf("found exit code %d and %q, expected 2 and a suggestion", code, errs)
	}
	if _, err := os.Stat(filepath.Join(dir, "f")); err == nil {
		t.Error("found a folder after a mistake in the names, expected none")
	}
	lines := strings.Split(strings.TrimSpace(mustDrift(t, dir, "figures", "trajectories", "--out", "f", "--json")), "\n")
	var result struct{ Files []string }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil {
		t.Fatal(err)
	}
	if len(result.Files) != 2 {
		t.Errorf("found files %q, expected PNG and SVG", result.Files)
	}
	made := files(t, dir+"/f/*")
	for _, path := range result.Files {
		if len(made[filepath.Base(path)]) < 1000 {
			t.Errorf("%s: found %d bytes, expected a picture", path, len(made[filepath.Base(path)]))
		}
	}
	_, errs, code = driftOn(t, dir, "figures", "trajectories", "--out", "f", "--seed", "1")
	if code != 1 || !strings.Contains(errs, "trajectories.png: found an existing file") || !strings.Contains(errs, "--force") {
		t.Errorf("found exit code %d and %q, expected a refusal to overwrite", code, errs)
	}
	if again := files(t, dir+"/f/*"); again["trajectories.png"] != made["trajectories.png"] {
		t.Error("found a picture that changed without --force")
	}
	mustDrift(t, dir, "figures", "trajectories", "--out", "f", "--force")
	if again := files(t, dir+"/f/*"); again["trajectories.png"] != made["trajectories.png"] {
		t.Error("found another picture for the same seed, expected the same bytes")
	}
}

// A trained run is shown by the figure that can show it, and refused by others.
func TestFiguresShowARun(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, "train", "digits", "--out", "digits", "--steps", "7", "--width", "16", "--blocks", "1", "--batch", "32")
	mustDrift(t, dir, "figures", "dissolve", "--run", "digits", "--out", "f")
	if made := files(t, dir+"/f/*"); len(made) != 4 {
		t.Errorf("found %d files, expected 4", len(made))
	}
	_, errs, code := driftOn(t, dir, "figures", "learned", "--run", "digits", "--out", "g")
	if code != 1 || !strings.Contains(errs, "run digits: found a run of pictures") {
		t.Errorf("found exit code %d and %q, expected a refusal", code, errs)
	}
}

// Interrupted, figures keeps what is whole, leaves no half files and exits with 130.
func TestInterruptedFigures(t *testing.T) {
	needSignals(t)
	dir := t.TempDir()
	var out bytes.Buffer
	cmd := command(dir, "figures", "slope", "trajectories", "--out", "f")
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(files(t, dir+"/f/slope-field.*")) > 0 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 {
		t.Errorf("found exit code %d, expected 130: %s", code, out.String())
	}
	if !strings.Contains(out.String(), "files are whole in f") {
		t.Errorf("found %q, expected it to say what is kept", out.String())
	}
	if left := files(t, dir+"/f/.tmp-*"); len(left) > 0 {
		t.Errorf("found %d temporary files, expected none", len(left))
	}
}
