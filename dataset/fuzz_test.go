package dataset

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"
)

// Whatever is in a file, reading it gives an error or a whole set of finite numbers,
// and what WriteCSV makes of that set reads back the same.
func FuzzReadCSV(f *testing.F) {
	for _, text := range []string{
		"", "x,y\n1,2\n", "1\t2\r\n3\t4", "\ufeffclass;a\n\"b\"\"c\";1e5\n", "# c\n\n1,\"2\"\n", "dataset,x\n\"a\nb\",0x1p-2\n",
		"a,\"b", "\"\n\"\n1\n", ",,\n1,2,3\n", "\x1f\x8b\x08", zipped("x,y\n1,2\n"), "nan,inf\n", "class,label\n1,2\n", "\"#\"\n1\n",
	} {
		f.Add([]byte(text), "", 0)
	}
	f.Add([]byte("1,2\n3,4\n"), "x2", 1)
	f.Add([]byte(",\"\n00\"\n0\",0"), "", 41)
	f.Fuzz(func(t *testing.T, file []byte, label string, n int) {
		s, err := ReadCSV(bytes.NewReader(file), "fuzz.csv", Options{LabelColumn: label, N: n})
		if err != nil {
			if !strings.HasPrefix(err.Error(), "fuzz.csv: ") {
				t.Fatalf("the error does not name the file: %v", err)
			}
			return
		}
		if s.X.N < 1 || s.X.Batch().Finite() != nil || len(s.Columns) != s.X.Dim() || len(s.X.Batch().Data) != s.X.N*s.X.Dim() {
			t.Fatalf("not whole: %d samples of shape %v, columns %q", s.X.N, s.X.Shape, s.Columns)
		}
		if s.Labels != nil && (len(s.Labels) != s.X.N || slices.Min(s.Labels) < 0 || slices.Max(s.Labels) != len(s.Classes)-1) {
			t.Fatalf("labels %v of the classes %q", s.Labels, s.Classes)
		}
		if s.Labels == nil && slices.ContainsFunc(s.Columns, isNumber) {
			return // a header that reads as numbers is one only beside a class
		}
		var out bytes.Buffer
		if err := WriteCSV(&out, s.X.Batch(), s.Columns, s.Labels, s.Classes); err != nil {
			return // every name for a class is taken
		}
		class := ""
		if s.Labels != nil { // as WriteCSV names it; names of columns may hold commas and ends of lines
			class = labelNames[slices.IndexFunc(labelNames, func(name string) bool { return !slices.Contains(s.Columns, name) })]
		}
		back, err := ReadCSV(&out, "back.csv", Options{LabelColumn: class})
		if err != nil {
			t.Fatalf("%v in %q", err, file)
		}
		same := slices.EqualFunc(s.X.Batch().Data, back.X.Batch().Data, func(a, b float64) bool { return math.Float64bits(a) == math.Float64bits(b) })
		if !same || !slices.Equal(s.Columns, back.Columns) || !slices.Equal(s.Labels, back.Labels) || !slices.Equal(s.Classes, back.Classes) {
			t.Fatalf("%q %q %v came back as %q %q %v", s.Columns, s.Classes, s.X.Batch().Data, back.Columns, back.Classes, back.X.Batch().Data)
		}
	})
}
