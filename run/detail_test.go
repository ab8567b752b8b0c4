package run

import (
	"context"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/metric"
)

// bare is a model of some data without a network, to be asked about other denoisers.
func bare(t *testing.T, process string, scale dataset.Scale) *Model {
	t.Helper()
	p, err := drift.ProcessByName(process)
	if err != nil {
		t.Fatal(err)
	}
	return &Model{Process: p, Manifest: Manifest{Data: Data{Scale: scale}}}
}

// The truth's own denoiser has the truth's log density in the user's units, to the
// 0.001 nats on average that the steps are good for and their spread.
func TestLogDensityIsInTheUsersUnits(t *testing.T) {
	set, err := dataset.Open("dogcat", dataset.Options{N: 2000})
	if err != nil {
		t.Fatal(err)
	}
	scale, err := dataset.Fit(set)
	if err != nil {
		t.Fatal(err)
	}
	x, _ := set.Truth.Draw(100, -1, 1, "test")
	for _, process := range []string{"vp", "flow"} {
		m := bare(t, process, scale)
		got, err := m.logDensity(context.Background(), set.Truth.Affine(scale.Mean, scale.Std).Denoiser(nil), x, flowEnd, 1)
		if err != nil {
			t.Fatal(err)
		}
		off := 0.0
		for i, v := range got {
			off += (v - set.Truth.LogDensity(x.Row(i), drift.Clean, -1)) / float64(len(got))
		}
		if math.Abs(off) > 0.003 {
			t.Errorf("%s: found the mean off by %v nats, expected less than 0.003", process, off)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	m := bare(t, "vp", scale)
	if _, err := m.logDensity(ctx, set.Truth.Denoiser(nil), x, flowEnd, 1); err == nil {
		t.Error("a cancelled context: found no error")
	}
}

// Values that are N(8, 3²) rounded to whole numbers take log₂(3·√(2πe)) bits each, to
// 1e-3 for so wide a hill (the sum of p·log p over unit steps is its integral, but for
// 1/(24·9)). The exact denoiser must say so within four standard errors of the mean:
// values are independent, and each -log₂ p has variance ½/ln²2. It must also say it of
// steps and scales other than 1.
func TestBitsOfRoundedNumbers(t *testing.T) {
	const n, side, std = 400, 2, 3
	for _, unit := range []float64{1, 1. / 255} {
		x, err := exact.NewMixture(exact.Isotropic(1, []float64{8 * unit, 8 * unit, 8 * unit, 8 * unit}, std*unit, 0))
		if err != nil {
			t.Fatal(err)
		}
		drawn, _ := x.Draw(n, -1, 1, "test")
		pictures := drift.NewBatch(n, side, side, 1)
		for i, v := range drawn.Data {
			pictures.Data[i] = math.Round(v/unit) * unit
		}
		step, whole := quantum(drift.RowsOf(pictures))
		if !whole || math.Abs(step/unit-1) > 1e-9 {
			t.Fatalf("found step %v, %v, expected %v", step, whole, unit)
		}
		m := bare(t, "edm", dataset.Scale{Mean: []float64{8 * unit}, Std: []float64{std * unit}})
		round, err := exact.NewMixture(exact.Isotropic(1, make([]float64, side*side), 1, 0))
		if err != nil {
			t.Fatal(err)
		}
		found, err := m.bits(context.Background(), round.Denoiser(nil), pictures, step, 1)
		if err != nil {
			t.Fatal(err)
		}
		want := math.Log2(std * math.Sqrt(2*math.Pi*math.E))
		if off := math.Abs(found.Value - want); off > 4*math.Sqrt(0.5/(n*side*side))/math.Ln2+0.01 {
			t.Errorf("unit %v: found %v bits, expected %v", unit, found, want)
		}
	}
}

func TestQuantum(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		step   float64
	}{
		"whole":       {[]float64{3, 0, 16, 2, 7, 3}, 1},
		"twos":        {[]float64{4, 0, 16, 2, 8}, 2},
		"fractions":   {[]float64{0.1, 0.3, 0.7, 0.2}, 0.1},
		"continuous":  {[]float64{0, 1, math.Pi, math.E, math.Sqrt2}, 0},
		"all equal":   {[]float64{5, 5, 5}, 0},
		"far between": {[]float64{0, 1e-9, 1}, 0},
	} {
		step, whole := quantum(drift.RowsOf(&drift.Batch{Data: c.values, N: len(c.values), Shape: []int{1}}))
		if whole != (c.step > 0) || whole && math.Abs(step-c.step) > 1e-9 {
			t.Errorf("%s: found %v, %v, expected %v", name, step, whole, c.step)
		}
	}
}

// Parts are those that training split off: what it learned is known again, and other
// data are told apart.
func TestPartsAreThoseOfTraining(t *testing.T) {
	for _, c := range []Config{tiny(1), {Dataset: "digits", Samples: 200, Holdout: 0.1, Seed: 4}} {
		set, err := c.OpenSet()
		if err != nil {
			t.Fatal(err)
		}
		learnt, held, data, err := prepare(c, set)
		if err != nil {
			t.Fatal(err)
		}
		m := &Model{Manifest: Manifest{Seed: c.Seed, Data: data}}
		a, b, err := m.parts(set)
		if err != nil {
			t.Fatal(err)
		}
		x, _ := learnt.First(learnt.Len())
		y, _ := held.First(held.Len())
		if !slices.Equal(data.Scale.Standardise(a.X.Batch()).Data, x.Data) || !slices.Equal(data.Scale.Standardise(b.X.Batch()).Data, y.Data) {
			t.Errorf("%s: found other parts than training had", c.Dataset)
		}
		other := set.X.Batch().Clone()
		other.Data[0]++
		set.X = drift.RowsOf(other)
		if a, b, err := m.parts(set); a != nil || b != nil || err != nil {
			t.Errorf("%s: other data: found %d samples learned and %d unseen, error %v", c.Dataset, a.X.N, b.X.N, err)
		}
	}
}

// Hills are due what they have of samples whose classes take turns.
func TestDues(t *testing.T) {
	m, err := exact.NewMixture(
		exact.Isotropic(6, []float64{0}, 1, 0), exact.Isotropic(2, []float64{9}, 1, 0), exact.Isotropic(1, []float64{20}, 1, 1))
	if err != nil {
		t.Fatal(err)
	}
	for classes, want := range map[int][]float64{0: {6. / 9, 2. / 9, 1. / 9}, 2: {0.75, 0.25, 1}} {
		for k, v := range dues(m, classes) {
			if math.Abs(v-want[k]) > 1e-12 {
				t.Errorf("%d classes: found %v, expected %v", classes, dues(m, classes), want)
				break
			}
		}
	}
}

// A report of points with a truth, of points without and of pictures holds what can be
// known of each, as numbers that JSON can carry, with ranges around them.
func TestDetails(t *testing.T) {
	always := []string{"mmd", "energy_distance", "two_sample_accuracy", "nearest_neighbour_share"}
	for name, keys := range map[string][]string{
		"dogcat":       append([]string{"log_likelihood", "log_likelihood_gap", "mode_coverage", "mean_log_density"}, always...),
		"checkerboard": append([]string{"log_likelihood"}, always...),
		"digits":       append([]string{"bits_per_dimension"}, always...),
	} {
		c := tiny(20)
		c.Dataset, c.Holdout, c.Samples = name, 0.2, 150
		m := tinyModel(t, c)
		set, err := c.OpenSet()
		if err != nil {
			t.Fatal(err)
		}
		r := DefaultRequest()
		r.N, r.Steps = 8, 4
		report, samples, err := m.Evaluate(context.Background(), set, r, nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Detail(context.Background(), report, set, samples, r.Seed); err != nil {
			t.Fatal(err)
		}
		line, err := json.Marshal(report)
		if err != nil {
			t.Fatal(err)
		}
		var found map[string]json.RawMessage
		if err := json.Unmarshal(line, &found); err != nil {
			t.Fatal(err)
		}
		for _, key := range keys {
			var v metric.Measure
			if err := json.Unmarshal(found[key], &v); err != nil || !(v.Low <= v.Value && v.Value <= v.High) {
				t.Errorf("%s: %s: found %s (%v), expected a value within its range", name, key, found[key], err)
			}
			if f := v.Floor; f != nil && !(f.Low <= f.Value && f.Value <= f.High) {
				t.Errorf("%s: %s: found floor %v, expected a value within its range", name, key, f)
			}
		}
		if report.Memorisation == nil || (report.Memorisation.ToTruth != nil) != (name == "dogcat") {
			t.Errorf("%s: memorisation: found %s", name, found["memorisation"])
		}
		if (report.DroppedModes != nil) != (name == "dogcat") || (report.BitsPerDimension != nil) != (name == "digits") {
			t.Errorf("%s: found what cannot be known, or not what can: %s", name, line)
		}
		var again Report
		if err := json.Unmarshal(line, &again); err != nil || again.MMD == nil || *again.MMD.Floor != *report.MMD.Floor {
			t.Errorf("%s: a report does not read back (%v)", name, err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		if err := m.Detail(ctx, report, set, samples, r.Seed); err == nil {
			t.Errorf("%s: a cancelled context: found no error", name)
		}
		if name == "dogcat" {
			continue
		}
		other := set.X.Batch().Clone() // another data set: what was learned is not known
		other.Data[0]++
		set.X = drift.RowsOf(other)
		if len(report.Warnings) != 0 {
			t.Errorf("%s: found warnings %q for what the run learned, expected none", name, report.Warnings)
		}
		if report, samples, err = m.Evaluate(context.Background(), set, r, nil); err != nil {
			t.Fatal(err)
		}
		if w := report.Warnings; len(w) != 1 || !strings.Contains(w[0], "other samples than the run learned") {
			t.Errorf("%s: other data: found warnings %q, expected one that says so", name, w)
		}
		if err := m.Detail(context.Background(), report, set, samples, r.Seed); err != nil || report.Memorisation != nil {
			t.Errorf("%s: other data: found memorisation %v, error %v", name, report.Memorisation, err)
		}
	}
}

// Nothing held back and no truth: likelihoods have no unseen samples to measure.
func TestDetailsWithoutUnseenSamples(t *testing.T) {
	c := tiny(2)
	c.Dataset, c.Holdout = "checkerboard", 0
	m := tinyModel(t, c)
	set, err := c.OpenSet()
	if err != nil {
		t.Fatal(err)
	}
	r := DefaultRequest()
	r.N, r.Steps = 40, 2
	report, samples, err := m.Evaluate(context.Background(), set, r, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := m.Detail(context.Background(), report, set, samples, 0); err != nil || report.LogLikelihood != nil || report.Memorisation != nil || report.MMD == nil {
		t.Errorf("found %+v, error %v, expected distances alone", report.Details, err)
	}
}
