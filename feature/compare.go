package feature

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"drift"
	"drift/metric"
)

// Comparison says how close generated pictures come to real ones on features, each metric
// beside what it would be between two sets of real pictures of the same size.
type Comparison struct {
	Features   string `json:"features"`         // what made them
	SHA256     string `json:"features_sha256"`  // only comparisons of one hash compare
	Dimensions int    `json:"dimensions"`       // of the features
	Samples    int    `json:"samples"`          // on each side of FID
	Pairwise   int    `json:"pairwise_samples"` // on each side of the five that follow FID
	Neighbours int    `json:"neighbours"`       // k of those from precision to coverage

	FID           *metric.Measure `json:"fid,omitempty"`
	KID           *metric.Measure `json:"kid,omitempty"`
	Precision     *metric.Measure `json:"precision,omitempty"` // share of generated pictures among the real ones
	Recall        *metric.Measure `json:"recall,omitempty"`    // share of real pictures among the generated ones
	Density       *metric.Measure `json:"density,omitempty"`
	Coverage      *metric.Measure `json:"coverage,omitempty"`
	ClassAccuracy *metric.Measure `json:"class_accuracy,omitempty"` // share recognised as the class they were asked for; floor: of real ones that the classifier never saw
	Copies        *metric.Measure `json:"copies,omitempty"`         // share nearer to a learned picture than 99 % of unseen ones; floor: of other unseen ones

	Warnings []string `json:"warnings"`
	Seconds  float64  `json:"seconds"`

	Realism []float64 `json:"-"` // of each generated picture, among the real ones; nil where those are too few or it was not asked for
	Nearest *Nearest  `json:"-"`
}

// Nearest is what Compare found of copies: the generated pictures that it looked at, and the
// learned ones nearest to each.
type Nearest struct {
	Generated, Learned *drift.Rows // pictures
	metric.CopyShare               // without a bound, only the neighbours are known
}

// Pictures are what Compare compares, in the units of the data set.
type Pictures struct {
	Generated *drift.Rows // of each class as many as among the real ones
	Learned   *drift.Rows // real pictures that the generator learned from, or all real ones
	Unseen    *drift.Rows // real pictures that it never saw; nil if there are none, or if that is not known
	Realism   bool        // whether Comparison.Realism is wanted
	Test      *drift.Rows // more that it never saw, to which alone distances are taken; nil to take them to the others
}

const (
	mostLearned  = 60_000 // real pictures whose features are taken, if they are no more than drift.MostFloats values
	mostFID      = 10_000 // samples on each side
	mostPairwise = 2_000  // samples on each side of metrics that look at all pairs
	mostBalls    = 4_000  // real samples that say how real generated ones are
	mostCopies   = 1_000  // samples whose nearest neighbours are looked for
	fidPairs     = 20     // pairs of real sets behind a floor
	pairs        = 10     // the same of metrics that look at all pairs
	neighbours   = 5      // k of precision, recall, density and coverage; and in pictures
	copyShare    = 0.01   // of unseen pictures that are taken for copies
	leastCopies  = 200    // unseen pictures; fewer have no such share
	fewSamples   = 200    // below, all metrics are too vague to mean anything
)

// Stage is told what is being done, and how far it has come.
type Stage func(what string, done, total int)

// Compare measures pictures by their features. What the seed decides is which real pictures
// stand on which side. stage may be nil.
func Compare(ctx context.Context, e Extractor, p Pictures, seed uint64, stage Stage) (*Comparison, error) {
	began := time.Now()
	if stage == nil {
		stage = func(string, int, int) {}
	}
	if p.Generated.N < 4 || p.Learned.N < 8 {
		return nil, fmt.Errorf("comparison: found %d generated and %d real pictures, expected at least 4 and 8", p.Generated.N, p.Learned.N)
	}
	most := drift.MostFloats / max(1, e.Dim())
	if p.Generated.N > most {
		return nil, fmt.Errorf("comparison: found %d generated pictures of %d features, expected at most %d", p.Generated.N, e.Dim(), most)
	}
	most = min(most, mostLearned)
	learned := evenly(p.Learned, most)
	generated, err := featuresOf(ctx, e, p.Generated, "features of generated pictures", stage)
	if err != nil {
		return nil, err
	}
	known, err := featuresOf(ctx, e, learned, "features of real pictures", stage)
	if err != nil {
		return nil, err
	}
	real, fresh := known, (*drift.Batch)(nil)
	if p.Unseen != nil && p.Unseen.N > 0 {
		if fresh, err = featuresOf(ctx, e, evenly(p.Unseen, most), "features of unseen pictures", stage); err != nil {
			return nil, err
		}
		real = joined(known, fresh)
	}
	if p.Test != nil {
		if p.Test.N < 8 {
			return nil, fmt.Errorf("comparison: found %d test pictures, expected at least 8", p.Test.N)
		}
		if real, err = featuresOf(ctx, e, evenly(p.Test, most), "features of test pictures", stage); err != nil {
			return nil, err
		}
		if fresh == nil {
			fresh = drift.NewBatch(0, real.Shape...)
		}
		fresh = joined(fresh, real)
	}
	c := &Comparison{Features: e.Name(), SHA256: e.Hash(), Dimensions: e.Dim(), Neighbours: neighbours, Warnings: []string{}}
	if err := c.measure(ctx, generated, real, seed, stage); err != nil {
		return nil, err
	}
	if p.Realism && real.N > neighbours {
		stage("how real each picture is", 0, 1)
		if c.Realism, err = metric.Realism(evenly(drift.RowsOf(real), mostBalls).Batch(), generated, neighbours); err != nil {
			return nil, err
		}
	}
	if err := c.findCopies(p.Generated, learned, generated, known, fresh, seed, stage); err != nil {
		return nil, err
	}
	c.warn(e)
	c.Seconds = time.Since(began).Seconds()
	return c, ctx.Err()
}

// findCopies looks for the learned pictures that lie nearest to generated ones, and says how
// many are taken for copies if enough unseen pictures show what is near.
func (c *Comparison) findCopies(pictures, learned *drift.Rows, generated, known, fresh *drift.Batch, seed uint64, stage Stage) (err error) {
	stage("looking for copies", 0, 1)
	few := chosen(generated, mostCopies, seed)
	c.Nearest = &Nearest{Generated: pictures.Pick(choice(generated.N, mostCopies, seed)), Learned: learned}
	if fresh == nil || fresh.N < leastCopies {
		c.Nearest.Nearest = metric.Nearest(few, known, neighbours)
		return nil
	}
	c.Nearest.CopyShare, err = metric.Copies(few, evenly(drift.RowsOf(fresh), 2*mostCopies).Batch(), known, copyShare, neighbours)
	c.Copies = metric.Beside(c.Nearest.Found, &c.Nearest.Floor)
	return err
}

// measure takes the distances between features, and between halves of the real ones.
func (c *Comparison) measure(ctx context.Context, generated, real *drift.Batch, seed uint64, stage Stage) error {
	c.Samples = min(mostFID, generated.N, real.N/2)
	c.Pairwise = min(mostPairwise, c.Samples)
	done, total := 0, fidFloorPairs(c.Dimensions)+2*pairs+3
	next := func() error {
		stage("comparing", done, total)
		done++
		return ctx.Err()
	}
	floor := func(n, pairs int, distance func(a, b *drift.Batch) float64) (metric.Estimate, error) {
		var err error
		e := metric.Floor(metric.Halves(drift.RowsOf(real), n, seed), pairs, func(a, b *drift.Batch) float64 {
			if err == nil {
				err = next()
			}
			if err != nil {
				return 0
			}
			return distance(a, b)
		})
		return e, err
	}
	if err := next(); err != nil {
		return err
	}
	half := metric.Halves(drift.RowsOf(real), c.Samples, seed)(0)
	fid := metric.FID(chosen(generated, c.Samples, seed), half)
	fidFloor, err := floor(c.Samples, fidFloorPairs(c.Dimensions), metric.FIDValue)
	if err != nil {
		return err
	}
	c.FID = metric.Beside(fid, &fidFloor)
	if c.Pairwise <= neighbours {
		return nil
	}
	some, half := chosen(generated, c.Pairwise, seed), metric.Halves(drift.RowsOf(real), c.Pairwise, seed)(0)
	if err := next(); err != nil {
		return err
	}
	kid := metric.KID(some, half)
	kidFloor, err := floor(c.Pairwise, pairs, func(a, b *drift.Batch) float64 { return metric.KID(a, b).Value })
	if err != nil {
		return err
	}
	c.KID = metric.Beside(kid, &kidFloor)
	return c.overlap(some, half, floor)
}

// overlap takes precision, recall, density and coverage.
func (c *Comparison) overlap(generated, real *drift.Batch, floor func(n, pairs int, distance func(a, b *drift.Batch) float64) (metric.Estimate, error)) error {
	found, err := metric.Overlap(real, generated, neighbours)
	if err != nil {
		return err
	}
	var each []metric.Manifolds // of pairs of real sets, as large as those that went well
	_, err = floor(c.Pairwise, pairs, func(a, b *drift.Batch) float64 {
		m, _ := metric.Overlap(a, b, neighbours)
		each = append(each, m)
		return 0
	})
	if err != nil {
		return err
	}
	beside := func(of func(m metric.Manifolds) metric.Estimate) *metric.Measure {
		values := make([]float64, len(each))
		for i, m := range each {
			values[i] = of(m).Value
		}
		low := metric.FloorOf(values)
		return metric.Beside(of(found), &low)
	}
	c.Precision = beside(func(m metric.Manifolds) metric.Estimate { return m.Precision })
	c.Recall = beside(func(m metric.Manifolds) metric.Estimate { return m.Recall })
	c.Density = beside(func(m metric.Manifolds) metric.Estimate { return m.Density })
	c.Coverage = beside(func(m metric.Manifolds) metric.Estimate { return m.Coverage })
	return nil
}

// warn says where numbers mean little.
func (c *Comparison) warn(e Extractor) {
	if known, ok := e.(*Classifier); ok && known.card.Steps == 0 {
		why := ""
		if known.none {
			why = ", as the data set has no classes to train a classifier on"
		}
		c.Warnings = append(c.Warnings, "features are those of random convolutions"+why+": they compare with nothing else; bring an extractor with --features FILE.onnx")
	}
	if c.Samples < fewSamples {
		c.Warnings = append(c.Warnings, fmt.Sprintf("%d pictures a side are too few for any of these metrics to mean much: expected at least %d", c.Samples, fewSamples))
	}
	if text := metric.FIDWarning(c.Samples, c.Dimensions); text != "" {
		c.Warnings = append(c.Warnings, text)
	}
}

// fidFloorPairs is how many pairs are behind the floor of FID: it takes time that grows as the cube
// of the dimension, some minutes in all for the 2,048 of Inception.
func fidFloorPairs(dim int) int { return max(4, min(fidPairs, int(3e9/float64(dim*dim*dim)))) }

// featuresOf takes features in parts, so that somebody can watch.
func featuresOf(ctx context.Context, e Extractor, x *drift.Rows, what string, stage Stage) (*drift.Batch, error) {
	all := drift.NewBatch(x.N, e.Dim())
	const part = 10 * tile
	for lo := 0; lo < x.N; lo += part {
		stage(what, lo, x.N)
		hi := min(lo+part, x.N)
		some, err := e.Features(ctx, x.Slice(lo, hi))
		if err != nil {
			return nil, err
		}
		copy(all.Slice(lo, hi).Data, some.Data)
	}
	stage(what, x.N, x.N)
	return all, nil
}

// evenly is at most n samples, spread over the whole length.
func evenly(x *drift.Rows, n int) *drift.Rows {
	if x.N <= n {
		return x
	}
	return x.Pick(drift.Evenly(x.N, n))
}

// choice is n of so many samples, or all, drawn by a seed: their order may be that of
// their classes, one after another or in turn.
func choice(of, n int, seed uint64) []int {
	order := metric.Shuffle(of, seed, math.MaxInt)[:min(n, of)] // not as the real ones are: those may belong together
	slices.Sort(order)
	return order
}

func chosen(x *drift.Batch, n int, seed uint64) *drift.Batch {
	return drift.RowsOf(x).Pick(choice(x.N, n, seed)).Batch()
}

// joined is the samples of both.
func joined(a, b *drift.Batch) *drift.Batch {
	both := drift.NewBatch(a.N+b.N, a.Shape...)
	copy(both.Slice(0, a.N).Data, a.Data)
	copy(both.Slice(a.N, both.N).Data, b.Data)
	return both
}

// Recognised is the share of pictures that a classifier takes for the class that each was asked
// for, beside the share of real pictures that it recognises without having learned them.
func (c *Classifier) Recognised(ctx context.Context, pictures *drift.Rows, asked []int) (*metric.Measure, error) {
	if len(asked) != pictures.N || pictures.N == 0 {
		return nil, fmt.Errorf("class accuracy: found %d classes for %d pictures, expected one for each", len(asked), pictures.N)
	}
	_, labels, err := c.Classify(ctx, pictures)
	if err != nil {
		return nil, err
	}
	right := 0
	for i, label := range labels {
		if label == asked[i] {
			right++
		}
	}
	floor := c.card.Accuracy()
	return metric.Beside(metric.Share(right, pictures.N), &floor), nil
}
