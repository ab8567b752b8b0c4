package program

import (
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// Operations on numbers that are no float32 run as plain loops: they are counters,
// labels and masks, of which there are few.

type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// plainStep runs a loop over memory.
type plainStep struct{ loop func(r *run) }

func (s plainStep) run(r *run) error {
	s.loop(r)
	return nil
}

// plain makes the step of a binary operation or a conversion of plain numbers, or
// returns nil.
func (c *compiler) plain(n *ir.Node) maker {
	switch {
	case n.Op == compute.OpTypeConvertDType:
		return c.convert(n)
	case len(n.In) != 2 || n.In[0].Shape.DType != n.In[1].Shape.DType:
		return nil
	}
	switch n.In[0].Shape.DType {
	case dtypes.Int8:
		return plainBinary[int8](c, n)
	case dtypes.Int16:
		return plainBinary[int16](c, n)
	case dtypes.Int32:
		return plainBinary[int32](c, n)
	case dtypes.Int64:
		return plainBinary[int64](c, n)
	case dtypes.Uint8:
		return plainBinary[uint8](c, n)
	case dtypes.Uint16:
		return plainBinary[uint16](c, n)
	case dtypes.Uint32:
		return plainBinary[uint32](c, n)
	case dtypes.Uint64:
		return plainBinary[uint64](c, n)
	case dtypes.Float64:
		return plainBinary[float64](c, n)
	}
	return nil
}

func plainBinary[T number](c *compiler, n *ir.Node) maker {
	if f := arithmetic[T](n.Op); f != nil {
		return binaryLoop(c, n, f)
	}
	if f := comparison[T](n.Op); f != nil {
		return binaryLoop(c, n, f)
	}
	return nil
}

func arithmetic[T number](op compute.OpType) func(x, y T) T {
	switch op {
	case compute.OpTypeAdd:
		return func(x, y T) T { return x + y }
	case compute.OpTypeSub:
		return func(x, y T) T { return x - y }
	case compute.OpTypeMul:
		return func(x, y T) T { return x * y }
	}
	return nil
}

func comparison[T number](op compute.OpType) func(x, y T) bool {
	switch op {
	case compute.OpTypeEqual:
		return func(x, y T) bool { return x == y }
	case compute.OpTypeNotEqual:
		return func(x, y T) bool { return x != y }
	case compute.OpTypeLessThan:
		return func(x, y T) bool { return x < y }
	case compute.OpTypeLessOrEqual:
		return func(x, y T) bool { return x <= y }
	case compute.OpTypeGreaterThan:
		return func(x, y T) bool { return x > y }
	case compute.OpTypeGreaterOrEqual:
		return func(x, y T) bool { return x >= y }
	}
	return nil
}

// binaryLoop is the step of f over two inputs, which repeat along axes of length 1.
func binaryLoop[T number, U any](c *compiler, n *ir.Node, f func(x, y T) U) maker {
	dims := n.Out[0].Shape.Dimensions
	read := func(v *ir.Value) View {
		axes := make([]int, v.Shape.Rank())
		for i := range axes {
			axes[i] = i
		}
		return rowMajorView(v.Shape.Dimensions).broadcast(dims, axes)
	}
	vx, vy := read(n.In[0]), read(n.In[1])
	return func(of map[*ir.Value]*slot) step {
		sx, sy, so := c.in(n.In[0], of), c.in(n.In[1], of), c.in(n.Out[0], of)
		return plainStep{func(r *run) {
			x, y, out := slice[T](r, sx), slice[T](r, sy), slice[U](r, so)
			if vx.contiguous() && vy.contiguous() {
				for i := range out {
					out[i] = f(x[i], y[i])
				}
				return
			}
			for i := range out {
				out[i] = f(x[offsetOf(vx, i)], y[offsetOf(vy, i)])
			}
		}}
	}
}

// convert makes the step of a conversion between plain numbers, or returns nil.
func (c *compiler) convert(n *ir.Node) maker {
	switch n.In[0].Shape.DType {
	case dtypes.Int32:
		return convertFrom[int32](c, n)
	case dtypes.Int64:
		return convertFrom[int64](c, n)
	case dtypes.Uint32:
		return convertFrom[uint32](c, n)
	case dtypes.Uint64:
		return convertFrom[uint64](c, n)
	case dtypes.Float32:
		return convertFrom[float32](c, n)
	case dtypes.Float64:
		return convertFrom[float64](c, n)
	}
	return nil
}

func convertFrom[T number](c *compiler, n *ir.Node) maker {
	switch n.Out[0].Shape.DType {
	case dtypes.Int32:
		return convertLoop[T, int32](c, n)
	case dtypes.Int64:
		return convertLoop[T, int64](c, n)
	case dtypes.Float32:
		return convertLoop[T, float32](c, n)
	case dtypes.Float64:
		return convertLoop[T, float64](c, n)
	}
	return nil
}

func convertLoop[T, U number](c *compiler, n *ir.Node) maker {
	return func(of map[*ir.Value]*slot) step {
		from, to := c.in(n.In[0], of), c.in(n.Out[0], of)
		return plainStep{func(r *run) {
			out := slice[U](r, to)
			for i, x := range slice[T](r, from) {
				out[i] = U(x)
			}
		}}
	}
}

// counted are the values of an Iota, or nil if its numbers are of no plain type.
func counted(n *ir.Node) any {
	switch n.Out[0].Shape.DType {
	case dtypes.Int32:
		return count[int32](n)
	case dtypes.Int64:
		return count[int64](n)
	case dtypes.Uint32:
		return count[uint32](n)
	case dtypes.Uint64:
		return count[uint64](n)
	case dtypes.Float32:
		return count[float32](n)
	case dtypes.Float64:
		return count[float64](n)
	}
	return nil
}

func count[T number](n *ir.Node) []T {
	v := rowMajorView(n.Out[0].Shape.Dimensions)
	for i := range v.Strides {
		if i != n.Attr.(ir.Axes)[0] {
			v.Strides[i] = 0
			continue
		}
		v.Strides[i] = 1
	}
	flat := make([]T, 0, n.Out[0].Shape.Size())
	v.each(func(at int) { flat = append(flat, T(at)) })
	return flat
}
