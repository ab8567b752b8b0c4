package program

import (
	"math/rand/v2"
	"slices"
	"testing"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// randomPlan is a program of steps that read any values from before and make new ones.
func randomPlan(r *rand.Rand) (*lowered, []planned) {
	l := &lowered{Graph: &ir.Graph{}, refs: map[*ir.Value]ref{}}
	shape := func() shapes.Shape { return shapes.Make(dtypes.Float32, []int{0, 1, 16, 17, 32, 100, 160}[r.IntN(7)]) }
	var values []*ir.Value
	for i := range 1 + r.IntN(3) {
		v := l.addOne(compute.OpTypeParameter, ir.Parameter{Index: i}, shape())
		l.Params, values = append(l.Params, v), append(values, v)
	}
	for range r.IntN(2) {
		values = append(values, l.addOne(compute.OpTypeConstant, ir.Constant{}, shape()))
	}
	var steps []planned
	var made []*ir.Value
	for range 1 + r.IntN(20) {
		var p planned
		for range 1 + r.IntN(3) {
			p.reads = append(p.reads, values[max(r.IntN(len(values)), r.IntN(len(values)))])
		}
		for range 1 + r.IntN(2) {
			s := shape()
			if r.IntN(2) == 0 {
				s = p.reads[0].Shape
			}
			p.makes = append(p.makes, l.addOne(compute.OpTypeAdd, nil, s, p.reads...))
		}
		if r.IntN(3) == 0 {
			p.work, p.workspace = 1+r.IntN(500), new(*slot)
		}
		for _, to := range p.makes {
			for _, from := range p.reads {
				if r.IntN(2) == 0 {
					p.inPlace = append(p.inPlace, [2]*ir.Value{to, from})
				}
			}
		}
		values, made = append(values, p.makes...), append(made, p.makes...)
		steps = append(steps, p)
	}
	for _, at := range r.Perm(len(made))[:1+r.IntN(min(3, len(made)))] {
		l.Results = append(l.Results, made[at])
	}
	return l, steps
}

// memory says, byte by byte, which value's elements stand there.
type memory struct {
	arena   []*ir.Value
	outside map[*slot][]*ir.Value
}

// of is the memory of a slot: a result whose parameter was donated has that one's.
func (m memory) of(s *slot) []*ir.Value {
	if s.kind == temporary {
		return m.arena[s.off : s.off+s.bytes]
	}
	if s.kind == result && s.inPlace != nil {
		s = s.inPlace
	}
	if m.outside[s] == nil {
		m.outside[s] = make([]*ir.Value, s.bytes)
	}
	return m.outside[s]
}

func (m memory) write(s *slot, v *ir.Value) {
	for i, mem := 0, m.of(s); i < len(mem); i++ {
		mem[i] = v
	}
}

// TestPlansKeepValues runs random programs on memory that knows whose it is: whatever a
// step reads is what was made, and nothing it writes lies where it reads, but for what
// may.
func TestPlansKeepValues(t *testing.T) {
	inPlace, shared := 0, 0
	for seed := range uint64(3000) {
		l, steps := randomPlan(rand.New(rand.NewPCG(seed, 3)))
		slots, of, arena := plan(l, steps, func(*ir.Value) int { return 0 })
		m := memory{make([]*ir.Value, arena), map[*slot][]*ir.Value{}}
		whole := 0
		for _, s := range slots {
			if s.kind == temporary {
				whole += s.bytes
				if s.off%align != 0 || s.off+s.bytes > arena {
					t.Fatalf("seed %d: found a slot of %d bytes at %d in an arena of %d, expected multiples of %d", seed, s.bytes, s.off, arena, align)
				}
			}
		}
		if arena < whole {
			shared++
		}
		for _, n := range l.Nodes {
			if n.Op == compute.OpTypeParameter || n.Op == compute.OpTypeConstant {
				m.write(of[n.Out[0]], n.Out[0])
			}
		}
		for i, p := range steps {
			read := func(v *ir.Value) {
				if slices.ContainsFunc(m.of(of[v]), func(owner *ir.Value) bool { return owner != v }) {
					t.Fatalf("seed %d, step %d: a value that is read was overwritten", seed, i)
				}
			}
			for _, v := range p.reads {
				read(v)
			}
			if p.work > 0 {
				m.write(*p.workspace, nil)
			}
			for _, v := range p.makes {
				m.write(of[v], v)
				if s := of[v]; s.inPlace != nil {
					inPlace++
					ok := slices.ContainsFunc(p.inPlace, func(pair [2]*ir.Value) bool { return pair[0] == v && of[pair[1]] == s.inPlace })
					if !ok {
						t.Fatalf("seed %d, step %d: found a value in the place of one that may not lose it", seed, i)
					}
				}
			}
			for _, v := range p.makes {
				read(v) // beside each other and the workspace
			}
			for _, v := range p.reads {
				if !slices.ContainsFunc(p.makes, func(w *ir.Value) bool { return of[w].inPlace == of[v] }) {
					read(v) // what is written meanwhile lies elsewhere
				}
			}
		}
		for _, v := range l.Results {
			if slices.ContainsFunc(m.of(of[v]), func(owner *ir.Value) bool { return owner != v }) {
				t.Fatalf("seed %d: a result was overwritten", seed)
			}
		}
		for _, n := range l.Nodes {
			if s := of[n.Out[0]]; n.Op == compute.OpTypeConstant && slices.ContainsFunc(m.of(s), func(owner *ir.Value) bool { return owner != n.Out[0] }) {
				t.Fatalf("seed %d: a constant was overwritten", seed)
			}
		}
	}
	if inPlace < 1000 || shared < 1000 {
		t.Errorf("found %d values in place of others and %d arenas smaller than all they hold, expected at least 1000 of each", inPlace, shared)
	}
}
