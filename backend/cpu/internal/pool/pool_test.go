package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
			p.Run(n, func(i, _ int) { atomic.AddInt32(&done[i], 1) })
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
				p.Run(5, func(_, _ int) { p.Run(5, func(_, _ int) { count.Add(1) }) })
			}
		})
	}
	all.Wait()
	if count.Load() != 8*50*25 {
		t.Errorf("found %d parts done, expected %d", count.Load(), 8*50*25)
	}
}

// A lone worker that runs within a run waits for nobody.
func TestWorkersRunsEnd(t *testing.T) {
	p := New(2)
	defer p.Close()
	for range 2000 {
		p.Run(2, func(_, _ int) { p.Run(2, func(_, _ int) { runtime.Gosched() }) })
	}
}

// A part that panics ends its operation, in the caller's goroutine, and no other.
func TestPanicsReachTheCaller(t *testing.T) {
	p := New(3)
	defer p.Close()
	for at := range 20 {
		func() {
			defer func() {
				if e := recover(); e != at {
					t.Errorf("found panic %v, expected %d", e, at)
				}
			}()
			p.Run(20, func(i, _ int) {
				if i == at {
					panic(at)
				}
			})
		}()
	}
	var count atomic.Int64
	p.Run(100, func(_, _ int) { count.Add(1) })
	if count.Load() != 100 {
		t.Errorf("found %d parts done after panics, expected 100", count.Load())
	}
}

// Parts that run at once have different workers.
func TestWorkersAreApart(t *testing.T) {
	p := New(4)
	defer p.Close()
	var all sync.WaitGroup
	for range 3 {
		all.Go(func() {
			for n := range 40 {
				busy := make([]atomic.Bool, min(max(n, 1), p.Threads()))
				p.Run(n, func(part, worker int) {
					if !busy[worker].CompareAndSwap(false, true) {
						t.Errorf("%d parts: worker %d works on two at once", n, worker)
					}
					runtime.Gosched()
					busy[worker].Store(false)
				})
			}
		})
	}
	all.Wait()
}

// Workers fall asleep, are woken by the next operation, and end when the pool is closed,
// asleep or not.
func TestWorkersSleepAndEnd(t *testing.T) {
	soon := func(what string, done func() bool) {
		t.Helper()
		for start := time.Now(); !done(); runtime.Gosched() {
			if time.Since(start) > 10*time.Second {
				t.Fatal("not in ten seconds: " + what)
			}
		}
	}
	before := runtime.NumGoroutine()
	for round := range 50 {
		p := New(4)
		var all sync.WaitGroup
		for range 3 {
			soon("all workers asleep", func() bool {
				for i := range p.seats {
					if p.seats[i].job.Load() != asleep {
						return false
					}
				}
				return true
			})
			all.Add(4) // each part waits for the others, so that all threads must come
			p.Run(4, func(_, _ int) { all.Done(); all.Wait() })
		}
		if round%2 == 0 {
			runtime.Gosched()
		}
		p.Close()
		p.Close()
	}
	soon("no goroutine more than before", func() bool { return runtime.NumGoroutine() <= before })
}

// Operations of few parts that run at once are done by different workers.
func TestFewPartsFindIdleWorkers(t *testing.T) {
	p := New(4)
	defer p.Close()
	for range 100 {
		var both, all sync.WaitGroup
		both.Add(4)
		for range 2 { // callers whose parts wait for those of the other
			all.Go(func() { p.Run(2, func(_, _ int) { both.Done(); both.Wait() }) })
		}
		all.Wait()
	}
}
