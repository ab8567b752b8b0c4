package drift_test

import (
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/exact"
)

// flowOf is the likelihood of a mixture's own denoiser, from little noise to very much.
func flowOf(m *exact.Mixture, p drift.Process, steps int) drift.Likelihood {
	return drift.Likelihood{
		Process: p, Denoiser: m.Denoiser(nil), Spread: 1, Steps: steps,
		From: p.AtLambda(math.Log(1 / 0.01)), To: p.AtLambda(-math.Log(1e4)),
	}
}

// scaled are clean samples as they stand at a level without their noise.
func scaled(x *drift.Batch, at drift.Level) *drift.Batch {
	y := x.Clone()
	for i := range y.Data {
		y.Data[i] *= at.Alpha
	}
	return y
}

// The likelihood of the exact denoiser is the mixture's own density, to 1e-3 nats on
// every process.
func TestLikelihoodMatchesClosedForm(t *testing.T) {
	m, err := exact.NewMixture(
		exact.Gaussian{Weight: 0.3, Mean: []float64{1, -0.5}, Cov: []float64{0.3, 0.1, 0.1, 0.2}, Class: 0},
		exact.Gaussian{Weight: 0.7, Mean: []float64{-0.6, 0.4}, Cov: []float64{0.2, -0.05, -0.05, 0.25}, Class: 1})
	if err != nil {
		t.Fatal(err)
	}
	x, _ := m.Draw(50, -1, 1, "test")
	for _, p := range drift.Processes() {
		flow := flowOf(m, p, 200)
		y, got := scaled(x, flow.From), make([]float64, x.N)
		if err := flow.LogDensity(got, y); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if want := m.LogDensity(y.Row(i), flow.From, -1); math.Abs(got[i]-want) > 1e-3 {
				t.Errorf("%s: log density of sample %d: found %.5f, expected %.5f", p.Name, i, got[i], want)
			}
		}
	}
}

// hills64 are two hills in 64 dimensions that lean: every value depends on the next.
func hills64(t *testing.T) *exact.Mixture {
	const dim = 64
	var parts []exact.Gaussian
	for k, lean := range []float64{0.6, -0.4} {
		g := exact.Isotropic(1, make([]float64, dim), 0.5, k)
		for i := range dim {
			g.Mean[i] = 0.2 * float64(1-2*k)
			for j := range dim {
				g.Cov[i*dim+j] = 0.25 * math.Pow(lean, math.Abs(float64(i-j)))
			}
		}
		parts = append(parts, g)
	}
	m, err := exact.NewMixture(parts...)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// In 64 dimensions the estimated trace gives the closed form on average. Each point is
// measured with 32 sets of directions, whose spread is the error of one; their mean may
// be off by 4.6 of its standard errors, which a t with 31 degrees of freedom exceeds with
// probability 7e-5, and by the 1e-3 of the exact trace.
func TestEstimatedTraceMatchesClosedForm(t *testing.T) {
	const points, repeats = 4, 32
	m := hills64(t)
	x, _ := m.Draw(points, -1, 1, "test")
	p, err := drift.ProcessByName("edm")
	if err != nil {
		t.Fatal(err)
	}
	many := drift.NewBatch(points*repeats, x.Dim())
	for i := range many.N {
		copy(many.Row(i), x.Row(i%points))
	}
	flow, got := flowOf(m, p, 60), make([]float64, many.N)
	flow.Seed = 3
	if err := flow.LogDensity(got, many); err != nil {
		t.Fatal(err)
	}
	for i := range points {
		var mean, square float64
		for k := range repeats {
			mean += got[k*points+i] / repeats
		}
		for k := range repeats {
			square += (got[k*points+i] - mean) * (got[k*points+i] - mean)
		}
		off := math.Sqrt(square / (repeats - 1) / repeats)
		want := m.LogDensity(x.Row(i), flow.From, -1)
		t.Logf("found %.4f ± %.4f, expected %.4f", mean, off, want)
		if !(off > 0) || math.Abs(mean-want) > 4.6*off+1e-3 {
			t.Errorf("log density of sample %d: found %.4f ± %.4f, expected %.4f", i, mean, off, want)
		}
	}
}

// The Jacobian of a round hill's denoiser is a multiple of 1, of which every set of
// signs finds the very trace.
func TestEstimatedTraceOfARoundHillIsExact(t *testing.T) {
	round, err := exact.NewMixture(exact.Isotropic(1, make([]float64, 20), 0.7, 0))
	if err != nil {
		t.Fatal(err)
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	x, _ := round.Draw(5, -1, 1, "test")
	flow := flowOf(round, p, 100)
	for _, flow.Probes = range []int{1, 3} {
		y, got := scaled(x, flow.From), make([]float64, x.N)
		if err := flow.LogDensity(got, y); err != nil {
			t.Fatal(err)
		}
		for i := range got {
			if want := round.LogDensity(y.Row(i), flow.From, -1); math.Abs(got[i]-want) > 1e-3 {
				t.Errorf("%d probes: found %.5f, expected %.5f", flow.Probes, got[i], want)
			}
		}
	}
}

// A sample's number does not depend on its batch, even where directions are random.
func TestLikelihoodDoesNotDependOnTheBatch(t *testing.T) {
	m := hills64(t)
	x, _ := m.Draw(9, -1, 1, "test")
	p, err := drift.ProcessByName("edm")
	if err != nil {
		t.Fatal(err)
	}
	flow, all, part := flowOf(m, p, 3), make([]float64, 9), make([]float64, 4)
	if err := flow.LogDensity(all, x); err != nil {
		t.Fatal(err)
	}
	flow.First = 5
	if err := flow.LogDensity(part, x.Slice(5, 9)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(part, all[5:]) {
		t.Errorf("found %v in a batch of their own, expected %v", part, all[5:])
	}
	flow.Seed = 1
	if err := flow.LogDensity(part, x.Slice(5, 9)); err != nil || slices.Equal(part, all[5:]) {
		t.Errorf("another seed: found the same numbers, or error %v", err)
	}
}

func TestLikelihoodRefuses(t *testing.T) {
	m := hills64(t)
	x := drift.NewBatch(2, 64)
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	for says, spoil := range map[string]func(*drift.Likelihood){
		"steps":         func(l *drift.Likelihood) { l.Steps = 0 },
		"probes":        func(l *drift.Likelihood) { l.Probes = -1 },
		"spread":        func(l *drift.Likelihood) { l.Spread = math.NaN() },
		"log-SNR":       func(l *drift.Likelihood) { l.To = l.From },
		"to (α=0":       func(l *drift.Likelihood) { l.To = drift.Level{Sigma: 1} },
		"levels (α=1, ": func(l *drift.Likelihood) { l.From = drift.Clean },
	} {
		flow := flowOf(m, p, 1)
		spoil(&flow)
		if err := flow.LogDensity(make([]float64, 2), x); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
	if err := flowOf(m, p, 1).LogDensity(nil, x); err == nil {
		t.Error("no room: found no error")
	}
}
