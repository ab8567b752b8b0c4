package edit

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"drift"
	"drift/metric"
	"drift/solver"
)

// sampler walks a problem's mixture on the variance-preserving process.
func (p problem) sampler(t testing.TB, s drift.Solver, steps, first int) drift.Sampler {
	t.Helper()
	process, err := drift.ProcessByName("vp")
	if err != nil {
		t.Fatal(err)
	}
	levels, err := drift.Grid(process, steps)
	if err != nil {
		t.Fatal(err)
	}
	return drift.Sampler{Process: process, Denoiser: p.whole.Denoiser(nil), Solver: s, Levels: levels, Noise: drift.NewNoise(3, "test", first)}
}

// filled is n samples that a solver fills in, and what must be true of all: the known
// values are kept.
func (p problem) filled(t testing.TB, s func(solver.Known) drift.Solver, steps, n int) *drift.Batch {
	t.Helper()
	x, known := p.task(n)
	if err := p.sampler(t, s(known), steps, 0).Sample(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		for j, v := range p.value {
			if got := x.Row(i)[j]; math.Abs(got-v) > 1e-12 {
				t.Fatalf("sample %d: found %v where %v is known", i, got, v)
			}
		}
	}
	return p.unknown(x)
}

// share is how many samples lie nearest to the first hill of the truth.
func (p problem) share(x *drift.Batch) (share float64) {
	for i := range x.N {
		if p.given.Hill(x.Row(i), 0.99999) == 0 {
			share += 1 / float64(x.N)
		}
	}
	return share
}

// What the filter fills in follows the conditional density, which is known here in
// closed form: with 16 particles and 80 steps each hill has its share within 0.06 (the
// standard error of 500 samples is 0.018) and samples lie within 2.2 times the distance
// of others drawn from the truth. Replacing known values as RePaint does gives the first
// hill a fifth too little.
func TestFilterFollowsTheConditionalDensity(t *testing.T) {
	p, n := correlated(), 500
	truth, _ := p.given.Draw(n, -1, 1, "truth")
	want := p.given.Parts()[0].Weight
	floor := metric.SlicedWassersteinFloor(func(i int) *drift.Batch { x, _ := p.given.Draw(n, -1, uint64(i), "floor"); return x }, 4, 64, 1)
	x := p.filled(t, func(k solver.Known) drift.Solver { return Filter(k, 16) }, 80, n)
	share, off := p.share(x), metric.SlicedWasserstein(x, truth, 64, 1)
	t.Logf("filter: share %.3f (want %.3f), sliced Wasserstein %.3f (floor %.3f)", share, want, off, floor)
	if math.Abs(share-want) > 0.06 {
		t.Errorf("share of the first hill: found %.3f, want %.3f", share, want)
	}
	if off > 2.2*floor {
		t.Errorf("sliced Wasserstein: found %.3f, want at most 2.2 times the floor of %.3f", off, floor)
	}
	x = p.filled(t, func(k solver.Known) drift.Solver { return solver.RePaint(solver.DDPM(), k, 5) }, 40, n)
	repaint := p.share(x)
	t.Logf("repaint: share %.3f, sliced Wasserstein %.3f", repaint, metric.SlicedWasserstein(x, truth, 64, 1))
	if want-repaint < 0.1 {
		t.Errorf("RePaint's share of the first hill: found %.3f, want far less than %.3f, as what is said of it", repaint, want)
	}
}

// A sample does not depend on who is filled in beside it.
func TestFilterIsOfOneSample(t *testing.T) {
	p := correlated()
	all := p.filled(t, func(k solver.Known) drift.Solver { return Filter(k, 4) }, 6, 5)
	x, known := p.task(2)
	if err := p.sampler(t, Filter(known, 4), 6, 3).Sample(t.Context(), x); err != nil {
		t.Fatal(err)
	}
	if got := p.unknown(x); !slices.Equal(got.Data, all.Slice(3, 5).Data) {
		t.Errorf("found %v, want %v", got.Data, all.Slice(3, 5).Data)
	}
}

// Systematic resampling gives particle j n·w_j places, rounded up or down, and place 0
// to each by its weight.
func TestResample(t *testing.T) {
	logs := []float64{math.Log(0.5), math.Inf(-1), math.Log(0.125), math.Log(0.375)}
	first := make([]float64, 4)
	const tries = 4000
	for i := range tries {
		chosen := resample(logs, (float64(i)+0.5)/tries)
		count := make([]int, 4)
		for _, j := range chosen {
			count[j]++
		}
		if count[0] != 2 || count[1] != 0 || count[2] > 1 || count[3] < 1 || count[3] > 2 {
			t.Fatalf("offset %d: found counts %v", i, count)
		}
		first[chosen[0]] += 1. / tries
	}
	for j, want := range []float64{0.5, 0, 0.125, 0.375} {
		if math.Abs(first[j]-want) > 1e-3 {
			t.Errorf("place 0 is %d with share %v, want %v", j, first[j], want)
		}
	}
}

// Up by the inverse and down by DDIM is the identity, whatever the number of steps; up
// by DDIM itself it becomes one as steps grow.
func TestInversion(t *testing.T) {
	p := correlated()
	start, _ := p.whole.Draw(50, -1, 4, "data")
	error := func(up drift.Solver, steps int) (worst float64) {
		x := start.Clone()
		if err := Invert(context.Background(), p.sampler(t, up, steps, 0), x); err != nil {
			t.Fatal(err)
		}
		var square float64
		for _, v := range x.Data {
			square += v * v / float64(len(x.Data))
		}
		if square < 0.7 || square > 1.4 {
			t.Errorf("%d steps: found noise of variance %.2f, want about 1", steps, square)
		}
		if err := Rebuild(context.Background(), p.sampler(t, solver.DDIM(0), steps, 0), x); err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Data {
			worst = max(worst, math.Abs(v-start.Data[i]))
		}
		return worst
	}
	if off := error(Undo(1e-12), 20); off > 1e-8 {
		t.Errorf("the exact inverse is off by %g", off)
	}
	coarse, fine := error(solver.DDIM(0), 20), error(solver.DDIM(0), 320)
	if fine > coarse/10 || fine > 0.05 {
		t.Errorf("DDIM inversion: off by %.3f with 20 steps and %.3f with 320, want it to vanish", coarse, fine)
	}
	if err := Undo(1e-9)(drift.Process{}, p.whole.Denoiser(nil), nil)(start.Clone(), drift.Level{Alpha: 0.5, Sigma: 0.8}, drift.Level{Alpha: 0.9, Sigma: 0.2}); err == nil {
		t.Error("a step down was undone")
	}
}

// Every process has walks that can be undone, those that end in nothing but noise too.
func TestInversionOnEveryProcess(t *testing.T) {
	p := correlated()
	start, _ := p.whole.Draw(20, -1, 4, "data")
	for _, process := range drift.Processes() {
		s, x := p.sampler(t, Undo(1e-12), 20, 0), start.Clone()
		levels, err := drift.Grid(process, 30)
		if err != nil {
			t.Fatal(err)
		}
		s.Process, s.Levels = process, levels
		if err := Invert(t.Context(), s, x); err != nil {
			t.Errorf("%s: %v", process.Name, err)
			continue
		}
		s.Solver = solver.DDIM(0)
		if err := Rebuild(t.Context(), s, x); err != nil {
			t.Fatal(err)
		}
		for i, v := range x.Data {
			if off := math.Abs(v - start.Data[i]); !(off <= 1e-7) {
				t.Errorf("%s: value %d is off by %g", process.Name, i, off)
				break
			}
		}
	}
}

// Strength 1 forgets everything, a little strength keeps nearly all, and on the way the
// distribution stays that of the data.
func TestVary(t *testing.T) {
	p, n := hills(), 600
	data, _ := p.whole.Draw(n, -1, 5, "data")
	other, _ := p.whole.Draw(n, -1, 6, "data")
	floor := metric.SlicedWasserstein(data, other, 64, 1)
	before := -1.0
	for _, strength := range []float64{0.05, 0.4, 0.7, 1} {
		x := data.Clone()
		s := p.sampler(t, solver.DDPM(), 60, 0)
		var err error
		if s.Levels, err = Vary(x, s.Levels, strength, s.Noise); err != nil {
			t.Fatal(err)
		}
		if want := int(math.Round(60*strength)) + 1; len(s.Levels) != want {
			t.Errorf("strength %v: found %d levels, want %d", strength, len(s.Levels), want)
		}
		if err := walk(context.Background(), s, x); err != nil {
			t.Fatal(err)
		}
		var moved float64
		for i, v := range x.Data {
			moved += (v - data.Data[i]) * (v - data.Data[i]) / float64(len(x.Data))
		}
		if off := metric.SlicedWasserstein(x, data, 64, 1); off > 2*floor+0.05 {
			t.Errorf("strength %v: sliced Wasserstein to the data %.3f, floor %.3f", strength, off, floor)
		}
		if moved < 0.9*before {
			t.Errorf("strength %v moves samples by %.4f, less does by %.4f", strength, moved, before)
		}
		before = moved
	}
	if before < 1 {
		t.Errorf("strength 1 moves samples by %.3f, want about twice the variance", before)
	}
	for _, strength := range []float64{0, -1, 1.5, math.NaN()} {
		if _, err := Vary(data.Clone(), []drift.Level{{Alpha: 0.1, Sigma: 1}, drift.Clean}, strength, drift.NewNoise(0, "", 0)); err == nil {
			t.Errorf("strength %v: no error", strength)
		}
	}
}

// Slerp keeps the variance of noise, which a straight line would halve in the middle.
func TestSlerp(t *testing.T) {
	a, b := drift.NewBatch(3, 4000), drift.NewBatch(3, 4000)
	drift.NewNoise(1, "a", 0).Normal(a)
	drift.NewNoise(1, "b", 0).Normal(b)
	mix := a.Like()
	for _, share := range []float64{0, 0.25, 0.5, 1} {
		if err := Slerp(mix, a, b, share); err != nil {
			t.Fatal(err)
		}
		var square float64
		for _, v := range mix.Row(1) {
			square += v * v / 4000
		}
		if math.Abs(square-1) > 0.1 {
			t.Errorf("share %v: found variance %.3f, want 1", share, square)
		}
		for i, end := range []*drift.Batch{0: a, 1: b} {
			if share == float64(i) && math.Abs(mix.Data[7]-end.Data[7]) > 1e-12 {
				t.Errorf("share %v: found %v, want %v", share, mix.Data[7], end.Data[7])
			}
		}
	}
	quarter := drift.NewBatch(1, 2)
	if err := Slerp(quarter, &drift.Batch{Data: []float64{1, 0}, N: 1, Shape: []int{2}}, &drift.Batch{Data: []float64{0, 1}, N: 1, Shape: []int{2}}, 1./3); err != nil {
		t.Fatal(err)
	}
	if math.Abs(quarter.Data[0]-math.Cos(math.Pi/6)) > 1e-12 || math.Abs(quarter.Data[1]-0.5) > 1e-12 {
		t.Errorf("a third of a right angle: found %v", quarter.Data)
	}
	if err := Slerp(mix, a, a, 0.3); err != nil || math.Abs(mix.Data[5]-a.Data[5]) > 1e-12 {
		t.Errorf("between a and a: found %v, want %v (%v)", mix.Data[5], a.Data[5], err)
	}
	if err := Slerp(mix, a, drift.NewBatch(2, 4000), 0.5); err == nil {
		t.Error("other shape: no error")
	}
}

func TestPlace(t *testing.T) {
	picture := &drift.Batch{Data: []float64{1, 2, 3, 4}, N: 1, Shape: []int{2, 2, 1}}
	k, err := Place(picture, 1, -1, 2, []int{3, 2, 1})
	if err != nil {
		t.Fatal(err)
	}
	for s := range 2 {
		if want := []float64{0, 0, 2, 0, 4, 0}; !slices.Equal(k.Clean.Row(s), want) {
			t.Errorf("canvas %d: found %v, want %v", s, k.Clean.Row(s), want)
		}
	}
	if want := []bool{false, false, true, false, true, false}; !slices.Equal(k.Mask, slices.Concat(want, want)) {
		t.Errorf("mask: found %v", k.Mask)
	}
	if _, err := Place(picture, 3, 0, 1, []int{3, 2, 1}); err == nil {
		t.Error("beyond the canvas: no error")
	}
	k, err = Keep(picture, []bool{true, false, false, true}, 2)
	if err != nil || !slices.Equal(k.Mask, []bool{true, false, false, true, true, false, false, true}) || k.Clean.Data[7] != 4 {
		t.Errorf("keep: found %+v, %v", k, err)
	}
	if _, err := Keep(picture, []bool{true}, 1); err == nil {
		t.Error("a mask of another size: no error")
	}
}

// Where nothing is known the filter is DDPM, and a step that moves nothing is undone.
func TestNothingToDo(t *testing.T) {
	p := correlated()
	x, _ := p.whole.Draw(5, -1, 4, "data")
	y := x.Clone()
	if err := errors.Join(p.sampler(t, Filter(solver.Known{}, 3), 6, 0).Sample(t.Context(), x), p.sampler(t, solver.DDPM(), 6, 0).Sample(t.Context(), y)); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(x.Data, y.Data) {
		t.Error("a filter that knows nothing walks otherwise than DDPM")
	}
	still := drift.DenoiserFunc(func(out, x *drift.Batch, _ drift.Level) error { clear(out.Data); return nil })
	x = drift.NewBatch(2, 3)
	if err := Undo(1e-9)(drift.Process{}, still, nil)(x, drift.Level{Alpha: 0.9, Sigma: 0.2}, drift.Level{Alpha: 0.5, Sigma: 0.8}); err != nil {
		t.Errorf("a step from 0 to 0: %v", err)
	}
}
