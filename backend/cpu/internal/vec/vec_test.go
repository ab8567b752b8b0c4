package vec

import (
	"math"
	"testing"
)

func TestSoftmaxAddsUpToOne(t *testing.T) {
	x := []float32{1, 2, 3, 1000, 1000, 1000, float32(math.Inf(-1)), 0, 0}
	y := make([]float32, len(x))
	Softmax(y, x, 3)
	for i, want := range []float64{math.Exp(-2), math.Exp(-1), 1, 1, 1, 1, 0, 1, 1} {
		row := i / 3
		z := []float64{math.Exp(-2) + math.Exp(-1) + 1, 3, 2}[row]
		if math.Abs(float64(y[i])-want/z) > 1e-7 {
			t.Errorf("softmax[%d]: found %v, expected %v", i, y[i], want/z)
		}
	}
}
