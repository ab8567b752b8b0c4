package drift_test

import (
	"math"
	"testing"

	"drift"
)

func near(t *testing.T, what string, found, expected, tolerance float64) {
	t.Helper()
	if !(math.Abs(found-expected) <= tolerance*math.Max(1, math.Abs(expected))) {
		t.Errorf("%s: found %.17g, expected %.17g", what, found, expected)
	}
}

// Every process against its papers' formula for Alpha and Sigma, written out anew.
func TestProcessesMatchTheirFormulas(t *testing.T) {
	formulas := map[string]func(t float64) (alpha, sigma float64){
		"vp": func(t float64) (float64, float64) {
			a2 := math.Exp(-(0.1*t + 19.9*t*t/2)) // exp(-∫β)
			return math.Sqrt(a2), math.Sqrt(1 - a2)
		},
		"cosine": func(t float64) (float64, float64) {
			f := func(t float64) float64 { return math.Pow(math.Cos((t+0.008)/1.008*math.Pi/2), 2) }
			a2 := f(t) / f(0)
			return math.Sqrt(a2), math.Sqrt(1 - a2)
		},
		"scaled-linear": func(t float64) (float64, float64) {
			// ∫β by Simpson's rule, exact for √β linear
			beta := func(t float64) float64 { return math.Pow(math.Sqrt(0.85)*(1-t)+math.Sqrt(12)*t, 2) }
			a2 := math.Exp(-t / 6 * (beta(0) + 4*beta(t/2) + beta(t)))
			return math.Sqrt(a2), math.Sqrt(1 - a2)
		},
		"sigmoid": func(t float64) (float64, float64) {
			s := func(u float64) float64 { return 1 / (1 + math.Exp(-u)) }
			a2 := (s(3) - s(6*t-3)) / (s(3) - s(-3))
			return math.Sqrt(a2), math.Sqrt(1 - a2)
		},
		"laplace": func(t float64) (float64, float64) {
			sign := 1.0
			if t > 0.5 {
				sign = -1
			}
			snr := math.Exp(-0.5 * sign * math.Log(1-2*math.Abs(t-0.5)))
			if math.IsInf(snr, 1) {
				return 1, 0
			}
			return math.Sqrt(snr / (1 + snr)), math.Sqrt(1 / (1 + snr))
		},
		"ve":          func(t float64) (float64, float64) { return 1, 0.01 * math.Pow(50/0.01, t) },
		"cosine-flow": func(t float64) (float64, float64) { return math.Cos(math.Pi / 2 * t), math.Sin(math.Pi / 2 * t) },
		"edm": func(t float64) (float64, float64) {
			return 1, math.Pow(math.Pow(0.002, 1./7)+t*(math.Pow(80, 1./7)-math.Pow(0.002, 1./7)), 7)
		},
		"flow": func(t float64) (float64, float64) { return 1 - t, t },
	}
	for _, p := range drift.Processes() {
		formula, ok := formulas[p.Name]
		if !ok {
			t.Errorf("%s: no formula to compare with", p.Name)
			continue
		}
		for _, time := range []float64{0, 1e-3, 0.1, 0.37, 0.5, 0.9, 0.999, 1} {
			alpha, sigma := formula(time)
			at := p.At(time)
			near(t, p.Name+" Alpha", at.Alpha, alpha, 1e-12)
			near(t, p.Name+" Sigma", at.Sigma, sigma, 1e-7) // the formula cancels near t = 0, ours does not
			if err := at.Valid(); err != nil {
				t.Errorf("%s at t = %v: %v", p.Name, time, err)
			}
		}
	}
}

func TestProcessesOnlyGetNoisier(t *testing.T) {
	for _, p := range drift.Processes() {
		last := math.Inf(1)
		for i := 0; i <= 1000; i++ {
			l := p.At(float64(i) / 1000).Lambda()
			if !(l < last) && i > 0 {
				t.Fatalf("%s: λ at t = %v is %v, expected below %v", p.Name, float64(i)/1000, l, last)
			}
			last = l
		}
	}
}

// A level knows its λ, and the curve finds the level again, at every noise level.
func TestCurvesInvertLambda(t *testing.T) {
	for _, p := range drift.Processes() {
		for lambda := -12.0; lambda <= 12; lambda += 0.5 {
			near(t, p.Name, p.AtLambda(lambda).Lambda(), lambda, 1e-12)
		}
		if at := p.AtLambda(math.Inf(1)); at != drift.Clean {
			t.Errorf("%s: without noise: found %v, expected %v", p.Name, at, drift.Clean)
		}
	}
	for _, name := range []string{"cosine", "sigmoid", "laplace", "flow", "cosine-flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if last := p.Last(); last.Alpha != 0 || last.Sigma != 1 {
			t.Errorf("%s: last level: found %v, expected pure noise", name, last)
		}
	}
}

func TestGridRunsFromNoiseToData(t *testing.T) {
	for _, p := range drift.Processes() {
		for _, steps := range []int{1, 2, 3, 20, 1000} {
			levels, err := drift.Grid(p, steps)
			if err != nil {
				t.Fatal(err)
			}
			if len(levels) != steps+1 || levels[0] != p.Last() || levels[steps] != drift.Clean {
				t.Fatalf("%s, %d steps: found %d levels from %v to %v", p.Name, steps, len(levels), levels[0], levels[len(levels)-1])
			}
			for i := range steps {
				if !(levels[i].Lambda() < levels[i+1].Lambda()) {
					t.Fatalf("%s, %d steps: level %d, %v, is not noisier than the next, %v", p.Name, steps, i, levels[i], levels[i+1])
				}
			}
		}
		for _, steps := range []int{-1, 0, drift.MaxSteps + 1, 1e9} {
			if _, err := drift.Grid(p, steps); err == nil {
				t.Errorf("%s: %d steps: found no error", p.Name, steps)
			}
		}
	}
}
