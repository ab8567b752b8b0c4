package program

import (
	"sync"
	"time"
	"unsafe"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/pool"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/pkg/errors"
)

// Program is a computation that is ready to run.
type Program struct {
	pool      *pool.Pool
	steps     []step
	costs     []*cost // of the steps
	profile   func() *Profile
	slots     []*slot
	constants [][]byte
	results   []*slot
	arena     int      // bytes
	foreign   []string // operations that GoMLX's Go backend carries out

	mu   sync.Mutex
	idle []*run // the memory of runs that are over
}

// step is one thing that a program does.
type step interface {
	run(r *run) error
}

// parted is a step some of whose work is done in parts, by several threads.
type parted interface {
	step
	part(r *run, i int)
}

// run is the memory of one run.
type run struct {
	program *Program
	arena   []byte
	mem     []unsafe.Pointer                  // of each slot
	parts   map[parted]func(part, worker int) // bound once, so that a run does not allocate
}

// share does parts 0 ≤ i < n of a step on all threads.
func (r *run) share(s parted, n int) { r.program.pool.Run(n, r.parts[s]) }

// Options of a compilation.
type Options struct {
	Pool  *pool.Pool
	Stock compute.Backend // carries out what has no kernel
	BF16  bool            // operands of products of float32 may be rounded to bfloat16

	Profile func() *Profile // where to note how long steps take, if it is not nil
	Dump    Dump            // is told what each pass makes, if it is not nil
}

// Compile lowers a graph, which it simplifies in place.
func Compile(g *ir.Graph, o Options) (_ *Program, err error) {
	defer func() {
		if e := recover(); e != nil {
			err = errors.Errorf("lowering: %v", e)
		}
	}()
	o.Dump.tell("recorded", g)
	g.Simplify()
	o.Dump.tell("simplified", g)
	g.JoinPads()
	o.Dump.tell("pads joined", g)
	l := canonical(g)
	l.Prune()
	o.Dump.tell("lowered", l)
	units := fuse(l)
	o.Dump.tell("fused", divided(units))
	units = schedule(l, units)
	o.Dump.tell("scheduled", divided(units))
	p := &Program{pool: o.Pool, profile: o.Profile}
	c := &compiler{program: p, l: l, options: o}
	steps := make([]planned, len(units))
	builders := make([]func(of map[*ir.Value]*slot) step, len(units))
	external := needed(l, units)
	for i, u := range units {
		var err error
		if steps[i], builders[i], err = c.unit(u, external); err != nil {
			return nil, err
		}
	}
	var of map[*ir.Value]*slot
	p.slots, of, p.arena = plan(l, steps, func(v *ir.Value) int {
		p.constants = append(p.constants, bytesOfFlat(v.Node.Attr.(ir.Constant).Flat, v))
		return len(p.constants) - 1
	})
	o.Dump.tell("planned", layout{l, p.slots, of, p.arena})
	for i := range units {
		p.steps = append(p.steps, builders[i](of))
	}
	for _, v := range l.Results {
		p.results = append(p.results, of[v])
	}
	o.Dump.tell("steps", p)
	return p, nil
}

// needed are the values that are read outside the unit that makes them.
func needed(l *lowered, units []*unit) map[*ir.Value]bool {
	maker := map[*ir.Node]*unit{}
	for _, u := range units {
		for _, n := range u.nodes {
			maker[n] = u
		}
	}
	out := map[*ir.Value]bool{}
	for _, v := range l.Results {
		out[v] = true
	}
	for _, u := range units {
		for _, n := range u.nodes {
			for _, v := range n.In {
				if r := l.refs[v].root; maker[r.Node] != u {
					out[r] = true
				}
			}
		}
	}
	return out
}

// bytesOfFlat is a slice of numbers as bytes, aligned.
func bytesOfFlat(flat any, v *ir.Value) []byte {
	n := bytesOf(v.Shape)
	mem := aligned(n)
	if v.Shape.Size() > 0 {
		dtypes.CopyAnySlice(dtypes.UnsafeAnySliceFromBytes(unsafe.Pointer(unsafe.SliceData(mem)), v.Shape.DType, v.Shape.Size()), flat)
	}
	return mem
}

// aligned is zeroed memory that begins at a multiple of align.
func aligned(n int) []byte {
	raw := make([]byte, n+align)
	off := -int(uintptr(unsafe.Pointer(unsafe.SliceData(raw)))) & (align - 1)
	return raw[off : off+n : off+n]
}

// Foreign names the operations that have no kernel here.
func (p *Program) Foreign() []string { return p.foreign }

// Memory is how many bytes a run takes beside parameters, constants and results.
func (p *Program) Memory() int { return p.arena }

// InPlace is the parameter whose memory a result takes over if that is donated, or -1.
func (p *Program) InPlace(result int) int {
	if s := p.results[result]; s.inPlace != nil && len(p.foreign) == 0 {
		return s.inPlace.index
	}
	return -1 // what may fail midway must not lose its inputs
}

// Run computes the results, in memory that the caller gives, from the parameters. All
// must be aligned to 64 bytes and of the right sizes.
func (p *Program) Run(parameters, results []unsafe.Pointer) (err error) {
	r := p.take()
	defer p.give(r)
	for i, s := range p.slots {
		switch s.kind {
		case parameter:
			r.mem[i] = parameters[s.index]
		case result:
			r.mem[i] = results[s.index]
		}
	}
	at := 0
	defer func() {
		if e := recover(); e != nil {
			err = errors.Errorf("step %d of %d, %s: %v", at, len(p.steps), p.costs[at].name, e)
		}
	}()
	var profile *Profile
	if p.profile != nil {
		profile = p.profile()
	}
	for i, s := range p.steps {
		at = i
		var start time.Time
		if profile != nil {
			start = time.Now()
		}
		if err := s.run(r); err != nil {
			return errors.WithMessagef(err, "step %d of %d, %s", at, len(p.steps), p.costs[at].name)
		}
		if profile != nil {
			profile.add(p.costs[i], start)
		}
	}
	return nil
}

// mostIdle bounds the runs whose memory is kept, but for small ones: those up to idleBytes.
const (
	mostIdle  = 2
	idleBytes = 64 << 20
)

// take is memory for a run.
func (p *Program) take() *run {
	p.mu.Lock()
	if n := len(p.idle); n > 0 {
		r := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.mu.Unlock()
		return r
	}
	p.mu.Unlock()
	r := &run{program: p, arena: aligned(p.arena + align), mem: make([]unsafe.Pointer, len(p.slots)), parts: map[parted]func(part, worker int){}}
	for _, s := range p.steps {
		if s, ok := s.(parted); ok {
			r.parts[s] = func(i, _ int) { s.part(r, i) }
		}
	}
	for i, s := range p.slots {
		switch s.kind {
		case temporary:
			r.mem[i] = unsafe.Pointer(&r.arena[s.off])
		case constant:
			if mem := p.constants[s.index]; len(mem) > 0 {
				r.mem[i] = unsafe.Pointer(&mem[0])
			}
		}
	}
	return r
}

func (p *Program) give(r *run) {
	for i, s := range p.slots { // others' memory is not held on to
		if s.kind == parameter || s.kind == result {
			r.mem[i] = nil
		}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if n := len(p.idle); n < mostIdle || (n+1)*p.arena <= idleBytes && n < 64 {
		p.idle = append(p.idle, r)
	}
}

// Free lets go of the memory that is kept between runs.
func (p *Program) Free() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.idle = nil
}

// spot is a tensor in a slot, at an offset in elements.
type spot struct{ slot, off, n int }

// in is where a value, which must be contiguous, stands.
func (c *compiler) in(v *ir.Value, of map[*ir.Value]*slot) spot {
	r := c.l.refs[v]
	return spot{of[r.root].id, r.Off, v.Shape.Size()}
}

// floats is the memory of a place of float32.
func (r *run) floats(p spot) []float32 {
	if p.n == 0 {
		return nil
	}
	return unsafe.Slice((*float32)(unsafe.Add(r.mem[p.slot], 4*p.off)), p.n)
}

// slice is the memory of a place of T.
func slice[T any](r *run, p spot) []T {
	if p.n == 0 {
		return nil
	}
	var t T
	return unsafe.Slice((*T)(unsafe.Add(r.mem[p.slot], int(unsafe.Sizeof(t))*p.off)), p.n)
}
