package dataset

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// file writes text to a file of that name and returns its path.
func file(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func zipped(text string) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write([]byte(text))
	z.Close()
	return out.String()
}

func TestReadCSV(t *testing.T) {
	const none = ""
	for _, test := range []struct {
		name, file, text, label string
		columns, classes        []string
		labels                  []int
		data                    []float64
	}{
		{"long form", "dozen.tsv", "dataset\tx\ty\ndino\t55.3846\t97.1795\nstar\t58.2\t91.9\naway\t32\t61\ndino\t1\t2\n", none,
			[]string{"x", "y"}, []string{"away", "dino", "star"}, []int{1, 2, 0, 1}, []float64{55.3846, 97.1795, 58.2, 91.9, 32, 61, 1, 2}},
		{"no header", "a.csv", "1,2\n3,4", none, []string{"x1", "x2"}, nil, nil, []float64{1, 2, 3, 4}},
		{"no header, text class", "a.csv", "1,b,2\n3,a,4\n", none, []string{"x1", "x3"}, []string{"a", "b"}, []int{1, 0}, []float64{1, 2, 3, 4}},
		{"one column", "a.csv", "height\n1\n2\n", none, []string{"height"}, nil, nil, []float64{1, 2}},
		{"three columns", "a.csv", "a,b,c\n1,2,3\n", none, []string{"a", "b", "c"}, nil, nil, []float64{1, 2, 3}},
		{"header in capitals", "a.csv", "Species,x\n1,10\n0,20\n", none, []string{"x"}, []string{"0", "1"}, []int{1, 0}, []float64{10, 20}},
		{"classes are numbers", "a.csv", "x,label\n1,10\n2,9\n3,-1\n", none, []string{"x"}, []string{"-1", "9", "10"}, []int{2, 1, 0}, []float64{1, 2, 3}},
		{"named label", "a.csv", "x,kind,class\n1,7,2\n3,8,4\n", "kind", []string{"x", "class"}, []string{"7", "8"}, []int{0, 1}, []float64{1, 2, 3, 4}},
		{"named label without header", "a.csv", "1,7\n3,8\n", "x2", []string{"x1"}, []string{"7", "8"}, []int{0, 1}, []float64{1, 3}},
		{"numbers as header", "a.csv", "0,1,class\n5,6,a\n", none, []string{"0", "1"}, []string{"a"}, []int{0}, []float64{5, 6}},
		{"text column with any name", "a.csv", "x,animal\n1,dog\n2,cat\n", none, []string{"x"}, []string{"cat", "dog"}, []int{1, 0}, []float64{1, 2}},
		{"unnamed column", "a.csv", ",y\n0,5\n1,6\n", none, []string{"x1", "y"}, nil, nil, []float64{0, 5, 1, 6}},
		{"semicolons", "a.csv", "x;y\n1;2\n", none, []string{"x", "y"}, nil, nil, []float64{1, 2}},
		{"tabs", "a.txt", "x\ty\n1\t2\n", none, []string{"x", "y"}, nil, nil, []float64{1, 2}},
		{"comma within quotes", "a.csv", "\"x;1\",\"y \"\"z\"\"\"\n 1 , \"2\" \n", none, []string{"x;1", "y \"z\""}, nil, nil, []float64{1, 2}},
		{"line end within quotes", "a.csv", "x,class\n1,\"a\nb\"\n2,c\n", none, []string{"x"}, []string{"a\nb", "c"}, []int{0, 1}, []float64{1, 2}},
		{"BOM, CR LF, comments, blanks", "a.csv", "\ufeff# made by hand\r\n\r\nx,y\r\n  \r\n1,2\r\n# end\r\n3,4\r\n", none, []string{"x", "y"}, nil, nil, []float64{1, 2, 3, 4}},
		{"BOM before the header", "a.csv", "\ufeffclass,y\r\n1,2\r\n", none, []string{"y"}, []string{"1"}, []int{0}, []float64{2}},
		{"gzip", "a.tsv.gz", zipped("x\ty\n1\t2\n"), none, []string{"x", "y"}, nil, nil, []float64{1, 2}},
		{"gzip by content", "a.csv", zipped("1e3,-.5\n"), none, []string{"x1", "x2"}, nil, nil, []float64{1000, -0.5}},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, err := Open(file(t, test.file, test.text), Options{LabelColumn: test.label})
			if err != nil {
				t.Fatal(err)
			}
			if s.Name != test.file || !slices.Equal(s.X.Shape, []int{len(test.columns)}) || s.X.N*len(test.columns) != len(test.data) {
				t.Errorf("%s: %d samples of shape %v", s.Name, s.X.N, s.X.Shape)
			}
			if !slices.Equal(s.Columns, test.columns) || !slices.Equal(s.X.Batch().Data, test.data) {
				t.Errorf("found %q %v", s.Columns, s.X.Batch().Data)
			}
			if !slices.Equal(s.Classes, test.classes) || !slices.Equal(s.Labels, test.labels) || (s.Labels == nil) != (test.labels == nil) {
				t.Errorf("classes %q, labels %v", s.Classes, s.Labels)
			}
		})
	}
}

func TestReadCSVStopsAfterN(t *testing.T) {
	s := open(t, file(t, "a.csv", "x,class\n1,a\n2,b\n3,c\n"), Options{N: 2})
	if s.X.N != 2 || !slices.Equal(s.Classes, []string{"a", "b"}) {
		t.Errorf("%d samples of the classes %q", s.X.N, s.Classes)
	}
	if s := open(t, file(t, "a.csv", "1\n2\n3\n"), Options{N: 9}); s.X.N != 3 {
		t.Errorf("%d samples, want all 3", s.X.N)
	}
}

func TestNameWinsOverFile(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("rings", []byte("1,2,3\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if d := open(t, "rings", Options{N: 1}).X.Dim(); d != 2 {
		t.Errorf("rings has %d columns: the file was read", d)
	}
	if d := open(t, "./rings", Options{}).X.Dim(); d != 3 {
		t.Errorf("./rings has %d columns: the file was not read", d)
	}
}
