package drift_test

import (
	"math"
	"strings"
	"testing"

	"drift"
)

// table is λ at n training steps of a process of continuous time.
func table(t *testing.T, name string, n int) []float64 {
	t.Helper()
	p, err := drift.ProcessByName(name)
	if err != nil {
		t.Fatal(err)
	}
	lambdas := make([]float64, n)
	for i := range lambdas {
		lambdas[i] = p.Lambda(float64(i+1) / float64(n))
	}
	return lambdas
}

// At its training steps a table is the process that it was made of, and near it between
// them; grids of discrete time are the same on both.
func TestDiscreteIsTheProcessOfItsTable(t *testing.T) {
	for _, name := range []string{"vp", "scaled-linear", "cosine"} {
		const n = 1000
		lambdas := table(t, name, n)
		p, err := drift.Discrete(lambdas)
		if err != nil {
			t.Fatal(err)
		}
		whole, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range lambdas {
			if got := p.Lambda(float64(i+1) / n); got != want && !(math.Abs(got-want) <= 1e-9) {
				t.Errorf("%s: found λ = %v at step %d, expected %v", name, got, i, want)
			}
		}
		for _, time := range []float64{0.0313, 0.3337, 0.77777} {
			if got, want := p.Lambda(time), whole.Lambda(time); !(math.Abs(got-want) <= 1e-3) {
				t.Errorf("%s: found λ = %v at t = %v, expected about %v", name, got, time, want)
			}
		}
		last := math.Inf(1)
		for i := 1; i <= 20*n; i++ {
			l := p.Lambda(float64(i) / (20 * n))
			if !(l < last) {
				t.Fatalf("%s: found λ = %v after %v, expected it to fall", name, l, last)
			}
			last = l
		}
		if !math.IsInf(p.Lambda(0), 1) || p.At(0) != drift.Clean {
			t.Errorf("%s: found %v at t = 0, expected data", name, p.At(0))
		}
		for _, grid := range []string{"leading", "linspace", "trailing", "leading-inner", "linspace-inner"} {
			s, err := drift.SpacingByName(grid)
			if err != nil {
				t.Fatal(err)
			}
			a, err := s.Levels(p, 30)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := s.Levels(whole, 30)
			for i := range a {
				near(t, name+" "+grid, a[i].Sigma, b[i].Sigma, 1e-9)
			}
		}
	}
}

func TestDiscreteRefuses(t *testing.T) {
	for want, lambdas := range map[string][]float64{
		"found 1 training steps, expected 2 to 100000":       {1},
		"found λ = NaN at training step 1 of 3":              {1, math.NaN(), -1},
		"found λ = +Inf at training step 0 of 2":             {math.Inf(1), 0},
		"found λ = -Inf at training step 1 of 3":             {1, math.Inf(-1), math.Inf(-1)},
		"found λ = 1 at training step 1 of 2, expected less": {1, 1},
	} {
		if _, err := drift.Discrete(lambdas); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: found error %v, expected %q", lambdas, err, want)
		}
	}
}

// Grids of discrete time have as many times as the process, and those of ratios go from
// its last step to its first.
func TestGridsOfDiscreteTime(t *testing.T) {
	const n = 100
	lambdas := table(t, "vp", n)
	p, err := drift.Discrete(lambdas)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range drift.Spacings() {
		levels, err := s.Levels(p, 20)
		if err != nil {
			t.Fatal(err)
		}
		switch s.Name {
		case "karras", "exponential":
			near(t, s.Name+" first", levels[0].Lambda(), lambdas[n-1], 1e-9)
			near(t, s.Name+" last", levels[19].Lambda(), lambdas[0], 1e-9)
		case "leading":
			near(t, s.Name+" second last", levels[18].Lambda(), lambdas[5], 1e-9)
		case "linspace-inner":
			near(t, s.Name+" last", levels[19].Lambda(), lambdas[5], 1e-9)
		}
		_, err = s.Levels(p, 2*n)
		if few := s.MaxN <= 1000; (err != nil) != few {
			t.Errorf("%s: %d steps: found error %v", s.Name, 2*n, err)
		}
	}
}

// Time undoes λ, on every process.
func TestTime(t *testing.T) {
	discrete, err := drift.Discrete(table(t, "cosine", 50))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range append(drift.Processes(), discrete) {
		for _, time := range []float64{0.001, 0.02, 0.3, 0.5, 0.77, 0.999} {
			near(t, p.Name, p.Time(p.Lambda(time)), time, 1e-9)
		}
		if p.Time(math.Inf(1)) != 0 || p.Time(math.Inf(-1)) != 1 {
			t.Errorf("%s: found times %v and %v of λ = ±Inf", p.Name, p.Time(math.Inf(1)), p.Time(math.Inf(-1)))
		}
	}
}

// A network that is told the training step hears the index of each, fractions between
// two, and never more or less than it was trained with; a velocity network hears 1000·t.
func TestNoiseScales(t *testing.T) {
	p, err := drift.Discrete(table(t, "vp", 250))
	if err != nil {
		t.Fatal(err)
	}
	eps, err := drift.PredictionByName("eps")
	if err != nil {
		t.Fatal(err)
	}
	steps, err := drift.NoiseScaleByName("timestep")
	if err != nil {
		t.Fatal(err)
	}
	told := eps.Telling(steps, p)
	for _, step := range []float64{0, 1, 17, 17.25, 248.5, 249} {
		at := p.At((step + 1) / 250)
		skip, out, in, noise := told.Precond(at)
		near(t, "timestep", noise, step, 1e-9)
		a, b, c, _ := eps.Precond(at)
		if skip != a || out != b || in != c {
			t.Errorf("step %v: found %v, %v, %v, expected %v, %v, %v as before", step, skip, out, in, a, b, c)
		}
	}
	for _, l := range []drift.Level{drift.Clean, p.At(0.0001)} {
		if _, _, _, noise := told.Precond(l); noise != 0 {
			t.Errorf("%v: found timestep %v, expected 0", l, noise)
		}
	}
	velocity, err := drift.PredictionByName("velocity")
	if err != nil {
		t.Fatal(err)
	}
	times, err := drift.NoiseScaleByName("flow-time")
	if err != nil {
		t.Fatal(err)
	}
	flow, err := drift.ProcessByName("flow")
	if err != nil {
		t.Fatal(err)
	}
	_, _, in, noise := velocity.Telling(times, flow).Precond(flow.At(0.3))
	near(t, "flow-time", noise, 300, 1e-9)
	near(t, "unscaled", in, 1, 1e-12)
}
