package dataset

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"slices"
	"strings"

	"drift"
)

// Names of a table beside pictures, and of its column with their paths.
var (
	tableNames = []string{"metadata.csv", "labels.csv"}
	pathNames  = []string{"file_name", "filename", "file", "path", "image"}
)

// maxVector bounds the numbers that describe one picture.
const maxVector = 4096

// maxCells bounds what a table holds. It varies for tests alone.
var maxCells = 1 << 25

// sideTable is a CSV file beside pictures: a line for each of them, with its path, its
// class, numbers that describe it, or both.
type sideTable struct {
	name   string
	below  string   // the folder of the classes, from that of the table on, with a slash at its end unless empty
	names  []string // of the columns
	path   int      // the column with the path
	class  int      // the column with the class, or -1
	cells  [][]string
	rows   map[string]int // by path
	used   []bool
	number []int // columns of numbers
	text   []int // columns of text but for the path and the class
}

// findTable reads the table in the folder of the classes, or in the nearest around it, or
// returns nil if there is none. notes say which tables around it cannot be used.
func findTable(base string, other func(path string) *pictureFile, o Options) (t *sideTable, notes []string, err error) {
	for dir := base; ; dir = dir[:strings.LastIndexByte(strings.TrimSuffix(dir, "/"), '/')+1] {
		for _, name := range tableNames {
			file := other(dir + name)
			if file == nil {
				continue
			}
			data, err := file.content()
			if err == nil {
				if t, err = readTable(dir+name, data, o.LabelColumn); err == nil {
					t.below = base[len(dir):]
					return t, notes, nil
				}
			}
			err = fmt.Errorf("%s: %w", dir+name, err)
			if dir == base || o.LabelColumn != "" {
				return nil, nil, err
			}
			notes = append(notes, err.Error())
		}
		if dir == "" {
			break
		}
	}
	if o.LabelColumn != "" {
		return nil, nil, fmt.Errorf("label column: found %s, expected none: there is no %s beside the pictures", show(o.LabelColumn), strings.Join(tableNames, " or "))
	}
	return nil, notes, nil
}

func readTable(name string, data []byte, label string) (*sideTable, error) {
	in := &records{in: bufio.NewReader(bytes.NewReader(data))}
	head, err := in.next()
	if err != nil {
		return nil, tableEnd(err)
	}
	t := &sideTable{name: name, names: head, rows: map[string]int{}}
	lower := func(among []string) int {
		return slices.IndexFunc(head, func(s string) bool { return slices.Contains(among, strings.ToLower(s)) })
	}
	if t.path = lower(pathNames); t.path < 0 {
		return nil, fmt.Errorf("line 1: found the columns %s, expected one called file_name", list(head))
	}
	if t.class = lower(labelNames); label != "" {
		if t.class = slices.Index(head, label); t.class < 0 || t.class == t.path {
			return nil, fmt.Errorf("label column: found no column %s, expected one of %s", show(label), list(head))
		}
	}
	for {
		row, err := in.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		if len(row) != len(head) {
			return nil, in.errorf("found %d columns, expected %d as in the header", len(row), len(head))
		}
		if len(head)*(len(t.cells)+1) > maxCells {
			return nil, in.errorf("found more than %d cells, expected fewer", maxCells)
		}
		path := strings.TrimPrefix(strings.ReplaceAll(row[t.path], `\`, "/"), "./")
		if _, twice := t.rows[path]; twice {
			return nil, in.errorf("found %s a second time, expected a line for each picture", show(path))
		}
		if t.class >= 0 && (row[t.class] == "" || len(row[t.class]) > maxClassName) {
			return nil, in.errorf("found the class %s, expected a name of at most %d letters", show(row[t.class]), maxClassName)
		}
		t.rows[path] = len(t.cells)
		t.cells = append(t.cells, row)
	}
	t.used = make([]bool, len(t.cells))
	return t, t.choose()
}

func tableEnd(err error) error {
	if err == io.EOF {
		return fmt.Errorf("found an empty file, expected a header and a line for each picture")
	}
	return err
}

// choose decides what the columns are. One of numbers has at least as many of them as of other
// words, which are found out when its numbers are read; a cell without anything counts for
// neither. The only column of text is the class if no other is.
func (t *sideTable) choose() error {
	for j := range t.names {
		if j == t.path || j == t.class {
			continue
		}
		numbers, words := 0, 0
		for _, row := range t.cells {
			switch {
			case isNumber(row[j]):
				numbers++
			case row[j] != "":
				words++
			}
		}
		if words > numbers {
			t.text = append(t.text, j)
		} else {
			t.number = append(t.number, j)
		}
	}
	if t.class < 0 && len(t.text) == 1 && !slices.ContainsFunc(t.cells, func(row []string) bool { return row[t.text[0]] == "" }) {
		t.class, t.text = t.text[0], nil
	}
	if len(t.number) > maxVector {
		return fmt.Errorf("found %d columns of numbers, expected at most %d", len(t.number), maxVector)
	}
	return t.callable()
}

// callable is an error unless each column of numbers can be asked for by its name, as in
// angle=30,size=2.
func (t *sideTable) callable() error {
	seen := map[string]bool{}
	for _, j := range t.number {
		switch name := t.names[j]; {
		case seen[name]:
			return fmt.Errorf("line 1: found two columns of numbers called %s, expected a different name for each", show(name))
		case strings.ContainsAny(name, "=,") || name != strings.TrimSpace(name):
			return fmt.Errorf("line 1: found a column of numbers called %s, expected a name without =, commas and blanks around it, by which samples can be asked for", show(name))
		default:
			seen[name] = true
		}
	}
	return nil
}

// leftOut is a note about columns of text that are not the class, or nothing.
func (t *sideTable) leftOut() []string {
	if t == nil || len(t.text) == 0 {
		return nil
	}
	var names []string
	for _, j := range t.text {
		names = append(names, t.names[j])
	}
	note := fmt.Sprintf("%s: left out the text of %s", t.name, list(names))
	if t.class < 0 {
		note += ": choose a label column if one is the class"
	}
	return []string{note}
}

// row is the line about a picture, and whether there is one.
func (t *sideTable) row(path string) (int, bool) {
	if t == nil {
		return 0, false
	}
	i, known := t.find(path)
	if known {
		t.used[i] = true
	}
	return i, known
}

// find looks for a picture's line under its path from the table on, or from the folder of
// the classes on.
func (t *sideTable) find(path string) (int, bool) {
	if i, known := t.rows[t.below+path]; known {
		return i, true
	}
	i, known := t.rows[path]
	return i, known
}

// namesAny says whether there is a line for any of some pictures.
func (t *sideTable) namesAny(paths []string) bool {
	return slices.ContainsFunc(paths, func(path string) bool { _, known := t.find(path); return known })
}

// missing is an error for each line whose picture is not there, but for those of folders
// beside that of the classes, such as a part to test on.
func (t *sideTable) missing() (all []error) {
	if t == nil {
		return nil
	}
	for i, used := range t.used {
		if !used && strings.HasPrefix(t.cells[i][t.path], t.below) {
			all = append(all, fmt.Errorf("%s: found no picture %s, which it names", t.name, show(t.cells[i][t.path])))
		}
	}
	return all
}

// fill gives pictures the numbers of their lines.
func (t *sideTable) fill(s *shelf, rows []int) error {
	if len(t.number) == 0 || len(rows) == 0 {
		return nil
	}
	s.vectors = drift.NewBatch(len(rows), len(t.number))
	for _, j := range t.number {
		s.columns = append(s.columns, t.names[j])
	}
	for to, i := range rows {
		for k, j := range t.number {
			cell := t.cells[i][j]
			v, err := parse(cell)
			if cell != "" && !isNumber(cell) {
				err = fmt.Errorf("%w, as most of the column is: leave the column out if it says nothing of the pictures, or choose it as the label column if it is the class", err)
			}
			if err != nil {
				return fmt.Errorf("%s: %s, column %s: %w", t.name, t.cells[i][t.path], show(t.names[j]), err)
			}
			s.vectors.Row(to)[k] = v
		}
	}
	return nil
}
