package dataset

import (
	"fmt"
	"slices"
	"strings"
)

// tree is how pictures lie in folders.
type tree struct {
	base    string // the folder whose sub-folders are the classes, with a slash at its end unless empty
	inside  []int  // the paths below it
	classes bool   // it has sub-folders
	notes   []string
}

// parts are what people call the parts of a data set; the first are those to learn.
var learnParts, otherParts = []string{"train", "training"}, []string{"test", "testing", "val", "valid", "validation", "dev"}

func isPart(name string) bool {
	name = strings.ToLower(name)
	return slices.Contains(learnParts, name) || slices.Contains(otherParts, name)
}

// newTree finds the folder of the classes among sorted paths. A folder that holds
// everything and has folders within is a wrapper. Where the folders are called train
// and test, or the like, the set is what lies in train.
func newTree(paths []string) tree {
	t := tree{inside: make([]int, len(paths))}
	for i := range paths {
		t.inside[i] = i
	}
	for {
		var top []string // folders right below the base
		loose, deep := 0, false
		for _, i := range t.inside {
			folder, rest, nested := strings.Cut(strings.TrimPrefix(paths[i], t.base), "/")
			if !nested {
				loose++
			} else if deep = deep || strings.Contains(rest, "/"); !slices.Contains(top[max(0, len(top)-1):], folder) {
				top = append(top, folder)
			}
		}
		t.classes = len(top) > 0
		allParts := t.classes && !slices.ContainsFunc(top, func(s string) bool { return !isPart(s) })
		learn := slices.IndexFunc(top, func(s string) bool { return slices.Contains(learnParts, strings.ToLower(s)) })
		switch {
		case loose == 0 && len(top) == 1 && (deep || allParts):
			t.base += top[0] + "/"
		case loose == 0 && allParts && learn >= 0:
			others := slices.Delete(slices.Clone(top), learn, learn+1)
			t.notes = append(t.notes, fmt.Sprintf("left out %s: open it by its own path", list(others)))
			t.base += top[learn] + "/"
			t.inside = slices.DeleteFunc(t.inside, func(i int) bool { return !strings.HasPrefix(paths[i], t.base) })
		default:
			return t
		}
	}
}

// leavesOut says whether a path lies in another part than that of the classes.
func (t tree) leavesOut(path string) bool {
	base, parts := strings.Split(t.base, "/"), strings.Split(path, "/")
	for i := range min(len(base), len(parts)) - 1 {
		if base[i] != parts[i] {
			return isPart(base[i]) && isPart(parts[i])
		}
	}
	return false
}
