package program

import (
	"drift/backend/cpu/internal/ir"
	"drift/backend/cpu/internal/vec"
)

// A sink is a sum over what a region makes, tile by tile, so that what is summed is
// never written to memory. Tiles hold whole lines of the sum, and chunks whole tiles;
// each chunk leaves one line, and the lines are joined in order. Where chunks begin
// depends on the elements of one outer part alone, so that samples of a batch do not
// depend on each other.
type sink struct {
	reduceStep
	from operand
	node *ir.Node
	at   int // of its lines in the workspace
}

// sinkGroup is what the sinks of one region have in common: lines fit into the
// longest, and parts of the smallest into those of the others.
type sinkGroup struct{ line, part int }

const (
	shortestPart = 2048 // elements of an outer part that are worth a chunk
	mostLine     = mostTile
)

// with adds a sum of a form over n elements to a group, if it fits.
func (g sinkGroup) with(f form, n int) (sinkGroup, bool) {
	line, part := f.line(), n/max(1, f.outer)
	if f.rows == 1 { // rows of their own, or one of all: its line is an element
		if f.outer > 1 {
			return g, false
		}
		line = 1
	}
	if n == 0 || line > mostLine || part < min(shortestPart, n) {
		return g, false
	}
	if g == (sinkGroup{}) {
		return sinkGroup{line, part}, true
	}
	longest, smallest := max(g.line, line), min(g.part, part)
	if longest%g.line != 0 || longest%line != 0 || g.part%smallest != 0 || part%smallest != 0 || smallest%longest != 0 {
		return g, false
	}
	return sinkGroup{longest, smallest}, true
}

// chunk is the elements of a chunk: the largest part of a part, in whole lines, that
// is no more than chunkSize if there is one.
func (g sinkGroup) chunk() int {
	lines := g.part / g.line
	for c := 1; c <= lines; c++ {
		if lines%c == 0 && g.part/c <= chunkSize {
			return g.part / c
		}
	}
	return g.line
}

// sums adds the sinks of a region to its code.
func (b *regionBuilder) sums(n *ir.Node) {
	s := sink{node: n, reduceStep: reduceStep{op: vec.Add, form: formOf(n)}, from: b.at[b.l.refs[n.In[0]].root]}
	if s.rows == 1 { // one sum of all: lines of one element
		s.rows, s.within = s.within, 1
	}
	b.code = append(b.code, instr{kind: sum, a: s.from, dst: operand{inSink, len(b.sinks)}})
	b.sinks = append(b.sinks, s)
}

// add adds n elements, from a place on, to the lines of their chunk.
func (s *sink) add(r *run, x []float32, from, chunk int) {
	line := s.line()
	i := from / chunk
	to := r.floats(s.work)[i*line : (i+1)*line]
	if from%chunk == 0 {
		clear(to)
	}
	if line == 1 {
		to[0] += vec.Sum(x)
		return
	}
	vec.SumRows(to, x, len(x)/line, line)
}
