// Package reference_test holds drift against numbers that others computed: each
// solver's walk, step by step, as diffusers, k-diffusion, SciPy or a NumPy reading of
// the paper take it, and schedules and grids as they define them.
//
// inputs.json is what both sides begin with (go test -update writes it) and
// values.json what they found (make_values.py writes it; its head says how to run it).
package reference_test

import (
	"context"
	"encoding/json"
	"flag"
	"math"
	"os"
	"testing"

	"drift"
	"drift/exact"
	"drift/solver"
)

var update = flag.Bool("update", false, "write inputs.json anew; then run make_values.py")

// part is one hill of the data.
type part struct {
	Weight float64
	Mean   []float64
	Std    float64
}

// inputs is what a walk needs: data, levels of each curve, a start of unit variance to
// be multiplied by the first Sigma, and the noise of each draw.
type inputs struct {
	Parts  []part
	Levels map[string][]drift.Level
	Start  [][]float64
	Noise  [][][]float64
	Known  []float64 // value of the first coordinate, for RePaint
}

const samples, draws = 3, 100

var parts = []part{{0.5, []float64{-1, 0.4}, 0.25}, {0.3, []float64{1.2, 0.6}, 0.35}, {0.2, []float64{0.3, -1.5}, 0.3}}

func walkNoise() *drift.Noise { return drift.NewNoise(4, "reference", 0) }

func makeInputs(t *testing.T) inputs {
	in := inputs{Parts: parts, Levels: map[string][]drift.Level{}, Known: []float64{1, -0.5, 0.2}}
	for _, name := range []string{"vp", "edm", "flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		levels, err := drift.Grid(p, 14)
		if err != nil {
			t.Fatal(err)
		}
		in.Levels[name] = levels[1:14] // finite λ at both ends
	}
	rows := func(b *drift.Batch) (r [][]float64) {
		for i := range b.N {
			r = append(r, append([]float64(nil), b.Row(i)...))
		}
		return r
	}
	b := drift.NewBatch(samples, 2)
	drift.NewNoise(4, "reference start", 0).Normal(b)
	in.Start = rows(b)
	for n := walkNoise(); len(in.Noise) < draws; {
		n.Normal(b)
		in.Noise = append(in.Noise, rows(b))
	}
	return in
}

func TestInputs(t *testing.T) {
	made, err := json.MarshalIndent(makeInputs(t), "", " ")
	if err != nil {
		t.Fatal(err)
	}
	made = append(made, '\n')
	if *update {
		if err := os.WriteFile("inputs.json", made, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var stored, now inputs
	read(t, "inputs.json", &stored)
	if err := json.Unmarshal(made, &now); err != nil {
		t.Fatal(err)
	}
	for name, levels := range now.Levels {
		for i, l := range levels {
			s := stored.Levels[name][i]
			if !(math.Abs(l.Alpha-s.Alpha) <= 1e-13) || !(math.Abs(l.Sigma-s.Sigma) <= 1e-13*l.Sigma) {
				t.Errorf("%s: level %d is %v, but values.json was made for %v", name, i, l, s)
			}
		}
	}
	for d := range now.Noise {
		for i := range now.Noise[d] {
			for j, v := range now.Noise[d][i] {
				if s := stored.Noise[d][i][j]; !(math.Abs(v-s) <= 1e-13) {
					t.Fatalf("noise of draw %d is %v, but values.json was made for %v", d, v, s)
				}
			}
		}
	}
}

// walks is values.json: for each solver and curve, the samples after each step.
type walks map[string]map[string]struct {
	From string // who computed it
	Path [][][]float64
}

// solvers says which of ours each walk is of.
func solvers(in inputs) map[string]drift.Solver {
	known := solver.Known{Clean: drift.NewBatch(samples, 2), Mask: make([]bool, 2*samples)}
	for i, v := range in.Known {
		known.Clean.Data[2*i], known.Mask[2*i] = v, true
	}
	all := map[string]drift.Solver{
		"ddim-0.4":     solver.DDIM(0.4),
		"lms-3":        solver.LMS(3),
		"deis-2":       solver.DEIS(2),
		"sa-solver-22": solver.SASolver(2, 2, 0.5),
		"dopri5-fixed": solver.DormandPrince(1e9),
		"repaint":      solver.RePaint(solver.DDPM(), known, 3),
	}
	for _, s := range solver.All() {
		if s.Name != "repaint" && s.Name != "dopri5" {
			all[s.Name] = s.New()
		}
	}
	return all
}

func TestWalks(t *testing.T) {
	var in inputs
	read(t, "inputs.json", &in)
	var values walks
	read(t, "values.json", &values)
	var hills []exact.Gaussian
	for i, p := range in.Parts {
		hills = append(hills, exact.Isotropic(p.Weight, p.Mean, p.Std, i))
	}
	m, err := exact.NewMixture(hills...)
	if err != nil {
		t.Fatal(err)
	}
	ours := solvers(in)
	for name := range ours {
		if len(values[name]) == 0 {
			t.Errorf("%s: no reference", name)
		}
	}
	for name, curves := range values {
		s, ok := ours[name]
		if !ok {
			t.Errorf("%s: a reference of no solver", name)
			continue
		}
		for curve, w := range curves {
			p, err := drift.ProcessByName(curve)
			if err != nil {
				t.Fatal(err)
			}
			levels := in.Levels[curve]
			x := drift.NewBatch(samples, 2)
			for i, row := range in.Start {
				for j, v := range row {
					x.Row(i)[j] = v * levels[0].Sigma
				}
			}
			d := m.Denoiser(nil)
			if name == "ddim-compat" { // which differs from ddim by what it does with bounds
				d = drift.Clipped(d, -0.8, 0.8)
			}
			sampler := drift.Sampler{Process: p, Denoiser: d, Solver: s, Levels: levels, Noise: walkNoise()}
			worst, steps := 0.0, 0
			for at, err := range sampler.Walk(context.Background(), x) {
				if err != nil {
					t.Fatal(err)
				}
				if at.Step == 0 {
					continue
				}
				steps++
				for i, row := range w.Path[at.Step-1] {
					for j, v := range row {
						off := math.Abs(x.Row(i)[j] - v)
						if math.IsNaN(off) {
							off = math.Inf(1)
						}
						worst = max(worst, off/(1+math.Abs(v)))
					}
				}
			}
			t.Logf("%s, %s, as %s: off by %.1g", name, curve, w.From, worst)
			if !(worst <= 1e-9) || steps != len(w.Path) {
				t.Errorf("%s, %s: off by %.3g in %d steps, expected %d steps as %s takes them", name, curve, worst, steps, len(w.Path), w.From)
			}
		}
	}
}

func read(t *testing.T, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}
