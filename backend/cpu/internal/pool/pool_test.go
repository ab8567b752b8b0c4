package pool

import (
	"sync"
	"sync/atomic"
	"testing"
)

func TestRunDoesEveryPartOnce(t *testing.T) {
	for _, threads := range []int{1, 2, 3, 8} {
		p := New(threads)
		defer p.Close()
		if p.Threads() != threads {
			t.Errorf("found %d threads, expected %d", p.Threads(), threads)
		}
		for _, n := range []int{0, 1, 2, 7, 1000} {
			done := make([]int32, n)
			p.Run(n, func(i int) { atomic.AddInt32(&done[i], 1) })
			for i, times := range done {
				if times != 1 {
					t.Fatalf("%d threads: part %d of %d was done %d times", threads, i, n, times)
				}
			}
		}
	}
}

// Runs within runs, from many goroutines, come to an end.
func TestNestedRunsEnd(t *testing.T) {
	p := New(2)
	defer p.Close()
	var count atomic.Int64
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 50 {
				p.Run(5, func(int) { p.Run(5, func(int) { count.Add(1) }) })
			}
		})
	}
	all.Wait()
	if count.Load() != 8*50*25 {
		t.Errorf("found %d parts done, expected %d", count.Load(), 8*50*25)
	}
}
