package exact

import (
	"math"
	"testing"

	"drift"
)

// Many samples of a Gaussian have the KL of that Gaussian, which a mixture of one part
// knows exactly; and a set of few samples in many dimensions has the same one whether
// its covariance is N×N or Dim×Dim.
func TestSpreadKL(t *testing.T) {
	x := drift.NewBatch(20000, 2)
	drift.NewNoise(1, "spread", 0).Normal(x)
	for i := range x.N {
		r := x.Row(i)
		r[0], r[1] = 0.5+3*r[0]+r[1], -0.2+0.5*r[1]
	}
	m, err := NewMixture(Gaussian{Weight: 1, Mean: []float64{0.5, -0.2}, Cov: []float64{10, 0.5, 0.5, 0.25}})
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range []drift.Level{{Alpha: 0.07, Sigma: 1}, {Alpha: 0.5, Sigma: 0.8}, {Alpha: 0, Sigma: 1}} {
		want := m.TerminalKL(at)
		got, strongest := SpreadKL(x, at)
		if math.Abs(got-want) > 0.03*want || strongest > got {
			t.Errorf("%v: found %v (strongest %v), expected %v", at, got, strongest, want)
		}
	}
	wide := drift.NewBatch(7, 30)
	drift.NewNoise(2, "spread", 0).Normal(wide)
	at := drift.Level{Alpha: 0.5, Sigma: 0.8}
	few, top := SpreadKL(wide, at)
	twice := &drift.Batch{Data: nil, N: 7 * 6, Shape: wide.Shape} // 42 samples in 30 dimensions with the same covariance
	for range 6 {
		twice.Data = append(twice.Data, wide.Data...)
	}
	many, top2 := SpreadKL(twice, at)
	if math.Abs(few-many) > 1e-9 || math.Abs(top-top2) > 1e-9 {
		t.Errorf("found %v and %v by covariances of either kind, expected the same", few, many)
	}
}
