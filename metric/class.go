package metric

import (
	"math"

	"drift"
)

// ClassAccuracy is the share of samples, in [0, 1], that lie nearer to the centre of
// their own class than to any other. centres[c] is the centre of class c in the
// units of x. It is NaN if there are no samples, if labels are not as many as
// samples, if a label has no centre, or if a centre has another dimension.
func ClassAccuracy(x *drift.Batch, labels []int, centres [][]float64) float64 {
	if !labelled(x, labels, len(centres)) {
		return math.NaN()
	}
	right := 0
	for i, own := range labels {
		best := math.Inf(1)
		nearest := -1
		for c, centre := range centres {
			if len(centre) != x.Dim() {
				return math.NaN()
			}
			if d := squaredDistance(x.Row(i), centre); d < best {
				best, nearest = d, c
			}
		}
		if nearest == own {
			right++
		}
	}
	return float64(right) / float64(x.N)
}

// ClassMoments are the mean and standard deviation of each value in each class, both
// classes × Dim, in the units of x. The standard deviation is the root of the
// unbiased variance (divided by n-1). A mean of no samples and a deviation of fewer
// than two are NaN; both results are nil if labels are not as many as samples or one
// is outside 0 to classes-1.
func ClassMoments(x *drift.Batch, labels []int, classes int) (mean, std [][]float64) {
	if !labelled(x, labels, classes) {
		return nil, nil
	}
	dim, count := x.Dim(), make([]float64, classes)
	for range classes {
		mean = append(mean, make([]float64, dim))
		std = append(std, make([]float64, dim))
	}
	for i, c := range labels {
		count[c]++
		for j, v := range x.Row(i) { // Welford 1962: no cancellation, however far the mean is from 0
			delta := v - mean[c][j]
			mean[c][j] += delta / count[c]
			std[c][j] += delta * (v - mean[c][j])
		}
	}
	for c, n := range count {
		for j := range dim {
			if n == 0 {
				mean[c][j] = math.NaN()
			}
			if n < 2 {
				std[c][j] = math.NaN()
				continue
			}
			std[c][j] = math.Sqrt(std[c][j] / (n - 1))
		}
	}
	return mean, std
}

// labelled reports whether x has samples, each with a label of 0 to classes-1.
func labelled(x *drift.Batch, labels []int, classes int) bool {
	if x.N == 0 || len(labels) != x.N {
		return false
	}
	for _, c := range labels {
		if c < 0 || c >= classes {
			return false
		}
	}
	return true
}
