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
	pending sync.WaitGroup      // those who have the job, or will take it from the queue
	failure atomic.Pointer[any] // what a part panicked with
}

// jobs are kept for the next operation.
var jobs = sync.Pool{New: func() any { return new(job) }}

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
					j.help()
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
// not depend on each other. The caller works too, and takes what nobody has taken from
// the queue before it waits, so that a Run within a Run, or many at once, cannot wait
// for each other. A panic of a part becomes one of Run's, when no part runs any more.
func (p *Pool) Run(n int, f func(part int)) {
	if n <= 1 || p.jobs == nil {
		for i := range n {
			f(i)
		}
		return
	}
	j := jobs.Get().(*job)
	j.f, j.n = f, int64(n)
	j.next.Store(0)
	for range min(n-1, cap(p.jobs)) {
		j.pending.Add(1)
		select {
		case p.jobs <- j:
		default: // all workers are busy
			j.pending.Done()
		}
	}
	j.work()
	for waiting := true; waiting; {
		select {
		case other := <-p.jobs:
			other.help()
		default:
			waiting = false
		}
	}
	j.pending.Wait()
	failure := j.failure.Swap(nil)
	j.f = nil
	jobs.Put(j)
	if failure != nil {
		panic(*failure)
	}
}

// help works on a job from the queue.
func (j *job) help() {
	j.work()
	j.pending.Done()
}

// work takes parts until none is left, or one has panicked.
func (j *job) work() {
	defer func() {
		if e := recover(); e != nil {
			found := e // e itself would be on the heap even if all goes well
			j.failure.CompareAndSwap(nil, &found)
			j.next.Store(j.n)
		}
	}()
	for {
		i := j.next.Add(1) - 1
		if i >= j.n {
			return
		}
		j.f(int(i))
	}
}
