package run

import (
	"fmt"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/metric"
)

// reality is where real samples come from to judge generated ones by: fresh from the
// truth, if that is known, in which case classes take turns as in the generated ones;
// else from the data set, as often of each class as that has them.
type reality struct {
	set  *dataset.Set
	seed uint64
}

// side is how many samples there are on each side of a distance, at most limit.
func (r reality) side(s *Samples, limit int) int {
	return r.filled(s, min(limit, s.X.N, r.set.X.N/2))
}

// filled is how many of n samples there are with classes as often as in the data, and none
// of them twice.
func (r reality) filled(s *Samples, n int) int {
	if r.set.Truth != nil || s.Labels == nil {
		return n
	}
	left := make([]int, len(r.set.Classes))
	for _, c := range s.Labels {
		left[c]++
	}
	for k, i := range metric.Shuffle(r.set.X.N, r.seed, 0)[:n] {
		c := r.set.Labels[i]
		if left[c] == 0 {
			return k
		}
		left[c]--
	}
	return n
}

// draws are n real samples for every i, those of 2k and 2k+1 apart.
func (r reality) draws(n int) func(i int) *drift.Batch {
	if r.set.Truth == nil {
		return metric.Halves(r.set.X, n, r.seed)
	}
	return func(i int) *drift.Batch {
		x, _ := stratified(r.set.Truth, n, len(r.set.Classes), r.seed+uint64(i)+1)
		return x
	}
}

// fresh are n real samples that no floor compares, if they can be drawn at all.
func (r reality) fresh(n int) *drift.Batch {
	if r.set.Truth == nil {
		return r.draws(n)(0)
	}
	return r.draws(n)(2 * floorPairs)
}

// like is n generated samples, of each class as many as among the real ones; fewer where
// there are not so many of a class.
func (r reality) like(s *Samples, n int) *drift.Batch {
	if r.set.Truth == nil {
		return pick(r.set, s, r.filled(s, n), r.seed)
	}
	return s.X.Slice(0, n)
}

// stratified draws n samples of the truth in which classes take turns.
func stratified(truth *exact.Mixture, n, classes int, seed uint64) (*drift.Batch, []int) {
	if classes < 2 {
		x, labels := truth.Draw(n, -1, seed, "evaluation real")
		return x, labels
	}
	out := drift.NewBatch(n, truth.Dim())
	labels := make([]int, n)
	for c := range classes {
		x, _ := truth.Draw((n-c+classes-1)/classes, c, seed, fmt.Sprintf("evaluation real %d", c))
		for i := range x.N {
			copy(out.Row(i*classes+c), x.Row(i))
			labels[i*classes+c] = c
		}
	}
	return out, labels
}

// pick is n generated samples whose classes occur as often as in the data.
func pick(set *dataset.Set, s *Samples, n int, seed uint64) *drift.Batch {
	if s.Labels == nil {
		return s.X.Slice(0, n)
	}
	order := metric.Shuffle(set.X.N, seed, 0)
	next := make([]int, len(set.Classes)) // where to look for the next sample of each class
	out := drift.NewBatch(n, s.X.Shape...)
	for k := range n {
		c := set.Labels[order[k]]
		for i := 0; s.Labels[next[c]] != c && i < s.X.N; i++ {
			next[c] = (next[c] + 1) % s.X.N
		}
		copy(out.Row(k), s.X.Row(next[c]))
		next[c] = (next[c] + 1) % s.X.N
	}
	return out
}
