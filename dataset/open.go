package dataset

import (
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"drift/internal/near"
)

// MaxN bounds the size of a generated data set; more is surely a mistake.
const MaxN = 10_000_000

// Options choose what Open returns. The zero value is good for every data set.
type Options struct {
	N           int     // samples to generate, 20,000 if 0; of points and digits the first N, of pictures N spread evenly over the files; all if 0 or if there are fewer
	Seed        uint64  // of a generated set
	LabelColumn string  // of a file: the header of the column with the class; detected if empty
	Std         float64 // of dogcat: the standard deviation of each hill, above 0; 1 if 0
	Pictures            // of files of pictures: how to read them

	Watch func(what string, done, total int) // told how far reading pictures has come, by one goroutine at a time; nil for nobody
	ctx   context.Context                    // of OpenContext; nil if nothing ends the reading
}

// stopped is the error of a reading that was ended.
func (o Options) stopped() error {
	if o.ctx == nil {
		return nil
	}
	return o.ctx.Err()
}

// format is what the options say of pictures.
func (o Options) format() (format, error) {
	f, err := o.Pictures.parse()
	f.stopped = o.stopped
	return f, err
}

// Info describes a data set for a list.
type Info struct {
	Name   string `json:"name"`
	About  string `json:"about"`
	Source string `json:"source"`
}

// entry is a data set that Open knows by name.
type entry struct {
	Info
	open func(Options) (*Set, error)
}

// entries are the data sets that Open knows by name, in the order of the list.
var entries = []entry{
	{Info{"dogcat", "two round hills, dogs at (10, 20) and cats at (5, 25), whose density is known", "generated"}, dogcat},
	{Info{"moons", "two interleaved half circles, a class each", "generated, after scikit-learn's make_moons"}, moons.open},
	{Info{"swissroll", "a band rolled up, no classes", "generated, after scikit-learn's make_swiss_roll"}, swissroll.open},
	{Info{"rings", "four circles within one another, a class each", "generated, after Grathwohl et al. 2019"}, rings.open},
	{Info{"checkerboard", "the eight dark squares of a 4×4 board, no classes", "generated, after Grathwohl et al. 2019"}, checkerboard.open},
	{Info{"spiral", "two arms that wind around one another, a class each", "generated, after Grathwohl et al. 2019"}, spiral.open},
	{Info{"pinwheel", "five bent blades around a hub, a class each", "generated, after Johnson et al. 2016"}, pinwheel.open},
	{Info{"digits", "1,797 handwritten digits of 8×8 pixels from 0 to 16, ten classes", "Alpaydin & Kaynak 1998, UCI, CC BY 4.0"}, digits},
}

// List is every data set that Open knows by name; some of them only once Get has
// brought them.
func List() []Info {
	var list []Info
	for _, e := range entries {
		list = append(list, e.Info)
	}
	for _, r := range remotes {
		list = append(list, r.Info)
	}
	return list
}

// Open returns the data set of a name in List, or else the one in the file at that
// path: a table, as ReadCSV describes, or pictures. A name wins over a file that is called the same; write
// ./name for the file.
func Open(name string, o Options) (*Set, error) {
	return OpenContext(context.Background(), name, o)
}

// OpenContext is Open, which stops before the next file or line when ctx ends.
func OpenContext(ctx context.Context, name string, o Options) (*Set, error) {
	o.ctx = ctx
	if o.N < 0 || o.N > MaxN {
		return nil, fmt.Errorf("samples: found %d, expected 1 to %d, or 0 for the data set's own size", o.N, MaxN)
	}
	if o.Std < 0 || math.IsNaN(o.Std) || math.IsInf(o.Std, 0) {
		return nil, fmt.Errorf("std: found %v, expected a finite number above 0", o.Std)
	}
	for _, e := range entries {
		if e.Name != name {
			continue
		}
		if o.LabelColumn != "" {
			return nil, columnless(name, o)
		}
		if err := o.Pictures.unused(name); err != nil {
			return nil, err
		}
		return e.open(o)
	}
	if r, test, known := remoteNamed(name); known {
		if o.LabelColumn != "" {
			return nil, columnless(name, o)
		}
		return r.open(test, o)
	}
	return openFile(name, o)
}

// OfFiles says whether a data set is pictures in files, which [Pictures] says how to read.
func OfFiles(name string) bool {
	if slices.ContainsFunc(entries, func(e entry) bool { return e.Name == name }) {
		return false
	}
	if _, _, known := remoteNamed(name); known {
		return true
	}
	info, err := os.Stat(name)
	return err == nil && (info.IsDir() || readerOf(name) != nil)
}

func columnless(name string, o Options) error {
	return fmt.Errorf("label column: found %q for the data set %s, expected none: only files have columns to choose from", o.LabelColumn, name)
}

func openFile(path string, o Options) (*Set, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) && !looksLikePath(path) {
		return nil, unknown(path)
	}
	if errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("%s: found no such file, expected a CSV file, or a file or folder of pictures", path)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: cannot open: %w", path, err)
	}
	size, err := o.format()
	if err != nil {
		return nil, err
	}
	var read openFunc
	switch {
	case info.IsDir():
		read = readFolder
	case info.Mode().IsRegular():
		read = readerOf(path)
	default: // is opened more than once, and would begin in its middle
		return nil, fmt.Errorf("%s: found a pipe or a device, expected a file or a folder", path)
	}
	if read != nil {
		s, err := read(path, o, size)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		return s, nil
	}
	if err := o.Pictures.unused(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("%s: cannot open: %w", path, err)
	}
	defer f.Close()
	return ReadCSV(f, path, o)
}

// looksLikePath says whether somebody who wrote this meant a file.
func looksLikePath(s string) bool {
	return strings.ContainsAny(s, `/\`) || filepath.Ext(s) != ""
}

// unknown is the error for a name that is neither a data set nor a file.
func unknown(name string) error {
	var names []string
	for _, info := range List() {
		names = append(names, info.Name)
	}
	return fmt.Errorf("data set: found %q%s, expected one of %s, or a path to a CSV file or to pictures", name, near.Hint(name, names), strings.Join(names, ", "))
}
