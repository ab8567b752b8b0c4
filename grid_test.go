package drift_test

import (
	"math"
	"strings"
	"testing"

	"drift"
)

// Every grid of every process goes from noise to data, and each level is less noisy
// than the one before.
func TestSpacingsFall(t *testing.T) {
	for _, s := range drift.Spacings() {
		for _, p := range drift.Processes() {
			for _, steps := range []int{1, 2, 3, 7, 50, 999, 1000, 2000} {
				levels, err := s.Levels(p, steps)
				if (err != nil) != (steps > s.MaxN) {
					t.Fatalf("%s, %s, %d steps: found error %v", s.Name, p.Name, steps, err)
				}
				if err != nil {
					continue
				}
				if len(levels) != steps+1 || levels[steps] != drift.Clean {
					t.Fatalf("%s, %s: found %d levels, the last %v", s.Name, p.Name, len(levels), levels[len(levels)-1])
				}
				if !strings.HasPrefix(s.Name, "leading") && levels[0] != p.Last() {
					t.Errorf("%s, %s, %d steps: found %v first, expected %v", s.Name, p.Name, steps, levels[0], p.Last())
				}
				for i := range steps {
					if err := levels[i].Valid(); err != nil || !(levels[i].Lambda() < levels[i+1].Lambda()) {
						t.Fatalf("%s, %s, %d steps: level %d, %v, is not noisier than the next, %v (%v)", s.Name, p.Name, steps, i, levels[i], levels[i+1], err)
					}
				}
			}
			for _, steps := range []int{-1, 0, drift.MaxSteps + 1} {
				if _, err := s.Levels(p, steps); err == nil {
					t.Errorf("%s: %d steps: found no error", s.Name, steps)
				}
			}
		}
		if found, err := drift.SpacingByName(s.Name); err != nil || found.Name != s.Name {
			t.Errorf("%s: found %q by its name (%v)", s.Name, found.Name, err)
		}
	}
	if _, err := drift.SpacingByName("nonesuch"); err == nil {
		t.Error("found a grid called nonesuch")
	}
}

// Equal steps are equal in what each grid says they are equal in.
func TestSpacingsAreEven(t *testing.T) {
	flow, err := drift.ProcessByName("flow") // where Sigma is t
	if err != nil {
		t.Fatal(err)
	}
	of := map[string]func(drift.Level) float64{
		"karras":      func(l drift.Level) float64 { return math.Pow(l.Ratio(), 1./7) },
		"exponential": drift.Level.Lambda,
		"log-snr":     drift.Level.LogSNR,
		"uniform":     func(l drift.Level) float64 { return l.Sigma },
		"quadratic":   func(l drift.Level) float64 { return math.Sqrt(l.Sigma) },
		"shifted":     func(l drift.Level) float64 { return l.Sigma / (3 - 2*l.Sigma) },
		"beta":        nil, // in internal/reference, as are those of discrete time
		"leading":     nil, "linspace": nil, "trailing": nil, "leading-inner": nil, "linspace-inner": nil,
		"linspace-even": func(l drift.Level) float64 { return l.Sigma },
	}
	const steps = 20
	for _, s := range drift.Spacings() {
		even, known := of[s.Name]
		if !known {
			t.Errorf("%s: no rule to compare with", s.Name)
		}
		if even == nil {
			continue
		}
		levels, err := s.Levels(flow, steps)
		if err != nil {
			t.Fatal(err)
		}
		step := even(levels[3]) - even(levels[2])
		for i := 2; i < steps; i++ {
			near(t, s.Name, even(levels[i])-even(levels[i-1]), step, 1e-11)
		}
	}
}

// No grid leaves the process at its clean end, and ties are rounded to even.
func TestSpacingsStayWithin(t *testing.T) {
	for _, p := range drift.Processes() {
		for _, s := range drift.Spacings() {
			levels, err := s.Levels(p, 40)
			if err != nil {
				t.Fatal(err)
			}
			if cleanest := levels[39]; cleanest.Ratio() < p.At(0).Ratio()*(1-1e-9) {
				t.Errorf("%s, %s: found %v, which is cleaner than t = 0, %v", s.Name, p.Name, cleanest, p.At(0))
			}
		}
	}
	s, err := drift.SpacingByName("trailing")
	if err != nil {
		t.Fatal(err)
	}
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	levels, err := s.Levels(p, 80) // steps of 12.5
	if err != nil {
		t.Fatal(err)
	}
	for i := range 80 {
		exact := p.At(math.RoundToEven(12.5*float64(80-i)) / 1000)
		if levels[i].Lambda() != exact.Lambda() {
			t.Errorf("trailing, step %d of 80: found %v, expected %v", i, levels[i], exact)
		}
	}
}

// A grid with an offset visits later training steps, and none after the last.
func TestLeadingWithAnOffset(t *testing.T) {
	vp, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	s, err := drift.SpacingByName("leading+1")
	if err != nil || s.Name != "leading+1" {
		t.Fatal(s.Name, err)
	}
	levels, err := s.Levels(vp, 50)
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range []float64{981, 961, 941} {
		near(t, "level", levels[i].Lambda(), vp.At((1+step)/1000).Lambda(), 1e-9)
	}
	if _, err := s.Levels(vp, 1000); err == nil {
		t.Error("1000 steps: found no error for one after the last")
	}
	for _, name := range []string{"leading+", "leading+0", "leading+1000", "leading+1.5", "trailing+1", "+1"} {
		if _, err := drift.SpacingByName(name); err == nil {
			t.Errorf("%s: found no error", name)
		}
	}
}
