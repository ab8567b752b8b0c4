package program

import (
	"unsafe"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// foreignStep has GoMLX's Go backend carry out an operation, on copies.
type foreignStep struct {
	stock           compute.Backend
	exec            compute.Executable
	in, out         []spot
	inShape, shapes []shapes.Shape
}

func (c *compiler) foreign(n *ir.Node, p planned) (planned, maker, error) {
	c.program.foreign = append(c.program.foreign, n.String())
	b := c.options.Stock.Builder(n.Op.String())
	main := b.Main()
	s := &foreignStep{stock: c.options.Stock}
	var in []compute.Value
	for i, v := range n.In {
		x, err := main.Parameter(string(rune('a'+i%26)), v.Shape, nil)
		if err != nil {
			return p, nil, err
		}
		in = append(in, x)
		s.inShape = append(s.inShape, v.Shape)
	}
	if n.Build == nil {
		return p, nil, errors.Errorf("%s: no way to carry it out", n)
	}
	out, err := n.Build(main, in)
	if err != nil {
		return p, nil, err
	}
	if err := main.Return(out, nil); err != nil {
		return p, nil, err
	}
	if s.exec, err = b.Compile(); err != nil {
		return p, nil, err
	}
	for _, v := range n.Out {
		s.shapes = append(s.shapes, v.Shape)
	}
	return p, func(of map[*ir.Value]*slot) step {
		for _, v := range n.In {
			s.in = append(s.in, c.in(v, of))
		}
		for _, v := range n.Out {
			s.out = append(s.out, c.in(v, of))
		}
		return s
	}, nil
}

func (s *foreignStep) run(r *run) error {
	in, donate := make([]compute.Buffer, len(s.in)), make([]bool, len(s.in))
	for i, at := range s.in {
		var err error
		if in[i], err = s.stock.BufferFromFlatData(0, r.flat(at, s.inShape[i]), s.inShape[i]); err != nil {
			return err
		}
		donate[i] = true
	}
	out, err := s.exec.Execute(in, donate, 0)
	if err != nil {
		return err
	}
	for i, b := range out {
		flat, err := b.Data()
		if err != nil {
			return err
		}
		dtypes.CopyAnySlice(r.flat(s.out[i], s.shapes[i]), flat)
		if err := b.Finalize(); err != nil {
			return err
		}
	}
	return nil
}

// flat is the memory of a place as a slice of a shape's Go type.
func (r *run) flat(p spot, shape shapes.Shape) any {
	if shape.Size() == 0 {
		return dtypes.MakeAnySlice(shape.DType, 0)
	}
	return dtypes.UnsafeAnySliceFromBytes(unsafe.Add(r.mem[p.slot], bytesOf(shapes.Make(shape.DType, p.off))), shape.DType, shape.Size())
}
