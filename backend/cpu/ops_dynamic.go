package cpu

import (
	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
)

// Operations whose shapes depend on values. Once one is recorded the whole
// computation runs on GoMLX's Go backend, so they need no attributes.

// DynamicDimensionSize records the operation of that name.
func (f *Function) DynamicDimensionSize(x compute.Value, axis int) (compute.Value, error) {
	return f.dynamic(compute.OpTypeDynamicDimensionSize, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicDimensionSize(in[0], axis)
	}, x)
}

// DynamicReshape records the operation of that name.
func (f *Function) DynamicReshape(x compute.Value, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	return f.dynamic(compute.OpTypeDynamicReshape, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicReshape(in[0], withValues(dims, in[1:])...)
	}, append([]compute.Value{x}, valuesOf(dims)...)...)
}

// DynamicBroadcastInDim records the operation of that name.
func (f *Function) DynamicBroadcastInDim(x compute.Value, axes []int, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	return f.dynamic(compute.OpTypeDynamicBroadcastInDim, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicBroadcastInDim(in[0], axes, withValues(dims, in[1:])...)
	}, append([]compute.Value{x}, valuesOf(dims)...)...)
}

// DynamicIota records the operation of that name.
func (f *Function) DynamicIota(dtype dtypes.DType, axis int, dims ...compute.DynamicDimensionSpec) (compute.Value, error) {
	return f.dynamic(compute.OpTypeDynamicIota, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicIota(dtype, axis, withValues(dims, in)...)
	}, valuesOf(dims)...)
}

// DynamicPad records the operation of that name.
func (f *Function) DynamicPad(x, fill compute.Value, axes ...compute.DynamicPadAxis) (compute.Value, error) {
	in := []compute.Value{x, fill}
	for _, a := range axes {
		for _, v := range []compute.Value{a.StartValue, a.EndValue, a.InteriorValue} {
			if v != nil {
				in = append(in, v)
			}
		}
	}
	return f.dynamic(compute.OpTypeDynamicPad, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		mapped, next := append([]compute.DynamicPadAxis(nil), axes...), 2
		for i := range mapped {
			for _, v := range []*compute.Value{&mapped[i].StartValue, &mapped[i].EndValue, &mapped[i].InteriorValue} {
				if *v != nil {
					*v = in[next]
					next++
				}
			}
		}
		return g.DynamicPad(in[0], in[1], mapped...)
	}, in...)
}

func (f *Function) dynamic(op compute.OpType, b func(g compute.Function, in []compute.Value) (compute.Value, error), in ...compute.Value) (compute.Value, error) {
	out, err := f.single(op, ir.Args{ir.Opaque{}}, b, in...)
	if err == nil {
		f.builder.dynamic = true
	}
	return out, err
}

// valuesOf are the values in a specification of dimensions.
func valuesOf(dims []compute.DynamicDimensionSpec) []compute.Value {
	var values []compute.Value
	for _, d := range dims {
		if d.Value != nil {
			values = append(values, d.Value)
		}
	}
	return values
}

// withValues is the specification with other values.
func withValues(dims []compute.DynamicDimensionSpec, values []compute.Value) []compute.DynamicDimensionSpec {
	mapped := append([]compute.DynamicDimensionSpec(nil), dims...)
	for i := range mapped {
		if mapped[i].Value != nil {
			mapped[i].Value, values = values[0], values[1:]
		}
	}
	return mapped
}
