package drift_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
)

// The likelihood of the exact denoiser is the mixture's own density.
func TestLogLikelihoodMatchesClosedForm(t *testing.T) {
	m, err := exact.NewMixture(
		exact.Gaussian{Weight: 0.3, Mean: []float64{1, -0.5}, Cov: []float64{0.3, 0.1, 0.1, 0.2}, Class: 0},
		exact.Gaussian{Weight: 0.7, Mean: []float64{-0.6, 0.4}, Cov: []float64{0.2, -0.05, -0.05, 0.25}, Class: 1})
	if err != nil {
		t.Fatal(err)
	}
	x, _ := m.Draw(50, -1, 1, "test")
	for _, name := range []string{"vp", "edm", "flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		from, to := p.AtLambda(math.Log(1/0.01)), p.AtLambda(-math.Log(1e4))
		scaled := x.Clone()
		for i := range scaled.Data {
			scaled.Data[i] *= from.Alpha
		}
		got := make([]float64, x.N)
		if err := drift.LogLikelihood(got, m.Denoiser(nil), p, scaled, from, to, 1, 200); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if want := m.LogDensity(scaled.Row(i), from, -1); math.Abs(got[i]-want) > 1e-3 {
				t.Errorf("%s: log density of sample %d: found %.5f, expected %.5f", name, i, got[i], want)
			}
		}
	}
}
