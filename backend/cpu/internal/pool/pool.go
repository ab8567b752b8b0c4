// Package pool runs the parts of one operation on a fixed number of threads. How an
// operation is split depends on its shape alone wherever that changes a byte, so that
// results do not depend on the number of threads. It imports nothing of the backend.
package pool

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// Pool is a set of workers that wait for parts. Many goroutines may share one. The
// zero Pool does everything in the caller's goroutine.
type Pool struct {
	seats  []seat // of the workers
	closed atomic.Bool
}

// seat is where a worker finds its next job: nil while there is none, asleep if the worker
// must be woken to look. Who puts a job there takes it back if it has not been taken. It has
// a line of the cache to itself.
type seat struct {
	job  atomic.Pointer[job]
	wake chan struct{}
	busy atomic.Bool // the worker works, and may look at the seat much later
	_    [44]byte
}

var asleep = new(job)

// job is one operation: parts 0 ≤ i < n, an equal share of neighbours for each worker.
// Whoever is done with its own share goes on with others'. What a part touches is then
// mostly where that thread's last operation left it, in its own cache.
type job struct {
	f       func(part, worker int)
	n       int
	shares  []share             // of each worker
	failure atomic.Pointer[any] // what a part panicked with
	pending sync.WaitGroup      // those who have the job, or will take it from their seat
	helpers atomic.Int64        // as many, for the caller as long as it looks
}

// share is the parts of a worker, of which next is the first not yet taken; it has a
// line of the cache to itself.
type share struct {
	next  atomic.Int64
	taken atomic.Bool // some thread is this worker
	_     [52]byte
}

// jobs are kept for the next operation.
var jobs = sync.Pool{New: func() any { return new(job) }}

// New starts a pool in which an operation uses up to threads threads, the caller's
// among them; 0 stands for GOMAXPROCS.
func New(threads int) *Pool {
	if threads <= 0 {
		threads = runtime.GOMAXPROCS(0)
	}
	p := &Pool{seats: make([]seat, threads-1)}
	for i := range p.seats {
		p.seats[i].wake = make(chan struct{}, 1)
		go p.serve(i + 1)
	}
	return p
}

// Threads is how many threads an operation uses.
func (p *Pool) Threads() int { return len(p.seats) + 1 }

// Close ends the workers. Nothing may run on the pool any more.
func (p *Pool) Close() {
	p.closed.Store(true)
	for i := range p.seats {
		p.seats[i].put(asleep, nil)
	}
}

// put changes what is in a seat from one to the other, if it is there, and wakes a worker
// that sleeps.
func (s *seat) put(from, to *job) bool {
	if s.job.Load() != from || !s.job.CompareAndSwap(from, to) {
		return false
	}
	if from == asleep {
		s.wake <- struct{}{} // once for each time that it falls asleep
	}
	return true
}

// Run calls f for every part 0 ≤ part < n and returns when all are done. Parts must
// not depend on each other. Those that run at once have different workers, 0 ≤ worker <
// min(n, p.Threads()), and a thread is mostly the same one each time: what a worker has to
// itself is in the cache of that thread.
//
// The caller works too, and then waits for those alone who have begun, so that a Run
// within a Run, or many at once, cannot wait for each other. A panic of a part becomes one
// of Run's, when no part runs any more.
func (p *Pool) Run(n int, f func(part, worker int)) {
	if n <= 1 || len(p.seats) == 0 {
		for i := range n {
			f(i, 0)
		}
		return
	}
	j := jobs.Get().(*job)
	j.begin(n, f, p.Threads())
	p.offer(j)
	j.work(0)
	for i := range p.seats {
		if p.seats[i].put(j, nil) {
			j.leave()
		}
	}
	j.wait()
	failure := j.failure.Swap(nil)
	j.f = nil
	jobs.Put(j)
	if failure != nil {
		panic(*failure)
	}
}

// offer puts a job into as many seats as it has shares for, first those of workers that
// have nothing to do.
func (p *Pool) offer(j *job) {
	wanted := len(j.shares) - 1
	j.pending.Add(wanted)
	j.helpers.Store(int64(wanted))
	for _, busy := range []bool{false, true} {
		for i := range p.seats {
			if wanted == 0 {
				return
			}
			if s := &p.seats[i]; s.busy.Load() == busy && (s.put(nil, j) || s.put(asleep, j)) {
				wanted--
			}
		}
	}
	for range wanted { // others' jobs are there
		j.leave()
	}
}

// patience is how long one who waits looks before it sleeps: to be woken takes longer
// than most operations of a small network. More of it takes time from the others where
// many programs share the processors, those that this one waits for among them.
const patience = 50 * time.Microsecond

// looked calls done until it is true, for as long as patience lasts. Other goroutines
// may run meanwhile.
func looked(done func() bool) bool {
	const times = 64 // between two looks at the clock
	for start := time.Now(); time.Since(start) < patience; runtime.Gosched() {
		for range times {
			if done() {
				return true
			}
		}
	}
	return false
}

// serve works on jobs until the pool is closed.
func (p *Pool) serve(thread int) {
	s := &p.seats[thread-1]
	var j *job
	look := func() bool {
		if j = s.job.Load(); j == nil {
			return false
		}
		s.busy.Store(true) // before the seat is free again
		if s.job.CompareAndSwap(j, nil) {
			return true
		}
		s.busy.Store(false)
		return false
	}
	for !p.closed.Load() {
		switch {
		case looked(look):
			j.work(thread)
			s.busy.Store(false)
			j.leave()
		case s.job.CompareAndSwap(nil, asleep) && !p.closed.Load():
			<-s.wake
		}
	}
}

// begin makes a job of n parts for so many threads.
func (j *job) begin(n int, f func(part, worker int), threads int) {
	j.f, j.n = f, n
	workers := min(n, threads)
	if cap(j.shares) < workers {
		j.shares = make([]share, threads)
	}
	j.shares = j.shares[:workers]
	for w := range j.shares {
		j.shares[w].next.Store(int64(j.first(w)))
		j.shares[w].taken.Store(false)
	}
}

// first is the first part of a worker.
func (j *job) first(worker int) int { return worker * j.n / len(j.shares) }

// worker is which one a thread becomes. It has the job from its seat or from its own Run,
// and so no more become one than there are; who takes the job twice is two in turn.
func (j *job) worker(thread int) int {
	for w := thread % len(j.shares); ; w = (w + 1) % len(j.shares) {
		if j.shares[w].taken.CompareAndSwap(false, true) {
			return w
		}
	}
}

// leave says that a helper does not have the job any more.
func (j *job) leave() {
	j.pending.Done()
	j.helpers.Add(-1) // last, for then the job may be another's
}

// wait returns when nobody has the job any more.
func (j *job) wait() {
	if !looked(j.left) {
		j.pending.Wait()
	}
	for !j.left() { // between the two lines of leave
		runtime.Gosched()
	}
}

// left says that no helper has the job.
func (j *job) left() bool { return j.helpers.Load() == 0 }

// work takes parts, those of its worker first, until none is left or one has panicked.
func (j *job) work(thread int) {
	defer func() {
		if e := recover(); e != nil {
			found := e // e itself would be on the heap even if all goes well
			j.failure.CompareAndSwap(nil, &found)
			for t := range j.shares {
				j.shares[t].next.Store(int64(j.n))
			}
		}
	}()
	worker := j.worker(thread)
	for k := range j.shares {
		w := (worker + k) % len(j.shares)
		end := j.first(w + 1)
		for int(j.shares[w].next.Load()) < end {
			i := int(j.shares[w].next.Add(1)) - 1
			if i >= end {
				break
			}
			j.f(i, worker)
		}
	}
}
