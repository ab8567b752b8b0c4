package reference_test

import (
	"math"
	"strconv"
	"testing"

	"drift"
)

// grids is grids.json: levels (Alpha, Sigma) of each process at some times, and for
// numbers of steps the times or ratios of each grid.
type grids struct {
	Times     []float64
	Schedules map[string][][2]float64
	Grids     map[string]struct{ Times, Ratios, VPRatios map[string][]float64 }
}

func TestSchedules(t *testing.T) {
	var want grids
	read(t, "grids.json", &want)
	for _, p := range drift.Processes() {
		levels, ok := want.Schedules[p.Name]
		if !ok {
			t.Errorf("%s: no reference", p.Name)
			continue
		}
		for i, time := range want.Times {
			at := p.At(time)
			if a, s := levels[i][0], levels[i][1]; !(math.Abs(at.Alpha-a) <= 1e-11) || !(math.Abs(at.Sigma-s) <= 1e-11*max(1, s)) {
				t.Errorf("%s at t = %v: found %v, expected (%v, %v)", p.Name, time, at, a, s)
			}
		}
	}
}

func TestGrids(t *testing.T) {
	var want grids
	read(t, "grids.json", &want)
	vp, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	edm, err := drift.ProcessByName("edm")
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range drift.Spacings() {
		compared := 0
		for steps, grid := range want.Grids {
			n, err := strconv.Atoi(steps)
			if err != nil {
				t.Fatal(err)
			}
			for _, c := range []struct {
				p  drift.Process
				in map[string][]float64
				at func(float64) drift.Level
			}{{vp, grid.Times, vp.At}, {edm, grid.Ratios, func(r float64) drift.Level { return edm.AtLambda(-math.Log(r)) }},
				{vp, grid.VPRatios, func(r float64) drift.Level { return vp.AtLambda(-math.Log(r)) }}} {
				values, ok := c.in[s.Name]
				if !ok {
					continue
				}
				levels, err := s.Levels(c.p, n)
				if err != nil || len(values) != n {
					t.Fatalf("%s: found %d values for %d steps (%v)", s.Name, len(values), n, err)
				}
				for i, v := range values {
					if l := c.at(v); !(math.Abs(levels[i].Lambda()-l.Lambda()) <= 1e-9) {
						t.Errorf("%s, %d steps: level %d: found λ = %v, expected %v", s.Name, n, i, levels[i].Lambda(), l.Lambda())
					}
				}
				compared++
			}
		}
		if compared != len(want.Grids) {
			t.Errorf("%s: compared with %d grids, expected %d", s.Name, compared, len(want.Grids))
		}
	}
}
