package dataset

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
)

// numbered is a set of n points (i, -i), labelled by label(i) unless that is nil.
func numbered(n int, label func(i int) int) *Set {
	s := &Set{Name: "numbered", X: drift.RowsOf(drift.NewBatch(n, 2)), Columns: []string{"a", "b"}}
	for i := range n {
		copy(s.X.Row(i), []float64{float64(i), -float64(i)})
		if label != nil {
			s.Labels = append(s.Labels, label(i))
		}
	}
	return s
}

func ids(s *Set) (list []int) {
	for i := range s.X.N {
		list = append(list, int(s.X.Row(i)[0]))
	}
	return list
}

func TestSplitIsAPartition(t *testing.T) {
	for _, n := range []int{1, 2, 3, 10, 97} {
		for _, holdout := range []float64{0, 0.001, 0.1, 0.5, 0.99} {
			s := numbered(n, func(i int) int { return i * i % 3 })
			train, held, err := s.Split(holdout, 7)
			if err != nil {
				t.Fatal(err)
			}
			all := append(ids(train), ids(held)...)
			if !slices.IsSorted(ids(train)) || !slices.IsSorted(ids(held)) {
				t.Errorf("n %d, holdout %v: the order of the samples changed", n, holdout)
			}
			slices.Sort(all)
			if !slices.Equal(all, ids(s)) {
				t.Errorf("n %d, holdout %v: not a partition: %v", n, holdout, all)
			}
			want := int(math.Round(holdout * float64(n)))
			if holdout > 0 {
				want = min(max(want, 1), n-1)
			}
			if held.X.N != want {
				t.Errorf("n %d, holdout %v: held %d, want %d", n, holdout, held.X.N, want)
			}
			for _, part := range []*Set{train, held} {
				for i, id := range ids(part) {
					if part.Labels[i] != id*id%3 || part.X.Row(i)[1] != -float64(id) {
						t.Fatalf("n %d, holdout %v: sample %d lost its label or a value", n, holdout, id)
					}
				}
			}
		}
	}
}

func TestSplitIsStratified(t *testing.T) {
	label := func(i int) int { return min(i%10, 2) } // 100, 100 and 800 samples
	_, held, err := numbered(1000, label).Split(0.1, 3)
	if err != nil {
		t.Fatal(err)
	}
	count := make([]int, 3)
	for _, l := range held.Labels {
		count[l]++
	}
	if !slices.Equal(count, []int{10, 10, 80}) {
		t.Errorf("held %v of the classes, want [10 10 80]", count)
	}
}

func TestSplitDependsOnTheSeedAlone(t *testing.T) {
	s := numbered(200, nil)
	_, a, _ := s.Split(0.2, 1)
	_, b, _ := s.Split(0.2, 1)
	_, c, _ := s.Split(0.2, 2)
	if !slices.Equal(ids(a), ids(b)) {
		t.Error("the same seed held different samples")
	}
	if slices.Equal(ids(a), ids(c)) {
		t.Error("different seeds held the same samples")
	}
	if a.Labels != nil {
		t.Error("a set without labels got some")
	}
	a.X.Batch().Data[0] = 1e9
	if slices.Contains(s.X.Batch().Data, 1e9) {
		t.Error("writing to a part changed the whole")
	}
}

func TestSplitErrors(t *testing.T) {
	for _, holdout := range []float64{-0.1, 1, 2, math.NaN(), math.Inf(1)} {
		if _, _, err := numbered(9, nil).Split(holdout, 0); err == nil || !strings.Contains(err.Error(), "holdout") {
			t.Errorf("holdout %v: %v", holdout, err)
		}
	}
	s := numbered(9, nil)
	s.Labels = []int{0}
	if _, _, err := s.Split(0.1, 0); err == nil || !strings.Contains(err.Error(), "1 labels") {
		t.Errorf("too few labels: %v", err)
	}
}

func TestFit(t *testing.T) {
	s := &Set{Name: "s", X: drift.RowsOf(&drift.Batch{Data: []float64{1, 100, 3, 300}, N: 2, Shape: []int{2}})}
	c, err := Fit(s)
	if err != nil || !slices.Equal(c.Mean, []float64{2, 200}) || !slices.Equal(c.Std, []float64{1, 100}) {
		t.Errorf("points: %v, %v", c, err)
	}
	s.X = drift.RowsOf(&drift.Batch{Data: []float64{0, 0, 4, 4, 0, 0, 4, 4}, N: 2, Shape: []int{2, 2, 1}})
	c, err = Fit(s)
	if err != nil || !slices.Equal(c.Mean, []float64{2}) || !slices.Equal(c.Std, []float64{2}) {
		t.Errorf("pictures: %v, %v", c, err)
	}
	z := c.Standardise(s.X.Batch())
	if !slices.Equal(z.Data, []float64{-1, -1, 1, 1, -1, -1, 1, 1}) || !slices.Equal(z.Shape, s.X.Shape) {
		t.Errorf("standardised: %v", z)
	}
	if !slices.Equal(c.Restore(z).Data, s.X.Batch().Data) || z.Data[0] != -1 {
		t.Error("restoring did not undo standardising")
	}
}

// A mean far from 0 must not drown the spread around it.
func TestFitFarFromZero(t *testing.T) {
	s := numbered(1001, nil)
	for i := range s.X.Batch().Data {
		s.X.Batch().Data[i] += 1e9
	}
	c, err := Fit(s)
	if want := math.Sqrt((1001*1001 - 1) / 12.0); err != nil || math.Abs(c.Std[0]/want-1) > 1e-9 {
		t.Errorf("std %v, want %v (%v)", c.Std, want, err)
	}
}

// Two neighbouring numbers have half their distance as standard deviation, and equal
// ones have none, though the mean is rounded by more than that.
func TestFitOfNeighbours(t *testing.T) {
	low := 1e8 / 3
	high := math.Nextafter(low, 1e9)
	s := numbered(1000, nil)
	for i := range s.X.N {
		s.X.Row(i)[0] = []float64{low, high}[i%2]
	}
	c, err := Fit(s)
	if want := (high - low) / 2; err != nil || math.Abs(c.Std[0]/want-1) > 1e-2 {
		t.Errorf("std %v, want %v (%v)", c.Std, want, err)
	}
	for n := 2; n < 300; n++ {
		s := numbered(n, nil)
		for i := range n {
			s.X.Row(i)[0] = low
		}
		if c, err = Fit(s); err == nil {
			t.Errorf("a constant column of %d samples has std %v", n, c.Std)
		}
	}
}

func TestFitErrors(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(-1)
	for _, test := range []struct {
		data  []float64
		shape []int
		want  string
	}{
		{nil, []int{2}, "found 0 samples, expected at least 2"},
		{[]float64{1, 2}, []int{2}, "found 1 samples, expected at least 2"},
		{[]float64{1, 2, 3, nan}, []int{2}, `sample 2, column "b": found NaN, expected a finite number`},
		{[]float64{1, inf, 3, 4}, []int{2}, `sample 1, column "b": found -Inf`},
		{[]float64{0.1, 1, 0.1, 2, 0.1, 3}, []int{2}, `column "a": found the same value 0.1 in every sample`},
		{[]float64{7, 7, 7, 7}, []int{2, 1, 1}, "found the same value 7 in every pixel"},
		{[]float64{1e300, 1, -1e300, 2}, []int{2}, `column "a": found values too large`},
	} {
		x := &drift.Batch{Data: test.data, Shape: test.shape}
		x.N = len(test.data) / x.Dim()
		_, err := Fit(&Set{Name: "mine", X: drift.RowsOf(x), Columns: []string{"a", "b"}})
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), "data set mine: ") {
			t.Errorf("%v: found %v, want %q", test.data, err, test.want)
		}
	}
}

// Bytes are the same set as float64s of the same values, whatever looks at it.
func TestBytesAreASet(t *testing.T) {
	pixels := make([]uint8, 60*8*8)
	values := drift.NewBatch(60, 8, 8, 1)
	for i := range pixels {
		pixels[i] = uint8(i * i * 7 / 64)
		values.Data[i] = float64(pixels[i])
	}
	labels := make([]int, 60)
	for i := range labels {
		labels[i] = i % 3
	}
	set := func(x *drift.Rows) *Set {
		return &Set{Name: "s", X: x, Max: 255, Labels: labels, Classes: []string{"a", "b", "c"}}
	}
	floats, bytes := set(drift.RowsOf(values)), set(drift.ByteRows(pixels, 8, 8, 1))
	if floats.SHA256() != bytes.SHA256() {
		t.Error("hashes differ")
	}
	a, errA := Fit(floats)
	b, errB := Fit(bytes)
	if errA != nil || errB != nil || !slices.Equal(a.Mean, b.Mean) || !slices.Equal(a.Std, b.Std) {
		t.Errorf("scales: found %v, %v and %v, %v", a, errA, b, errB)
	}
	if x, y := fmt.Sprintf("%+v", Check(floats)), fmt.Sprintf("%+v", Check(bytes)); x != y {
		t.Errorf("checks: found %s and %s", x, y)
	}
	for _, s := range []*Set{floats, bytes} {
		learnt, held, err := s.Split(0.2, 3)
		if err != nil || learnt.X.N+held.X.N != 60 {
			t.Fatal(err)
		}
		if want, _, _ := floats.Split(0.2, 3); learnt.SHA256() != want.SHA256() {
			t.Error("parts differ")
		}
	}
}

func TestMirrored(t *testing.T) {
	s := &Set{X: drift.ByteRows([]uint8{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}, 1, 2, 3), Max: 255, Labels: []int{1, 0}, Classes: []string{"a", "b"}, Files: []string{"x", "y"}}
	m, err := s.Mirrored()
	if err != nil {
		t.Fatal(err)
	}
	if want := []float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 4, 5, 6, 1, 2, 3, 10, 11, 12, 7, 8, 9}; !slices.Equal(m.X.Batch().Data, want) {
		t.Errorf("found %v, expected %v", m.X.Batch().Data, want)
	}
	if !slices.Equal(m.Labels, []int{1, 0, 1, 0}) || !slices.Equal(m.Files, []string{"x", "y", "x", "y"}) {
		t.Errorf("found labels %v and files %v", m.Labels, m.Files)
	}
	bare := &Set{X: s.X, Vectors: &drift.Batch{N: 2, Shape: []int{1}, Data: []float64{5, 6}}}
	if m, err := bare.Mirrored(); err != nil || m.Labels != nil || m.Files != nil || m.Vectors.N != 4 || !slices.Equal(m.Vectors.Data, []float64{5, 6, 5, 6}) {
		t.Errorf("without labels: found %+v, %v", m, err)
	}
	if m, err := (&Set{Name: "large", X: drift.ByteRows(make([]uint8, maxPixels/2+4), 2, 2, 1)}).Mirrored(); err == nil {
		t.Errorf("a set too large: found %d samples and no error", m.X.N)
	}
}
