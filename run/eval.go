package run

import (
	"context"
	"fmt"
	"time"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/feature"
	"drift/metric"
)

// Report is how close a run came, each metric beside what it would be for perfect
// samples: its floor.
type Report struct {
	Run                   string       `json:"run"`
	Samples               int          `json:"samples"`                       // generated, over all classes
	Classes               []string     `json:"classes,omitempty"`             // of the three that follow
	ClassAccuracy         *float64     `json:"class_accuracy,omitempty"`      // share of samples nearer to their own class's centre than to others', or of the class of the nearest real sample where the truth is not known
	ClassAccuracyReal     *float64     `json:"class_accuracy_real,omitempty"` // the same of real samples that are not among those
	ClassMean             [][]float64  `json:"class_mean,omitempty"`          // points only, in the user's units
	ClassStd              [][]float64  `json:"class_std,omitempty"`
	SlicedWasserstein     float64      `json:"sliced_wasserstein"`
	SlicedWassersteinReal float64      `json:"sliced_wasserstein_floor"`      // mean over 20 pairs of fresh real draws
	SlicedWassersteinLow  float64      `json:"sliced_wasserstein_floor_low"`  // 95 % of perfect samples come to lie from here
	SlicedWassersteinHigh float64      `json:"sliced_wasserstein_floor_high"` // to here
	Denoiser              *ErrorReport `json:"denoiser_error,omitempty"`      // where the truth is known
	Score                 *ErrorReport `json:"score_error,omitempty"`
	*Details                           // what [Model.Detail] adds

	Features *feature.Comparison `json:"features,omitempty"` // what [Model.Compare] adds
	Warnings []string            `json:"warnings,omitempty"` // why the data set may not be the measure of the run
	Seconds  float64             `json:"seconds"`
	Files    []string            `json:"files"`
}

// ErrorReport is an error of the conditional and of the unconditional denoiser.
type ErrorReport struct {
	Conditional   *float64 `json:"conditional,omitempty"` // absent in a run without classes
	Unconditional float64  `json:"unconditional"`
}

const (
	projections = 1000 // of sliced Wasserstein
	floorPairs  = 20
	largestSide = 2000 // samples on each side of a distance
	errorDraws  = 2000 // clean samples behind the denoiser error
)

// Evaluate samples n of each class (or n in all) and measures them against the
// data set, which the run's config names or the caller brings; where that is not what the run
// learned, a warning says so. A run with an upscaling makes them of the data set's own
// pictures, unless the request has small ones, each of which is then made of every class. It
// is quick; Detail measures more.
func (m *Model) Evaluate(ctx context.Context, set *dataset.Set, r Request, watch Watch) (*Report, *Samples, error) {
	began := time.Now()
	if err := m.fits(set); err != nil {
		return nil, nil, err
	}
	classes := len(m.Manifest.Data.Classes)
	if classes > 0 {
		if r.N < 1 || r.N > MaxSamples/classes {
			return nil, nil, fmt.Errorf("n: found %d a class, expected at least 1 and at most %d in all", r.N, MaxSamples)
		}
		r.N *= classes
	}
	if _, _, err := m.plan(r); err != nil { // before anything takes memory for so many
		return nil, nil, err
	}
	if classes > 0 {
		r.Labels = make([]int, r.N)
		for i := range r.Labels {
			r.Labels[i] = i % classes // classes take turns, so that every prefix is stratified
		}
		r.Small = r.ofEach(classes)
	}
	known, err := m.asked(set, r)
	if err != nil {
		return nil, nil, err
	}
	s, err := m.eachGiven(r, known, fromNoise(ctx, watch))
	if err != nil {
		return nil, nil, err
	}
	report := &Report{Samples: s.X.N, Warnings: m.doubts(set), Files: []string{}}
	if classes > 0 {
		m.measureClasses(report, set, s)
	}
	if err := measureDistance(report, reality{set, r.Seed}, s); err != nil {
		return nil, nil, err
	}
	if set.Truth != nil && m.Manifest.Data.Upscale == 0 { // the truth's denoiser knows of no pictures
		if err := m.measureDenoiser(report, set.Truth, r.Seed); err != nil {
			return nil, nil, err
		}
	}
	report.Seconds = time.Since(began).Seconds()
	return report, s, nil
}

// fits checks that a data set is of the kind that the run learnt.
func (m *Model) fits(set *dataset.Set) error {
	d := m.Manifest.Data
	if set.X.Dim() != (&drift.Batch{Shape: d.Shape}).Dim() || len(set.Classes) != len(d.Classes) {
		return fmt.Errorf("data set %s: found samples of shape %v in %d classes, expected %v in %d as the run learnt",
			set.Name, set.X.Shape, len(set.Classes), d.Shape, len(d.Classes))
	}
	return nil
}

// doubts say that a data set is not the one that the run learned, and what is not measured then.
func (m *Model) doubts(set *dataset.Set) []string {
	const lacking = "distances are to these, and what needs to know what was learned is left out, such as the memorised share"
	switch was, is := m.Manifest.Data.SHA256, set.SHA256(); {
	case was == is:
		return nil
	case was == "":
		return []string{fmt.Sprintf("data set %s: the run does not know what it learned; %s", set.Name, lacking)}
	default:
		return []string{fmt.Sprintf("data set %s: found other samples than the run learned (SHA-256 %.12s…, expected %.12s…); %s", set.Name, is, was, lacking)}
	}
}

// measureDistance is sliced Wasserstein to real samples with the same share of
// each class, beside its floor.
func measureDistance(report *Report, real reality, s *Samples) error {
	n := real.side(s, largestSide)
	if n < 2 {
		return fmt.Errorf("evaluation: found %d samples with classes as in the data to compare, expected at least 2: make more", n)
	}
	distance := func(a, b *drift.Batch) float64 { return metric.SlicedWasserstein(a, b, projections, real.seed) }
	report.SlicedWasserstein = distance(real.like(s, n), real.fresh(n))
	floor := metric.Floor(real.draws(n), floorPairs, distance)
	report.SlicedWassersteinReal, report.SlicedWassersteinLow, report.SlicedWassersteinHigh = floor.Value, floor.Low, floor.High
	return nil
}

// measureDenoiser compares the network with the exact denoiser of the truth.
func (m *Model) measureDenoiser(report *Report, truth *exact.Mixture, seed uint64) error {
	scale := m.Manifest.Data.Scale
	known := truth.Affine(scale.Mean, scale.Std)
	clean, labels := known.Draw(errorDraws, -1, seed, "evaluation")
	levels := metric.ErrorLevels(m.Process)
	denoiser, score := &ErrorReport{}, &ErrorReport{}
	if len(m.Manifest.Data.Classes) > 0 {
		d, s, _, err := metric.DenoiserError(m.Denoiser(labels), known.Denoiser(labels), clean, levels, seed)
		if err != nil {
			return err
		}
		denoiser.Conditional, score.Conditional = &d, &s
	}
	var err error
	denoiser.Unconditional, score.Unconditional, _, err = metric.DenoiserError(m.Denoiser(nil), known.Denoiser(nil), clean, levels, seed)
	report.Denoiser, report.Score = denoiser, score
	return err
}

func pointer[T any](v T) *T { return &v }
