package run

import (
	"testing"

	"drift"
	"drift/dataset"
)

// Generated samples stand beside real ones with classes as often as those have them, and
// none of them twice: then there are fewer.
func TestLikeRepeatsNothing(t *testing.T) {
	set := &dataset.Set{Name: "uneven", X: drift.RowsOf(drift.NewBatch(100, 1)), Classes: []string{"many", "few"}}
	for i := range 100 {
		set.Labels = append(set.Labels, max(0, i%10-8)) // nine of ten
	}
	s := &Samples{X: drift.NewBatch(60, 1)}
	for i := range s.X.N {
		s.X.Data[i], s.Labels = float64(i), append(s.Labels, i%2)
	}
	real := reality{set, 3}
	got := real.like(s, 60)
	if got.N >= 45 || got.N < 25 {
		t.Errorf("found %d samples, expected about 33: 30 of the first class are nine tenths of them", got.N)
	}
	seen, few := map[float64]bool{}, 0
	for _, v := range got.Data {
		if seen[v] {
			t.Errorf("found sample %v twice", v)
		}
		seen[v] = true
		few += int(v) % 2
	}
	if few > got.N/3 {
		t.Errorf("found %d of the second class among %d, expected about a tenth", few, got.N)
	}
	if n := real.side(s, 40); real.like(s, n).N != n {
		t.Errorf("found %d samples for a side of %d", real.like(s, n).N, n)
	}
}

// More samples than data are no reason to fail.
func TestCopiesInSmallSets(t *testing.T) {
	set := &dataset.Set{Name: "small", X: drift.RowsOf(drift.NewBatch(40, 2)), Classes: []string{"a", "b"}}
	s := &Samples{X: drift.NewBatch(200, 2)}
	for i := range s.X.N {
		s.Labels = append(s.Labels, i%2)
	}
	for i := range set.X.N {
		set.Labels = append(set.Labels, i%2)
	}
	learned, held, err := set.Split(0.05, 1)
	if err != nil {
		t.Fatal(err)
	}
	m := bare(t, "vp", dataset.Scale{Mean: []float64{0, 0}, Std: []float64{1, 1}})
	if err := m.measureCopies(&Details{}, set, learned, held, s, 1); err != nil {
		t.Error(err)
	}
}
