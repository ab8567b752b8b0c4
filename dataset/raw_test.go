package dataset

import (
	"encoding/binary"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// idx is an IDX file of bytes.
func idx(data string, sides ...uint32) string {
	out := []byte{0, 0, 8, byte(len(sides))}
	for _, n := range sides {
		out = binary.BigEndian.AppendUint32(out, n)
	}
	return string(out) + data
}

func TestIDX(t *testing.T) {
	pictures, labels := idx("abcdefghijklmnopqr", 3, 2, 3), idx("\x07\x02\x07", 3)
	for _, files := range []map[string]string{
		{"train-images-idx3-ubyte": pictures, "train-labels-idx1-ubyte": labels},
		{"train-images-idx3-ubyte.gz": zipped(pictures), "train-labels-idx1-ubyte.gz": zipped(labels), "t10k-images-idx3-ubyte.gz": "broken"},
		{"images.idx3-ubyte": pictures, "labels.idx1-ubyte.gz": zipped(labels), "images.idx3-ubyte.gz": zipped(pictures)},
	} {
		dir := folder(t, files)
		path := ""
		for name := range files {
			if isIDXName(name) && !strings.Contains(name, "t10k") {
				path = filepath.Join(dir, name)
			}
		}
		for _, name := range []string{dir, path} {
			s := open(t, name, Options{})
			if !slices.Equal(s.X.Shape, []int{2, 3, 1}) || string(bytesOf(s)) != "abcdefghijklmnopqr" {
				t.Errorf("%s: shape %v, values %v", name, s.X.Shape, s.X.Batch().Data)
			}
			if !slices.Equal(s.Classes, []string{"2", "7"}) || !slices.Equal(s.Labels, []int{1, 0, 1}) || s.Max != 255 {
				t.Errorf("%s: classes %q, labels %v", name, s.Classes, s.Labels)
			}
		}
	}
	s := open(t, folder(t, map[string]string{"a-images-idx3-ubyte": pictures}), Options{N: 2, Pictures: Pictures{Channels: 3, Size: "1"}})
	if s.Labels != nil || len(s.Notes) != 1 || s.X.N != 2 || !slices.Equal(s.X.Shape, []int{1, 1, 3}) {
		t.Errorf("without labels: %v, notes %q, %d of shape %v", s.Labels, s.Notes, s.X.N, s.X.Shape)
	}
}

func bytesOf(s *Set) (b []byte) {
	for _, v := range s.X.Batch().Data {
		b = append(b, byte(v))
	}
	return b
}

// record is one of CIFAR: labels and three planes of one value each.
func record(labels string, r, g, b byte) string {
	plane := func(v byte) string { return strings.Repeat(string([]byte{v}), 1024) }
	return labels + plane(r) + plane(g) + plane(b)
}

func TestCIFAR(t *testing.T) {
	first, second := record("\x05", 1, 2, 3)+record("\x03", 4, 5, 6), record("\x05", 7, 8, 9)
	dir := folder(t, map[string]string{"pets_train.bin": first, "pets_zero.bin": second, "pets_test.bin": "broken"})
	s := open(t, dir, Options{})
	if !slices.Equal(s.X.Shape, []int{32, 32, 3}) || !slices.Equal(values(s), []int{1, 4, 7}) || !slices.Equal(s.X.Row(1)[3069:], []float64{4, 5, 6}) {
		t.Errorf("shape %v, values %v", s.X.Shape, values(s))
	}
	if !slices.Equal(s.Classes, []string{"cat", "dog"}) || !slices.Equal(s.Labels, []int{1, 0, 1}) || len(s.Notes) != 1 {
		t.Errorf("classes %q, labels %v, notes %q", s.Classes, s.Labels, s.Notes)
	}
	if s := open(t, filepath.Join(dir, "pets_zero.bin"), Options{}); s.X.N != 1 || !slices.Equal(s.Classes, []string{"dog"}) {
		t.Errorf("one file: %d of %q", s.X.N, s.Classes)
	}
	s = open(t, folder(t, map[string]string{"test_batch.bin": record("\x01", 1, 2, 3), "batches.meta.txt": "ant\nbee\n\n"}), Options{})
	if !slices.Equal(s.Classes, []string{"bee"}) || s.Notes != nil {
		t.Errorf("with names beside it: %q, notes %q", s.Classes, s.Notes)
	}
	s = open(t, folder(t, map[string]string{"train.bin": record("\x01\x63", 1, 2, 3)}), Options{})
	if !slices.Equal(s.Classes, []string{"99"}) || s.X.Row(0)[0] != 1 {
		t.Errorf("CIFAR-100: %q", s.Classes)
	}
}

func TestBadArrays(t *testing.T) {
	good := idx("abcdefghijklmnopqr", 3, 2, 3)
	pair := func(pictures, labels string) string {
		return folder(t, map[string]string{"a-images-idx3-ubyte": pictures, "a-labels-idx1-ubyte": labels})
	}
	for _, test := range []struct{ path, want string }{
		{pair(good[:len(good)-1], idx("abc", 3)), "a-images-idx3-ubyte: found an end after 17 of 18 bytes of data"},
		{pair(good+"x", idx("abc", 3)), "a-images-idx3-ubyte: found more bytes behind the data"},
		{pair(good[:9], idx("abc", 3)), "found an end in the header"},
		{pair("", idx("abc", 3)), "found a file of another kind, expected an IDX file of bytes"},
		{pair(zipped(good)[:30], idx("abc", 3)), "a-images-idx3-ubyte: "},
		{pair(idx("", 1<<31, 1<<31, 1<<31), ""), "found a side of 2147483648 beside [], expected at least 1 and at most 1073741824 values in all"},
		{pair(idx("", 1<<20, 1<<7, 1<<7), ""), "found a side of 128 beside [1048576 128]"},
		{pair(idx("", 1<<13, 1<<7, 1<<7), ""), "found an end after 0 of 134217728 bytes"},
		{pair(idx("", 0, 2, 2), ""), "found a side of 0"},
		{pair("\x00\x00\x08\x09", ""), "found an IDX array of 9 sides"},
		{pair(good, idx("ab", 2)), "a-labels-idx1-ubyte: found 2 labels, expected one for each of 3 pictures"},
		{pair(good, good), "a-labels-idx1-ubyte: found an array of 3 sides, expected 1"},
		{pair(good, ""), "a-labels-idx1-ubyte: found a file of another kind"},
		{file(t, "a-labels-idx1-ubyte", idx("abc", 3)), "found an array of 1 sides, expected 3: pictures, height and width"},
		{folder(t, map[string]string{"a-images-idx3-ubyte": good, "b-images-idx3-ubyte": good}), `found several files of pictures, "a-images-idx3-ubyte", "b-images-idx3-ubyte"; expected one`},
		{file(t, "a.bin", record("\x01", 1, 2, 3)[1:]), "a.bin: found 3072 bytes, expected whole records of 3073 (CIFAR-10) or 3074 (CIFAR-100)"},
		{file(t, "a.bin", ""), "a.bin: found 0 bytes"},
		{file(t, "a.bin", record("\x0a", 1, 2, 3)), "found the label 10, expected 0 to 9"},
		{folder(t, map[string]string{"a.bin": record("\x01", 1, 2, 3), "b.bin": record("\x01\x02", 1, 2, 3)}), "b.bin: found 3074 bytes, expected whole records"},
	} {
		if _, err := Open(test.path, Options{}); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.path+": ") {
			t.Errorf("found error %q, want %q", fmt.Sprint(err), test.want)
		}
	}
}
