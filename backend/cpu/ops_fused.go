package cpu

import (
	"slices"

	"drift/backend/cpu/internal/ir"

	"github.com/gomlx/compute"
)

// FusedSoftmax records the operation of that name.
func (f *Function) FusedSoftmax(x compute.Value, axis int) (compute.Value, error) {
	return f.single(compute.OpTypeFusedSoftmax, ir.Axes{axis}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.FusedSoftmax(in[0], axis)
	}, x)
}

// FusedGelu records the operation of that name.
func (f *Function) FusedGelu(x compute.Value, exact bool) (compute.Value, error) {
	if f.float32s(x) {
		m := &formula{Function: f}
		return m.result(m.gelu(x, exact))
	}
	return f.single(compute.OpTypeFusedGelu, ir.Args{exact}, func(g compute.Function, in []compute.Value) (compute.Value, error) {
		return g.FusedGelu(in[0], exact)
	}, x)
}

// FusedLayerNorm records the operation of that name.
func (f *Function) FusedLayerNorm(x compute.Value, axes []int, epsilon float64, gamma, beta compute.Value) (compute.Value, error) {
	axes = slices.Clone(axes)
	if slices.IsSorted(axes) && len(axes) > 0 && axes[0] >= 0 && f.float32s(x, gamma, beta) {
		if err := f.checkAxes(compute.OpTypeFusedLayerNorm, x, axes); err != nil {
			return nil, err
		}
		m := &formula{Function: f}
		return m.result(m.layerNorm(x, axes, epsilon, gamma, beta))
	}
	return f.optional(compute.OpTypeFusedLayerNorm, ir.Args{axes, epsilon}, []compute.Value{x, gamma, beta}, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return one(g.FusedLayerNorm(in[0], axes, epsilon, in[1], in[2]))
	})
}

// FusedDense records the operation of that name.
func (f *Function) FusedDense(x, weight, bias compute.Value, options compute.DenseConfig) (compute.Value, error) {
	if f.float32s(x, weight, bias) {
		m := &formula{Function: f}
		return m.result(m.dense(x, weight, bias, options))
	}
	return f.optional(compute.OpTypeFusedDense, ir.Args{options}, []compute.Value{x, weight, bias}, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return one(g.FusedDense(in[0], in[1], in[2], options))
	})
}

// FusedQuantizedDense records the operation of that name.
func (f *Function) FusedQuantizedDense(x, weights, bias compute.Value, q *compute.Quantization, activation compute.ActivationType) (compute.Value, error) {
	in := append([]compute.Value{x, weights, bias}, quantized(q)...)
	return f.optional(compute.OpTypeFusedQuantizedDense, ir.Args{ir.Opaque{}}, in, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return one(g.FusedQuantizedDense(in[0], in[1], in[2], requantized(q, in[3:]), activation))
	})
}

// QuantizedEmbeddingLookup records the operation of that name.
func (f *Function) QuantizedEmbeddingLookup(data, indices compute.Value, q *compute.Quantization) (compute.Value, error) {
	in := append([]compute.Value{data, indices}, quantized(q)...)
	return f.optional(compute.OpTypeQuantizedEmbeddingLookup, ir.Args{ir.Opaque{}}, in, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		return one(g.QuantizedEmbeddingLookup(in[0], in[1], requantized(q, in[2:])))
	})
}

// FusedAttentionQKVProjection records the operation of that name.
func (f *Function) FusedAttentionQKVProjection(x, wQKV, biasQ, biasK, biasV compute.Value, queryDim, keyValueDim int) (query, key, value compute.Value, err error) {
	out, err := f.optionals(compute.OpTypeFusedAttentionQKVProjection, ir.Args{queryDim, keyValueDim}, []compute.Value{x, wQKV, biasQ, biasK, biasV}, func(g compute.Function, in []compute.Value) ([]compute.Value, error) {
		q, k, v, err := g.FusedAttentionQKVProjection(in[0], in[1], in[2], in[3], in[4], queryDim, keyValueDim)
		return []compute.Value{q, k, v}, err
	})
	if err != nil {
		return nil, nil, nil, err
	}
	return out[0], out[1], out[2], nil
}

// quantized are the values in a quantization, some of them nil.
func quantized(q *compute.Quantization) []compute.Value {
	if q == nil {
		return nil
	}
	return []compute.Value{q.Scale, q.ZeroPoint}
}

// requantized is the quantization with other values.
func requantized(q *compute.Quantization, values []compute.Value) *compute.Quantization {
	if q == nil {
		return nil
	}
	other := *q
	other.Scale, other.ZeroPoint = values[0], values[1]
	return &other
}

// optional is optionals for one output.
func (f *Function) optional(op compute.OpType, attr ir.Args, in []compute.Value, b build) (compute.Value, error) {
	out, err := f.optionals(op, attr, in, b)
	if err != nil {
		return nil, err
	}
	return out[0], nil
}

// optionals records an operation some of whose inputs may be nil.
func (f *Function) optionals(op compute.OpType, attr ir.Args, in []compute.Value, b build) ([]compute.Value, error) {
	var given []compute.Value
	places := make([]int, len(in)) // of each input among those given, or -1
	for i, v := range in {
		places[i] = -1
		if v != nil {
			places[i] = len(given)
			given = append(given, v)
		}
	}
	return f.record(op, append(slices.Clone(attr), places), given, func(g compute.Function, given []compute.Value) ([]compute.Value, error) {
		all := make([]compute.Value, len(places))
		for i, at := range places {
			if at >= 0 {
				all[i] = given[at]
			}
		}
		return b(g, all)
	})
}
