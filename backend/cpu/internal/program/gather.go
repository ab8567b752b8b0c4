package program

import (
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// mostRuns bounds the runs of a slice, of which a step keeps a list.
const mostRuns = 1 << 16

// gatherStep copies slices of a tensor from where vectors of integers say that they
// begin. A slice that would reach beyond the end begins earlier.
type gatherStep[T number] struct {
	in, index, out spot
	word           int
	vectors        View       // where each vector begins in the index
	places         View       // where its slice begins in the output
	next           int        // from a number of a vector to the next
	begin          []gatherOn // for each number of a vector, how it counts
	from, to       []int      // the runs of a slice, from its first element
	length         int        // elements of a run
}

// gatherOn is the largest beginning of a slice on an axis, and the axis's stride.
type gatherOn struct{ last, stride int }

// gather makes the step of a Gather, or returns nil.
func (c *compiler) gather(n *ir.Node) maker {
	if n.Op != compute.OpTypeGather || wordSize(n.Out[0].Shape.DType) == 0 {
		return nil
	}
	switch n.In[1].Shape.DType {
	case dtypes.Int8:
		return gatherBy[int8](c, n)
	case dtypes.Int16:
		return gatherBy[int16](c, n)
	case dtypes.Int32:
		return gatherBy[int32](c, n)
	case dtypes.Int64:
		return gatherBy[int64](c, n)
	case dtypes.Uint8:
		return gatherBy[uint8](c, n)
	case dtypes.Uint16:
		return gatherBy[uint16](c, n)
	case dtypes.Uint32:
		return gatherBy[uint32](c, n)
	case dtypes.Uint64:
		return gatherBy[uint64](c, n)
	}
	return nil
}

func gatherBy[T number](c *compiler, n *ir.Node) maker {
	a := n.Attr.(ir.Gather)
	in, index, out := rowMajorView(n.In[0].Shape.Dimensions), rowMajorView(n.In[1].Shape.Dimensions), rowMajorView(n.Out[0].Shape.Dimensions)
	s := &gatherStep[T]{word: wordSize(n.Out[0].Shape.DType)}
	for i, d := range index.Dims {
		if i == a.IndexVectorAxis {
			s.next = index.Strides[i]
			continue
		}
		s.vectors.Dims, s.vectors.Strides = append(s.vectors.Dims, d), append(s.vectors.Strides, index.Strides[i])
	}
	for i, d := range out.Dims {
		if !slices.Contains(a.OffsetOutputAxes, i) {
			s.places.Dims, s.places.Strides = append(s.places.Dims, d), append(s.places.Strides, out.Strides[i])
		}
	}
	for _, axis := range a.StartIndexMap {
		s.begin = append(s.begin, gatherOn{max(0, in.Dims[axis]-a.SliceSizes[axis]), in.Strides[axis]})
	}
	var from, to View // a slice in the input and in the output

	// Shapes are inferred as if these were in order.
	offsets := slices.Sorted(slices.Values(a.OffsetOutputAxes))
	for axis, d := range a.SliceSizes {
		if slices.Contains(a.CollapsedSliceAxes, axis) {
			continue
		}
		if d != 1 {
			from.Dims, from.Strides = append(from.Dims, d), append(from.Strides, in.Strides[axis])
			to.Dims, to.Strides = append(to.Dims, d), append(to.Strides, out.Strides[offsets[0]])
		}
		offsets = offsets[1:]
	}
	s.length = 1
	k := len(from.Dims)
	for ; k > 0 && from.Strides[k-1] == s.length && to.Strides[k-1] == s.length; k-- {
		s.length *= from.Dims[k-1]
	}
	from, to = View{from.Dims[:k], from.Strides[:k], 0}, View{to.Dims[:k], to.Strides[:k], 0}
	if runs := sizeOf(from.Dims); runs == 0 || runs > mostRuns {
		return nil
	}
	from.each(func(at int) { s.from = append(s.from, at) })
	to.each(func(at int) { s.to = append(s.to, at) })
	return func(of map[*ir.Value]*slot) step {
		s.in, s.index, s.out = c.in(n.In[0], of), c.in(n.In[1], of), c.in(n.Out[0], of)
		return s
	}
}

func (s *gatherStep[T]) run(r *run) error {
	r.share(s, s.chunks())
	return nil
}

func (s *gatherStep[T]) chunks() int {
	return max(1, min(s.out.n/chunkSize, sizeOf(s.vectors.Dims)))
}

// part copies the slices of some vectors.
func (s *gatherStep[T]) part(r *run, i int) {
	in, out, index := r.bytes(s.in, s.word), r.bytes(s.out, s.word), slice[T](r, s.index)
	vectors, chunks, n := sizeOf(s.vectors.Dims), s.chunks(), s.length*s.word
	for v := i * vectors / chunks; v < (i+1)*vectors/chunks; v++ {
		at, from, to := offsetOf(s.vectors, v), 0, offsetOf(s.places, v)
		for _, on := range s.begin {
			from += min(max(int(index[at]), 0), on.last) * on.stride
			at += s.next
		}
		for k, off := range s.from {
			a, b := (from+off)*s.word, (to+s.to[k])*s.word
			copy(out[b:b+n], in[a:a+n])
		}
	}
}
