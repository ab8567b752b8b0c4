package program

import (
	"slices"
	"unsafe"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
)

// moveStep fills a tensor with parts: of each, runs of bytes that stand one after
// another both where they come from and where they go.
type moveStep struct {
	parts []part
	fill  spot // one element that fills what no part covers; n is 0 for none
	word  int  // bytes of an element
	out   spot
}

// part is a tensor and where it lies in the output.
type part struct {
	from    spot
	to      View // of the output; elements in the order of from
	run     int  // elements of a run
	rowView View // of the runs
}

func newPart(dims []int, to View) part {
	c := to.collapsed()
	run := 1
	if k := len(c.Dims) - 1; k >= 0 && c.Strides[k] == 1 {
		run = c.Dims[k]
		c.Dims, c.Strides = c.Dims[:k], c.Strides[:k]
	}
	return part{to: to, run: run, rowView: c}
}

// concatenate lays tensors side by side.
func (c *compiler) concatenate(n *ir.Node, p planned) (planned, maker, error) {
	axis := n.Attr.(ir.Axes)[0]
	out := rowMajorView(n.Out[0].Shape.Dimensions)
	s := &moveStep{word: wordSize(n.Out[0].Shape.DType)}
	at := 0
	for _, v := range n.In {
		dims := v.Shape.Dimensions
		s.parts = append(s.parts, newPart(dims, View{Dims: dims, Strides: out.Strides, Off: at * out.Strides[axis]}))
		at += dims[axis]
	}
	return p, func(of map[*ir.Value]*slot) step {
		for i, v := range n.In {
			s.parts[i].from = c.in(v, of)
		}
		s.out = c.in(n.Out[0], of)
		return s
	}, nil
}

// padFits says whether a Pad only adds elements.
func padFits(n *ir.Node) bool {
	for _, a := range n.Attr.(ir.Pad) {
		if a.Start < 0 || a.End < 0 || a.Interior < 0 {
			return false
		}
	}
	return true
}

// cutPad is a Pad that takes elements away at some ends: one that only adds, of which a
// part is read.
func (l *lowered) cutPad(n *ir.Node, x, fill *ir.Value) *ir.Value {
	grown := make(ir.Pad, x.Shape.Rank())
	padded, starts := slices.Clone(n.Out[0].Shape.Dimensions), make([]int, len(grown))
	for i, a := range n.Attr.(ir.Pad) {
		starts[i] = max(0, -a.Start)
		padded[i] += starts[i] + max(0, -a.End)
		grown[i] = compute.PadAxis{Start: max(0, a.Start), End: max(0, a.End), Interior: a.Interior}
	}
	whole := l.addOne(compute.OpTypePad, grown, shapes.Make(x.Shape.DType, padded...), x, fill)
	a := ir.Slice{Starts: starts, Limits: make([]int, len(starts)), Strides: make([]int, len(starts))}
	for i, d := range n.Out[0].Shape.Dimensions {
		a.Limits[i], a.Strides[i] = starts[i]+d, 1
	}
	return l.slice(whole, a, n.Out[0].Shape.Dimensions)
}

// pad lays a tensor into a larger one.
func (c *compiler) pad(n *ir.Node, p planned) (planned, maker, error) {
	dims := n.In[0].Shape.Dimensions
	to := rowMajorView(n.Out[0].Shape.Dimensions)
	to.Dims = dims
	for i, a := range n.Attr.(ir.Pad) {
		to.Off += a.Start * to.Strides[i]
		to.Strides[i] *= 1 + a.Interior
	}
	s := &moveStep{word: wordSize(n.Out[0].Shape.DType), parts: []part{newPart(dims, to)}}
	return p, func(of map[*ir.Value]*slot) step {
		s.parts[0].from, s.fill, s.out = c.in(n.In[0], of), c.in(n.In[1], of), c.in(n.Out[0], of)
		return s
	}, nil
}

func (s *moveStep) run(r *run) error {
	out := r.bytes(s.out, s.word)
	if s.fill.n == 1 {
		fillBytes(out, r.bytes(s.fill, s.word))
	}
	r.share(s, s.chunks())
	return nil
}

// chunks is how many the runs of each part are divided into.
func (s *moveStep) chunks() int { return max(1, s.out.n/chunkSize) }

// part moves a chunk of each part's runs.
func (s *moveStep) part(r *run, i int) {
	out, chunks := r.bytes(s.out, s.word), s.chunks()
	for _, p := range s.parts {
		from, n, rows := r.bytes(p.from, s.word), p.run*s.word, p.from.n/max(1, p.run)
		lo, hi := i*rows/chunks, (i+1)*rows/chunks
		at := lo * n
		p.rowView.eachOf(lo, hi, func(off int) {
			copy(out[off*s.word:off*s.word+n], from[at:at+n])
			at += n
		})
	}
}

// fillBytes repeats a word.
func fillBytes(out, word []byte) {
	n := copy(out, word)
	for n < len(out) {
		n += copy(out[n:], out[:n])
	}
}

// bytes is the memory of a place of elements of a size.
func (r *run) bytes(p spot, word int) []byte {
	if p.n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Add(r.mem[p.slot], word*p.off)), p.n*word)
}

// copyStep reads a view into memory in order, for elements that are no float32 or
// bool: those are copied by regions. Elements of less than a byte, of which nothing is
// ever cut or turned, are copied as the bytes that hold them.
type copyStep struct {
	from View
	word int
	in   spot // the whole root
	out  spot
}

func (c *compiler) copyOf(n *ir.Node, p planned) (planned, maker, error) {
	from := c.l.refs[n.In[0]]
	s := &copyStep{from: from.View, word: wordSize(n.Out[0].Shape.DType)}
	size := from.root.Shape.Size()
	packed := s.word == 0
	if packed {
		size = bytesOf(from.root.Shape)
		s.word, s.from = 1, rowMajorView([]int{size})
	}
	return p, func(of map[*ir.Value]*slot) step {
		s.in, s.out = spot{of[from.root].id, 0, size}, c.in(n.Out[0], of)
		if packed {
			s.out.n = size
		}
		return s
	}, nil
}

func (s *copyStep) run(r *run) error {
	in, out := r.bytes(s.in, s.word), r.bytes(s.out, s.word)
	i := 0
	s.from.each(func(off int) {
		copy(out[i:i+s.word], in[off*s.word:])
		i += s.word
	})
	return nil
}
