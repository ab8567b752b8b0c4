package run

import (
	"context"
	"fmt"
	"time"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/metric"
)

// Report is how close a run came, each metric beside what it would be for perfect
// samples: its floor.
type Report struct {
	Run                   string       `json:"run"`
	Samples               int          `json:"samples"`                       // generated, over all classes
	Classes               []string     `json:"classes,omitempty"`             // of the three that follow
	ClassAccuracy         *float64     `json:"class_accuracy,omitempty"`      // share of samples recognised as the class they were asked for
	ClassAccuracyReal     *float64     `json:"class_accuracy_real,omitempty"` // the same of real samples
	ClassMean             [][]float64  `json:"class_mean,omitempty"`          // points only, in the user's units
	ClassStd              [][]float64  `json:"class_std,omitempty"`
	SlicedWasserstein     float64      `json:"sliced_wasserstein"`
	SlicedWassersteinReal float64      `json:"sliced_wasserstein_floor"` // mean over 20 pairs of fresh real draws
	Denoiser              *ErrorReport `json:"denoiser_error,omitempty"` // where the truth is known
	Score                 *ErrorReport `json:"score_error,omitempty"`
	Seconds               float64      `json:"seconds"`
	Files                 []string     `json:"files"`
}

// ErrorReport is an error of the conditional and of the unconditional denoiser.
type ErrorReport struct {
	Conditional   *float64 `json:"conditional,omitempty"` // absent in a run without classes
	Unconditional float64  `json:"unconditional"`
}

const (
	projections = 1000 // of sliced Wasserstein
	floorPairs  = 20
	largestSide = 2000 // samples on each side of sliced Wasserstein
	errorDraws  = 2000 // clean samples behind the denoiser error
)

// Evaluate samples n of each class (or n in all) and measures them against the
// data set, which the run's config names or the caller brings.
func (m *Model) Evaluate(ctx context.Context, set *dataset.Set, r Request, watch Watch) (*Report, *Samples, error) {
	began := time.Now()
	if err := m.fits(set); err != nil {
		return nil, nil, err
	}
	classes := len(m.Manifest.Data.Classes)
	if classes > 0 {
		if r.N > MaxSamples/classes {
			return nil, nil, fmt.Errorf("n: found %d a class, expected at most %d in all", r.N, MaxSamples)
		}
		r.Labels = make([]int, r.N*classes)
		for i := range r.Labels {
			r.Labels[i] = i % classes // classes take turns, so that every prefix is stratified
		}
		r.N = len(r.Labels)
	}
	s, err := m.Sample(ctx, r, watch)
	if err != nil {
		return nil, nil, err
	}
	report := &Report{Samples: s.X.N, Files: []string{}}
	if classes > 0 {
		m.measureClasses(report, set, s)
	}
	if err := m.measureDistance(report, set, s, r.Seed); err != nil {
		return nil, nil, err
	}
	if set.Truth != nil {
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

// measureClasses says whether samples are what they were asked to be: nearer to
// the centre of their own hill where the hills are known, else by the class of the
// nearest real sample.
func (m *Model) measureClasses(report *Report, set *dataset.Set, s *Samples) {
	d := m.Manifest.Data
	report.Classes = d.Classes
	if !d.Image() {
		report.ClassMean, report.ClassStd = metric.ClassMoments(s.X, s.Labels, len(d.Classes))
	}
	if set.Truth != nil {
		var centres [][]float64
		for c := range d.Classes {
			mean, _ := set.Truth.Moments(drift.Clean, c)
			centres = append(centres, mean)
		}
		report.ClassAccuracy = pointer(metric.ClassAccuracy(s.X, s.Labels, centres))
		x, labels := stratified(set.Truth, s.X.N, len(d.Classes), 0)
		report.ClassAccuracyReal = pointer(metric.ClassAccuracy(x, labels, centres))
		return
	}
	known, held, err := set.Split(0.2, 1)
	if err != nil || held == nil {
		return
	}
	report.ClassAccuracy = pointer(nearestAccuracy(known, s.X, s.Labels))
	report.ClassAccuracyReal = pointer(nearestAccuracy(known, held.X, held.Labels))
}

// measureDistance is sliced Wasserstein to real samples with the same share of
// each class, beside its floor.
func (m *Model) measureDistance(report *Report, set *dataset.Set, s *Samples, seed uint64) error {
	n := min(largestSide, s.X.N, set.X.N/2)
	if n < 2 {
		return fmt.Errorf("evaluation: found %d samples to compare, expected at least 2", n)
	}
	classes := len(set.Classes)
	draw := func(i int) *drift.Batch { // real samples, fresh for every i
		if set.Truth != nil {
			x, _ := stratified(set.Truth, n, classes, seed+uint64(i)+1)
			return x
		}
		return part(set, n, seed, i)
	}
	if set.Truth == nil {
		// Real data need not have equal classes; draw the generated side likewise.
		report.SlicedWasserstein = metric.SlicedWasserstein(pick(set, s, n, seed), draw(0), projections, seed)
	} else {
		report.SlicedWasserstein = metric.SlicedWasserstein(s.X.Slice(0, n), draw(2*floorPairs), projections, seed)
	}
	report.SlicedWassersteinReal = metric.SlicedWassersteinFloor(draw, floorPairs, projections, seed)
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

// stratified draws n samples of the truth in which classes take turns.
func stratified(truth *exact.Mixture, n, classes int, seed uint64) (*drift.Batch, []int) {
	if classes < 2 {
		x, labels := truth.Draw(n, -1, seed, "evaluation real")
		return x, labels
	}
	out := drift.NewBatch(n, truth.Dim())
	labels := make([]int, n)
	for c := range classes {
		x, _ := truth.Draw((n-c+classes-1)/classes, c, seed, fmt.Sprintf("evaluation real %d", c))
		for i := range x.N {
			copy(out.Row(i*classes+c), x.Row(i))
			labels[i*classes+c] = c
		}
	}
	return out, labels
}

// part is n real samples: the halves of shuffle i/2, so that parts 2k and 2k+1
// share none.
func part(set *dataset.Set, n int, seed uint64, i int) *drift.Batch {
	order := drift.Rand(seed, "evaluation shuffle", uint64(i/2)).Perm(set.X.N)
	out := drift.NewBatch(n, set.X.Shape...)
	for k := range n {
		copy(out.Row(k), set.X.Row(order[(i%2)*n+k]))
	}
	return out
}

// pick is n generated samples whose classes occur as often as in the data.
func pick(set *dataset.Set, s *Samples, n int, seed uint64) *drift.Batch {
	if s.Labels == nil {
		return s.X.Slice(0, n)
	}
	order := drift.Rand(seed, "evaluation shuffle", 0).Perm(set.X.N)
	next := make([]int, len(set.Classes)) // where to look for the next sample of each class
	out := drift.NewBatch(n, s.X.Shape...)
	for k := range n {
		c := set.Labels[order[k]]
		for i := 0; s.Labels[next[c]] != c && i < s.X.N; i++ {
			next[c] = (next[c] + 1) % s.X.N
		}
		copy(out.Row(k), s.X.Row(next[c]))
		next[c] = (next[c] + 1) % s.X.N
	}
	return out
}

// nearestAccuracy is the share of x whose nearest real sample has their label.
func nearestAccuracy(known *dataset.Set, x *drift.Batch, labels []int) float64 {
	var right int
	for i := range x.N {
		best, nearest := 0, -1.0
		for j := range known.X.N {
			var d float64
			row := known.X.Row(j)
			for k, v := range x.Row(i) {
				if d += (v - row[k]) * (v - row[k]); nearest >= 0 && d >= nearest {
					break
				}
			}
			if nearest < 0 || d < nearest {
				best, nearest = j, d
			}
		}
		if known.Labels[best] == labels[i] {
			right++
		}
	}
	return float64(right) / float64(x.N)
}

func pointer[T any](v T) *T { return &v }
