package safefile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func text(s string) func(io.Writer) error {
	return func(w io.Writer) error { _, err := io.WriteString(w, s); return err }
}

// holds fails if a folder holds anything but one file with that text.
func holds(t *testing.T, path, want string) {
	t.Helper()
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("found %q, %v; expected %q", got, err, want)
	}
	if all, err := os.ReadDir(filepath.Dir(path)); err != nil || len(all) != 1 {
		t.Errorf("found %v, %v; expected one file and nothing left over", all, err)
	}
}

func TestWriteIsWholeOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	if err := Write(path, text("one")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "one")
	broken := errors.New("broken")
	err := Write(path, func(w io.Writer) error { io.WriteString(w, "two"); return broken })
	if !errors.Is(err, broken) || !strings.HasPrefix(err.Error(), path) {
		t.Errorf("found error %v", err)
	}
	holds(t, path, "one")
	if err := Write(path, text("three")); err != nil {
		t.Fatal(err)
	}
	holds(t, path, "three")
}

func TestCreateOverwritesNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	// Somebody else is quicker: the file appears while this one is being filled.
	err := Create(path, func(io.Writer) error { return os.WriteFile(path, []byte("theirs"), 0o600) })
	if err == nil || !strings.Contains(err.Error(), "--force") {
		t.Errorf("found error %v", err)
	}
	holds(t, path, "theirs")
	if err := Create(path, text("ours")); err == nil {
		t.Error("an existing file was replaced")
	}
	holds(t, path, "theirs")
}

func TestReady(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "a.txt")
	if err := Ready(path, false); err != nil {
		t.Error(err)
	}
	if all, _ := os.ReadDir(dir); len(all) != 0 {
		t.Errorf("asking left %v", all)
	}
	if err := Ready(filepath.Join(dir, "none", "a.txt"), true); err == nil || !strings.Contains(err.Error(), "no folder") {
		t.Errorf("a missing folder: found error %v", err)
	}
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Ready(path, false); err == nil {
		t.Error("an existing file: found no error")
	}
	if err := Ready(path, true); err != nil {
		t.Error(err)
	}
}

// Where a user named a link it stays, and what it points to is written, whether it is there
// or not.
func TestLinksAreFollowed(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	file, link, far := filepath.Join(other, "a.txt"), filepath.Join(dir, "link"), filepath.Join(dir, "far")
	if err := errors.Join(os.Symlink("far", link), os.Symlink(file, far)); err != nil {
		t.Skipf("cannot make links here: %v", err)
	}
	for _, what := range []string{"one", "two"} { // a file that is not there yet, and one that is
		if err := errors.Join(Ready(link, true), Through(link, text(what))); err != nil {
			t.Fatal(err)
		}
		holds(t, file, what)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("found %v (%v), expected the link as it was", info, err)
	}
	if err := Create(link, text("three")); err == nil {
		t.Error("a link was written through without force")
	}
	holds(t, file, "two")
	round := filepath.Join(dir, "round")
	if err := os.Symlink("round", round); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{round, dir, os.DevNull} {
		if err := Through(path, text("four")); err == nil || Ready(path, true) == nil {
			t.Errorf("%s: found error %v, expected one that says it is no file", path, err)
		}
	}
}

// Any other write replaces a link, and what it points to, such as the file of another run,
// stays as it is.
func TestLinksAreReplaced(t *testing.T) {
	dir, other := t.TempDir(), t.TempDir()
	file, link := filepath.Join(other, "a.txt"), filepath.Join(dir, "a.txt")
	if err := Write(file, text("theirs")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(file, link); err != nil {
		t.Skipf("cannot make links here: %v", err)
	}
	if err := Write(link, text("ours")); err != nil {
		t.Fatal(err)
	}
	holds(t, link, "ours")
	holds(t, file, "theirs")
}

func TestSweep(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{tempPrefix + "1-a.txt", "a.txt"} {
		if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := Sweep(dir); err != nil {
		t.Fatal(err)
	}
	holds(t, filepath.Join(dir, "a.txt"), "")
}

// A text is what it says, whether or not an editor marked its beginning.
func TestText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.txt")
	for _, begins := range []string{"", "\ufeff"} {
		if err := os.WriteFile(path, []byte(begins+"one"), 0o600); err != nil {
			t.Fatal(err)
		}
		if found, err := Text(path, 9); err != nil || string(found) != "one" {
			t.Errorf("found %q (%v), expected \"one\"", found, err)
		}
	}
}
