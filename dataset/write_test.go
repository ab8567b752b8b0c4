package dataset

import (
	"bytes"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"drift"
)

func TestWriteCSVReadsBack(t *testing.T) {
	x := &drift.Batch{Data: []float64{0.1, -2e-310, 1e300, math.Copysign(0, -1), math.Pi, 5, 1 / 3.0, -7}, N: 4, Shape: []int{2}}
	columns := []string{" height, \"cm\"", "b"}
	classes := []string{"#1", "dog;\ncat", "it's"}
	labels := []int{0, 2, 1, 2}
	var out bytes.Buffer
	if err := WriteCSV(&out, x, columns, labels, classes); err != nil {
		t.Fatal(err)
	}
	s, err := ReadCSV(&out, "back.csv", Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range x.Data {
		if math.Float64bits(s.X.Batch().Data[i]) != math.Float64bits(v) {
			t.Errorf("value %d: found %v, want %v", i, s.X.Batch().Data[i], v)
		}
	}
	if !slices.Equal(s.Columns, columns) || !slices.Equal(s.Classes, classes) || !slices.Equal(s.Labels, labels) {
		t.Errorf("found %q, %q, %v", s.Columns, s.Classes, s.Labels)
	}
}

func TestWriteCSVBytes(t *testing.T) {
	x := &drift.Batch{Data: []float64{1, 0.5, 1e21, -3}, N: 2, Shape: []int{2}}
	for _, test := range []struct {
		columns []string
		labels  []int
		classes []string
		want    string
	}{
		{[]string{"#a", "b"}, nil, nil, "\"#a\",b\n1,0.5\n1e+21,-3\n"},
		{[]string{}, []int{1, 0}, []string{}, "x1,x2,class\n1,0.5,1\n1e+21,-3,0\n"},
		{nil, []int{1, 0}, nil, "x1,x2,class\n1,0.5,1\n1e+21,-3,0\n"},
		{[]string{"class", "b"}, []int{1, 0}, []string{"cat", "a dog"}, "class,b,label\n1,0.5,a dog\n1e+21,-3,cat\n"},
		{[]string{"\ufeffa", ""}, nil, nil, "\"\ufeffa\",\"\"\n1,0.5\n1e+21,-3\n"},
	} {
		var out bytes.Buffer
		if err := WriteCSV(&out, x, test.columns, test.labels, test.classes); err != nil || out.String() != test.want {
			t.Errorf("found %q, want %q (%v)", out.String(), test.want, err)
		}
	}
}

func TestWriteCSVErrors(t *testing.T) {
	x := drift.NewBatch(2, 2)
	for want, err := range map[string]error{
		"columns: found 1 names, expected one for each of 2":      WriteCSV(&bytes.Buffer{}, x, []string{"a"}, nil, nil),
		"labels: found 1, expected one for each of 2 samples":     WriteCSV(&bytes.Buffer{}, x, nil, []int{0}, nil),
		"labels: found class 3 for sample 2, expected 0 to 1":     WriteCSV(&bytes.Buffer{}, x, nil, []int{0, 3}, []string{"a", "b"}),
		"labels: found class -1 for sample 1, expected 0 or more": WriteCSV(&bytes.Buffer{}, x, nil, []int{-1, 0}, nil),
		"disk full": errors.Join(WriteCSV(full{}, x, nil, nil, nil), WriteNPY(full{}, x)),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found %v, want %q", err, want)
		}
	}
}

type full struct{}

func (full) Write([]byte) (int, error) { return 0, errors.New("disk full") }

// The files in testdata are what numpy.save of NumPy 2.4.6 wrote.
func TestWriteNPYAsNumPyDoes(t *testing.T) {
	eighths := drift.NewBatch(2, 2, 3, 1)
	for i := range eighths.Data {
		eighths.Data[i] = float64(i) / 8
	}
	for name, x := range map[string]*drift.Batch{
		"points":   {Data: []float64{1.5, -2, 0.1, 1e300, math.Inf(1), math.Copysign(0, -1)}, N: 3, Shape: []int{2}},
		"pictures": eighths,
	} {
		want, err := os.ReadFile("testdata/" + name + ".npy")
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if err := WriteNPY(&out, x); err != nil || !bytes.Equal(out.Bytes(), want) {
			t.Errorf("%s: found\n%q, want\n%q (%v)", name, out.Bytes(), want, err)
		}
	}
}

// The size of the header for shapes (3,), (3, 1), (3, 1, 1), … in NumPy 2.4.6.
func TestWriteNPYPadding(t *testing.T) {
	for sides := range 31 {
		want := 128
		if sides > 13 {
			want = 192
		}
		x := drift.NewBatch(3, slices.Repeat([]int{1}, sides)...)
		var out bytes.Buffer
		if err := WriteNPY(&out, x); err != nil || out.Len()-3*8 != want {
			t.Errorf("%d sides: header of %d bytes, want %d (%v)", sides, out.Len()-3*8, want, err)
		}
	}
}

// The longest header of 128 bytes and the shortest of 192, in NumPy 2.4.6.
func TestWriteNPYPaddingAtTheEdge(t *testing.T) {
	for last, want := range map[int]int{1: 128, 10: 128, 100: 192, 1000: 192, 10000: 192} {
		var out bytes.Buffer
		if err := WriteNPY(&out, drift.NewBatch(0, append(slices.Repeat([]int{1}, 12), last)...)); err != nil || out.Len() != want {
			t.Errorf("last side %d: header of %d bytes, want %d (%v)", last, out.Len(), want, err)
		}
	}
}
