package cpu

import (
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// Fused operations of float32 are recorded as the operations that they are made of,
// which the compiler fuses again, together with what stands around them.

// formula records operations one after another and keeps the first error.
type formula struct {
	*Function
	err error
}

func (m *formula) of(v compute.Value, err error) compute.Value {
	if m.err == nil {
		m.err = err
	}
	return v
}

// result is the formula's value, or the first error of those who made it.
func (m *formula) result(v compute.Value) (compute.Value, error) { return v, m.err }

func (m *formula) scalar(x float64) compute.Value {
	return m.of(m.Constant([]float32{float32(x)}))
}

func (m *formula) shape(v compute.Value) shapes.Shape {
	s, err := m.Shape(v)
	if m.err == nil {
		m.err = err
	}
	return s
}

// along repeats x along all axes of a shape but the given ones.
func (m *formula) along(x compute.Value, shape shapes.Shape, axes []int) compute.Value {
	return m.of(m.BroadcastInDim(x, shape, axes))
}

// float32s says whether all values that are not nil are float32 of known shapes.
func (f *Function) float32s(values ...compute.Value) bool {
	return !f.builder.dynamic && !slices.ContainsFunc(values, func(v compute.Value) bool {
		if v == nil {
			return false
		}
		s, err := f.Shape(v)
		return err != nil || s.DType != dtypes.Float32
	})
}

// gelu is x·Φ(x), or its approximation (Hendrycks & Gimpel 2016, arXiv:1606.08415,
// section 2).
func (m *formula) gelu(x compute.Value, exact bool) compute.Value {
	var t compute.Value
	if exact {
		t = m.of(m.Erf(m.of(m.Mul(x, m.scalar(math.Sqrt2/2)))))
	} else {
		cube := m.of(m.Mul(m.of(m.Mul(x, x)), x))
		inner := m.of(m.Add(x, m.of(m.Mul(cube, m.scalar(0.044715)))))
		t = m.of(m.Tanh(m.of(m.Mul(inner, m.scalar(math.Sqrt(2/math.Pi))))))
	}
	half := m.of(m.Mul(x, m.scalar(.5)))
	return m.of(m.Mul(half, m.of(m.Add(t, m.scalar(1)))))
}

// layerNorm is (x - mean)/√(variance + ε)·gamma + beta over some axes (Ba et al. 2016,
// arXiv:1607.06450, eq. 4).
func (m *formula) layerNorm(x compute.Value, axes []int, epsilon float64, gamma, beta compute.Value) compute.Value {
	shape := m.shape(x)
	n, own, kept := 1, []int{}, []int{} // own: the lengths of the axes
	for i, d := range shape.Dimensions {
		if slices.Contains(axes, i) {
			n, own = n*d, append(own, d)
		} else {
			kept = append(kept, i)
		}
	}
	mean := func(v compute.Value) compute.Value {
		if len(kept) == shape.Rank() {
			return v
		}
		return m.along(m.of(m.Mul(m.of(m.ReduceSum(v, axes...)), m.scalar(1/float64(n)))), shape, kept)
	}
	centred := m.of(m.Sub(x, mean(x)))
	variance := mean(m.of(m.Mul(centred, centred)))
	y := m.of(m.Div(centred, m.of(m.Sqrt(m.of(m.Add(variance, m.scalar(epsilon)))))))
	if gamma != nil {
		y = m.of(m.Mul(y, m.along(m.of(m.Reshape(gamma, own...)), shape, axes)))
	}
	if beta != nil {
		y = m.of(m.Add(y, m.along(m.of(m.Reshape(beta, own...)), shape, axes)))
	}
	return y
}

// dense is activation(x·W + bias).
func (m *formula) dense(x, weight, bias compute.Value, o compute.DenseConfig) compute.Value {
	rank, in := m.shape(x).Rank(), 0
	if o.WeightLayout == compute.DenseLayoutOutputsInput {
		in = m.shape(weight).Rank() - 1
	}
	y := m.of(m.DotGeneral(x, []int{rank - 1}, nil, weight, []int{in}, nil, compute.DotGeneralConfig{}))
	if bias != nil {
		shape := m.shape(y)
		var axes []int
		for i := rank - 1; i < shape.Rank(); i++ {
			axes = append(axes, i)
		}
		y = m.of(m.Add(y, m.along(bias, shape, axes)))
	}
	switch o.Activation {
	case compute.ActivationGelu:
		return m.gelu(y, true)
	case compute.ActivationRelu:
		return m.of(m.Max(y, m.scalar(0)))
	case compute.ActivationSilu:
		return m.of(m.Mul(y, m.of(m.Logistic(y))))
	case compute.ActivationHardSwish:
		gate := m.of(m.Add(m.of(m.Mul(y, m.scalar(1./6))), m.scalar(.5)))
		return m.of(m.Mul(y, m.of(m.Clamp(m.scalar(0), gate, m.scalar(1)))))
	case compute.ActivationTanh:
		return m.of(m.Tanh(y))
	}
	return y
}
