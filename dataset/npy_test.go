package dataset

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
)

// member is the text of one array of an archive that testdata/make_npy.py wrote.
func member(t testing.TB, archive, name string) string {
	t.Helper()
	z, err := zip.OpenReader("testdata/" + archive)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, err := z.Open(name + ".npy")
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestNPYKinds(t *testing.T) {
	want := []int{0, 20, 40, 60, 80, 100, 120, 140, 160, 180, 200, 220}
	for _, kind := range []string{"u1", "i8", "big", "f4", "f8", "f4_whole", "four"} {
		s := open(t, file(t, "a.npy", member(t, "kinds.npz", kind)), Options{})
		if !slices.Equal(s.X.Shape, []int{2, 2, 1}) || !slices.EqualFunc(s.X.Batch().Data, want, func(v float64, w int) bool { return v == float64(w) }) || s.Max != 255 {
			t.Errorf("%s: shape %v, values %v", kind, s.X.Shape, s.X.Batch().Data)
		}
	}
	rgb := open(t, file(t, "a.npy", member(t, "kinds.npz", "rgb")), Options{Pictures: Pictures{Channels: 3}})
	if !slices.Equal(rgb.X.Shape, []int{2, 2, 3}) || rgb.X.Batch().Data[5] != 20 {
		t.Errorf("rgb: shape %v, values %v", rgb.X.Shape, rgb.X.Batch().Data)
	}
	if s := open(t, file(t, "a.npy", member(t, "odd.npz", "bool")), Options{}); s.X.Batch().Data[5] != 0 || s.X.Batch().Data[6] != 255 {
		t.Errorf("bool: values %v", s.X.Batch().Data)
	}
}

func TestNPYLabels(t *testing.T) {
	pictures, labels := member(t, "set.npz", "x_train"), member(t, "set.npz", "y_train")
	for name, path := range map[string]string{
		"archive":     "testdata/set.npz",
		"in a folder": folder(t, map[string]string{"a/x.npy": pictures, "a/x_labels.npy": labels}),
		"of Keras":    folder(t, map[string]string{"x_train.npy": pictures, "y_train.npy": labels, "x_test.npy": "broken", "y_test.npy": "broken"}),
		"of images":   folder(t, map[string]string{"train/a_images.npy": pictures, "train/a_labels.npy": labels, "test/a_images.npy": "broken"}),
		"beside dots": folder(t, map[string]string{"x.npy": pictures, "y.npy": labels, "._x.npy": "broken"}),
		"of the set":  folder(t, map[string]string{"images.npy": pictures, "labels.npy": labels, "test_images.npy": "broken"}),
	} {
		s := open(t, path, Options{})
		if !slices.Equal(values(s), []int{0, 80, 160}) || !slices.Equal(s.Labels, []int{0, 1, 0}) || !slices.Equal(s.Classes, []string{"2", "5"}) {
			t.Errorf("%s: %v, labels %v of %q", name, values(s), s.Labels, s.Classes)
		}
	}
}

// Fractions that rounding took a little too far are what they were meant to be.
func TestNPYRounding(t *testing.T) {
	for _, test := range []struct {
		x    []float64
		want []int
	}{
		{[]float64{-1e-7, 0.5, 1 + 1e-7}, []int{0, 128, 255}},
		{[]float64{-1 - 1e-7, 0, 1 + 1e-7}, []int{0, 128, 255}},
		{[]float64{0, 2, 255}, []int{0, 2, 255}},
	} {
		if s := open(t, file(t, "a.npy", fractions(test.x...)), Options{}); !slices.EqualFunc(s.X.Batch().Data, test.want, func(v float64, w int) bool { return v == float64(w) }) {
			t.Errorf("%v: found %v, expected %v", test.x, s.X.Batch().Data, test.want)
		}
	}
}

// fractions is a picture of one row.
func fractions(x ...float64) string {
	head := fmt.Sprintf("{'descr': '<f8', 'fortran_order': False, 'shape': (1, 1, %d), }\n", len(x))
	out := []byte(npyMagic + "\x01\x00" + string([]byte{byte(len(head)), 0}) + head)
	for _, v := range x {
		out = binary.LittleEndian.AppendUint64(out, math.Float64bits(v))
	}
	return string(out)
}

// What WriteNPY writes of pictures reads back.
func TestNPYReadsBack(t *testing.T) {
	x := drift.NewBatch(2, 2, 3, 1)
	for i := range x.Data {
		x.Data[i] = float64(20 * i)
	}
	var out strings.Builder
	if err := WriteNPY(&out, x); err != nil {
		t.Fatal(err)
	}
	path := file(t, "a.npy", out.String())
	if s := open(t, filepath.Dir(path)+"/./a.npy", Options{}); s.Labels != nil { // no other file
		t.Errorf("found the labels %v in the pictures themselves", s.Labels)
	}
	if s := open(t, path, Options{}); !slices.Equal(s.X.Batch().Data, x.Data) || !slices.Equal(s.X.Shape, x.Shape) {
		t.Errorf("found %v of shape %v", s.X.Batch().Data, s.X.Shape)
	}
}

func TestBadNPY(t *testing.T) {
	good := member(t, "kinds.npz", "u1")
	odd := func(name string) string { return file(t, "a.npy", member(t, "odd.npz", name)) }
	shaped := func(shape string) string {
		head := "{'descr': '|u1', 'fortran_order': False, 'shape': " + shape + ", }\n"
		return file(t, "a.npy", npyMagic+"\x01\x00"+string([]byte{byte(len(head)), 0})+head)
	}
	for _, test := range []struct{ path, want string }{
		{odd("fortran"), `found fortran_order "True", expected False`},
		{odd("text"), "found values of the type \"<U1\", expected whole numbers"},
		{odd("object"), "found values of the type \"|O\""},
		{odd("flat"), "found an array of shape [12], expected [pictures, height, width]"},
		{odd("far"), "found values from 0 to 440, expected 0 to 255"},
		{odd("negative"), "found values from -220 to 0"},
		{odd("nan"), "found values from +Inf to +Inf"},
		{file(t, "a.npy", good[:len(good)-1]), "found an end after 11 of 12 bytes"},
		{file(t, "a.npy", good+"x"), "found more bytes behind the data"},
		{file(t, "a.npy", member(t, "kinds.npz", "f8")[:140]), "found an end after 1 of 12 values"},
		{file(t, "a.npy", good[:20]), "found an end in the header"},
		{file(t, "a.npy", npyMagic+"\x09\x00\x00\x00"), "found version 9"},
		{file(t, "a.npy", npyMagic+"\x02\x00\xff\xff\xff\xff"), "found a header of"},
		{shaped("(1, 9999999999999999999, 1)"), "found the shape \"(1, 9999999999999999999, 1)\""},
		{shaped("(65536, 65536, 65536)"), "found the shape"},
		{shaped("(0, 2, 2)"), "found the shape \"(0, 2, 2)\""},
		{shaped("(-1, 2, 2)"), "found the shape"},
		{shaped("()"), "found an array of shape []"},
		{shaped("(1000, 100, 100)"), "found an end after 0 of 10000000 bytes"},
		{shaped("(2, 2, 2, 4)"), "found an array of shape [2 2 2 4]"},
		{"testdata/kinds.npz", `found the arrays "u1", "i8", "big", "f4", "f8", "f4_whole", "four", "rgb", expected pictures in one called images`},
		{file(t, "a.npz", "PK\x03\x04"), "cannot open the archive of arrays"},
		{folder(t, map[string]string{"a.npy": good, "b.npy": good}), "found 2 arrays of pictures, expected one"},
		{file(t, "a.npy", fractions(0, 1.02)), "found values from 0 to 1.02, expected 0 to 255, 0 to 1 or -1 to 1"},
		{file(t, "a.npy", fractions(-0.01, 200)), "found values from -0.01 to 200"},
		{folder(t, map[string]string{"a.npy": ""}), "a.npy: found no arrays"},
		{folder(t, map[string]string{"labels.npy": good}), "found 0 arrays of pictures"},
		{folder(t, map[string]string{"x.npy": good, "y.npy": member(t, "odd.npz", "flat")}), "y.npy: found 12 labels, expected one for each of 3 pictures"},
		{folder(t, map[string]string{"x.npy": good, "y.npy": member(t, "kinds.npz", "f4")}), "y.npy: found an array of shape [3 2 2], expected a whole number for each picture"},
	} {
		if _, err := Open(test.path, Options{}); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.path+": ") {
			t.Errorf("found error %q, want %q", fmt.Sprint(err), test.want)
		}
	}
}
