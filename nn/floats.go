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

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
