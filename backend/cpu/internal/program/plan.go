package program

import (
	"cmp"
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// slot is a piece of memory that the program uses.
type slot struct {
	id    int
	kind  slotKind
	index int // of the parameter or result
	bytes int
	off   int // in the arena

	first, last int   // units between which it holds something
	inPlace     *slot // whose memory it takes over, if that is to be had
}

type slotKind int

const (
	parameter slotKind = iota
	constant
	temporary
	result
)

// align is what pieces of memory begin at a multiple of, in bytes: a cache line.
const align = 64

// plan gives every value a slot and every temporary one a place in one arena, so that
// those that live at the same time do not overlap. Values live from the unit that
// makes them to the last that reads them. Those that live briefly are placed first, and of
// these and of the others the largest, each as low as it fits.
func plan(l *lowered, steps []planned, constants func(v *ir.Value) int) (slots []*slot, of map[*ir.Value]*slot, arena int) {
	of = map[*ir.Value]*slot{}
	add := func(kind slotKind, bytes, first int) *slot {
		s := &slot{id: len(slots), kind: kind, bytes: bytes, first: first, last: first}
		slots = append(slots, s)
		return s
	}
	for _, n := range l.Nodes {
		switch n.Op {
		case compute.OpTypeParameter:
			s := add(parameter, bytesOf(n.Out[0].Shape), -1)
			s.index = n.Attr.(ir.Parameter).Index
			of[n.Out[0]] = s
		case compute.OpTypeConstant:
			s := add(constant, bytesOf(n.Out[0].Shape), -1)
			s.index = constants(n.Out[0])
			of[n.Out[0]] = s
		}
	}
	for i, p := range steps {
		for _, v := range p.reads {
			of[v].last = i
		}
		for _, v := range p.makes {
			of[v] = add(temporary, bytesOf(v.Shape), i)
		}
		if p.work > 0 {
			*p.workspace = add(temporary, p.work, i)
		}
	}
	for i, v := range l.Results {
		of[v].kind, of[v].index, of[v].last = result, i, len(steps)
	}
	taken := map[*slot]bool{}
	for i, p := range steps {
		for _, take := range p.inPlace {
			to, from := of[take[0]], of[take[1]]
			if to.inPlace != nil || taken[from] || from.last > i || from.bytes != to.bytes || from.kind == constant {
				continue
			}
			// A parameter's memory is only to be had for a result, if it is donated.
			if (from.kind == parameter) != (to.kind == result) || from.kind == result {
				continue
			}
			to.inPlace, taken[from] = from, true
		}
	}
	return slots, of, place(slots)
}

// brief is how many units what lives briefly lives. It is placed first, and so at few
// addresses, which are in the caches when the next takes them.
const brief = 6

// place lays the temporary slots out and returns the size of the arena.
func place(slots []*slot) int {
	// A slot that takes over another's memory lives there with it.
	root := func(s *slot) *slot {
		for s.kind == temporary && s.inPlace != nil {
			s = s.inPlace
		}
		return s
	}
	var all []*slot
	lives := map[*slot][2]int{}
	for _, s := range slots {
		if s.kind != temporary {
			continue
		}
		r := root(s)
		life, ok := lives[r]
		if !ok {
			life = [2]int{s.first, s.last}
			all = append(all, r)
		}
		lives[r] = [2]int{min(life[0], s.first), max(life[1], s.last)}
	}
	long := func(s *slot) int {
		if lives[s][1]-lives[s][0] > brief {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(all, func(a, b *slot) int { return cmp.Or(long(a)-long(b), b.bytes-a.bytes) })
	arena := 0
	var placed []*slot // by offset
	for _, s := range all {
		size := (s.bytes + align - 1) / align * align
		life, off := lives[s], 0
		for _, o := range placed {
			if other := lives[o]; other[1] < life[0] || other[0] > life[1] {
				continue
			}
			if off+size <= o.off {
				break
			}
			off = max(off, (o.off+o.bytes+align-1)/align*align)
		}
		s.off = off
		arena = max(arena, off+size)
		at, _ := slices.BinarySearchFunc(placed, off, func(o *slot, off int) int { return o.off - off })
		placed = slices.Insert(placed, at, s)
	}
	for _, s := range slots {
		if s.kind == temporary {
			s.off = root(s).off
		}
	}
	return arena
}

// bytesOf is the size of a tensor.
func bytesOf(s shapes.Shape) int { return s.DType.SizeForDimensions(s.Dimensions...) }

// planned is what the plan must know of a step.
type planned struct {
	reads, makes []*ir.Value
	work         int // bytes of scratch
	workspace    **slot
	inPlace      [][2]*ir.Value // what it makes, and what it reads that may lie in the same memory
}
