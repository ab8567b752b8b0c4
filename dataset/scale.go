package dataset

import (
	"fmt"
	"math"

	"drift"
)

// Scale is the mean and standard deviation of a data set, in the user's units: one
// pair for each column of points, or a single pair for all pixels of pictures.
type Scale struct {
	Mean []float64 `toml:"mean" json:"mean"`
	Std  []float64 `toml:"std" json:"std"` // all above 0
}

// Largest is the size of values up to which their squares can be summed up.
const Largest = 1e150

// Valid says what keeps a scale from being one: a mean that is not within ±[Largest], or a
// deviation that is not above 0 and at most that.
func (c Scale) Valid() error {
	for _, v := range c.Mean {
		if !(math.Abs(v) <= Largest) {
			return fmt.Errorf("mean: found %v, expected values within ±%g", v, Largest)
		}
	}
	for _, v := range c.Std {
		if !(v > 0 && v <= Largest) {
			return fmt.Errorf("std: found %v, expected only values above 0 and at most %g", v, Largest)
		}
	}
	return nil
}

// Fit measures the scale of a set. The standard deviation is that of the samples
// themselves (divided by N, not N−1). It is an error if there are fewer than two
// samples, if a value is NaN or infinite, or if all values of a column are the same.
func Fit(s *Set) (Scale, error) {
	x, dim := s.X, s.X.Dim()
	switch {
	case x.N < 2:
		return Scale{}, fmt.Errorf("data set %s: found %d samples, expected at least 2 to learn from", s.Name, x.N)
	case dim < 1:
		return Scale{}, fmt.Errorf("data set %s: found samples of shape %v, expected at least one value in each", s.Name, x.Shape)
	}
	width := dim // values that have a scale of their own
	if s.Image() {
		width = 1
	}
	for i := range x.N {
		for j, v := range x.Row(i) {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return Scale{}, fmt.Errorf("data set %s: sample %d, %s: found %v, expected a finite number", s.Name, i+1, s.field(j), v)
			}
		}
	}
	c := Scale{make([]float64, width), make([]float64, width)}
	for j, m := range moments(x, width) {
		if math.IsInf(m.std, 0) || math.IsNaN(m.std) || math.Abs(m.mean) > Largest || m.std > Largest {
			return Scale{}, fmt.Errorf("data set %s: %s: found values too large to average, expected them within ±%g", s.Name, s.field(j), Largest)
		}
		if m.std == 0 {
			what := fmt.Sprintf("%s: found the same value %v in every sample; expected at least two different values (leave the column out)", s.field(j), m.first)
			if s.Image() {
				what = fmt.Sprintf("found the same value %v in every pixel, expected pictures that differ", m.first)
			}
			return Scale{}, fmt.Errorf("data set %s: %s", s.Name, what)
		}
		c.Mean[j], c.Std[j] = m.mean, m.std
	}
	return c, nil
}

// moment is the first value, the mean and the standard deviation of a column, which is
// not finite if they overflow. A constant column has a standard deviation of exactly
// 0, which rounding in the mean would otherwise hide.
type moment struct {
	first, mean, std float64
	same             bool
}

// moments are those of the columns, of which sample after sample has width values.
func moments(x *drift.Rows, width int) []moment {
	all, rest := make([]moment, width), make([]float64, width)
	for j, v := range x.Row(0)[:width] {
		all[j] = moment{first: v, same: true}
	}
	n, row := float64(x.N*x.Dim()/width), make([]float64, x.Dim())
	for i := range x.N {
		x.Read(row, i)
		for k, v := range row {
			m := &all[k%width]
			m.mean += v / n
			m.same = m.same && v == m.first
		}
	}
	for i := range x.N {
		x.Read(row, i)
		for k, v := range row {
			m := &all[k%width]
			d := v - m.mean
			m.std += d * d
			rest[k%width] += d
		}
	}
	for j := range all {
		m := &all[j]
		// The second term takes back what rounding did to the mean (Chan, Golub &
		// LeVeque 1983, eq. 1.7).
		m.std = math.Sqrt(max(0, m.std-rest[j]*rest[j]/n) / n)
		if m.same {
			m.mean, m.std = m.first, 0
		}
	}
	return all
}

// field is what the user calls value j of a sample.
func (s *Set) field(j int) string {
	if s.Image() {
		return fmt.Sprintf("pixel value %d", j+1)
	}
	if j < len(s.Columns) {
		return fmt.Sprintf("column %q", s.Columns[j])
	}
	return fmt.Sprintf("column %d", j+1)
}

// Standardise is a new batch with every value v turned into (v − mean)/std.
// Samples must have as many values as the scale has pairs, unless it has only one.
func (c Scale) Standardise(x *drift.Batch) *drift.Batch {
	y := x.Like()
	for i := range x.N {
		c.StandardiseRow(y.Row(i), x.Row(i))
	}
	return y
}

// StandardiseRow is Standardise for one sample, into dst.
func (c Scale) StandardiseRow(dst, row []float64) {
	for i, v := range row {
		mean, std := c.of(i)
		dst[i] = (v - mean) / std
	}
}

// Restore is a new batch with every value v turned into v·std + mean: it undoes
// Standardise.
func (c Scale) Restore(x *drift.Batch) *drift.Batch {
	y := x.Like()
	for i := range x.N {
		from, to := x.Row(i), y.Row(i)
		for j, v := range from {
			mean, std := c.of(j)
			to[j] = v*std + mean
		}
	}
	return y
}

// of is the pair of value i of a sample.
func (c Scale) of(i int) (mean, std float64) {
	if len(c.Mean) == 1 {
		i = 0
	}
	return c.Mean[i], c.Std[i]
}
