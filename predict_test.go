package drift_test

import (
	"math"
	"strings"
	"testing"

	"drift"
)

// A network that answers its target exactly denoises exactly: skip·x + out·target
// is x_0, for every parametrisation at every level of every process.
func TestTargetsRebuildTheData(t *testing.T) {
	r := drift.Rand(1, "test")
	for _, p := range drift.Processes() {
		for _, k := range append(drift.Predictions(), drift.EDM(0.5)) {
			for i := 0; i <= 40; i++ {
				at := p.AtLambda(-math.Log(0.002) * (1 - float64(i)/20))
				if i == 40 && k.CheckProcess(p) == nil {
					at = p.Last()
				}
				x0, eps := r.NormFloat64(), r.NormFloat64()
				skip, out, _, noise := k.Precond(at)
				clean, onNoise := k.Target(at)
				x := at.Alpha*x0 + at.Sigma*eps
				near(t, p.Name+" "+k.Name+" "+at.String(), skip*x+out*(clean*x0+onNoise*eps), x0, 1e-9*max(1, min(at.Ratio(), 1e3)))
				if math.IsNaN(noise) || math.IsInf(noise, 0) {
					t.Errorf("%s %s: noise input at %v is %v", p.Name, k.Name, at, noise)
				}
			}
		}
	}
}

// The same question at another scale of x_t gets the same answer, so a network
// trained on one curve serves every other.
func TestPredictionsServeEveryCurve(t *testing.T) {
	at, c := drift.Level{Alpha: 0.8, Sigma: 0.6}, 3.7
	scaled := drift.Level{Alpha: c * at.Alpha, Sigma: c * at.Sigma}
	for _, k := range drift.Predictions() {
		skip, out, in, noise := k.Precond(at)
		skip2, out2, in2, noise2 := k.Precond(scaled)
		near(t, k.Name+" skip", skip2*c, skip, 1e-12)
		near(t, k.Name+" out", out2, out, 1e-12)
		near(t, k.Name+" in", in2*c, in, 1e-12)
		near(t, k.Name+" noise", noise2, noise, 1e-12)
	}
}

// Inputs and targets have unit variance for unit-variance data where the papers say so.
func TestPrecondKeepsUnitVariance(t *testing.T) {
	for _, p := range drift.Processes() {
		for lambda := -6.0; lambda <= 6; lambda++ {
			at := p.AtLambda(lambda)
			for _, k := range drift.Predictions() {
				if k.Name == "velocity" { // sees x as it is on the straight path
					continue
				}
				_, _, in, _ := k.Precond(at)
				near(t, p.Name+" "+k.Name+" input", in*math.Hypot(at.Alpha, at.Sigma), 1, 1e-12)
				if clean, noise := k.Target(at); k.Name != "flow" { // ε - x_0 has variance 2
					near(t, p.Name+" "+k.Name+" target", math.Hypot(clean, noise), 1, 1e-12)
				}
			}
			for _, sd := range []float64{0.5, 1, 2} {
				k := drift.EDM(sd)
				_, _, in, _ := k.Precond(at)
				clean, noise := k.Target(at)
				near(t, "EDM input", in*math.Hypot(at.Alpha*sd, at.Sigma), 1, 1e-12)
				near(t, "EDM target", math.Hypot(clean*sd, noise), 1, 1e-12)
			}
		}
	}
}

func TestEpsIsRefusedWithoutSignal(t *testing.T) {
	eps, err := drift.PredictionByName("eps")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range drift.Processes() {
		err := eps.CheckProcess(p)
		if refused := strings.Contains("cosine sigmoid laplace flow cosine-flow", p.Name); (err != nil) != refused {
			t.Errorf("%s: found error %v, expected one: %v", p.Name, err, refused)
		}
	}
}
