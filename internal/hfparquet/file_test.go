package hfparquet

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/parquet-go/parquet-go"
)

func opened(t testing.TB, name, label string) *File {
	t.Helper()
	f, err := Open("testdata/"+name, label)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// grey is the level of a picture of one level.
func grey(t testing.TB, data []byte) int {
	t.Helper()
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	r, _, _, _ := img.At(0, 0).RGBA()
	return int(r >> 8)
}

func TestHuggingFace(t *testing.T) {
	f := opened(t, "huggingface.parquet", "")
	numbers, texts, names, err := f.Labels()
	if err != nil || f.Rows() != 20 || len(numbers) != 20 || texts != nil || !slices.Equal(names, []string{"eel", "cat", "dog"}) {
		t.Fatalf("%d rows, %q, %q, %v", f.Rows(), texts, names, err)
	}
	for i, l := range numbers {
		if l != i%3 {
			t.Errorf("row %d: label %d", i+1, l)
		}
	}
	// In order, in steps, and back.
	for _, order := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19}, {3, 4, 9, 19}, {12}, {19, 0, 5, 5, 4}} {
		at := f.Cursor()
		for _, i := range order {
			data, err := at.Picture(i)
			if err != nil {
				t.Fatal(err)
			}
			if v := grey(t, data); v != i {
				t.Errorf("%v: row %d: found picture %d", order, i+1, v)
			}
		}
		if _, err := at.Picture(20); err == nil {
			t.Error("a row behind the end was read")
		}
		at.Close()
	}
}

func TestPlainTables(t *testing.T) {
	f := opened(t, "plain.parquet", "")
	numbers, texts, names, err := f.Labels()
	if err != nil || numbers != nil || names != nil || !slices.Equal(texts, []string{"b", "a", "b"}) {
		t.Errorf("%v %q %q %v", numbers, texts, names, err)
	}
	at := f.Cursor()
	defer at.Close()
	if data, err := at.Picture(0); err != nil || grey(t, data) != 7 {
		t.Errorf("row 1: %v", err)
	}
	if _, err := at.Picture(1); err == nil || !strings.Contains(err.Error(), "found no bytes") {
		t.Errorf("row 2: %v", err)
	}
	if data, err := at.Picture(2); err != nil || grey(t, data) != 9 {
		t.Errorf("row 3: %v", err)
	}
	if numbers, _, _, err := opened(t, "withheld.parquet", "label").Labels(); err != nil || !slices.Equal(numbers, []int{-1, -1}) {
		t.Errorf("withheld: %v %v", numbers, err)
	}
}

func TestBadFiles(t *testing.T) {
	whole, err := os.ReadFile("testdata/huggingface.parquet")
	if err != nil {
		t.Fatal(err)
	}
	write := func(data []byte) string {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, test := range []struct{ path, label, want string }{
		{"testdata/numbers.parquet", "", "found the columns x, expected one called image"},
		{"testdata/plain.parquet", "kind", `label column: found no column of classes called "kind", expected one of img, class`},
		{write(nil), "", "cannot open as Parquet"},
		{write([]byte("PAR1PAR1")), "", "as Parquet"},
		{write(whole[:len(whole)/2]), "", "cannot open as Parquet"},
		{write(whole[len(whole)/2:]), "", "as Parquet"},
	} {
		f, err := Open(test.path, test.label)
		if err == nil { // the head is read late
			at := f.Cursor()
			_, err = at.Picture(0)
			at.Close()
			f.Close()
		}
		if err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: found error %q, want %q", test.path, fmt.Sprint(err), test.want)
		}
	}
}

// Whatever is in a file, it gives errors or as many pictures and labels as it has rows.
func FuzzOpen(f *testing.F) {
	names, err := filepath.Glob("testdata/*.parquet")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "a.parquet")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		file, err := Open(path, "")
		if err != nil {
			return
		}
		defer file.Close()
		if file.Rows() > 1000 {
			return
		}
		if numbers, texts, _, err := file.Labels(); err == nil && file.label >= 0 && len(numbers)+len(texts) != file.Rows() {
			t.Fatalf("%d labels of %d rows", len(numbers)+len(texts), file.Rows())
		}
		at := file.Cursor()
		defer at.Close()
		for i := range file.Rows() {
			at.Picture(i)
		}
	})
}

// Behind a page that cannot be read, no row gets what belongs to another.
func TestDamagedPages(t *testing.T) {
	type image struct {
		Bytes []byte `parquet:"bytes"`
		Path  string `parquet:"path"`
	}
	type row struct {
		Image image `parquet:"image"`
		Label int64 `parquet:"label"`
	}
	const rows = 600
	text := func(i int) string { return fmt.Sprintf("picture-%03d-%s", i, strings.Repeat("x", 40)) }
	var file bytes.Buffer
	w := parquet.NewGenericWriter[row](&file, parquet.PageBufferSize(1000))
	for i := range rows {
		if _, err := w.Write([]row{{image{[]byte(text(i)), ""}, int64(i % 2)}}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	data := file.Bytes()
	at := bytes.Index(data, []byte(text(100)))
	if at < 0 {
		t.Fatal("found no picture in the file")
	}
	data[at] ^= 1
	path := filepath.Join(t.TempDir(), "damaged.parquet")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := Open(path, "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, first := range []int{0, 99, 101, 300} { // wherever a reader begins
		c := f.Cursor()
		good, bad := 0, 0
		for i := first; i < rows; i++ {
			switch got, err := c.Picture(i); {
			case err != nil:
				if bad++; len(err.Error()) > 300 {
					t.Fatalf("found an error of %d letters", len(err.Error()))
				}
			case string(got) != text(i):
				t.Fatalf("from row %d on: row %d is %.11q", first, i, got)
			default:
				good++
			}
		}
		if bad < rows-max(first, 101) || good < min(80, 80-first) {
			t.Errorf("from row %d on: found %d rows, and %d that cannot be read", first, good, bad)
		}
		c.Close()
	}
}
