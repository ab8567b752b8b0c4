package shape

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/metric"
)

// rounds is how often, at most, rows are given to the nearest centre and centres moved.
const rounds = 50

// most is how large a number may be, so that squares do not overflow.
const most = 1e100

// Group parts the rows of x into at most k groups of near ones, as k-means does (Lloyd
// 1982): each row is in the group whose mean is nearest, or nearly so where 50 rounds do not
// settle it. It begins with rows far from each other (Arthur & Vassilvitskii 2007,
// k-means++) that depend on seed. of is the group of every row; group 0 is the largest.
// There are fewer than k where fewer rows differ. It ends early, with the context's error,
// if that is cancelled.
func Group(ctx context.Context, x *drift.Batch, k int, seed uint64) (of []int, err error) {
	if k < 1 || x.N < 1 || x.Dim() < 1 {
		return nil, fmt.Errorf("groups: found %d for %d rows of %d numbers, expected at least 1 of each", k, x.N, x.Dim())
	}
	for i, v := range x.Data {
		if !(math.Abs(v) <= most) {
			return nil, fmt.Errorf("groups: found %v in row %d, expected numbers of at most %v", v, i/x.Dim(), most)
		}
	}
	centres, err := seeds(ctx, x, k, seed)
	if err != nil {
		return nil, err
	}
	for round := range rounds {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		far, was := make([]float64, x.N), of
		of = make([]int, x.N)
		for i, near := range metric.Nearest(x, centres, 1) {
			of[i], far[i] = near[0].Index, near[0].Square
		}
		if slices.Equal(was, of) || round == rounds-1 {
			break
		}
		recentre(centres, of, far, x)
	}
	return bySize(of), nil
}

// seeds are k rows, or as many as differ: the first anywhere, each further one the more
// likely the farther it lies from those before, by the square of its distance. Of a few that
// are drawn, the one counts that leaves the rows nearest (greedy k-means++).
func seeds(ctx context.Context, x *drift.Batch, k int, seed uint64) (*drift.Batch, error) {
	rng := drift.Rand(seed, "groups")
	tries := 2 + int(math.Log(float64(k)))
	chosen, far, sum := []float64{}, []float64(nil), 0.0
	add := func(rows ...int) {
		best, least := -1, math.Inf(1)
		var nearest []float64
		for _, row := range rows {
			reach, total := reach(x, row, far)
			if total < least {
				best, least, nearest = row, total, reach
			}
		}
		chosen = append(chosen, x.Row(best)...)
		far, sum = nearest, least
	}
	for add(rng.IntN(x.N)); len(chosen) < k*x.Dim() && sum > 0; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		drawn := make([]int, tries)
		for i := range drawn {
			drawn[i] = pick(far, rng.Float64()*sum)
		}
		add(drawn...)
	}
	return &drift.Batch{N: len(chosen) / x.Dim(), Shape: x.Shape, Data: chosen}, nil
}

// reach is the squared distance of every row to a given one, or to those that far tells of
// if they are nearer, and their sum.
func reach(x *drift.Batch, row int, far []float64) (near []float64, sum float64) {
	near = make([]float64, x.N)
	for i, n := range metric.Nearest(x, x.Slice(row, row+1), 1) {
		near[i] = n[0].Square
		if far != nil {
			near[i] = min(near[i], far[i])
		}
		sum += near[i]
	}
	return near, sum
}

// pick is the row at which weights add up to more than left, one of weight at least.
func pick(weights []float64, left float64) int {
	row := -1
	for i, w := range weights {
		if w > 0 {
			row = i // the last one, if rounding leaves something over
			if left -= w; left < 0 {
				break
			}
		}
	}
	return row
}

// recentre moves every centre to the mean of its rows, and one that has none to the row
// that is farthest from its own.
func recentre(centres *drift.Batch, of []int, far []float64, x *drift.Batch) {
	count := make([]int, centres.N)
	clear(centres.Data)
	for i, g := range of {
		count[g]++
		for j, v := range x.Row(i) {
			centres.Row(g)[j] += v
		}
	}
	for g, n := range count {
		if n == 0 {
			lost := slices.Index(far, slices.Max(far))
			far[lost] = 0
			copy(centres.Row(g), x.Row(lost))
			continue
		}
		for j := range centres.Row(g) {
			centres.Row(g)[j] /= float64(n)
		}
	}
}

// bySize numbers groups anew, the largest first, and leaves out empty ones.
func bySize(of []int) []int {
	count := make([]int, slices.Max(of)+1)
	for _, g := range of {
		count[g]++
	}
	order := make([]int, len(count))
	for g := range order {
		order[g] = g
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(count[b], count[a]) })
	rank := make([]int, len(count))
	for r, g := range order {
		rank[g] = r
	}
	for i, g := range of {
		of[i] = rank[g]
	}
	return of
}
