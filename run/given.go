package run

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"drift"
	"drift/internal/near"
	"drift/nn"
	"drift/train"
)

// condition is what the samples of a request are to be.
func (m *Model) condition(r Request) (c nn.Condition, err error) {
	if r.N < 1 || r.N > MaxSamples {
		return c, fmt.Errorf("n: found %d, expected 1 to %d", r.N, MaxSamples)
	}
	if c.Labels, err = m.labels(r); err != nil {
		return c, err
	}
	if len(r.Given) > 0 && !r.classed() && !m.together() {
		c.Labels = nil // drawn, they might not go with the numbers
	}
	if c.Vectors, err = m.given(r); err != nil {
		return c, err
	}
	c.Pictures, err = m.enlarged(r)
	return c, err
}

// classed says whether a request names classes.
func (r Request) classed() bool { return r.Class != "" || r.EachClass > 0 || r.Labels != nil }

// together says whether the network learnt classes and numbers only together, as runs did
// from before train.drop_apart: what it makes of one without the other is chance.
func (m *Model) together() bool {
	return m.Manifest.Data.both() && !m.Manifest.Apart
}

// Doubts are what to know of a request that the model answers, but not well.
func (m *Model) Doubts(r Request) []string {
	given := len(r.Given) > 0
	classless := r.Labels != nil && !slices.ContainsFunc(r.Labels, func(c int) bool { return c >= 0 })
	if !m.together() || given != classless {
		return nil
	}
	has, lacks := "a class", "numbers"
	if given {
		has, lacks = lacks, has
	}
	return []string{fmt.Sprintf("the run learnt classes and numbers only together, and is asked for %s without %s, of which it makes anything: name both, or train a run --from this one, which learns them apart too", has, lacks)}
}

// given is the standardised numbers of every sample of a request, behind which stand
// zeros for changes that were not made. It is nil where no numbers are asked for.
func (m *Model) given(r Request) (*drift.Batch, error) {
	d := m.Manifest.Data
	if len(r.Given) == 0 {
		return nil, nil
	}
	if d.Numbers == nil {
		return nil, fmt.Errorf("given: found %v, expected none: the run has no numbers to be asked for", r.Given)
	}
	row := make([]float64, d.Signature().Vector) // 0 is the mean
	for _, name := range slices.Sorted(maps.Keys(r.Given)) {
		i, v := slices.Index(d.Numbers.Columns, name), r.Given[name]
		if i < 0 {
			return nil, fmt.Errorf("given: found %q%s, expected one of %q", name, near.Hint(name, d.Numbers.Columns), d.Numbers.Columns)
		}
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("given: found %s = %v, expected a finite number", name, v)
		}
		row[i] = (v - d.Numbers.Scale.Mean[i]) / d.Numbers.Scale.Std[i]
	}
	all := drift.NewBatch(r.N, len(row))
	for i := range r.N {
		copy(all.Row(i), row)
	}
	return all, nil
}

// enlarged is the standardised picture that each sample of a request is to be made of.
func (m *Model) enlarged(r Request) (*drift.Batch, error) {
	d := m.Manifest.Data
	switch {
	case d.Upscale == 0 && r.Small == nil:
		return nil, nil
	case d.Upscale == 0:
		return nil, fmt.Errorf("small pictures: found %d, expected none: the run does not enlarge pictures", r.Small.N)
	}
	want := []int{d.Shape[0] / d.Upscale, d.Shape[1] / d.Upscale, d.Shape[2]}
	if r.Small == nil {
		return nil, fmt.Errorf("small pictures: found none, expected pictures of shape %v: the run makes them %d times larger", want, d.Upscale)
	}
	if !slices.Equal(r.Small.Shape, want) || r.Small.N != 1 && r.Small.N != r.N {
		return nil, fmt.Errorf("small pictures: found %d of shape %v, expected 1 or %d of shape %v", r.Small.N, r.Small.Shape, r.N, want)
	}
	if err := r.Small.Finite(); err != nil {
		return nil, fmt.Errorf("small pictures: %w", err)
	}
	large := train.Enlarge(d.Scale.Standardise(r.Small), d.Upscale) // pictures have one scale for all pixels
	if large.N == r.N {
		return large, nil
	}
	all := drift.NewBatch(r.N, d.Shape...)
	for i := range r.N {
		copy(all.Row(i), large.Row(0))
	}
	return all, nil
}
