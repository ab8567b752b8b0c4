package program

import (
	"fmt"
	"slices"
	"strings"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// region is a unit of element-wise nodes as a list of instructions. All of them run
// over one tile of the elements before the next tile, so that what is in between
// stays in registers of tile length, in the first-level cache.
type region struct {
	n, tile  int
	inputs   []regionInput
	scalars  []ref // single elements, read once
	outputs  []*ir.Value
	sinks    []sink
	chunk    int // elements that are worked on together, a multiple of the tile
	code     []instr
	regs     int // registers that code needs
	lastRead []int
	madeAt   []int
}

// regionInput is an operand of n elements.
type regionInput struct {
	ref
	direct bool // contiguous float32: read where it stands
	// cached says that a tile's elements depend on key alone, where it begins in
	// memory: as for a row that all pixels of a picture share.
	cached bool
}

type where uint8

const (
	inReg where = iota
	inInput
	inOutput
	inScalar
	inSink
)

type operand struct {
	where where
	i     int
}

type instrKind uint8

const (
	map1 instrKind = iota
	map2
	map2s // the second operand is a scalar
	maps2 // the first is
	choose
	fetch // an input that does not stand in order
	fill  // a scalar
	move
	store // a mask, as bools
	sum   // into a sink
)

type instr struct {
	kind    instrKind
	op      vec.Op
	dst     operand
	a, b, c operand
}

// mostTile bounds a tile: registers of 4 KiB are few enough for the first two levels
// of cache, and long enough that the calls between them do not count.
const mostTile = 1024

// compileRegion makes the instructions of a unit.
func compileRegion(l *lowered, u *unit, external map[*ir.Value]bool) *region {
	b := &regionBuilder{
		region: &region{n: u.nodes[0].Out[0].Shape.Size()}, l: l,
		at: map[*ir.Value]operand{}, uses: map[*ir.Value]int{}, external: external, loaded: map[string]operand{},
	}
	inside := map[*ir.Value]bool{}
	for _, n := range u.nodes {
		inside[n.Out[0]] = true
	}
	for _, n := range u.nodes {
		for _, v := range n.In {
			if r := l.refs[v].root; inside[r] {
				b.uses[r]++
			}
		}
	}
	b.inside = inside
	b.layout(u)
	for _, n := range u.nodes {
		b.node(n)
	}
	b.assign()
	return b.region
}

type regionBuilder struct {
	*region
	l        *lowered
	inside   map[*ir.Value]bool
	at       map[*ir.Value]operand
	uses     map[*ir.Value]int
	external map[*ir.Value]bool // needed after the region
	loaded   map[string]operand
}

// readAs is the view of a node's input for every element of its output.
func (b *regionBuilder) readAs(v *ir.Value, out []int) ref {
	r := b.l.refs[v]
	axes := make([]int, len(r.Dims))
	for i := range axes {
		axes[i] = i
	}
	if len(r.Dims) != len(out) || !slices.Equal(r.Dims, out) {
		r.View = r.broadcast(out, axes)
	}
	return r
}

// operandOf is where an input of a node stands.
func (b *regionBuilder) operandOf(v *ir.Value, n *ir.Node) operand {
	r := b.readAs(v, n.Out[0].Shape.Dimensions)
	if b.inside[r.root] {
		return b.at[r.root]
	}
	if b.n > 1 && r.single() {
		return b.scalar(r)
	}
	c := r.collapsed()
	key := fmt.Sprint(r.root.Node.ID, r.root.Out, c)
	if o, ok := b.loaded[key]; ok {
		return o
	}
	in := regionInput{ref: ref{r.root, c}, direct: r.contiguous() && r.root.Shape.DType == dtypes.Float32}
	if inner, outer, ok := shared(c); ok && b.tile%inner == 0 && outer%b.tile == 0 && b.chunk%b.tile == 0 {
		in.cached = true
	}
	o := operand{inInput, len(b.inputs)}
	b.inputs = append(b.inputs, in)
	if !in.direct {
		to := operand{inReg, -1 - len(b.code)} // a virtual register, named after its instruction
		b.code = append(b.code, instr{kind: fetch, dst: to, a: o})
		o = to
	}
	b.loaded[key] = o
	return o
}

func (b *regionBuilder) scalar(r ref) operand {
	r.View = View{Off: r.Off}
	for i, s := range b.scalars {
		if s.root == r.root && s.Off == r.Off {
			return operand{inScalar, i}
		}
	}
	b.scalars = append(b.scalars, r)
	return operand{inScalar, len(b.scalars) - 1}
}

// node adds the instructions of one node.
func (b *regionBuilder) node(n *ir.Node) {
	out := n.Out[0]
	if !elementwise(n) {
		b.sums(n)
		return
	}
	var in []operand
	for _, v := range n.In {
		in = append(in, b.operandOf(v, n))
	}
	switch n.Op {
	case ir.OpCopy:
		b.rename(out, in[0])
		return
	case compute.OpTypeConvertDType:
		if n.In[0].Shape.DType == dtypes.Bool || out.Shape.DType == dtypes.Float32 {
			b.rename(out, in[0]) // a mask is a number already
			return
		}
		b.emit(out, b.binary(vec.NotEqual, in[0], b.region.zero()))
		return
	case compute.OpTypeWhere:
		b.emit(out, instr{kind: choose, a: b.filled(in[0]), b: b.filled(in[1]), c: b.filled(in[2])})
		return
	case compute.OpTypeClamp:
		least := b.temporary(b.binary(vec.Max, in[1], in[0]))
		b.emit(out, b.binary(vec.Min, least, in[2]))
		return
	}
	if op, ok := unary[n.Op]; ok {
		b.emit(out, instr{kind: map1, op: op, a: b.filled(in[0])})
		return
	}
	b.emit(out, b.binary(binary[n.Op], in[0], in[1]))
}

// zero is the scalar operand that holds 0: one that stands for no memory.
func (r *region) zero() operand {
	r.scalars = append(r.scalars, ref{})
	return operand{inScalar, len(r.scalars) - 1}
}

func (b *regionBuilder) binary(op vec.Op, x, y operand) instr {
	switch {
	case x.where == inScalar && y.where == inScalar:
		return instr{kind: map2s, op: op, a: b.filled(x), b: y}
	case y.where == inScalar:
		return instr{kind: map2s, op: op, a: x, b: y}
	case x.where == inScalar:
		return instr{kind: maps2, op: op, a: x, b: y}
	}
	return instr{kind: map2, op: op, a: x, b: y}
}

// filled is a register of copies of a scalar, or what is no scalar as it is.
func (b *regionBuilder) filled(o operand) operand {
	if o.where != inScalar {
		return o
	}
	return b.temporary(instr{kind: fill, a: o})
}

// temporary runs an instruction into a new virtual register.
func (b *regionBuilder) temporary(i instr) operand {
	i.dst = operand{inReg, -1 - len(b.code)}
	b.code = append(b.code, i)
	return i.dst
}

// emit runs an instruction into out: a register, or an output.
func (b *regionBuilder) emit(out *ir.Value, i instr) {
	if b.external[out] && out.Shape.DType == dtypes.Float32 {
		i.dst = b.output(out)
		b.code = append(b.code, i)
		b.at[out] = i.dst
		return
	}
	b.at[out] = b.temporary(i)
	b.keep(out)
}

// rename lets out stand where an operand does, with a copy if it is needed outside.
func (b *regionBuilder) rename(out *ir.Value, o operand) {
	if b.external[out] && out.Shape.DType == dtypes.Float32 {
		i := instr{kind: move, dst: b.output(out), a: o}
		switch last := len(b.code) - 1; {
		case o.where == inScalar:
			i.kind = fill
		case o.where == inReg && o.i == -1-last && b.code[last].kind == fetch && !b.inputs[b.code[last].a.i].cached && !b.fetchedElsewhere(o):
			// Fetch right into the output.
			b.code[last].dst = i.dst
			b.at[out] = i.dst
			for key, at := range b.loaded {
				if at == o {
					b.loaded[key] = i.dst
				}
			}
			return
		}
		b.code = append(b.code, i)
		b.at[out] = i.dst
		return
	}
	b.at[out] = b.filled(o)
	b.keep(out)
}

// fetchedElsewhere says whether a value stands in the register of an operand already.
func (b *regionBuilder) fetchedElsewhere(o operand) bool {
	for _, at := range b.at {
		if at == o {
			return true
		}
	}
	return false
}

// keep stores a mask that is needed outside.
func (b *regionBuilder) keep(out *ir.Value) {
	if b.external[out] {
		b.code = append(b.code, instr{kind: store, dst: b.output(out), a: b.at[out]})
	}
}

func (b *regionBuilder) output(v *ir.Value) operand {
	b.outputs = append(b.outputs, v)
	return operand{inOutput, len(b.outputs) - 1}
}

// assign gives virtual registers real ones, which are free again after the last read;
// cached fetches keep theirs. It also notes when inputs are read last and outputs made.
func (b *regionBuilder) assign() {
	last := map[int]int{}
	b.lastRead, b.madeAt = make([]int, len(b.inputs)), make([]int, len(b.outputs))
	for at, i := range b.code {
		for _, o := range i.reads() {
			switch o.where {
			case inReg:
				last[o.i] = at
			case inInput:
				b.lastRead[o.i] = at
			}
		}
		if i.dst.where == inOutput {
			b.madeAt[i.dst.i] = at
		}
	}
	var free []int
	real := map[int]int{}
	for at := range b.code {
		i := &b.code[at]
		for _, o := range i.operands() {
			if o.where == inReg {
				o.i = real[o.i]
			}
		}
		for virtual, end := range last {
			if end == at && !b.cachedRegister(virtual) {
				free = append(free, real[virtual])
				delete(last, virtual)
			}
		}
		if i.dst.where != inReg {
			continue
		}
		virtual := i.dst.i
		// The lowest free register, so that the choice does not depend on map order.
		slices.Sort(free)
		r := b.regs
		if len(free) > 0 && !b.cachedRegister(virtual) {
			r, free = free[0], free[1:]
		} else {
			b.regs++
		}
		real[virtual], i.dst.i = r, r
		if _, read := last[virtual]; !read && !b.cachedRegister(virtual) {
			free = append(free, r)
		}
	}
}

func (b *regionBuilder) cachedRegister(virtual int) bool {
	i := b.code[-1-virtual]
	return i.kind == fetch && b.inputs[i.a.i].cached
}

// reads are the operands that an instruction reads; operands points to them.
func (i instr) reads() []operand {
	var all []operand
	for _, o := range (&i).operands() {
		all = append(all, *o)
	}
	return all
}

func (i *instr) operands() []*operand {
	switch i.kind {
	case map2, map2s, maps2:
		return []*operand{&i.a, &i.b}
	case choose:
		return []*operand{&i.a, &i.b, &i.c}
	}
	return []*operand{&i.a}
}

// String lists the instructions, for people and for tests.
func (r *region) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "region of %d in tiles of %d, %d registers\n", r.n, r.tile, r.regs)
	for _, i := range r.code {
		name := [...]string{"", "", "", "", "Select", "Fetch", "Fill", "Move", "Store", "Sum"}[i.kind]
		if name == "" {
			name = i.op.String()
		}
		fmt.Fprintf(&s, "    %v = %s", i.dst, name)
		for _, o := range i.reads() {
			fmt.Fprintf(&s, " %v", o)
		}
		s.WriteString("\n")
	}
	return s.String()
}

func (o operand) String() string { return fmt.Sprintf("%c%d", "riosz"[o.where], o.i) }
