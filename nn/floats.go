package nn

import (
	"encoding/binary"
	"math"
)

// Floats is a tensor of float32.
func Floats(shape []int, values []float32) Tensor {
	t := Tensor{DType: "Float32", Shape: shape, Data: make([]byte, 0, 4*len(values))}
	for _, v := range values {
		t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(v))
	}
	return t
}

// Values are those of a tensor of float32.
func (t Tensor) Values() []float32 {
	values := make([]float32, len(t.Data)/4)
	for i := range values {
		values[i] = math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:]))
	}
	return values
}

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
