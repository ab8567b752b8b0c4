package run

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/solver"
)

// tinyModel trains a run for a moment and opens it.
func tinyModel(t testing.TB, c Config) *Model {
	t.Helper()
	path := filepath.Join(t.TempDir(), "run")
	trainRun(t, path, c, Options{})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine(t), "last")
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func sampled(t testing.TB, m *Model, r Request) *drift.Batch {
	t.Helper()
	s, err := m.Sample(context.Background(), r, nil)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return s.X
}

// Every solver and every grid walk a trained run of every process to finite samples that
// are not all the same.
func TestEverySolverWalksEveryProcess(t *testing.T) {
	for _, p := range drift.Processes() {
		c := tiny(30)
		c.Process = p.Name
		m := tinyModel(t, c)
		r := DefaultRequest()
		r.N, r.Steps = 3, 3
		walk := func(name string, r Request) {
			x := sampled(t, m, r)
			if err := x.Finite(); err != nil {
				t.Errorf("%s, %s: %v", p.Name, name, err)
			}
			if slices.Min(x.Data) == slices.Max(x.Data) {
				t.Errorf("%s, %s: all values are %v", p.Name, name, x.Data[0])
			}
		}
		for _, s := range solver.All() {
			r := r
			r.Solver, r.Guidance = s.Name, 1.5
			walk(s.Name, r)
		}
		for _, g := range drift.Spacings() {
			r := r
			r.Grid = g.Name
			walk(g.Name, r)
		}
	}
}

// Guidance, bounds and grids reach the walk: each request gives what the root package's
// denoisers give, put together by hand.
func TestRequestsLeadTheWalk(t *testing.T) {
	m, worse := tinyModel(t, tiny(40)), tinyModel(t, tiny(5))
	base := DefaultRequest()
	base.N, base.Steps, base.Seed, base.Guidance, base.Worse = 6, 7, 3, 3, nil
	labels := []int{0, 1, 0, 1, 1, 0}
	base.Labels = labels
	cond, uncond := m.Denoiser(labels), m.Denoiser(nil)
	scale := m.Manifest.Data.Scale
	clipped := func(d drift.Denoiser, lo, hi float64) drift.Denoiser { // in the user's units, by value
		return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
			err := d.Denoise(dst, x, at)
			user := scale.Restore(dst)
			for i, v := range user.Data {
				user.Data[i] = min(max(v, lo), hi)
			}
			copy(dst.Data, scale.Standardise(user).Data)
			return err
		})
	}
	plain := sampled(t, m, base).Data
	for name, c := range map[string]struct {
		ask  func(*Request)
		want drift.Denoiser
	}{
		"guided":        {func(r *Request) {}, drift.Guided(cond, uncond, 3)},
		"within":        {func(r *Request) { r.GuidanceFrom, r.GuidanceTo = 0.1, 2 }, drift.GuidedWithin(cond, uncond, 3, 0.1, 2)},
		"from":          {func(r *Request) { r.GuidanceFrom = 0.5 }, drift.GuidedWithin(cond, uncond, 3, 0.5, math.Inf(1))},
		"rescaled":      {func(r *Request) { r.GuidanceRescale = 0.7 }, drift.GuidedRescaled(cond, uncond, 3, 0.7)},
		"autoguided":    {func(r *Request) { r.Worse = worse }, drift.Autoguided(cond, worse.Denoiser(labels), 3)},
		"clipped":       {func(r *Request) { r.Clip = []float64{6, 22} }, clipped(drift.Guided(cond, uncond, 3), 6, 22)},
		"unconditional": {func(r *Request) { r.Guidance = 0 }, uncond},
	} {
		r := base
		c.ask(&r)
		levels, err := drift.Grid(m.Process, r.Steps)
		if err != nil {
			t.Fatal(err)
		}
		info, err := solver.ByName(r.Solver)
		if err != nil {
			t.Fatal(err)
		}
		x := drift.NewBatch(r.N, 2)
		s := drift.Sampler{Process: m.Process, Denoiser: c.want, Solver: info.New(), Levels: levels, Noise: drift.NewNoise(r.Seed, "sample", 0)}
		if err := s.Sample(context.Background(), x); err != nil {
			t.Fatal(err)
		}
		want, got := scale.Restore(x).Data, sampled(t, m, r).Data
		for i := range got {
			if math.Abs(got[i]-want[i]) > 1e-9*(1+math.Abs(want[i])) {
				t.Errorf("%s: found %v, expected %v", name, got, want)
				break
			}
		}
		if name != "guided" && slices.Equal(got, plain) {
			t.Errorf("%s: changes nothing", name)
		}
	}
	r := base
	r.Clip, r.DynamicThreshold = []float64{12, 16}, 1 // the largest value is scaled into the range
	for _, v := range sampled(t, m, r).Data {
		if v < 12-1e-9 || v > 16+1e-9 {
			t.Errorf("dynamic threshold: found %v, expected 12 to 16", v)
		}
	}
	r = base
	r.Grid = "trailing"
	if slices.Equal(sampled(t, m, r).Data, plain) {
		t.Error("another grid: changes nothing")
	}
}

func TestBadGuidance(t *testing.T) {
	m := tinyModel(t, tiny(1))
	other := tiny(1)
	other.Samples = 200
	foreign := tinyModel(t, other)
	for says, spoil := range map[string]func(*Request){
		"grid":                  func(r *Request) { r.Grid = "even" },
		"interval from 2 to 1":  func(r *Request) { r.GuidanceFrom, r.GuidanceTo = 2, 1 },
		"interval from NaN":     func(r *Request) { r.GuidanceFrom = math.NaN() },
		"share of 1.5":          func(r *Request) { r.GuidanceRescale = 1.5 },
		"which is no guidance":  func(r *Request) { r.Guidance, r.GuidanceRescale = 1, 0.5 },
		"but weight 1":          func(r *Request) { r.Guidance, r.Worse = 1, m },
		"model of other data":   func(r *Request) { r.Worse = foreign },
		"clip: found [1 1]":     func(r *Request) { r.Clip = []float64{1, 1} },
		"clip: found [NaN 1]":   func(r *Request) { r.Clip = []float64{math.NaN(), 1} },
		"clip: found [0 +Inf]":  func(r *Request) { r.Clip = []float64{0, math.Inf(1)} },
		"dynamic threshold":     func(r *Request) { r.DynamicThreshold = 2 },
		"found no bounds":       func(r *Request) { r.DynamicThreshold = 0.9 },
		"expected 1 to 1000":    func(r *Request) { r.Grid, r.Steps = "leading", 2000 },
		"guidance: found -5000": func(r *Request) { r.Guidance = -5000 },
	} {
		r := DefaultRequest()
		r.N, r.Guidance = 2, 2
		spoil(&r)
		if _, err := m.Sample(context.Background(), r, nil); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("found error %v, expected one that says %q", err, says)
		}
	}
}
