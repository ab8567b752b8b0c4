package metric

import "drift"

// KID is the squared maximum mean discrepancy between two sets of features under the
// kernel k(x, y) = (x·y/dim + 1)³, without bias: 0 on average if both come from one
// source, whatever their number, so it may be below 0 (Bińkowski et al. 2018,
// arXiv:1801.01401, section 4).
//
// All pairs of samples count. (Means over subsets, as usual, have the same average and spread
// more.) The range holds the true value, by the jackknife, as that of [Energy]; close to 0
// it is only a guide: compare with [Floor]. It is NaN for fewer than 3 samples on a side
// and for different dimensions.
func KID(a, b *drift.Batch) Estimate {
	dim := float64(a.Dim())
	return kernelDistance(a, b, func(x, y []float64) float64 {
		dot := 0.0
		for i, v := range x {
			dot += v * y[i]
		}
		k := dot/dim + 1
		return k * k * k
	})
}
