package dataset

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestBadFiles(t *testing.T) {
	var many strings.Builder
	for i := range 100_001 {
		many.WriteString("1,c" + strconv.Itoa(i) + "\n")
	}
	for _, test := range []struct{ name, text, want string }{
		{"empty", "", "found an empty file, expected a line for each sample"},
		{"only comments", "# nothing\n\n", "found an empty file"},
		{"header only", "\nx,y\n", "found only a header on line 2, expected a line for each sample below it"},
		{"short line", "x,y\n1,2\n\n3\n", "line 4: found 1 columns, expected 2"},
		{"long line", "x,y\n1,2,3\n", "line 2: found 3 columns, expected 2"},
		{"short first line", "x,y,class\n1\n", "line 2: found 1 columns, expected 3"},
		{"text", "x,y\n1,2\n3,four\n", `line 3, column 2 ("y"): found "four", expected a number`},
		{"text without header", "1,2\n3,four\n", `line 2, column 2: found "four", expected a number`},
		{"long text", "1\n" + strings.Repeat("z", 500), `found "` + strings.Repeat("z", 40) + `"…, expected a number`},
		{"empty cell", "x,y\n1,\n", `line 2, column 2 ("y"): found an empty cell, expected a number`},
		{"empty class", "x,class\n1,\n", `line 2, column 2 ("class"): found an empty cell, expected the name of a class`},
		{"long class", "x,class\n1," + strings.Repeat("z", 1001), "found a name of 1001 letters, expected the name of a class"},
		{"decimal comma", "x;y\n1;2,5\n1;2\n", `found "2,5", expected a number with a decimal point`},
		{"decimal comma below", "x;y\n1;2\n1;2,5\n", `line 3, column 2 ("y"): found "2,5", expected a number with a decimal point`},
		{"NaN", "x,y\n1,nan\n", `line 2, column 2 ("y"): found "nan", expected a finite number`},
		{"infinity", "1,2\n-Inf,4\n", `line 2, column 1: found "-Inf", expected a finite number`},
		{"too large", "1,2\n3,1e999\n", `line 2, column 2: found "1e999", expected a number within`},
		{"twice the same header", "x,y,x\n1,2,3\n", `line 1: found the header "x" on columns 1 and 3, expected a different name`},
		{"no numbers", "class,other\na,b\n", `found no column of numbers among "class", "other"`},
		{"only a class", "class\na\n", "found no column of numbers"},
		{"two texts", "name,animal,x\nrex,dog,1\n", `line 2: found text in the columns "name", "animal", expected text in one at most`},
		{"text, then numbers", "x,y\n1,two\n3,4\n", `line 2, column 2 ("y"): found "two", expected a number as on line 3`},
		{"many classes", many.String(), "line 100001, column 2: found more than 100000 classes"},
		{"zero byte", "x,y\n1,2\x00\n", "line 2: found bytes that are not text"},
		{"picture", "\x89PNG\r\n\x1a\n\x00\x00", "found no picture that can be read among 1; the first: bad.csv: PNG: found an end"},
		{"UTF-16", "\xff\xfex\x00,\x00y\x00\n\x00", "line 1: found bytes that are not text, expected a CSV file saved as UTF-8"},
		{"Latin-1", "x,class\n1,caf\xe9\n", "line 2: found bytes that are not text"},
		{"old Macintosh", "x,y\r1,2\r3,4\r", "found a line end of the old Macintosh kind"},
		{"open quote", "x,class\n1,\"dog\n2,cat\n", "line 2: found a quote (\") that is never closed"},
		{"text after a quote", "x,class\n1,\"dog\"s\n", `line 2, column 2: found "\"dog\"s", expected nothing after the closing quote`},
		{"endless line", "x,y\n1," + strings.Repeat("0", 16<<20+1), "line 2: found more than 16 MiB without an end"},
		{"long record", "x,class\n1,\"" + strings.Repeat(strings.Repeat("z", 99)+"\n", 170_000), "16 MiB without an end"},
		{"broken gzip", "\x1f\x8bnonsense", "cannot unpack"},
		{"cut gzip", zipped("1,2\n3,4\n")[:24], "cannot read: unexpected EOF"},
	} {
		t.Run(test.name, func(t *testing.T) {
			path := file(t, "bad.csv", test.text)
			_, err := Open(path, Options{})
			if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), path+": ") {
				t.Errorf("found error %q, want %q", fmt.Sprint(err), test.want)
			}
		})
	}
}

// A quote that is opened once and never closed must not take time that grows with
// the square of the file.
func TestOpenQuoteIsQuick(t *testing.T) {
	text := "x,class\n1,\"" + strings.Repeat("2\n", 4<<20)
	start := time.Now()
	if _, err := ReadCSV(strings.NewReader(text), "a.csv", Options{}); err == nil {
		t.Error("an open quote was accepted")
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
}

func TestBadNames(t *testing.T) {
	dir := t.TempDir()
	const all = "expected one of dogcat, moons, swissroll, rings, checkerboard, spiral, pinwheel, digits, mnist, fashion-mnist, cifar10, or a path to a CSV file or to pictures"
	for name, want := range map[string]string{
		"moon":       `data set: found "moon" (did you mean moons?), ` + all,
		"DogCat":     `data set: found "DogCat" (did you mean dogcat?), ` + all,
		"MOONS":      `(did you mean moons?)`,
		"chekcrbord": `(did you mean checkerboard?)`,
		"flowers":    `data set: found "flowers", ` + all,
		"":           `data set: found "", ` + all,
		"no.csv":     "no.csv: found no such file, expected a CSV file, or a file or folder of pictures",
		dir + "/no":  "found no such file",
		dir:          dir + ": found a folder with 0 files, none of them pictures",
		"a\x00.csv":  "cannot open",
	} {
		if _, err := Open(name, Options{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: found error %q, want %q", name, fmt.Sprint(err), want)
		}
	}
}

func TestBadOptions(t *testing.T) {
	path := file(t, "a.csv", "x,y\n1,2\n")
	for _, test := range []struct {
		name string
		o    Options
		want string
	}{
		{"moons", Options{N: -1}, "samples: found -1, expected 1 to 10000000, or 0"},
		{"digits", Options{N: 10_000_001}, "samples: found 10000001"},
		{path, Options{N: -5}, "samples: found -5"},
		{"dogcat", Options{Std: -1}, "std: found -1, expected a finite number above 0"},
		{"dogcat", Options{Std: math.NaN()}, "std: found NaN"},
		{"dogcat", Options{Std: math.Inf(1)}, "std: found +Inf"},
		{"moons", Options{LabelColumn: "kind"}, `label column: found "kind" for the data set moons, expected none`},
		{path, Options{LabelColumn: "kind"}, `label column: found no column "kind", expected one of "x", "y"`},
		{path, Options{LabelColumn: "X"}, `label column: found no column "X"`},
	} {
		if _, err := Open(test.name, test.o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s %+v: found error %q, want %q", test.name, test.o, fmt.Sprint(err), test.want)
		}
	}
}
