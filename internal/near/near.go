// Package near finds things by name, and the name that somebody probably meant. It
// imports nothing of drift.
package near

import (
	"fmt"
	"strings"
)

// Find is the item with a name; else an error that lists the names that there are
// and, for a slip of the pen, the one that was meant. kind is what items are called.
func Find[T any](kind, name string, all []T, nameOf func(T) string) (T, error) {
	var names []string
	for _, item := range all {
		if nameOf(item) == name {
			return item, nil
		}
		names = append(names, nameOf(item))
	}
	var none T
	return none, fmt.Errorf("%s: found %q%s, expected one of %q", kind, name, Hint(name, names), names)
}

// Hint asks whether the nearest of some names was meant; it is empty if none is near.
func Hint(name string, names []string) string {
	if meant := Word(name, names); meant != "" {
		return fmt.Sprintf(" (did you mean %s?)", meant)
	}
	return ""
}

// Word is the nearest of some names, whatever the case of their letters: the first of
// those that fewest edits make of name, or none if that takes more than a third of its
// letters and one more, or all of them.
func Word(name string, names []string) string {
	nearest, best := "", min(2+len(name)/3, len(name))
	for _, n := range names {
		if d := edits(strings.ToLower(name), strings.ToLower(n)); d < best {
			nearest, best = n, d
		}
	}
	return nearest
}

// edits is how many letters must be added, dropped or changed to turn a into b
// (Levenshtein 1966).
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			swap := diagonal
			if a[i] != b[j] {
				swap++
			}
			diagonal = row[j+1]
			row[j+1] = min(swap, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
