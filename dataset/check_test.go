package dataset

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
)

// blobs are n pictures of 16×16 grey pixels, each of six soft discs.
func blobs(n int) *Set {
	s := &Set{Name: "blobs", X: drift.RowsOf(drift.NewBatch(n, 16, 16, 1)), Max: 255, Classes: []string{"a", "b"}, Labels: make([]int, n)}
	for i := range n {
		r := drift.Rand(1, "blobs", uint64(i))
		for j := range 256 {
			s.X.Row(i)[j] = 120
		}
		for k := range 6 {
			cx, cy, size, sign := 16*r.Float64(), 16*r.Float64(), 2+2*r.Float64(), float64(k%2*80-40)
			for j := range 256 {
				x, y := float64(j%16), float64(j/16)
				d := ((x-cx)*(x-cx) + (y-cy)*(y-cy)) / (size * size)
				s.X.Row(i)[j] = math.Round(s.X.Row(i)[j] + sign*math.Exp(-d))
			}
		}
		s.Labels[i] = i % 2
	}
	return s
}

func TestCheckFindsWhatIsWrong(t *testing.T) {
	s := blobs(300)
	s.Skipped, s.Notes = []error{errors.New("x.png: found nothing")}, []string{"note"}
	copy(s.X.Row(20), s.X.Row(11)) // the same, another class
	copy(s.X.Row(200), s.X.Row(11))
	copy(s.X.Row(70), s.X.Row(31)) // the same, one class
	s.Labels[70] = s.Labels[31]
	for j, v := range s.X.Row(40) { // almost the same
		s.X.Row(140)[j] = v + float64(j%3)
	}
	for j := range 256 {
		s.X.Row(50)[j] = 128                  // of one colour
		s.X.Row(60)[j] = float64(j % 2 * 254) // of high contrast
		s.X.Row(80)[j] = 250 + float64(j%2)   // light
	}
	r := Check(s)
	if r.Name != "blobs" || r.Samples != 300 || !slices.Equal(r.Skipped, []string{"x.png: found nothing"}) || !slices.Equal(r.Notes, s.Notes) || !r.Suspicious() {
		t.Errorf("found %+v", r)
	}
	if len(r.Classes) != 2 || r.Classes[0].Count+r.Classes[1].Count != 300 || r.Classes[1].Name != "b" {
		t.Errorf("classes %v", r.Classes)
	}
	if !slices.EqualFunc(r.Duplicates, [][]int{{11, 20, 200}, {31, 70}}, slices.Equal) {
		t.Errorf("duplicates %v", r.Duplicates)
	}
	if len(r.Near) != 1 || r.Near[0].A != 40 || r.Near[0].B != 140 || !(r.Near[0].Distance > 0.01 && r.Near[0].Distance < 0.1) {
		t.Errorf("near %v", r.Near)
	}
	found := map[int]string{}
	for _, o := range r.Outliers {
		found[o.Index] = o.Why
	}
	if !strings.HasPrefix(found[50], "of ") || found[60] != "of high contrast" || found[80] == "" || len(found) > 6 {
		t.Errorf("outliers %v", r.Outliers)
	}
	if !slices.ContainsFunc(r.Problems, func(p string) bool { return p == "1 groups of the same samples are in different classes" }) {
		t.Errorf("problems %q", r.Problems)
	}
}

func TestCheckFindsNothingWhereNothingIs(t *testing.T) {
	s := blobs(300)
	if r := Check(s); r.Suspicious() {
		t.Errorf("found %+v", r)
	}
	points := open(t, "moons", Options{N: 500})
	if r := Check(points); r.Suspicious() || r.Outliers == nil || len(r.Classes) != 2 {
		t.Errorf("points: %+v", r)
	}
	one := blobs(1)
	one.Labels, one.Classes = nil, nil
	if r := Check(one); r.Suspicious() {
		t.Errorf("one picture: %+v", r)
	}
}

func TestCheckOfClasses(t *testing.T) {
	s := blobs(202)
	s.Classes = []string{"Big cat", "big-cat", "dog"}
	for i := range s.Labels {
		s.Labels[i] = 0
	}
	s.Labels[0], s.Labels[1] = 1, 2
	want := []string{`the classes "Big cat" and "big-cat" have almost the same name`, `classes of one sample only: "big-cat", "dog"`, "the largest class has 200 samples, the smallest 1"}
	if r := Check(s); !slices.Equal(r.Problems, want) {
		t.Errorf("found %q", r.Problems)
	}
	for i := range s.Labels {
		s.Labels[i] = 0
	}
	s.Classes = s.Classes[:1]
	if r := Check(s); !slices.Equal(r.Problems, []string{`all samples are in one class, "Big cat"`}) {
		t.Errorf("one class: %q", r.Problems)
	}
}
