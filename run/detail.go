package run

import (
	"context"
	"fmt"
	"time"

	"drift"
	"drift/dataset"
	"drift/metric"
)

// Details are measures beyond those of [Model.Evaluate]; what cannot be known of a run
// or its data set is absent. docs/theory.md says what each one is.
type Details struct {
	LogLikelihood    *metric.Measure `json:"log_likelihood,omitempty"`     // points: mean log density of unseen real samples under the model, given their class, in nats of the user's units; floor: under the truth
	LogLikelihoodGap *metric.Measure `json:"log_likelihood_gap,omitempty"` // the truth's less the model's for the same samples, in nats: KL(truth | model)
	BitsPerDimension *metric.Measure `json:"bits_per_dimension,omitempty"` // pictures of whole steps: at most so many for unseen ones; floor: for those that were learned
	MMD              *metric.Measure `json:"mmd,omitempty"`                // squared, Gaussian kernel with the median distance of real samples
	Energy           *metric.Measure `json:"energy_distance,omitempty"`
	TwoSample        *metric.Measure `json:"two_sample_accuracy,omitempty"` // generated from real, told by nearest neighbours
	TwoSampleP       *float64        `json:"two_sample_p,omitempty"`        // small if they can be told apart
	ModeCoverage     *metric.Measure `json:"mode_coverage,omitempty"`       // share of samples on a hill of the truth, within 99 % of it; floor: of real samples
	DroppedModes     *Dropped        `json:"dropped_modes,omitempty"`
	MeanLogDensity   *metric.Measure `json:"mean_log_density,omitempty"` // of samples under the truth given their class, in nats; floor: of real samples
	Memorisation     *Memory         `json:"memorisation,omitempty"`
	NearestShare     *metric.Measure `json:"nearest_neighbour_share,omitempty"` // metric.Copying: ½ for new samples, 1 for copies
	DetailSeconds    float64         `json:"detail_seconds"`
}

// Dropped are the hills of the truth that hold less than a tenth of their due.
type Dropped struct {
	Count     int     `json:"count"`
	Hills     []int   `json:"hills"`     // their numbers, from 0
	Of        int     `json:"of"`        // hills that there are
	Floor     float64 `json:"floor"`     // how many perfect samples would drop by chance
	Variation float64 `json:"variation"` // ½·Σ|share - due| over the hills
}

// Memory says how far the network, asked without a class, has learned its data by heart.
type Memory struct {
	Share   metric.Measure `json:"share"`             // metric.Memorisation: 0 for one that knows the source alone, 1 for the data by heart; floor: the truth's
	ToData  metric.Measure `json:"distance_to_data"`  // from the exact denoiser of the data, in units of what that leaves unknown of unseen samples; floor: the truth's
	ToTruth *float64       `json:"distance_to_truth"` // from the exact denoiser of the truth in units of what that leaves unknown; null where the truth is not known
	Seen    int            `json:"seen"`              // samples behind the estimate, and as many unseen
	Learned int            `json:"learned"`           // points that the run learned
}

// Detail adds to a report what takes longer than Evaluate: likelihoods, kernel
// distances, a two-sample test, hills, and how much the run has learned by heart. seed is
// that of the request behind the samples.
func (m *Model) Detail(ctx context.Context, report *Report, set *dataset.Set, s *Samples, seed uint64) error {
	began := time.Now()
	if err := m.fits(set); err != nil {
		return err
	}
	known, unseen, err := m.parts(set)
	if err != nil {
		return err
	}
	d, real := &Details{}, reality{set, seed}
	for _, measure := range []func() error{
		func() error { return m.measureLikelihood(ctx, d, set, known, unseen, seed) },
		func() error { return measureKernels(d, real, s) },
		func() error { return measureTruth(d, real, s) },
		func() error { return m.measureMemory(ctx, d, set, known, unseen, s, seed) },
	} {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := measure(); err != nil {
			return fmt.Errorf("evaluation: %w", err)
		}
	}
	d.DetailSeconds = time.Since(began).Seconds()
	report.Details = d
	report.Seconds += d.DetailSeconds
	return nil
}

// parts splits a data set as training did: samples that the run learned, and samples
// that it has never seen. Both are nil if the set is not the one that the run learned
// from, and unseen if training held nothing back.
func (m *Model) parts(set *dataset.Set) (learned, unseen *dataset.Set, err error) {
	switch share, same := m.heldOut(set); {
	case !same:
		return nil, nil, nil
	case share == 0:
		return set, nil, nil
	default:
		return set.Split(share, m.Manifest.Seed)
	}
}

// heldOut is the share of a data set that training held back, 0 where it is not the same
// as the one that the run learned from.
func (m *Model) heldOut(set *dataset.Set) (share float64, same bool) {
	d := m.Manifest.Data
	if d.SHA256 != set.SHA256() || d.Count < 1 || d.Count > set.X.N {
		return 0, false
	}
	return float64(set.X.N-d.Count) / float64(set.X.N), true
}

// spread is n samples of a set from its whole length, with their labels.
func spread(set *dataset.Set, n int) (*drift.Batch, []int) {
	few := set.Spread(n)
	return few.X.Batch(), few.Labels
}

// unseenSamples are at most n samples that the run has not learned, with their labels:
// fresh from the truth, or held back in training; nil if there are none.
func unseenSamples(set, held *dataset.Set, n int, seed uint64) (*drift.Batch, []int) {
	switch {
	case set.Truth != nil:
		x, labels := set.Truth.Draw(n, -1, seed, "evaluation unseen")
		if len(set.Classes) == 0 {
			labels = nil
		}
		return x, labels
	case held == nil:
		return nil, nil
	}
	return spread(held, n)
}
