package program

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// index is where the elements of a view stand, in order.
func index(v View) []int {
	var all []int
	v.each(func(off int) { all = append(all, off) })
	return all
}

// Random chains of operations on views read what the same chain on a list of
// offsets, element by element, reads.
func TestViewsReadWhatTheyShould(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	dimsOf := func() []int {
		dims := make([]int, r.IntN(4))
		for i := range dims {
			dims[i] = 1 + r.IntN(4)
		}
		return dims
	}
	reshapes := 0
	for range 5000 {
		v := rowMajorView(dimsOf())
		list := index(v)
		at := func(dims, place []int) int { // offset of an element in list
			n := 0
			for i := range dims {
				n = n*dims[i] + place[i]
			}
			return list[n]
		}
		for range 1 + r.IntN(4) {
			was := slices.Clone(v.Dims)
			var next []int
			switch rank := len(was); r.IntN(5) {
			case 0:
				p := r.Perm(rank)
				v = v.transposed(p)
				each(v.Dims, func(place []int) {
					from := make([]int, rank)
					for i, axis := range p {
						from[axis] = place[i]
					}
					next = append(next, at(was, from))
				})
			case 1:
				dims, axes := dimsOf(), []int{}
				for i, d := range was {
					axes = append(axes, len(dims))
					if d == 1 && r.IntN(2) == 0 {
						d = 3
					}
					dims = append(dims, d)
					_ = i
				}
				v = v.broadcast(dims, axes)
				each(dims, func(place []int) {
					from := make([]int, rank)
					for i, axis := range axes {
						from[i] = min(place[axis], was[i]-1)
					}
					next = append(next, at(was, from))
				})
			case 2:
				var starts, limits, strides []int
				for _, d := range was {
					s := r.IntN(d)
					starts, limits, strides = append(starts, s), append(limits, s+1+r.IntN(d-s)), append(strides, 1+r.IntN(2))
				}
				v = v.sliced(starts, limits, strides)
				each(v.Dims, func(place []int) {
					from := make([]int, rank)
					for i := range from {
						from[i] = starts[i] + place[i]*strides[i]
					}
					next = append(next, at(was, from))
				})
			case 3:
				axes := r.Perm(rank)[:r.IntN(rank+1)]
				v = v.reversed(axes)
				each(v.Dims, func(place []int) {
					from := slices.Clone(place)
					for _, a := range axes {
						from[a] = was[a] - 1 - place[a]
					}
					next = append(next, at(was, from))
				})
			case 4:
				n, dims := sizeOf(was), []int{1}
				for _, f := range []int{2, 3, 2, 3} {
					if n%f == 0 {
						dims, n = append(dims, f), n/f
					}
				}
				dims = append(dims, n, 1)
				reshaped, ok := v.reshaped(dims)
				if v.contiguous() && !ok {
					t.Fatalf("%v cannot be reshaped to %v, though it is contiguous", v, dims)
				}
				if !ok {
					continue
				}
				reshapes++
				v, next = reshaped, list
			}
			list = next
			if got := index(v); !slices.Equal(got, list) {
				t.Fatalf("%+v from %v: found %v, expected %v", v, was, got, list)
			}
			if v.contiguous() != isRun(list) && len(list) > 1 {
				t.Fatalf("%+v: contiguous is %v for %v", v, v.contiguous(), list)
			}
		}
	}
	if reshapes < 500 {
		t.Errorf("only %d reshapes were tried", reshapes)
	}
}

func isRun(list []int) bool {
	for i := range list {
		if list[i] != list[0]+i {
			return false
		}
	}
	return true
}

// each calls f with every place of a tensor, in order.
func each(dims []int, f func(place []int)) {
	place := make([]int, len(dims))
	for {
		f(place)
		i := len(dims) - 1
		for ; i >= 0; i-- {
			if place[i]++; place[i] < dims[i] {
				break
			}
			place[i] = 0
		}
		if i < 0 {
			return
		}
	}
}
