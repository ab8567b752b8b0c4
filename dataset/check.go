package dataset

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"
	"strings"

	"drift/internal/parallel"
)

// Report is what Check finds in a data set.
type Report struct {
	Name       string       `json:"name"`
	Samples    int          `json:"samples"`
	Shape      []int        `json:"shape"`
	Classes    []ClassCount `json:"classes"`
	Skipped    []string     `json:"skipped"`    // what could not be read
	Notes      []string     `json:"notes"`      // how the set was read
	Duplicates [][]int      `json:"duplicates"` // samples that are the same, by index from 0
	Near       []Pair       `json:"near"`       // pictures that are almost the same, the closest first
	Outliers   []Outlier    `json:"outliers"`   // pictures unlike the others, the furthest first
	Problems   []string     `json:"problems"`   // with classes
}

// ClassCount is how many samples a class has.
type ClassCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Pair is two samples and how far apart they are.
type Pair struct {
	A        int     `json:"a"`
	B        int     `json:"b"`
	Distance float64 `json:"distance"` // root mean square difference, in standard deviations of the pixels of A
}

// Outlier is a sample unlike the others.
type Outlier struct {
	Index int     `json:"index"`
	Why   string  `json:"why"`
	Score float64 `json:"score"` // in robust standard deviations from the median
}

// Suspicious says whether anything was found that somebody should look at.
func (r *Report) Suspicious() bool {
	return len(r.Skipped)+len(r.Duplicates)+len(r.Near)+len(r.Outliers)+len(r.Problems) > 0
}

// Check looks for what would spoil training: samples that occur twice, pictures that
// are almost the same or unlike all others, and classes that make no sense.
func Check(s *Set) *Report {
	r := &Report{Name: s.Name, Samples: s.X.N, Shape: s.X.Shape, Classes: []ClassCount{}, Skipped: []string{}, Notes: append([]string{}, s.Notes...), Near: []Pair{}, Outliers: []Outlier{}}
	for _, err := range s.Skipped {
		r.Skipped = append(r.Skipped, err.Error())
	}
	for _, name := range s.Classes {
		r.Classes = append(r.Classes, ClassCount{Name: name})
	}
	for _, l := range s.Labels {
		r.Classes[l].Count++
	}
	r.Duplicates = duplicates(s)
	if s.Image() {
		looks := lookAt(s)
		r.Near = alike(s, looks)
		r.Outliers = outliers(s, looks)
	}
	r.Problems = s.labelProblems(r)
	return r
}

// duplicates are groups of samples with the same values.
func duplicates(s *Set) [][]int {
	sums := make([][sha256.Size]byte, s.X.N)
	parallel.Blocks(s.X.N, 16*s.X.Dim(), func(lo, hi int) {
		row := make([]byte, 8*s.X.Dim())
		for i := lo; i < hi; i++ {
			for j, v := range s.X.Row(i) {
				binary.LittleEndian.PutUint64(row[8*j:], math.Float64bits(v))
			}
			sums[i] = sha256.Sum256(row)
		}
	})
	place := map[[sha256.Size]byte]int{}
	groups := [][]int{}
	for i, sum := range sums {
		at, seen := place[sum]
		switch {
		case !seen:
			place[sum] = -1 - i // alone
		case at < 0:
			place[sum] = len(groups)
			groups = append(groups, []int{-1 - at, i})
		default:
			groups[at] = append(groups[at], i)
		}
	}
	return groups
}

// labelProblems are what is odd about classes.
func (s *Set) labelProblems(r *Report) []string {
	problems := []string{}
	say := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	disagree := 0
	for _, group := range r.Duplicates {
		if s.Labels != nil && slices.ContainsFunc(group, func(i int) bool { return s.Labels[i] != s.Labels[group[0]] }) {
			disagree++
		}
	}
	if disagree > 0 {
		say("%d groups of the same samples are in different classes", disagree)
	}
	disagree = 0
	for _, pair := range r.Near {
		if s.Labels != nil && s.Labels[pair.A] != s.Labels[pair.B] {
			disagree++
		}
	}
	if disagree > 0 {
		say("%d pairs of almost the same pictures are in different classes", disagree)
	}
	var single []string
	plainly := map[string]string{}
	least, most := math.MaxInt, 0
	for _, class := range r.Classes {
		least, most = min(least, class.Count), max(most, class.Count)
		if class.Count == 1 {
			single = append(single, class.Name)
		}
		plain := strings.ToLower(strings.Join(strings.FieldsFunc(class.Name, func(r rune) bool { return strings.ContainsRune(" _-", r) }), ""))
		if other, twice := plainly[plain]; twice {
			say("the classes %q and %q have almost the same name", other, class.Name)
		}
		plainly[plain] = class.Name
	}
	if len(r.Classes) == 1 {
		say("all samples are in one class, %q", r.Classes[0].Name)
	}
	if len(single) > 0 {
		say("classes of one sample only: %s", list(single))
	}
	if len(r.Classes) > 1 && most > 100*least {
		say("the largest class has %d samples, the smallest %d", most, least)
	}
	return problems
}
