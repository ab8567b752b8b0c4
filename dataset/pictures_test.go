package dataset

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// plain is a PNG file of one colour; grey ones have one channel.
func plain(h, w int, c color.Color) string {
	var img interface {
		image.Image
		Set(x, y int, c color.Color)
	} = image.NewNRGBA(image.Rect(0, 0, w, h))
	if _, grey := c.(color.Gray); grey {
		img = image.NewGray(image.Rect(0, 0, w, h))
	}
	for i := range h * w {
		img.Set(i%w, i/w, c)
	}
	var out bytes.Buffer
	png.Encode(&out, img)
	return out.String()
}

func grey(v uint8) string { return plain(4, 6, color.Gray{v}) }

// folder writes files and returns the folder.
func folder(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "set")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// archive writes the same as a zip file.
func archive(t testing.TB, files map[string]string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "set")
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for name, text := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(text))
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// values are the first values of every sample.
func values(s *Set) (list []int) {
	for i := range s.X.N {
		list = append(list, int(s.X.Row(i)[0]))
	}
	return list
}

// A folder and a zip archive of the same files are the same set.
func TestFoldersAndArchives(t *testing.T) {
	for _, test := range []struct {
		name    string
		files   map[string]string
		classes []string
		labels  []int
		values  []int // grey levels
		skipped []string
		notes   []string
	}{
		{"no classes", map[string]string{"b.png": grey(2), "a.PNG": grey(1), "notes.txt": "x"}, nil, nil, []int{1, 2}, nil, nil},
		{"one picture", map[string]string{"only.png": grey(9)}, nil, nil, []int{9}, nil, nil},
		{"called as other data", map[string]string{"a_idx3.png": grey(1), "b-idx3-ubyte.png": grey(2)}, nil, nil, []int{1, 2}, nil, nil},
		{"one class", map[string]string{"dogs/a.png": grey(1), "dogs/b.png": grey(2)}, []string{"dogs"}, []int{0, 0}, []int{1, 2}, nil, nil},
		{"classes", map[string]string{"dogs/a.png": grey(1), "cats/z.png": grey(3), "cats/b.png": grey(2)},
			[]string{"cats", "dogs"}, []int{0, 0, 1}, []int{2, 3, 1}, nil, nil},
		{"classes that are numbers", map[string]string{"10/a.png": grey(1), "9/a.png": grey(2)}, []string{"9", "10"}, []int{1, 0}, []int{1, 2}, nil, nil},
		{"folders within classes", map[string]string{"dogs/old/a.png": grey(1), "dogs/b.png": grey(2), "cats/x/y/c.png": grey(3)},
			[]string{"cats", "dogs"}, []int{0, 1, 1}, []int{3, 2, 1}, nil, nil},
		{"a wrapper", map[string]string{"all/dogs/a.png": grey(1), "all/cats/b.png": grey(2), "README": ""}, []string{"cats", "dogs"}, []int{0, 1}, []int{2, 1}, nil, nil},
		{"parts", map[string]string{"train/dogs/a.png": grey(1), "train/cats/b.png": grey(2), "test/dogs/c.png": grey(3)},
			[]string{"cats", "dogs"}, []int{0, 1}, []int{2, 1}, nil, []string{`left out "test": open it by its own path`}},
		{"train alone", map[string]string{"train/a.png": grey(1)}, nil, nil, []int{1}, nil, nil},
		{"beside classes", map[string]string{"dogs/a.png": grey(1), "cats/b.png": grey(2), "cover.png": grey(3)},
			[]string{"cats", "dogs"}, []int{0, 1}, []int{2, 1}, []string{"cover.png: found a picture beside folders of classes"}, nil},
		{"damaged", map[string]string{"a.png": grey(1), "b.png": "text", "c.png": grey(3)[:30], "d.png": "", "e.png": grey(4)}, nil, nil, []int{1, 4},
			[]string{"b.png: found a file of another kind", "c.png: PNG: found an end", "d.png: found an empty file"}, nil},
		{"a class that loses all", map[string]string{"dogs/a.png": grey(1), "ants/b.png": "text", "cats/c.png": grey(3)},
			[]string{"cats", "dogs"}, []int{0, 1}, []int{3, 1}, []string{"ants/b.png: found a file"}, nil},
		{"kinds that cannot be read", map[string]string{"a.png": grey(1), "b.TIF": "x", "c.svg": "x", "d.heic": "x", "e.avif": "x", "f.jxl": "x", "g.psd": "x", "h.CR2": "x", "i.txt": "x", "j.json": "{}",
			"Thumbs.db": "x", "desktop.ini": "x", ".k.tif": "x", ".DS_Store": "x", "__MACOSX/l.tif": "x"}, nil, nil, []int{1},
			[]string{"b.TIF: found a picture of kind TIFF, expected PNG, JPEG, GIF, WebP or BMP", "c.svg: found a picture of kind SVG", "d.heic: found", "e.avif: found", "f.jxl: found", "g.psd: found", "h.CR2: found a picture of kind raw"}, nil},
		{"a class of a kind that cannot be read", map[string]string{"dogs/a.png": grey(1), "cats/b.tiff": "x"}, []string{"dogs"}, []int{0}, []int{1}, []string{"cats/b.tiff: found a picture of kind TIFF"}, nil},
		{"a kind that cannot be read beside a wrapper", map[string]string{"all/dogs/a.png": grey(1), "all/cats/b.png": grey(2), "logo.svg": "x"}, []string{"cats", "dogs"}, []int{0, 1}, []int{2, 1}, []string{"logo.svg: found"}, nil},
		{"a kind that cannot be read in parts", map[string]string{"train/dogs/a.png": grey(1), "train/cats/b.png": grey(2), "train/cats/c.heif": "x", "test/dogs/d.tif": "x", "valid/e.png": grey(3), "valid/f.tif": "x"},
			[]string{"cats", "dogs"}, []int{0, 1}, []int{2, 1}, []string{"train/cats/c.heif: found"}, []string{`left out "valid": open it by its own path`}},
		{"a kind that cannot be read in a table", map[string]string{"a.png": grey(1), "b.png": grey(2), "c.tif": "x", "labels.csv": "file_name,class\na.png,dog\nb.png,cat\nc.tif,cat\n"},
			[]string{"cat", "dog"}, []int{1, 0}, []int{1, 2}, []string{"c.tif: found"}, nil},
		{"hidden", map[string]string{"a.png": grey(1), ".b.png": grey(2), "__MACOSX/._a.png": "x"}, nil, nil, []int{1}, nil, nil},
		{"hidden folders", map[string]string{"a/a.png": grey(1), "b/b.png": grey(2), ".checkpoints/c.png": grey(3)}, []string{"a", "b"}, []int{0, 1}, []int{1, 2}, nil, nil},
		{"table around parts", map[string]string{"train/a.png": grey(1), "train/b.png": grey(2), "test/c.png": grey(3), "labels.csv": "file_name,class\ntrain/a.png,dog\ntrain/b.png,cat\ntest/c.png,cat\n"},
			[]string{"cat", "dog"}, []int{1, 0}, []int{1, 2}, nil, []string{`left out "test": open it by its own path`}},
		{"another table around", map[string]string{"train/x/a.png": grey(1), "train/y/b.png": grey(2), "labels.csv": "id,breed\n1,pug\n"},
			[]string{"x", "y"}, []int{0, 1}, []int{1, 2}, nil, []string{`labels.csv: line 1: found the columns "id", "breed", expected one called file_name`}},
		{"a table of other pictures around", map[string]string{"train/x/a.png": grey(1), "train/y/b.png": grey(2), "labels.csv": "file_name,class\ntest/c.png,dog\n"},
			[]string{"x", "y"}, []int{0, 1}, []int{1, 2}, nil, []string{"labels.csv: found no line for any of the pictures"}},
		{"a ragged table around", map[string]string{"train/x/a.png": grey(1), "train/y/b.png": grey(2), "labels.csv": "file_name,class\ntest/c.png\n"},
			[]string{"x", "y"}, []int{0, 1}, []int{1, 2}, nil, []string{"labels.csv: line 2: found 1 columns, expected 2 as in the header"}},
		{"table around a folder", map[string]string{"images/x/a.png": grey(1), "images/y/b.png": grey(2), "labels.csv": "file_name,class\nx/a.png,dog\ny/b.png,cat\n"},
			[]string{"cat", "dog"}, []int{1, 0}, []int{1, 2}, nil, nil},
		{"table of classes", map[string]string{"a.png": grey(1), "x/b.png": grey(2), "labels.csv": "file_name,class\nx/b.png,cat\na.png,dog\n"},
			[]string{"cat", "dog"}, []int{1, 0}, []int{1, 2}, nil, nil},
		{"table of classes, some of them numbers", map[string]string{"a.png": grey(1), "b.png": grey(2), "c.png": grey(3), "labels.csv": "file_name,kind\na.png,dog\nb.png,7\nc.png,cat\n"},
			[]string{"7", "cat", "dog"}, []int{2, 0, 1}, []int{1, 2, 3}, nil, nil},
		{"table with much text", map[string]string{"a.png": grey(1), "labels.csv": "file_name,kind,says\na.png,dog,woof\n"},
			nil, nil, []int{1}, nil, []string{`labels.csv: left out the text of "kind", "says": choose a label column if one is the class`}},
		{"table with a class and text", map[string]string{"a.png": grey(1), "labels.csv": "file_name,class,says\na.png,7,woof\n"},
			[]string{"7"}, []int{0}, []int{1}, nil, []string{`labels.csv: left out the text of "says"`}},
		{"table with text", map[string]string{"a.png": grey(1), "b.png": grey(2), "c.png": grey(3), "metadata.csv": "file_name,kind\nb.png,cat\na.png,dog\nd.png,cow\n"},
			[]string{"cat", "dog"}, []int{1, 0}, []int{1, 2}, []string{"c.png: found no line for it in metadata.csv", `metadata.csv: found no picture "d.png"`}, nil},
	} {
		for _, path := range []string{folder(t, test.files), archive(t, test.files)} {
			s, err := Open(path, Options{})
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
				continue
			}
			if s.Name != "set" || !slices.Equal(s.X.Shape, []int{4, 6, 1}) || s.Min != 0 || s.Max != 255 || !s.Image() {
				t.Errorf("%s: %q of shape %v", test.name, s.Name, s.X.Shape)
			}
			if !slices.Equal(values(s), test.values) || !slices.Equal(s.Labels, test.labels) || !slices.Equal(s.Classes, test.classes) {
				t.Errorf("%s: found %v, labels %v of %q", test.name, values(s), s.Labels, s.Classes)
			}
			begins := func(err error, want string) bool { return strings.HasPrefix(err.Error(), want) }
			if !slices.EqualFunc(s.Skipped, test.skipped, begins) || !slices.Equal(s.Notes, test.notes) {
				t.Errorf("%s: left out %v, notes %v", test.name, s.Skipped, s.Notes)
			}
			_, err = Open(path, Options{Pictures: Pictures{Strict: true}})
			if (err != nil) != (len(test.skipped) > 0) || err != nil && !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("%s: strictly: %v", test.name, err)
			}
		}
	}
}

func TestPictureVectors(t *testing.T) {
	path := folder(t, map[string]string{"cats/a.png": grey(1), "cats/b.png": grey(2), "dogs/c.png": grey(3), "metadata.csv": "file_name,age,weight\ncats/b.png,2,0.5\ncats/a.png,1,-7\ndogs/c.png,3,1e3\n"})
	s := open(t, path, Options{})
	if !slices.Equal(s.VectorColumns, []string{"age", "weight"}) || !slices.Equal(s.Vectors.Data, []float64{1, -7, 2, 0.5, 3, 1e3}) || s.Vectors.N != 3 {
		t.Errorf("found %v %v", s.VectorColumns, s.Vectors)
	}
	if !slices.Equal(s.Classes, []string{"cats", "dogs"}) || !slices.Equal(s.Labels, []int{0, 0, 1}) {
		t.Errorf("classes of the folders: %q %v", s.Classes, s.Labels)
	}
	train, held, err := s.Split(0.4, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []*Set{train, held} {
		for i, v := range values(part) {
			if part.Vectors.Row(i)[0] != float64(v) {
				t.Errorf("split: picture %d has the vector %v", v, part.Vectors.Row(i))
			}
		}
	}
	if s := open(t, path, Options{LabelColumn: "age"}); !slices.Equal(s.Classes, []string{"1", "2", "3"}) || !slices.Equal(s.VectorColumns, []string{"weight"}) {
		t.Errorf("a column chosen as the class: %q, %q", s.Classes, s.VectorColumns)
	}
}

func TestSizesAndChannels(t *testing.T) {
	red := plain(4, 6, color.NRGBA{255, 0, 0, 255})
	clear := plain(4, 6, color.NRGBA{255, 0, 0, 0})
	for _, test := range []struct {
		name  string
		files map[string]string
		p     Pictures
		shape []int
		first []float64
	}{
		{"colour beside grey", map[string]string{"a.png": grey(7), "b.png": red}, Pictures{}, []int{4, 6, 3}, []float64{7, 7, 7}},
		{"as grey", map[string]string{"a.png": red}, Pictures{Channels: 1}, []int{4, 6, 1}, []float64{76, 76, 76}},
		{"as colour", map[string]string{"a.png": grey(7)}, Pictures{Channels: 3}, []int{4, 6, 3}, []float64{7, 7, 7}},
		{"a side", map[string]string{"a.png": grey(7), "b.png": plain(40, 2, color.Gray{8})}, Pictures{Size: "3"}, []int{3, 3, 1}, []float64{7, 7, 7}},
		{"height and width", map[string]string{"a.png": grey(7)}, Pictures{Size: "2x5"}, []int{2, 5, 1}, []float64{7, 7, 7}},
		{"clear on white", map[string]string{"a.png": clear}, Pictures{}, []int{4, 6, 1}, []float64{255, 255, 255}},
		{"clear on a colour", map[string]string{"a.png": clear}, Pictures{Background: "#0a0B0c"}, []int{4, 6, 3}, []float64{10, 11, 12}},
		{"clear on black", map[string]string{"a.png": clear}, Pictures{Background: "black"}, []int{4, 6, 1}, []float64{0, 0, 0}},
	} {
		s := open(t, folder(t, test.files), Options{Pictures: test.p})
		if !slices.Equal(s.X.Shape, test.shape) || !slices.Equal(s.X.Row(0)[:3], test.first) {
			t.Errorf("%s: shape %v, first values %v", test.name, s.X.Shape, s.X.Row(0)[:3])
		}
	}
	one := filepath.Join(folder(t, map[string]string{"one.png": red}), "one.png")
	if s := open(t, one, Options{}); s.X.N != 1 || s.Name != "one.png" {
		t.Errorf("a single file: %d samples of %s", s.X.N, s.Name)
	}
}

func TestBadPictureSets(t *testing.T) {
	sizes := map[string]string{"a.png": grey(1), "b.png": grey(2), "c.png": plain(9, 9, color.Black)}
	bomb := archive(t, map[string]string{"a.png": strings.Repeat("\x00", 2<<20), "b.png": grey(1), "../c.png": grey(2), "/d.png": grey(2), `x\..\e.png`: grey(2)})
	numbered := func(table string) string {
		return folder(t, map[string]string{"a.png": grey(1), "b.png": grey(2), "c.png": grey(3), "labels.csv": table})
	}
	for _, test := range []struct {
		path string
		p    Pictures
		want string
	}{
		{folder(t, sizes), Pictures{}, "found pictures of 4×6 (2), 9×9 (1), expected one size: choose one, for example --size 32"},
		{folder(t, map[string]string{"a.png": "x", "b.png": "y"}), Pictures{}, "found no picture that can be read among 2; the first: a.png: found a file of another kind"},
		{folder(t, map[string]string{"a.txt": "x"}), Pictures{}, "found a folder with 1 files, none of them pictures"},
		{archive(t, map[string]string{"a.txt": "x"}), Pictures{}, "found a zip archive with 1 files, none of them pictures"},
		{folder(t, map[string]string{"a.tif": "x", "cats/b.tif": "x"}), Pictures{}, "found no picture that can be used, expected at least one; the first: a.tif: found a picture of kind TIFF"},
		{archive(t, map[string]string{"a.heic": "x"}), Pictures{}, "found no picture that can be used, expected at least one; the first: a.heic: found a picture of kind HEIC"},
		{archive(t, nil), Pictures{}, "found a zip archive with 0 files"},
		{archive(t, map[string]string{"../a.png": grey(1)}), Pictures{}, `found no picture that can be used, expected at least one; the first: "../a.png": found a name that leads out`},
		{file(t, "cut.zip", "PK\x03\x04nothing"), Pictures{}, "cannot open the zip archive"},
		{bomb, Pictures{Strict: true}, "found"},
		{archive(t, map[string]string{strings.Repeat("n", 1001) + "/a.png": grey(1)}), Pictures{}, "found a class whose name has 1001 letters"},
		{folder(t, sizes), Pictures{Size: "0"}, `size: found "0", expected a side such as 32`},
		{folder(t, sizes), Pictures{Size: "32x"}, `size: found "32x"`},
		{folder(t, sizes), Pictures{Size: "5000"}, `size: found "5000"`},
		{folder(t, sizes), Pictures{Channels: 2}, "channels: found 2, expected 1, 3, or 0"},
		{folder(t, sizes), Pictures{Background: "red"}, `background: found "red", expected white, black or a colour such as #ff8800`},
		{"moons", Pictures{Size: "8"}, "size: found it given for moons, expected it only for files of pictures"},
		{file(t, "a.csv", "1,2\n"), Pictures{Strict: true}, "strict: found it given for"},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": "name,class\n"}), Pictures{}, `labels.csv: line 1: found the columns "name", "class", expected one called file_name`},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": "file_name,class\na.png,x\na.png,y\n"}), Pictures{}, `labels.csv: line 3: found "a.png" a second time`},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": "file_name,class\na.png\n"}), Pictures{}, "labels.csv: line 2: found 1 columns, expected 2"},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": "file_name,class\na.png,\n"}), Pictures{}, "labels.csv: line 2: found the class \"\""},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": ""}), Pictures{}, "labels.csv: found an empty file"},
		{folder(t, map[string]string{"a.png": grey(1), "labels.csv": "file_name,x\na.png,nan\n"}), Pictures{}, `labels.csv: a.png, column "x": found "nan", expected a finite number`},
		{numbered("file_name,class,angle\na.png,x,1\nb.png,x,NA\nc.png,y,3\n"), Pictures{}, `labels.csv: b.png, column "angle": found "NA", expected a number, as most of the column is`},
		{numbered("file_name,angle\na.png,1\nb.png,NA\nc.png,3\n"), Pictures{}, `labels.csv: b.png, column "angle": found "NA", expected a number`},
		{numbered("file_name,angle\na.png,1\nb.png,\nc.png,NA\n"), Pictures{}, `labels.csv: b.png, column "angle": found an empty cell`},
		{numbered("file_name,angle,angle\na.png,1,1\nb.png,2,2\nc.png,3,3\n"), Pictures{}, `labels.csv: line 1: found two columns of numbers called "angle"`},
		{numbered("file_name,a=b\na.png,1\nb.png,2\nc.png,3\n"), Pictures{}, `labels.csv: line 1: found a column of numbers called "a=b", expected a name without =`},
		{numbered("file_name,\"a,b\"\na.png,1\nb.png,2\nc.png,3\n"), Pictures{}, `labels.csv: line 1: found a column of numbers called "a,b"`},
	} {
		if _, err := Open(test.path, Options{Pictures: test.p}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %+v: found error %q, want %q", test.path, test.p, fmt.Sprint(err), test.want)
		}
	}
	if _, err := Open(folder(t, sizes), Options{LabelColumn: "x"}); err == nil || !strings.Contains(err.Error(), "label column") {
		t.Errorf("a label column without a table: %v", err)
	}
	if s := open(t, archive(t, map[string]string{"caf\xe9/a.png": grey(1)}), Options{}); s.Classes[0] != "caf\ufffd" {
		t.Errorf("a class whose name is not UTF-8: %q", s.Classes)
	}
	s := open(t, bomb, Options{})
	if s.X.N != 1 || len(s.Skipped) != 4 {
		t.Errorf("an archive with a bomb and names that lead out: %d samples, left out %v", s.X.N, s.Skipped)
	}
}

// A set that would not fit into memory is refused before it is read.
func TestTooManyValues(t *testing.T) {
	files := map[string]string{}
	for i := range 80 {
		files[strconv.Itoa(i)+".png"] = grey(1)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := Open(folder(t, files), Options{Pictures: Pictures{Size: "4096"}})
	runtime.ReadMemStats(&after)
	if err == nil || !strings.Contains(err.Error(), "found 80 pictures of 4096×4096×1 values, expected at most 1073741824 in all: choose a smaller --size or fewer --samples") {
		t.Error(err)
	}
	if took := after.TotalAlloc - before.TotalAlloc; took > 8<<20 {
		t.Errorf("took %d bytes of memory", took)
	}
}

func TestTenThousandClasses(t *testing.T) {
	files := map[string]string{}
	levels := []string{grey(0), grey(1), grey(2)}
	for i := range 10_000 {
		files[fmt.Sprintf("%d/a.png", i)] = levels[i%3]
	}
	s := open(t, archive(t, files), Options{})
	if len(s.Classes) != 10_000 || s.X.N != 10_000 {
		t.Fatalf("%d classes of %d samples", len(s.Classes), s.X.N)
	}
	for i, l := range s.Labels {
		if s.Classes[l] != strconv.Itoa(l) || s.X.Row(i)[0] != float64(l%3) {
			t.Fatalf("sample %d: class %q, value %v", i, s.Classes[l], s.X.Row(i)[0])
		}
	}
}

// What is read does not depend on how many processors read it, and fewer samples are
// spread over the files.
func TestPicturesAreDeterministic(t *testing.T) {
	files := map[string]string{}
	for i := range 30 {
		files[fmt.Sprintf("%d/%02d.png", i/10, i)] = plain(9, 9, color.NRGBA{uint8(i), 9, 9, 255})
	}
	files["1/12.png"], files["2/29.png"] = "text", "text"
	path := archive(t, files)
	whole := open(t, path, Options{})
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for _, n := range []int{1, 7} {
		runtime.GOMAXPROCS(n)
		s := open(t, path, Options{})
		if !slices.Equal(s.X.Batch().Data, whole.X.Batch().Data) || !slices.Equal(s.Labels, whole.Labels) || fmt.Sprint(s.Skipped) != fmt.Sprint(whole.Skipped) {
			t.Errorf("%d processors: another set", n)
		}
	}
	if some := open(t, path, Options{N: 6}); !slices.Equal(values(some), []int{0, 5, 10, 15, 20, 25}) || !slices.Equal(some.Labels, []int{0, 0, 1, 1, 2, 2}) {
		t.Errorf("6 of 30: %v %v", values(some), some.Labels)
	}
}
