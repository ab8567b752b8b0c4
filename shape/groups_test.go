package shape_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"drift"
	"drift/shape"
)

// heaps are n points around each of some centres far from each other.
func heaps(n int, spread float64, centres ...[]float64) *drift.Batch {
	x := drift.NewBatch(n*len(centres), len(centres[0]))
	rng := drift.Rand(3, "heaps")
	for i := range x.N {
		for j, c := range centres[i%len(centres)] {
			x.Row(i)[j] = c + spread*rng.NormFloat64()
		}
	}
	return x
}

func TestGroupFindsHeaps(t *testing.T) {
	x := heaps(40, 0.3, []float64{0, 0}, []float64{10, 0}, []float64{0, 10}, []float64{10, 10})
	for seed := range uint64(5) {
		of, err := shape.Group(context.Background(), x, 4, seed)
		if err != nil {
			t.Fatal(err)
		}
		for i := range of {
			if of[i] != of[i%4] {
				t.Fatalf("seed %d: row %d is in group %d, row %d of the same heap in %d", seed, i, of[i], i%4, of[i%4])
			}
		}
		if used := slices.Sorted(slices.Values(of[:4])); !slices.Equal(used, []int{0, 1, 2, 3}) {
			t.Fatalf("seed %d: four heaps are in groups %v", seed, used)
		}
	}
}

// Every row is in the group whose mean is nearest to it, and groups fall in size.
func TestGroupIsAFixedPoint(t *testing.T) {
	x := heaps(100, 1, []float64{0, 0, 0}, []float64{1, 1, 0}, []float64{3, 0, 1})
	for _, k := range []int{1, 2, 7, 40} {
		of, err := shape.Group(context.Background(), x, k, 1)
		if err != nil {
			t.Fatal(err)
		}
		n := slices.Max(of) + 1
		mean, count := drift.NewBatch(n, 3), make([]int, n)
		for i, g := range of {
			count[g]++
			for j, v := range x.Row(i) {
				mean.Row(g)[j] += v
			}
		}
		for g := range n {
			if count[g] == 0 || g > 0 && count[g] > count[g-1] {
				t.Fatalf("k = %d: groups have sizes %v", k, count)
			}
			for j := range 3 {
				mean.Row(g)[j] /= float64(count[g])
			}
		}
		square := func(i, g int) (sum float64) {
			for j, v := range x.Row(i) {
				sum += (v - mean.Row(g)[j]) * (v - mean.Row(g)[j])
			}
			return sum
		}
		for i, own := range of {
			for g := range n {
				if square(i, g) < square(i, own)-1e-9 {
					t.Fatalf("k = %d: row %d is in group %d, but nearer to the mean of %d", k, i, own, g)
				}
			}
		}
	}
}

func TestGroupDependsOnItsSeedAlone(t *testing.T) {
	x := heaps(60, 2, []float64{0, 0}, []float64{1, 1})
	a, _ := shape.Group(context.Background(), x, 6, 5)
	b, _ := shape.Group(context.Background(), x, 6, 5)
	c, _ := shape.Group(context.Background(), x, 6, 6)
	if !slices.Equal(a, b) {
		t.Error("the same seed gives other groups")
	}
	if slices.Equal(a, c) {
		t.Error("another seed gives the same groups of a cloud without any")
	}
}

func TestGroupOfRowsThatAreTheSame(t *testing.T) {
	x := drift.NewBatch(9, 2)
	for i := range 3 {
		x.Row(i)[0] = 1
	}
	of, err := shape.Group(context.Background(), x, 5, 0)
	if want := []int{1, 1, 1, 0, 0, 0, 0, 0, 0}; err != nil || !slices.Equal(of, want) {
		t.Errorf("found %v, %v, expected %v", of, err, want)
	}
	if of, err := shape.Group(context.Background(), x.Slice(4, 9), 3, 0); err != nil || slices.Max(of) != 0 {
		t.Errorf("rows that are all the same: found groups %v, %v", of, err)
	}
	if of, err := shape.Group(context.Background(), x.Slice(0, 1), 3, 0); err != nil || !slices.Equal(of, []int{0}) {
		t.Errorf("one row: found groups %v, %v", of, err)
	}
}

func TestGroupRefuses(t *testing.T) {
	for _, v := range []float64{math.NaN(), math.Inf(1), -1e200} {
		x := drift.NewBatch(4, 2)
		x.Data[5] = v
		if _, err := shape.Group(context.Background(), x, 2, 0); err == nil {
			t.Errorf("%v: no error", v)
		}
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if _, err := shape.Group(stopped, drift.NewBatch(4, 2), 2, 0); !errors.Is(err, context.Canceled) {
		t.Errorf("stopped: found error %v", err)
	}
	if _, err := shape.Group(context.Background(), drift.NewBatch(4, 2), 0, 0); err == nil {
		t.Error("no groups: no error")
	}
	if _, err := shape.Group(context.Background(), drift.NewBatch(0, 2), 1, 0); err == nil {
		t.Error("no rows: no error")
	}
}

// Upright and level bars of any brightness, at any place, fall into groups of their own.
func ExampleGroup() {
	x := drift.NewBatch(40, 16, 16, 1)
	for i := range x.N {
		rng := drift.Rand(1, "bars", uint64(i))
		at, dark := rng.IntN(6)+4, 0.6*rng.Float64()
		for j := range x.Row(i) {
			along := j % 16 // of an upright bar
			if i%2 == 1 {
				along = j / 16
			}
			x.Row(i)[j] = dark
			if along == at || along == at+1 {
				x.Row(i)[j] = dark + 0.4
			}
		}
	}
	d, err := shape.Describe(drift.RowsOf(x), 0, 1)
	if err != nil {
		fmt.Println(err)
		return
	}
	of, err := shape.Group(context.Background(), d, 2, 0)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(of[:8])
	// Output: [0 1 0 1 0 1 0 1]
}
