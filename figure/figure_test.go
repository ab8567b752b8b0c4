package figure

import (
	"math"
	"testing"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/render"
	"drift/run"
)

// The grid's density of the exact denoiser is the exact density, also between its
// points.
func TestLikelihoodGridMatchesTheTruth(t *testing.T) {
	m, err := exact.NewMixture(exact.Isotropic(1, []float64{10, 20}, 1, 0), exact.Isotropic(1, []float64{5, 25}, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	scale := dataset.Scale{Mean: []float64{7.5, 22.5}, Std: []float64{2.7, 2.6}}
	known := m.Affine(scale.Mean, scale.Std)
	b := render.Bounds{X0: 1, X1: 14, Y0: 16, Y1: 29}
	for _, name := range []string{"vp", "edm"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		at := p.AtLambda(-math.Log(learnedLevel))
		var found [2]render.Density
		for class := range found {
			g, err := newLikelihoodGrid(func(n int) drift.Denoiser {
				labels := make([]int, n)
				for i := range labels {
					labels[i] = class
				}
				return known.Denoiser(labels)
			}, scale, p, at, b)
			if err != nil {
				t.Fatal(err)
			}
			found[class] = g.density
		}
		want := density(known, scale, at)
		for x := 3.0; x < 12.5; x += 0.7 {
			for y := 18.0; y < 27.5; y += 0.7 {
				got := (found[0](x, y) + found[1](x, y)) / 2
				// At Sigma/Alpha = 80 a class is still μ = 0.93 off the centre on each axis, so at
				// z standard deviations log p is off by up to √2·z·μ/80: 7 % at z = 4.
				if w := want(x, y); !(math.Abs(got-w) <= 0.07*w+1e-4*want(10, 20)) {
					t.Errorf("%s: density at (%.1f, %.1f): found %.6f, expected %.6f", name, x, y, got, w)
				}
			}
		}
	}
}

// Comparing terrains costs at most twice what the demo's own walk does, in which
// 4,000 samples ask the network 40 times each.
func TestCompareIsCheap(t *testing.T) {
	m, err := exact.NewMixture(exact.Isotropic(1, []float64{10, 20}, 1, 0), exact.Isotropic(1, []float64{5, 25}, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	scale := dataset.Scale{Mean: []float64{7.5, 22.5}, Std: []float64{2.7, 2.6}}
	known := m.Affine(scale.Mean, scale.Std)
	p, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	counted := func(class, n int) drift.Denoiser {
		return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
			asked += n
			labels := make([]int, n)
			for i := range labels {
				labels[i] = class
			}
			return known.Denoiser(labels).Denoise(dst, x, at)
		})
	}
	if _, err := Compare(counted, []float64{0.5, 0.5}, m, scale, p, render.Bounds{X0: 1, X1: 14, Y0: 16, Y1: 29}); err != nil {
		t.Fatal(err)
	}
	if most := 2 * 4000 * 40; asked > most {
		t.Errorf("asked the denoiser %d times, expected at most %d", asked, most)
	}
}

func TestTimeOfInvertsTheProcess(t *testing.T) {
	for _, p := range drift.Processes() {
		for _, time := range []float64{0.01, 0.3, 0.77, 0.99} {
			if got := timeOf(p, p.At(time)); math.Abs(got-time) > 1e-9 {
				t.Errorf("%s: found t = %v, expected %v", p.Name, got, time)
			}
		}
	}
}

func TestTimesRunFromDataToNoise(t *testing.T) {
	for _, p := range drift.Processes() {
		levels := times(p)
		if len(levels) != 6 || levels[0] != drift.Clean || levels[5] != p.Last() {
			t.Errorf("%s: found %v, expected six levels from data to noise", p.Name, levels)
		}
	}
}

// Of a long walk a tape keeps the steps that an animation shows, and no more.
func TestTapeOfALongWalk(t *testing.T) {
	tape, x := NewTape(run.Manifest{}, 3), drift.NewBatch(2, 2)
	for _, first := range []int{0, 2} {
		for step := range 1001 {
			tape.Record(first, drift.Progress{Step: step, Steps: 1000, At: drift.Level{Alpha: 1, Sigma: float64(1000 - step)}, X: x})
		}
	}
	if n := len(tape.frames); n != 61 || tape.levels[0].Sigma != 1000 || tape.levels[60].Sigma != 0 {
		t.Errorf("found %d frames of %v", n, tape.levels)
	}
}

// Classes that have equally many pictures have rows of their own, unless the grid would be
// too long or too wide.
func TestGridOfClasses(t *testing.T) {
	for _, c := range []struct{ classes, each, cols int }{
		{10, 8, 8}, {10, 4, 4}, {32, 7, 7}, {2, 200, 20}, {10, 200, 50}, {3, 5, 5}, {1, 12, 4},
		{100, 1, 10}, {23, 4, 10}, {0, 0, 0}, {1, 1, 1},
	} {
		labels := make([]int, 0, c.classes*c.each)
		for range c.each {
			for l := range c.classes {
				labels = append(labels, l)
			}
		}
		if cols := columnsOf(labels); cols != c.cols {
			t.Errorf("%d pictures of each of %d classes: found %d columns, expected %d", c.each, c.classes, cols, c.cols)
		}
	}
	if cols := columnsOf([]int{0, 0, 0, 0, 0, 0, 0, 0, 1}); cols != 3 {
		t.Errorf("classes of 8 and 1: found %d columns, expected 3", cols)
	}
}
