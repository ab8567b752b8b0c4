package dataset

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A link to a data set is that set; a link to a folder within it is named, not lost.
func TestLinkedFolders(t *testing.T) {
	dir := folder(t, map[string]string{"cats/a.png": grey(1), "dogs/b.png": grey(2)})
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skipf("no links here: %v", err)
	}
	if s := open(t, link, Options{}); s.Name != "link" || !slices.Equal(s.Classes, []string{"cats", "dogs"}) {
		t.Errorf("found %s with %q", s.Name, s.Classes)
	}
	if err := os.Symlink(t.TempDir(), filepath.Join(dir, "hens")); err != nil {
		t.Fatal(err)
	}
	if s := open(t, dir, Options{}); len(s.Skipped) != 1 || !strings.Contains(s.Skipped[0].Error(), "hens: found a link to a folder") {
		t.Errorf("found skipped %v", s.Skipped)
	}
}

// What is opened more than once must be a file.
func TestDevicesAreRefused(t *testing.T) {
	if _, err := Open(os.DevNull, Options{}); err == nil || !strings.Contains(err.Error(), "found a pipe or a device") {
		t.Errorf("found error %v", err)
	}
}

// Bytes that do not fit the checksum of their archive are an error, wherever they end.
func TestChecksums(t *testing.T) {
	good := zipped(idx("abcdefghijklmnopqr", 3, 2, 3))
	for name, text := range map[string]string{
		"checksum": good[:len(good)-8] + "\x00\x00\x00\x00" + good[len(good)-4:],
		"cut":      good[:len(good)-3],
	} {
		if _, err := Open(folder(t, map[string]string{"a-images-idx3-ubyte.gz": text}), Options{}); err == nil || !strings.Contains(err.Error(), "cannot unpack") {
			t.Errorf("%s: found error %v", name, err)
		}
	}
}

// Little in an archive must not become much in memory.
func TestTablesAndArraysAreBounded(t *testing.T) {
	defer func(most int) { maxCells = most }(maxCells)
	maxCells = 6
	for text, good := range map[string]bool{"file_name,x,y\na,1,2\nb,3,4\n": true, "file_name,x,y\na,1,2\nb,3,4\nc,5,6\n": false} {
		if _, err := readTable("labels.csv", []byte(text), ""); (err == nil) != good || !good && !strings.Contains(err.Error(), "line 4: found more than 6 cells") {
			t.Errorf("%q: found error %v", text, err)
		}
	}
	packed := archive(t, map[string]string{"a.png": grey(1), "labels.csv": "file_name,class\na.png,x\n" + strings.Repeat("\n", 2<<20)})
	if _, err := Open(packed, Options{}); err == nil || !strings.Contains(err.Error(), "expected a table") {
		t.Errorf("found error %v", err)
	}
	for kind, most := range map[string]int{"|u1": maxPixels, "|i1": maxPixels / 4, "|b1": maxPixels / 4, "<f4": maxPixels / 4, "<f8": maxPixels / 8} {
		fields := func(n int) map[string]string {
			return map[string]string{"fortran_order": "False", "descr": "'" + kind + "'", "shape": fmt.Sprintf("(%d,)", n)}
		}
		if err := new(npyHead).parse(fields(most)); err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if err := new(npyHead).parse(fields(most + 1)); err == nil {
			t.Errorf("%s: found no error for %d values", kind, most+1)
		}
	}
}
