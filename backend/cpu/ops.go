package cpu

import (
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"
)

// single records an operation with one output.
func (f *Function) single(op compute.OpType, attr any, b func(g compute.Function, in []compute.Value) (compute.Value, error), in ...compute.Value) (compute.Value, error) {
	out, err := f.record(op, attr, in, func(g compute.Function, in []compute.Value) ([]compute.Value, error) { return one(b(g, in)) })
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

func (f *Function) unary(op compute.OpType, x compute.Value, b func(compute.Function, compute.Value) (compute.Value, error)) (compute.Value, error) {
	return f.single(op, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) { return b(g, in[0]) }, x)
}

func (f *Function) binary(op compute.OpType, lhs, rhs compute.Value, b func(f compute.Function, lhs, rhs compute.Value) (compute.Value, error)) (compute.Value, error) {
	out, err := f.single(op, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) { return b(g, in[0], in[1]) }, lhs, rhs)
	if err != nil {
		return nil, err
	}
	// GoMLX takes the longer of 0 and 1 for what both broadcast to.
	x, y, z := lhs.(*value).ir.Shape, rhs.(*value).ir.Shape, out.(*value).ir.Shape
	empty := func(s shapes.Shape) bool { return slices.Contains(s.Dimensions, 0) }
	if !empty(z) && (empty(x) || empty(y)) {
		return nil, errors.Errorf("%s of %s, %s: found no values for a result of %s, expected an empty one", op, x, y, z)
	}
	return out, nil
}

// reduce records a reduction; no axes stand for all of them.
func (f *Function) reduce(op compute.OpType, x compute.Value, axes []int, b func(f compute.Function, x compute.Value, axes ...int) (compute.Value, error)) (compute.Value, error) {
	axes = slices.Clone(axes)
	attr := ir.Axes(slices.Clone(axes))
	if shape, err := f.Shape(x); err == nil && len(axes) == 0 {
		for i := range shape.Rank() {
			attr = append(attr, i)
		}
	}
	slices.Sort(attr)
	if err := f.checkAxes(op, x, attr); err != nil {
		return nil, err
	}
	return f.single(op, attr, func(g compute.Function, in []compute.Value) (compute.Value, error) { return b(g, in[0], axes...) }, x)
}

// checkAxes is an error unless sorted axes are some of x's, each once. GoMLX does not look
// where a reduction leaves none.
func (f *Function) checkAxes(op compute.OpType, x compute.Value, sorted []int) error {
	shape, err := f.Shape(x)
	if err != nil {
		return err
	}
	for i, axis := range sorted {
		if axis < 0 || axis >= shape.Rank() || i > 0 && axis == sorted[i-1] {
			return errors.Errorf("%s of %s: found the axes %v, expected some of its %d, each once", op, shape, sorted, shape.Rank())
		}
	}
	return nil
}

// ArgMinMax records the operation of that name.
func (f *Function) ArgMinMax(x compute.Value, axis int, outputDType dtypes.DType, isMin bool) (compute.Value, error) {
	return f.single(compute.OpTypeArgMinMax, ir.Args{axis, outputDType, isMin}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ArgMinMax(in[0], axis, outputDType, isMin)
	}, x)
}

// Bitcast records the operation of that name.
func (f *Function) Bitcast(x compute.Value, target dtypes.DType) (compute.Value, error) {
	return f.single(compute.OpTypeBitcast, ir.Args{target}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Bitcast(in[0], target)
	}, x)
}

// BroadcastInDim records the operation of that name.
func (f *Function) BroadcastInDim(x compute.Value, shape shapes.Shape, axes []int) (compute.Value, error) {
	axes = slices.Clone(axes)
	return f.single(compute.OpTypeBroadcastInDim, ir.Axes(axes), func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.BroadcastInDim(in[0], shape, axes)
	}, x)
}

// Clamp records the operation of that name.
func (f *Function) Clamp(min, x, max compute.Value) (compute.Value, error) {
	return f.single(compute.OpTypeClamp, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Clamp(in[0], in[1], in[2])
	}, min, x, max)
}

// Concatenate records the operation of that name.
func (f *Function) Concatenate(axis int, operands ...compute.Value) (compute.Value, error) {
	return f.single(compute.OpTypeConcatenate, ir.Axes{axis}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Concatenate(axis, in...)
	}, operands...)
}

// ConvGeneral records the operation of that name.
func (f *Function) ConvGeneral(input, kernel compute.Value, axes compute.ConvolveAxesConfig, strides []int, paddings [][2]int,
	inputDilations, kernelDilations []int, channelGroupCount, batchGroupCount int) (compute.Value, error) {
	if s, err := f.Shape(input); err == nil && batchGroupCount > 1 && s.DType != dtypes.Float32 && s.DType != dtypes.Float64 {
		// GoMLX's Go backend may panic here in a goroutine of its own, which nobody can recover from.
		m := &formula{Function: f}
		x, w := m.of(f.ConvertDType(input, dtypes.Float64)), m.of(f.ConvertDType(kernel, dtypes.Float64))
		if m.err != nil {
			return nil, m.err
		}
		y := m.of(f.ConvGeneral(x, w, axes, strides, paddings, inputDilations, kernelDilations, channelGroupCount, batchGroupCount))
		if m.err != nil {
			return nil, m.err
		}
		return f.ConvertDType(y, s.DType)
	}
	axes, strides, paddings = axes.Clone(), slices.Clone(strides), slices.Clone(paddings)
	inputDilations, kernelDilations = slices.Clone(inputDilations), slices.Clone(kernelDilations)
	n := len(axes.InputSpatial)
	a := ir.Conv{
		Axes: axes, Strides: filled(strides, n, 1), Paddings: filled(paddings, n, [2]int{}),
		InputDilations: filled(inputDilations, n, 1), KernelDilations: filled(kernelDilations, n, 1),
		ChannelGroups: max(1, channelGroupCount), BatchGroups: max(1, batchGroupCount),
	}
	return f.single(compute.OpTypeConvGeneral, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ConvGeneral(in[0], in[1], axes, strides, paddings, inputDilations, kernelDilations, channelGroupCount, batchGroupCount)
	}, input, kernel)
}

// filled is a copy of a list, or n defaults in place of an empty one.
func filled[T any](list []T, n int, with T) []T {
	if len(list) > 0 {
		return slices.Clone(list)
	}
	return slices.Repeat([]T{with}, n)
}

// ConvertDType records the operation of that name.
func (f *Function) ConvertDType(x compute.Value, dtype dtypes.DType) (compute.Value, error) {
	return f.single(compute.OpTypeConvertDType, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ConvertDType(in[0], dtype)
	}, x)
}

// CumSum records the operation of that name.
func (f *Function) CumSum(x compute.Value, axis int, options compute.CumSumOptions) (compute.Value, error) {
	return f.single(compute.OpTypeCumSum, ir.Args{axis, options}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.CumSum(in[0], axis, options)
	}, x)
}

// DotGeneral records the operation of that name.
func (f *Function) DotGeneral(lhs compute.Value, lhsContracting, lhsBatch []int, rhs compute.Value, rhsContracting, rhsBatch []int, config compute.DotGeneralConfig) (compute.Value, error) {
	a := ir.Dot{
		LhsContracting: slices.Clone(lhsContracting), LhsBatch: slices.Clone(lhsBatch),
		RhsContracting: slices.Clone(rhsContracting), RhsBatch: slices.Clone(rhsBatch), Config: config,
	}
	return f.single(compute.OpTypeDotGeneral, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DotGeneral(in[0], a.LhsContracting, a.LhsBatch, in[1], a.RhsContracting, a.RhsBatch, config)
	}, lhs, rhs)
}

// DynamicShape records the operation of that name.
func (f *Function) DynamicShape(x compute.Value) (compute.Value, error) {
	return f.unary(compute.OpTypeDynamicShape, x, compute.Function.DynamicShape)
}

// DynamicSlice records the operation of that name.
func (f *Function) DynamicSlice(x compute.Value, starts []compute.Value, dims []int) (compute.Value, error) {
	dims = slices.Clone(dims)
	return f.single(compute.OpTypeDynamicSlice, ir.Args{dims}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicSlice(in[0], in[1:], dims)
	}, append([]compute.Value{x}, starts...)...)
}

// DynamicUpdateSlice records the operation of that name.
func (f *Function) DynamicUpdateSlice(x, update compute.Value, starts []compute.Value) (compute.Value, error) {
	return f.single(compute.OpTypeDynamicUpdateSlice, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.DynamicUpdateSlice(in[0], in[1], in[2:])
	}, append([]compute.Value{x, update}, starts...)...)
}

// FFT records the operation of that name.
func (f *Function) FFT(x compute.Value, fftType compute.FFTType, length []int) (compute.Value, error) {
	length = slices.Clone(length)
	return f.single(compute.OpTypeFFT, ir.Args{fftType, length}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.FFT(in[0], fftType, length)
	}, x)
}

// Gather records the operation of that name.
func (f *Function) Gather(x, indices compute.Value, indexVectorAxis int, offsetOutputAxes, collapsedSliceAxes, startIndexMap, sliceSizes []int, sorted bool) (compute.Value, error) {
	a := ir.Gather{
		IndexVectorAxis: indexVectorAxis, OffsetOutputAxes: slices.Clone(offsetOutputAxes), CollapsedSliceAxes: slices.Clone(collapsedSliceAxes),
		StartIndexMap: slices.Clone(startIndexMap), SliceSizes: slices.Clone(sliceSizes),
	}
	return f.single(compute.OpTypeGather, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Gather(in[0], in[1], a.IndexVectorAxis, a.OffsetOutputAxes, a.CollapsedSliceAxes, a.StartIndexMap, a.SliceSizes, sorted)
	}, x, indices)
}

// Iota records the operation of that name.
func (f *Function) Iota(shape shapes.Shape, axis int) (compute.Value, error) {
	return f.single(compute.OpTypeIota, ir.Axes{axis}, func(g compute.Function, _ []compute.Value) (compute.Value, error) {
		return g.Iota(shape, axis)
	})
}

// Pad records the operation of that name.
func (f *Function) Pad(x, fill compute.Value, axes ...compute.PadAxis) (compute.Value, error) {
	a := ir.Pad(slices.Clone(axes))
	if shape, err := f.Shape(fill); err == nil && shape.Rank() > 0 {
		return nil, errors.Errorf("%s: found %s to fill with, expected a scalar", compute.OpTypePad, shape)
	}
	return f.single(compute.OpTypePad, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Pad(in[0], in[1], a...)
	}, x, fill)
}

// ReduceWindow records the operation of that name.
func (f *Function) ReduceWindow(x compute.Value, reduction compute.ReduceOpType, window, strides, inputDilations, windowDilations []int, paddings [][2]int) (compute.Value, error) {
	a := ir.Window{
		Reduction: reduction, Size: slices.Clone(window), Strides: slices.Clone(strides),
		InputDilations: slices.Clone(inputDilations), WindowDilations: slices.Clone(windowDilations), Paddings: slices.Clone(paddings),
	}
	return f.single(compute.OpTypeReduceWindow, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.ReduceWindow(in[0], a.Reduction, a.Size, a.Strides, a.InputDilations, a.WindowDilations, a.Paddings)
	}, x)
}

// Reshape records the operation of that name.
func (f *Function) Reshape(x compute.Value, dims ...int) (compute.Value, error) {
	dims = slices.Clone(dims)
	return f.single(compute.OpTypeReshape, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Reshape(in[0], dims...)
	}, x)
}

// Reverse records the operation of that name.
func (f *Function) Reverse(x compute.Value, axes ...int) (compute.Value, error) {
	axes = slices.Clone(axes)
	once := slices.Compact(slices.Sorted(slices.Values(axes)))
	return f.single(compute.OpTypeReverse, ir.Axes(once), func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Reverse(in[0], axes...)
	}, x)
}

// scatter records one of the three scatter operations.
func (f *Function) scatter(op compute.OpType, x, indices, updates compute.Value, indexVectorAxis int, window, inserted, toOperand []int, sorted, unique bool,
	b func(f compute.Function, x, indices, updates compute.Value, indexVectorAxis int, window, inserted, toOperand []int, sorted, unique bool) (compute.Value, error)) (compute.Value, error) {
	a := ir.Scatter{
		IndexVectorAxis: indexVectorAxis, UpdateWindowAxes: slices.Clone(window),
		InsertedWindowAxes: slices.Clone(inserted), ScatterAxesToOperandAxes: slices.Clone(toOperand),
	}
	return f.single(op, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return b(g, in[0], in[1], in[2], a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes, sorted, unique)
	}, x, indices, updates)
}

// ScatterMax records the operation of that name.
func (f *Function) ScatterMax(x, indices, updates compute.Value, indexVectorAxis int, window, inserted, toOperand []int, sorted, unique bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterMax, x, indices, updates, indexVectorAxis, window, inserted, toOperand, sorted, unique, compute.Function.ScatterMax)
}

// ScatterMin records the operation of that name.
func (f *Function) ScatterMin(x, indices, updates compute.Value, indexVectorAxis int, window, inserted, toOperand []int, sorted, unique bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterMin, x, indices, updates, indexVectorAxis, window, inserted, toOperand, sorted, unique, compute.Function.ScatterMin)
}

// ScatterSum records the operation of that name.
func (f *Function) ScatterSum(x, indices, updates compute.Value, indexVectorAxis int, window, inserted, toOperand []int, sorted, unique bool) (compute.Value, error) {
	return f.scatter(compute.OpTypeScatterSum, x, indices, updates, indexVectorAxis, window, inserted, toOperand, sorted, unique, compute.Function.ScatterSum)
}

// selectAndScatter records one of the two operations of that name.
func (f *Function) selectAndScatter(op compute.OpType, x, source compute.Value, window, strides []int, paddings [][2]int,
	b func(f compute.Function, x, source compute.Value, window, strides []int, paddings [][2]int) (compute.Value, error)) (compute.Value, error) {
	window, strides, paddings = slices.Clone(window), slices.Clone(strides), slices.Clone(paddings)
	return f.single(op, ir.Args{window, strides, paddings}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return b(g, in[0], in[1], window, strides, paddings)
	}, x, source)
}

// SelectAndScatterMax records the operation of that name.
func (f *Function) SelectAndScatterMax(x, source compute.Value, window, strides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMax, x, source, window, strides, paddings, compute.Function.SelectAndScatterMax)
}

// SelectAndScatterMin records the operation of that name.
func (f *Function) SelectAndScatterMin(x, source compute.Value, window, strides []int, paddings [][2]int) (compute.Value, error) {
	return f.selectAndScatter(compute.OpTypeSelectAndScatterMin, x, source, window, strides, paddings, compute.Function.SelectAndScatterMin)
}

// SchedulingBarrier records the operation of that name.
func (f *Function) SchedulingBarrier(x compute.Value, dependencies ...compute.Value) (compute.Value, error) {
	return f.single(compute.OpTypeSchedulingBarrier, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.SchedulingBarrier(in[0], in[1:]...)
	}, append([]compute.Value{x}, dependencies...)...)
}

// OptimizationBarrier records the operation of that name.
func (f *Function) OptimizationBarrier(operands ...compute.Value) ([]compute.Value, error) {
	return f.record(compute.OpTypeOptimizationBarrier, nil, operands, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return g.OptimizationBarrier(in...)
	})
}

// RNGBitGenerator records the operation of that name.
func (f *Function) RNGBitGenerator(state compute.Value, shape shapes.Shape) (newState, values compute.Value, err error) {
	out, err := f.record(compute.OpTypeRNGBitGenerator, nil, []compute.Value{state}, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		newState, values, err := g.RNGBitGenerator(in[0], shape)
		return []compute.Value{newState, values}, err
	})
	if err != nil {
		return nil, nil, err
	}
	return out[0], out[1], nil
}

// Slice records the operation of that name. As on GoMLX's Go backend, negative starts and
// limits count from the end of an axis, and what lies outside of it is cut off.
func (f *Function) Slice(x compute.Value, starts, limits, strides []int) (compute.Value, error) {
	starts, limits, strides = slices.Clone(starts), slices.Clone(limits), slices.Clone(strides)
	a := ir.Slice{Starts: slices.Clone(starts), Limits: slices.Clone(limits), Strides: filled(strides, len(starts), 1)}
	if shape, err := f.Shape(x); err == nil && len(starts) == shape.Rank() && len(limits) == shape.Rank() && len(a.Strides) == shape.Rank() {
		for i, d := range shape.Dimensions {
			for _, at := range []*int{&a.Starts[i], &a.Limits[i]} {
				if *at < 0 {
					*at += d
				}
				*at = min(max(*at, 0), d)
			}
			a.Strides[i] = max(1, a.Strides[i])
		}
	}
	return f.single(compute.OpTypeSlice, a, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Slice(in[0], starts, limits, strides)
	}, x)
}

// Transpose records the operation of that name.
func (f *Function) Transpose(x compute.Value, permutation ...int) (compute.Value, error) {
	permutation = slices.Clone(permutation)
	return f.single(compute.OpTypeTranspose, ir.Axes(permutation), func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Transpose(in[0], permutation...)
	}, x)
}

// Where records the operation of that name.
func (f *Function) Where(condition, onTrue, onFalse compute.Value) (compute.Value, error) {
	return f.single(compute.OpTypeWhere, nil, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.Where(in[0], in[1], in[2])
	}, condition, onTrue, onFalse)
}
