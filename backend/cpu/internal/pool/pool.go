// Package pool runs the parts of one operation on a fixed number of threads. How
// an operation is split depends on its shape alone, never on the number of
// threads, so that results do not either. It imports nothing of the backend.
package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool is a set of workers that wait for parts. Many goroutines may share one. The
// zero Pool does everything in the caller's goroutine.
type Pool struct {
	jobs chan *job
	once sync.Once
}

// job is one operation: parts 0 ≤ i < n, of which next is the first not yet taken.
type job struct {
	f       func(part int)
	n       int64
	next    atomic.Int64
	pending sync.WaitGroup
}

// New starts a pool in which an operation uses up to threads threads, the caller's
// among them; 0 stands for GOMAXPROCS.
func New(threads int) *Pool {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{}
	if threads > 1 {
		p.jobs = make(chan *job, threads-1)
		for range threads - 1 {
			go func() {
				for j := range p.jobs {
					j.work()
					j.pending.Done()
				}
			}()
		}
	}
	return p
}

// Threads is how many threads an operation uses.
func (p *Pool) Threads() int { return cap(p.jobs) + 1 }

// Close ends the workers. Nothing may run on the pool any more.
func (p *Pool) Close() {
	if p.jobs != nil {
		p.once.Do(func() { close(p.jobs) })
	}
}

// Run calls f for every part 0 ≤ part < n and returns when all are done. Parts must
// not depend on each other. The caller works too, so that a Run within a Run, or
// many at once, cannot wait for each other.
func (p *Pool) Run(n int, f func(part int)) {
	if n <= 1 || p.jobs == nil {
		for i := range n {
			f(i)
		}
		return
	}
	j := &job{f: f, n: int64(n)}
	for range min(n-1, cap(p.jobs)) {
		j.pending.Add(1)
		select {
		case p.jobs <- j:
		default: // all workers are busy
			j.pending.Done()
		}
	}
	j.work()
	j.pending.Wait()
}

func (j *job) work() {
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		j.f(int(i))
	}
}
