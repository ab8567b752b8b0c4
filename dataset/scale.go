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
	for i, v := range x.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return Scale{}, fmt.Errorf("data set %s: sample %d, %s: found %v, expected a finite number", s.Name, i/dim+1, s.field(i%dim), v)
		}
	}
	c := Scale{make([]float64, width), make([]float64, width)}
	for j := range width {
		mean, std, ok := moments(x.Data, j, width)
		if !ok {
			return Scale{}, fmt.Errorf("data set %s: %s: found values too large to average, expected them within ±1e150", s.Name, s.field(j))
		}
		if std == 0 {
			what := fmt.Sprintf("%s: found the same value %v in every sample; expected at least two different values (leave the column out)", s.field(j), x.Data[j])
			if s.Image() {
				what = fmt.Sprintf("found the same value %v in every pixel, expected pictures that differ", x.Data[j])
			}
			return Scale{}, fmt.Errorf("data set %s: %s", s.Name, what)
		}
		c.Mean[j], c.Std[j] = mean, std
	}
	return c, nil
}

// moments is the mean and standard deviation of the values first, first+step, …;
// ok is false if they overflow. A constant column has a standard deviation of
// exactly 0, which rounding in the mean would otherwise hide.
func moments(data []float64, first, step int) (mean, std float64, ok bool) {
	n := float64(len(data) / step)
	same := true
	for i := first; i < len(data); i += step {
		mean += data[i] / n
		same = same && data[i] == data[first]
	}
	if same {
		return data[first], 0, true
	}
	sum, drift := 0.0, 0.0
	for i := first; i < len(data); i += step {
		d := data[i] - mean
		sum += d * d
		drift += d
	}
	// The second term takes back what rounding did to the mean (Chan, Golub &
	// LeVeque 1983, eq. 1.7).
	std = math.Sqrt(max(0, sum-drift*drift/n) / n)
	return mean, std, !math.IsInf(sum, 0) && !math.IsNaN(sum)
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
