package dataset

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// fuzzNames are names of files, by which some readers are chosen.
var fuzzNames = []string{"a.zip", "a-images-idx3-ubyte", "a.bin", "a.npy", "a.npz"}

// Whatever is in a file of pictures, opening it gives an error that names it or a whole
// set of pictures, and both are said in full by Check.
func FuzzOpenPictures(f *testing.F) {
	text := func(path string) []byte {
		data, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		return data
	}
	f.Add(text(archive(f, map[string]string{"x/a.png": grey(1), "y/b.png": grey(2), "metadata.csv": "file_name,v\nx/a.png,1\ny/b.png,2\n"})), 0)
	f.Add(text(archive(f, map[string]string{"train/x/a.png": grey(1), "test/b.png": "", "../c.png": "x"})), 0)
	f.Add([]byte(idx("abcdefghijklmnopqr", 3, 2, 3)), 1)
	f.Add([]byte(zipped(idx("abcd", 1, 2, 2))), 1)
	f.Add([]byte(record("\x01", 1, 2, 3)), 2)
	f.Add([]byte(record("\x01\x02", 1, 2, 3)), 2)
	for _, kind := range []string{"u1", "big", "f8", "rgb"} {
		f.Add([]byte(member(f, "kinds.npz", kind)), 3)
	}
	f.Add(text("testdata/set.npz"), 4)
	f.Add(text("testdata/odd.npz"), 4)
	f.Fuzz(func(t *testing.T, data []byte, kind int) {
		path := filepath.Join(t.TempDir(), fuzzNames[uint(kind)%uint(len(fuzzNames))])
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Open(path, Options{N: 10, Pictures: Pictures{Size: "5"}})
		if err != nil {
			if !strings.Contains(err.Error(), path) {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if !s.Image() {
			return // it reads as a table
		}
		if s.X.N < 1 || s.X.N > 10 || len(s.X.Batch().Data) != s.X.N*s.X.Dim() || slices.Min(s.X.Batch().Data) < 0 || slices.Max(s.X.Batch().Data) > 255 {
			t.Fatalf("not whole: %d samples of shape %v with %d values", s.X.N, s.X.Shape, len(s.X.Batch().Data))
		}
		if s.Labels != nil && (len(s.Labels) != s.X.N || slices.Min(s.Labels) < 0 || slices.Max(s.Labels) >= len(s.Classes)) {
			t.Fatalf("labels %v of the classes %q", s.Labels, s.Classes)
		}
		if s.Vectors != nil && (s.Vectors.N != s.X.N || s.Vectors.Finite() != nil || s.Vectors.Dim() != len(s.VectorColumns)) {
			t.Fatalf("vectors %v of the columns %q", s.Vectors, s.VectorColumns)
		}
		if r := Check(s); r.Samples != s.X.N || len(r.Skipped) != len(s.Skipped) {
			t.Fatalf("report %+v", r)
		}
	})
}
