package dataset

import (
	"errors"
	"fmt"
	"io"
	"math"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drift"
)

const (
	maxClasses   = 100_000
	maxClassName = 1_000 // bytes
)

// labelNames are headers that mark the column of the class.
var labelNames = []string{"class", "label", "dataset", "target", "species"}

// ReadCSV reads a table of numbers, one sample a line, with fields between commas,
// semicolons or tabs. path gives the set its name, goes before every error, and
// means tabs if it ends in .tsv or .tab (before .gz, if that follows).
//
// A first line without numbers, or with the name of the label column, is the header
// and names the columns; without one they are x1, x2, …. The column of the class is
// that called o.LabelColumn; else one with the header class, label, dataset, target
// or species, in any case; else the one whose first cell is text, if there is one.
// All the others must hold finite numbers. Classes are numbered in order of their
// names, as numbers if all are.
//
// With o.N > 0 reading stops after that many samples. Fields may stand in quotes,
// lines may end in CR LF, blank lines and lines that begin with # are left out, and
// the file may be compressed with gzip. Errors name the line and the column.
func ReadCSV(r io.Reader, path string, o Options) (*Set, error) {
	s, err := readCSV(r, path, o)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

func readCSV(r io.Reader, path string, o Options) (*Set, error) {
	in, err := unpacked(r)
	if err != nil {
		return nil, err
	}
	t := table{records: records{in: in}, label: -1, classes: map[string]int{}}
	switch filepath.Ext(strings.TrimSuffix(strings.ToLower(path), ".gz")) {
	case ".tsv", ".tab":
		t.comma = '\t'
	}
	if err := t.read(o); err != nil {
		return nil, err
	}
	return t.set(filepath.Base(path)), nil
}

// table is a file on its way to becoming a set.
type table struct {
	records
	names   []string // of all columns
	header  bool     // the names are from the file
	label   int      // column of the class, or -1
	guessed int      // the line on which text made a column the label, or 0
	text    string   // what it said there
	data    []float64
	rows    int
	labels  []int          // of each row, in order of appearance
	classes map[string]int // names and their order of appearance
}

func (t *table) read(o Options) error {
	row, err := t.next()
	if err == io.EOF {
		return errors.New("found an empty file, expected a line for each sample")
	}
	if err != nil {
		return err
	}
	if t.header = isHeader(row, o.LabelColumn); t.header {
		if err := t.nameColumns(row); err != nil {
			return err
		}
		if row, err = t.next(); err == io.EOF {
			return fmt.Errorf("found only a header on line %d, expected a line for each sample below it", t.start)
		} else if err != nil {
			return err
		}
	} else {
		for i := range row {
			t.names = append(t.names, "x"+strconv.Itoa(i+1))
		}
	}
	if err := t.findLabel(row, o.LabelColumn); err != nil {
		return err
	}
	for {
		if err := t.add(row); err != nil {
			return err
		}
		if t.rows == o.N {
			return nil
		}
		if err := o.stopped(); err != nil {
			return err
		}
		if row, err = t.next(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// add parses one row.
func (t *table) add(row []string) error {
	if len(row) != len(t.names) {
		return t.errorf("found %d columns, expected %d as in the lines above", len(row), len(t.names))
	}
	if len(t.data)+len(row) > drift.MostFloats {
		return t.errorf("found more than %d numbers, expected a smaller file", drift.MostFloats)
	}
	for i, cell := range row {
		if i == t.label {
			if err := t.addClass(cell); err != nil {
				return err
			}
			continue
		}
		v, err := parse(cell)
		if err != nil {
			return t.cellf(i, "%w", err)
		}
		t.data = append(t.data, v)
	}
	t.rows++
	return nil
}

// parse is the finite number in a cell.
func parse(cell string) (float64, error) {
	v, err := strconv.ParseFloat(cell, 64)
	switch {
	case cell == "":
		return 0, errors.New("found an empty cell, expected a number")
	case errors.Is(err, strconv.ErrRange):
		return 0, fmt.Errorf("found %s, expected a number within ±1.8e308", show(cell))
	case err != nil && decimalComma(cell):
		return 0, fmt.Errorf("found %s, expected a number with a decimal point, not a comma", show(cell))
	case err != nil:
		return 0, fmt.Errorf("found %s, expected a number", show(cell))
	case math.IsNaN(v) || math.IsInf(v, 0):
		return 0, fmt.Errorf("found %s, expected a finite number", show(cell))
	}
	return v, nil
}

func (t *table) addClass(cell string) error {
	switch {
	case cell == "":
		return t.cellf(t.label, "found an empty cell, expected the name of a class")
	case len(cell) > maxClassName:
		return t.cellf(t.label, "found a name of %d letters, expected the name of a class, at most %d", len(cell), maxClassName)
	case t.guessed > 0 && isNumber(cell):
		return fmt.Errorf("line %d, %s: found %s, expected a number as on line %d (if this column is the class, choose it as the label column)",
			t.guessed, t.column(t.label), show(t.text), t.start)
	}
	k, known := t.classes[cell]
	if !known {
		if k = len(t.classes); k == maxClasses {
			return t.cellf(t.label, "found more than %d classes, expected fewer: choose another label column", maxClasses)
		}
		t.classes[strings.Clone(cell)] = k
	}
	t.labels = append(t.labels, k)
	return nil
}

// set is the finished table, with the classes in order of their names.
func (t *table) set(name string) *Set {
	s := &Set{Name: name, Columns: t.names}
	if t.label >= 0 {
		s.Columns = slices.Delete(slices.Clone(t.names), t.label, t.label+1)
		s.Classes = sortedClasses(t.classes)
		place := make([]int, len(s.Classes))
		for i, class := range s.Classes {
			place[t.classes[class]] = i
		}
		for i, k := range t.labels {
			t.labels[i] = place[k]
		}
		s.Labels = t.labels
	}
	s.X = drift.RowsOf(&drift.Batch{Data: t.data, N: t.rows, Shape: []int{len(s.Columns)}})
	return s
}
