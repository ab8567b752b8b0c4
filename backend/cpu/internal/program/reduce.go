package program

import (
	"slices"

	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// reduceStep reduces a float32 tensor. Neighbouring axes of one kind are joined, so
// that what is left alternates between axes that stay and axes that go; then the
// tensor is [outer, rows, width, within]: rows and within go, the others stay.
// Rows are added (or their extremes taken) as vectors of width·within, and then
// within. Long columns of rows are cut into chunks, whose results are joined in order:
// how many depends on the shape alone, and not on outer.
type reduceStep struct {
	op vec.Op // Add, Max or Min
	form
	chunks  int // of the rows
	in, out spot
	work    spot
}

// form is a tensor that is reduced, as [outer, rows, width, within].
type form struct{ outer, rows, width, within int }

// line is the elements of one row.
func (f form) line() int { return f.width * f.within }

// formOf is the form of a reduction, which must be one step.
func formOf(n *ir.Node) form {
	f := form{1, 1, 1, 1}
	sizes, goes := groups(n.In[0].Shape.Dimensions, n.Attr.(ir.Axes))
	// From the inside out: within, width, rows, outer.
	take := func(kind bool, to *int) {
		if k := len(sizes) - 1; k >= 0 && goes[k] == kind {
			*to = sizes[k]
			sizes, goes = sizes[:k], goes[:k]
		}
	}
	take(true, &f.within)
	take(false, &f.width)
	take(true, &f.rows)
	take(false, &f.outer)
	if f.rows == 1 { // [outer, within]: rows of their own
		f.outer, f.width = f.outer*f.width, 1
	}
	return f
}

var reductions = map[compute.OpType]vec.Op{compute.OpTypeReduceSum: vec.Add, compute.OpTypeReduceMax: vec.Max, compute.OpTypeReduceMin: vec.Min}

func (c *compiler) reduce(n *ir.Node, p planned) (planned, maker, error) {
	s := &reduceStep{op: reductions[n.Op], form: formOf(n), chunks: 1}
	line := s.line()
	if s.rows > 1 && line > 0 {
		s.chunks = max(1, s.rows/max(1, chunkSize/line))
	} else if s.rows == 1 {
		s.chunks = max(1, s.within/chunkSize)
	}
	var work *slot
	p.workspace = &work
	switch {
	case s.rows > 1 && (s.chunks > 1 || s.within > 1):
		p.work = 4 * s.outer * s.chunks * line
	case s.chunks > 1:
		p.work = 4 * s.outer * s.chunks
	}
	return p, func(of map[*ir.Value]*slot) step {
		s.in, s.out = c.in(n.In[0], of), c.in(n.Out[0], of)
		if work != nil {
			s.work = spot{work.id, 0, p.work / 4}
		}
		return s
	}, nil
}

// groups joins neighbouring axes that both stay or both go.
func groups(dims, axes []int) (sizes []int, goes []bool) {
	for i, d := range dims {
		if d == 1 {
			continue
		}
		gone := slices.Contains(axes, i)
		if k := len(sizes) - 1; k >= 0 && goes[k] == gone {
			sizes[k] *= d
			continue
		}
		sizes, goes = append(sizes, d), append(goes, gone)
	}
	return sizes, goes
}

// oneStep says whether a reduction of such groups is one of the form above.
func oneStep(goes []bool) bool {
	n := len(goes)
	return n <= 3 || n == 4 && goes[3]
}

// staged splits a reduction into several of the form that a step has: the outermost
// axes that go are reduced first, which leaves least for the others.
func (l *lowered) staged(n *ir.Node, in *ir.Value) *ir.Value {
	axes := n.Attr.(ir.Axes)
	for {
		dims := in.Shape.Dimensions
		if _, goes := groups(dims, axes); oneStep(goes) {
			return l.addOne(n.Op, axes, n.Out[0].Shape, in)
		}
		var first, kept []int // axes of the outermost group that goes; sizes of what is left
		var rest ir.Axes
		for i, d := range dims {
			switch {
			case !slices.Contains(axes, i):
			case len(first) == 0 || adjacent(axes, dims, first[0], i):
				first = append(first, i)
				continue
			default:
				rest = append(rest, i-len(first))
			}
			kept = append(kept, d)
		}
		in = l.addOne(n.Op, ir.Axes(first), shapes.Make(in.Shape.DType, kept...), in)
		axes = rest
	}
}

// adjacent says whether all axes between two are reduced or of length 1.
func adjacent(axes, dims []int, from, to int) bool {
	for i := from; i < to; i++ {
		if dims[i] != 1 && !slices.Contains(axes, i) {
			return false
		}
	}
	return true
}

// identity is what changes nothing.
func identity(op vec.Op) float32 {
	switch op {
	case vec.Max:
		return vec.Max1(nil)
	case vec.Min:
		return vec.Min1(nil)
	}
	return 0
}

func (s *reduceStep) run(r *run) error {
	x, out := r.floats(s.in), r.floats(s.out)
	if len(x) == 0 {
		start := identity(s.op)
		for i := range out {
			out[i] = start
		}
		return nil
	}
	switch {
	case s.rows > 1:
		r.share(s, s.outer*s.chunks)
		if s.chunks > 1 || s.within > 1 {
			s.join(out, r.floats(s.work), s.chunks)
		}
	case s.chunks > 1:
		r.share(s, s.outer*s.chunks)
		s.inside(out, r.floats(s.work), s.chunks)
	default:
		r.share(s, (s.outer+s.perPart()-1)/s.perPart())
	}
	return nil
}

// perPart is how many short rows are worth another thread's while.
func (s *reduceStep) perPart() int { return max(1, chunkSize/s.within) }

// part reduces a chunk, or some short rows.
func (s *reduceStep) part(r *run, i int) {
	x, to := r.floats(s.in), r.floats(s.out)
	if s.chunks > 1 || s.rows > 1 && s.within > 1 {
		to = r.floats(s.work)
	}
	o, k := i/s.chunks, i%s.chunks
	switch {
	case s.rows > 1:
		line := s.line()
		lo, hi := s.rows*k/s.chunks, s.rows*(k+1)/s.chunks
		s.column(to[i*line:(i+1)*line], x[(o*s.rows+lo)*line:(o*s.rows+hi)*line], hi-lo)
	case s.chunks > 1:
		lo, hi := s.within*k/s.chunks, s.within*(k+1)/s.chunks
		s.inside(to[i:i+1], x[o*s.within+lo:o*s.within+hi], hi-lo)
	default:
		lo, hi := i*s.perPart(), min(s.outer, (i+1)*s.perPart())
		s.inside(to[lo:hi], x[lo*s.within:hi*s.within], s.within)
	}
}

// join reduces the lines that chunks of the rows have left, which it overwrites.
func (s *reduceStep) join(out, parts []float32, chunks int) {
	line := s.line()
	for o := range s.outer {
		sum := parts[o*chunks*line : (o+1)*chunks*line]
		for k := 1; k < chunks; k++ {
			vec.Accumulate(s.op, sum[:line], sum[k*line:(k+1)*line])
		}
		s.inside(out[o*s.width:(o+1)*s.width], sum[:line], s.within)
	}
}

// inside reduces rows of the given width to one element each.
func (s *reduceStep) inside(out, x []float32, width int) {
	switch {
	case width == 1:
		copy(out, x)
	case s.op == vec.Add:
		vec.SumWithin(out, x, width)
	case s.op == vec.Max:
		for i := range out {
			out[i] = vec.Max1(x[i*width : (i+1)*width])
		}
	default:
		for i := range out {
			out[i] = vec.Min1(x[i*width : (i+1)*width])
		}
	}
}

// column reduces n lines of x to one.
func (s *reduceStep) column(line, x []float32, n int) {
	width := len(line)
	if s.op == vec.Add {
		clear(line)
		vec.SumRows(line, x, n, width)
		return
	}
	copy(line, x)
	for i := 1; i < n; i++ {
		vec.Accumulate(s.op, line, x[i*width:(i+1)*width])
	}
}
