package metric

import (
	"fmt"

	"drift"
	"drift/internal/parallel"
)

// TwoSample is the result of [TwoSampleTest].
type TwoSample struct {
	Accuracy float64  // share of samples whose source was guessed right; ½ is chance
	Floor    Estimate // the same with sources shuffled: its mean, and where 95 % lie
	P        float64  // share of shuffles at least as accurate: small if the sets differ
}

// TwoSampleTest asks whether two sets of equal size can be told apart: each sample's
// source is guessed by a vote among its k nearest neighbours in both sets, itself
// left out (a classifier two-sample test: Lopez-Paz & Oquab 2017, arXiv:1610.06545).
// k is odd, and 0 stands for √N, N the number of samples of both.
//
// As neighbours vote for each other, guesses are not independent, and chance is a
// little below ½: a sample has one neighbour fewer from its own set. So the floor is
// found by shuffling the sources over the same neighbours, shuffles times, keyed by
// seed. If both sets have one source, every shuffle is as likely as what was seen, so
// that P is at most α with probability at most α (Phipson & Smyth 2010).
func TwoSampleTest(a, b *drift.Batch, k, shuffles int, seed uint64) (TwoSample, error) {
	if a.N != b.N || a.N < 2 || a.Dim() != b.Dim() {
		return TwoSample{}, fmt.Errorf("two-sample test: found %d×%v and %d×%v, expected equally many samples of one size, at least 2", a.N, a.Shape, b.N, b.Shape)
	}
	total := a.N + b.N
	if k == 0 {
		for k = 1; (k+2)*(k+2) <= total; k += 2 {
		}
	}
	if k < 1 || k%2 == 0 || k >= total {
		return TwoSample{}, fmt.Errorf("two-sample test: found k = %d neighbours among %d samples, expected an odd number below", k, total)
	}
	if shuffles < 1 {
		return TwoSample{}, fmt.Errorf("two-sample test: found %d shuffles, expected at least 1", shuffles)
	}
	both := drift.NewBatch(total, a.Dim())
	copy(both.Slice(0, a.N).Data, a.Data)
	copy(both.Slice(a.N, total).Data, b.Data)
	near := nearest(both, both, k, func(i int) int { return i })
	source := make([]bool, total)
	for i := range a.N {
		source[i] = true
	}
	t := TwoSample{Accuracy: vote(near, source)}
	null := make([]float64, shuffles)
	parallel.Blocks(shuffles, 1<<18, func(lo, hi int) {
		for s := lo; s < hi; s++ {
			shuffled := append([]bool(nil), source...)
			drift.Rand(seed, "metric: two-sample test", uint64(s)).Shuffle(total, func(i, j int) {
				shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
			})
			null[s] = vote(near, shuffled)
		}
	})
	m, sd := meanAndSD(null)
	t.Floor = around(m, normal95*sd)
	t.P = 1 // what was seen is one of the shuffles
	for _, v := range null {
		if v >= t.Accuracy {
			t.P++
		}
	}
	t.P /= float64(shuffles + 1)
	return t, nil
}

// vote is the share of samples whose source is that of most of their neighbours.
func vote(near [][]Neighbour, source []bool) float64 {
	right := 0
	for i, others := range near {
		same := 0
		for _, j := range others {
			if source[j.Index] == source[i] {
				same++
			}
		}
		if 2*same > len(others) {
			right++
		}
	}
	return float64(right) / float64(len(near))
}
