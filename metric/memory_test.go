package metric_test

import (
	"math"
	"strings"
	"testing"

	"drift"
	"drift/exact"
	"drift/metric"
)

// source is a mixture, some of its samples to be learned by heart, and others.
func source(t *testing.T, n int) (truth *exact.Mixture, data *exact.Data, seen, unseen *drift.Batch) {
	t.Helper()
	truth, err := exact.NewMixture(
		exact.Isotropic(1, []float64{-1, 0, 0, 0}, 0.5, 0),
		exact.Isotropic(1, []float64{1, 0, 0, 0}, 0.5, 0),
	)
	if err != nil {
		t.Fatal(err)
	}
	seen, _ = truth.Draw(n, -1, 1, "seen")
	unseen, _ = truth.Draw(n, -1, 1, "unseen")
	if data, err = exact.NewData(seen, nil); err != nil {
		t.Fatal(err)
	}
	return truth, data, seen, unseen
}

// TestMemorisation judges the two extremes and what lies between. The data's own
// denoiser has memorised all of it. The truth has memorised nothing: its gap is the
// difference of two means of n losses, which is chance alone. Halfway, at D_true +
// c·(D_data - D_true) with c = ½, the share is between c² and c: where noise is low,
// D_data is off by far more on unseen data than D_true ever is, and the gap is
// c²·E|D_data - D_true|²; where it is high, |D_data - D_true| is the same seen and
// unseen, and what is left is 2c times its correlation with x_0 on seen data.
func TestMemorisation(t *testing.T) {
	truth, data, seen, unseen := source(t, 500)
	levels := metric.ErrorLevels(drift.Processes()[0])
	measure := func(d drift.Denoiser) metric.Memory {
		m, err := metric.Memorisation(d, data.Denoiser(nil), seen, unseen, levels, 3)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	if m := measure(data.Denoiser(nil)); m.Share.Value != 1 || m.Distance.Value != 0 || len(m.PerLevel) != len(levels) {
		t.Errorf("the data by heart: found share %v at distance %v, expected 1 at 0", m.Share, m.Distance)
	}
	known := measure(truth.Denoiser(nil))
	if !(math.Abs(known.Share.Value) <= 0.1) || known.Distance.Value < 0.1 {
		t.Errorf("the truth: found share %v at distance %v, expected about 0, far away", known.Share, known.Distance)
	}
	half := measure(halfway(data.Denoiser(nil), truth.Denoiser(nil)))
	if !(half.Share.Value > 0.24 && half.Share.Value < 0.51) {
		t.Errorf("halfway: found share %v, expected 0.25 to 0.5", half.Share)
	}
	// Distance is quadratic, so halfway is a quarter, exactly.
	if !(math.Abs(half.Distance.Value-known.Distance.Value/4) <= 1e-9) {
		t.Errorf("halfway: found distance %v, expected a quarter of %v", half.Distance, known.Distance)
	}
	// Against the sum that the doc comment states, with the losses taken from DenoiserError:
	// its error of D_data against the truth is E|D_data - D|²/E|x_0 - D|² = r, and by
	// orthogonality E|x_0 - D_data|² = (1 + r)·E|x_0 - D|², so the distance is r/(1 + r).
	_, _, per, err := metric.DenoiserError(data.Denoiser(nil), truth.Denoiser(nil), unseen, levels, 3)
	if err != nil {
		t.Fatal(err)
	}
	for i, e := range per {
		want := e.Denoiser / (1 + e.Denoiser)
		if got := known.PerLevel[i].Distance; !(math.Abs(got-want) <= 0.15*want+0.02) {
			t.Errorf("at %v: found distance %v, expected %v", e.Level, got, want)
		}
	}
}

func halfway(a, b drift.Denoiser) drift.Denoiser { return drift.Guided(a, b, 0.5) }

func TestMemorisationRefuses(t *testing.T) {
	_, data, seen, unseen := source(t, 10)
	levels := metric.ErrorLevels(drift.Processes()[0])
	d := data.Denoiser(nil)
	for want, call := range map[string]func() (metric.Memory, error){
		"expected 10×[4]":         func() (metric.Memory, error) { return metric.Memorisation(d, d, seen.Slice(0, 5), unseen, levels, 0) },
		"10 samples and 0 levels": func() (metric.Memory, error) { return metric.Memorisation(d, d, seen, unseen, nil, 0) },
		"found 1 labels": func() (metric.Memory, error) {
			return metric.Memorisation(data.Denoiser([]int{0}), d, seen, unseen, levels, 0)
		},
		"expected Sigma > 0": func() (metric.Memory, error) {
			return metric.Memorisation(d, d, seen, unseen, []drift.Level{drift.Clean}, 0)
		},
		"memorisation: seen and u": func() (metric.Memory, error) {
			return metric.Memorisation(d, d, seen, drift.NewBatch(10, 3), levels, 0)
		},
	} {
		if _, err := call(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected one that says %q", err, want)
		}
	}
}
