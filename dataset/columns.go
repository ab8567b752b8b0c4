package dataset

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// isHeader says whether a first line names the columns: if it holds no number, or
// if it holds the name of a label column.
func isHeader(row []string, label string) bool {
	if label != "" && slices.Contains(row, label) || slices.ContainsFunc(row, isLabelName) {
		return true
	}
	return !slices.ContainsFunc(row, isNumber)
}

func isLabelName(s string) bool { return slices.Contains(labelNames, strings.ToLower(s)) }

// isNumber says whether a cell was meant as a number, finite or not.
func isNumber(cell string) bool {
	_, err := strconv.ParseFloat(cell, 64)
	return err == nil || errors.Is(err, strconv.ErrRange)
}

// decimalComma says whether a cell is a number as much of the world writes it.
func decimalComma(cell string) bool {
	return strings.Contains(cell, ",") && isNumber(strings.Replace(cell, ",", ".", 1))
}

// nameColumns takes the names from a header. A column without one is called x1, x2,
// … by its place.
func (t *table) nameColumns(row []string) error {
	first := map[string]int{}
	for i, name := range row {
		if name == "" {
			name = "x" + strconv.Itoa(i+1)
		}
		if j, twice := first[name]; twice {
			return t.errorf("found the header %s on columns %d and %d, expected a different name for each", show(name), j+1, i+1)
		}
		first[name] = i
		t.names = append(t.names, name)
	}
	return nil
}

// findLabel decides which column is the class, given the first row of data.
func (t *table) findLabel(row []string, want string) error {
	t.label = slices.IndexFunc(t.names, isLabelName)
	if want != "" {
		if t.label = slices.Index(t.names, want); t.label < 0 {
			return fmt.Errorf("label column: found no column %s, expected one of %s", show(want), list(t.names))
		}
	}
	var text []int // columns that begin with text
	for i := range min(len(row), len(t.names)) {
		if i != t.label && row[i] != "" && !isNumber(row[i]) && !decimalComma(row[i]) {
			text = append(text, i)
		}
	}
	if t.label < 0 && len(text) == 1 {
		t.label, t.guessed, t.text = text[0], t.start, row[text[0]]
		text = nil
	}
	if t.label < 0 && len(text) > 1 {
		var names []string
		for _, i := range text {
			names = append(names, t.names[i])
		}
		return t.errorf("found text in the columns %s, expected text in one at most, the class", list(names))
	}
	numbers := len(t.names) - len(text)
	if t.label >= 0 {
		numbers--
	}
	if numbers == 0 {
		return t.errorf("found no column of numbers among %s, expected at least one beside the class", list(t.names))
	}
	return nil
}

// cellf is an error about column i of the record read last.
func (t *table) cellf(i int, format string, args ...any) error {
	return fmt.Errorf("line %d, %s: %w", t.start, t.column(i), fmt.Errorf(format, args...))
}

// column is what errors call column i.
func (t *table) column(i int) string {
	if t.header {
		return fmt.Sprintf("column %d (%s)", i+1, show(t.names[i]))
	}
	return fmt.Sprintf("column %d", i+1)
}

// list quotes names for an error, the first few if there are many.
func list(names []string) string {
	const most = 12
	var quoted []string
	for _, name := range names[:min(len(names), most)] {
		quoted = append(quoted, show(name))
	}
	if len(names) > most {
		quoted = append(quoted, fmt.Sprintf("and %d more", len(names)-most))
	}
	return strings.Join(quoted, ", ")
}

// sortedClasses is the names in order: of size if all are numbers, else of the alphabet.
func sortedClasses(classes map[string]int) []string {
	names := slices.Sorted(maps.Keys(classes))
	if slices.ContainsFunc(names, func(s string) bool { return !isNumber(s) }) {
		return names
	}
	number := func(s string) float64 { v, _ := strconv.ParseFloat(s, 64); return v }
	slices.SortStableFunc(names, func(a, b string) int { return cmp.Compare(number(a), number(b)) })
	return names
}
