package program

import (
	"slices"
	"unsafe"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"

	"github.com/gomlx/compute/dtypes"
)

// regionStep runs a region, tile by tile; tiles are shared out in chunks.
type regionStep struct {
	*region
	in      []spot // of the inputs, from their offsets on
	masks   []bool // which inputs are bools
	scalars []spot
	isBool  []bool // which scalars are bools
	out     []spot
}

// chunkSize is about how many elements are worth another thread's while.
const chunkSize = 8 * 1024

// region makes the step of a unit of element-wise nodes.
func (c *compiler) region(u *unit, external map[*ir.Value]bool) (planned, maker, error) {
	r := compileRegion(c.l, u, external)
	p := planned{makes: slices.Clone(r.outputs)}
	var work *slot
	p.workspace = &work
	for i := range r.sinks {
		s := &r.sinks[i]
		s.at = p.work / 4
		p.work += 4 * s.line() * (r.n / r.chunk)
		p.makes = append(p.makes, s.node.Out[0])
	}
	indirect := map[*ir.Value]bool{}
	for _, in := range r.inputs {
		p.reads = append(p.reads, in.root)
		if !in.direct || in.Off != 0 || in.root.Shape.Size() != r.n {
			indirect[in.root] = true
		}
	}
	for _, s := range r.scalars {
		if s.root != nil {
			p.reads = append(p.reads, s.root)
			indirect[s.root] = true
		}
	}
	for o, v := range r.outputs {
		for i, in := range r.inputs {
			if v.Shape.DType == dtypes.Float32 && !indirect[in.root] && r.lastRead[i] <= r.madeAt[o] {
				p.inPlace = append(p.inPlace, [2]*ir.Value{v, in.root})
			}
		}
	}
	return p, func(of map[*ir.Value]*slot) step {
		s := &regionStep{region: r}
		for i := range r.sinks {
			k := &r.sinks[i]
			k.out, k.work = spot{of[k.node.Out[0]].id, 0, k.node.Out[0].Shape.Size()}, spot{work.id, k.at, k.line() * (r.n / r.chunk)}
		}
		for _, in := range r.inputs {
			// The whole root: a view may read backwards from its offset.
			s.in = append(s.in, spot{of[in.root].id, 0, in.root.Shape.Size()})
			s.masks = append(s.masks, in.root.Shape.DType == dtypes.Bool)
		}
		for _, x := range r.scalars {
			if x.root == nil {
				s.scalars, s.isBool = append(s.scalars, spot{}), append(s.isBool, false)
				continue
			}
			s.scalars = append(s.scalars, spot{of[x.root].id, x.Off, 1})
			s.isBool = append(s.isBool, x.root.Shape.DType == dtypes.Bool)
		}
		for _, v := range r.outputs {
			s.out = append(s.out, spot{of[v].id, 0, r.n})
		}
		return s
	}, nil
}

// worker is the memory in which a chunk is worked on.
type worker struct {
	regs    []float32
	scalars []float32
	keys    []int // of each cached input: where the tile in its register begins
}

func (s *regionStep) run(r *run) error {
	if s.n == 0 {
		return nil
	}
	if chunks := (s.n + s.chunk - 1) / s.chunk; chunks > 1 {
		r.share(s, chunks)
	} else {
		s.work(r, 0, s.n)
	}
	for i := range s.sinks {
		k := &s.sinks[i]
		k.join(r.floats(k.out), r.floats(k.work), s.n/k.outer/s.chunk)
	}
	return nil
}

// part runs one chunk.
func (s *regionStep) part(r *run, i int) { s.work(r, i*s.chunk, min(s.n, (i+1)*s.chunk)) }

// work runs the elements from lo to hi.
func (s *regionStep) work(r *run, lo, hi int) {
	w := takeWorker(s.regs*s.tile, len(s.scalars), len(s.inputs))
	defer giveWorker(w)
	for i, at := range s.scalars {
		switch {
		case at.n == 0:
			w.scalars[i] = 0
		case s.isBool[i]:
			w.scalars[i] = 0
			if slice[bool](r, at)[0] {
				w.scalars[i] = 1
			}
		default:
			w.scalars[i] = r.floats(at)[0]
		}
	}
	for from := lo; from < hi; from += s.tile {
		s.tileAt(r, w, from, min(s.tile, hi-from))
	}
}

// tileAt runs the code on n elements from a place on.
func (s *regionStep) tileAt(r *run, w *worker, from, n int) {
	at := func(o operand) []float32 {
		switch o.where {
		case inReg:
			return w.regs[o.i*s.tile : o.i*s.tile+n : o.i*s.tile+n]
		case inInput:
			base := unsafe.Add(r.mem[s.in[o.i].slot], 4*(s.inputs[o.i].Off+from))
			return unsafe.Slice((*float32)(base), n)
		case inOutput:
			return unsafe.Slice((*float32)(unsafe.Add(r.mem[s.out[o.i].slot], 4*from)), n)
		}
		panic("no elements stand in " + o.String())
	}
	for k := range s.code {
		i := &s.code[k]
		switch i.kind {
		case map1:
			vec.Map1(i.op, at(i.dst), at(i.a))
		case map2:
			vec.Map2(i.op, at(i.dst), at(i.a), at(i.b))
		case map2s:
			vec.Map2S(i.op, at(i.dst), at(i.a), w.scalars[i.b.i])
		case maps2:
			vec.MapS2(i.op, at(i.dst), w.scalars[i.a.i], at(i.b))
		case choose:
			vec.Select(at(i.dst), at(i.a), at(i.b), at(i.c))
		case fetch:
			s.fetch(r, w, i.a.i, at(i.dst), from)
		case fill:
			dst, v := at(i.dst), w.scalars[i.a.i]
			for j := range dst {
				dst[j] = v
			}
		case move:
			copy(at(i.dst), at(i.a))
		case sum:
			s.sinks[i.dst.i].add(r, at(i.a), from, s.chunk)
		case store:
			dst := unsafe.Slice((*bool)(unsafe.Add(r.mem[s.out[i.dst.i].slot], from)), n)
			vec.MaskToBool(dst, at(i.a))
		}
	}
}

// fetch reads a tile of an input that does not stand in order.
func (s *regionStep) fetch(r *run, w *worker, i int, dst []float32, from int) {
	in := &s.inputs[i]
	if s.masks[i] {
		fetchView(dst, slice[bool](r, s.in[i]), in.View, from, boolRuns)
		return
	}
	if in.cached {
		key := offsetOf(in.View, from)
		if w.keys[i] == key && len(dst) == s.tile {
			return
		}
		w.keys[i] = key
		if len(dst) < s.tile {
			w.keys[i] = -1
		}
	}
	fetchView(dst, r.floats(s.in[i]), in.View, from, floatRuns)
}
