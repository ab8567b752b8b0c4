package metric

import (
	"math"

	"drift"
	"drift/internal/parallel"
)

// MMD is the squared maximum mean discrepancy between two sets of samples under the
// Gaussian kernel k(x, y) = exp(-|x - y|²/(2·bandwidth²)), without bias: 0 on average
// if both come from one source, so it may be below 0 (Gretton et al. 2012, "A Kernel
// Two-Sample Test", eq. 3). A bandwidth of 0 stands for [MedianDistance] of both
// sets together; give that of the truth to compare several samples with it.
//
// The range holds the true value (see [Energy] for how). It is NaN for fewer than 3
// samples on a side, for different dimensions, and for a bandwidth that is not above 0.
func MMD(a, b *drift.Batch, bandwidth float64) Estimate {
	if bandwidth == 0 {
		bandwidth = MedianDistance(a, b)
	}
	if !(bandwidth > 0) {
		return around(math.NaN(), 0)
	}
	scale := -1 / (2 * bandwidth * bandwidth)
	return kernelDistance(a, b, func(x, y []float64) float64 { return math.Exp(scale * squaredDistance(x, y)) })
}

// Energy is the energy distance 2·E|x - y| - E|x - x'| - E|y - y'| between two sets of
// samples, in their own units, without bias: 0 on average if both come from one
// source, so it may be below 0 (Székely & Rizzo 2013, "Energy statistics"). It is a
// squared MMD with the kernel k(x, y) = -|x - y| (Sejdinovic et al. 2013).
//
// The range holds the true value: ± 1.96 standard errors by the jackknife, the spread
// of what is left when each sample in turn is left out (Arvesen 1969, for two sets).
// Close to 0, where the distance stops being normal, the range is only a guide:
// compare with [Floor]. It is NaN for fewer than 3 samples on a side and for
// different dimensions.
func Energy(a, b *drift.Batch) Estimate {
	return kernelDistance(a, b, func(x, y []float64) float64 { return -math.Sqrt(squaredDistance(x, y)) })
}

// kernelDistance is the unbiased mean of k(x,x') + k(y,y') - 2·k(x,y), where no
// sample is paired with itself.
func kernelDistance(a, b *drift.Batch, k func(x, y []float64) float64) Estimate {
	if a.N < 3 || b.N < 3 || a.Dim() != b.Dim() {
		return around(math.NaN(), 0)
	}
	own, cross := kernelSums(a, b, k)
	back, across := kernelSums(b, a, k)
	n, m := float64(a.N), float64(b.N)
	sa, sb, sc := sum(own), sum(back), sum(cross)
	at := func(sa, sb, sc, n, m float64) float64 {
		return sa/(n*(n-1)) + sb/(m*(m-1)) - 2*sc/(n*m)
	}
	without := make([]float64, a.N)
	for i := range without {
		without[i] = at(sa-2*own[i], sb, sc-cross[i], n-1, m)
	}
	variance := jackknife(without)
	without = make([]float64, b.N)
	for j := range without {
		without[j] = at(sa, sb-2*back[j], sc-across[j], n, m-1)
	}
	variance += jackknife(without)
	return around(at(sa, sb, sc, n, m), normal95*math.Sqrt(variance))
}

// kernelSums are, for each sample of a, the sums of the kernel with the others of a
// and with all of b.
func kernelSums(a, b *drift.Batch, k func(x, y []float64) float64) (own, cross []float64) {
	own, cross = make([]float64, a.N), make([]float64, a.N)
	parallel.Blocks(a.N, a.N*a.Dim(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			x := a.Row(i)
			for j := range a.N {
				if j != i {
					own[i] += k(x, a.Row(j))
				}
			}
			for j := range b.N {
				cross[i] += k(x, b.Row(j))
			}
		}
	})
	return own, cross
}

// jackknife is the variance of a statistic by its values without each sample in
// turn: (n-1)/n·Σ (θ_i - mean)² (Quenouille 1956, Tukey 1958).
func jackknife(without []float64) float64 {
	_, sd := meanAndSD(without)
	n := float64(len(without))
	return (n - 1) / n * sd * sd * (n - 1)
}

// MedianDistance is the median distance between two different samples of all the
// sets together, the usual bandwidth of a kernel (Gretton et al. 2012, section 8). Of
// more than 1,000 samples it takes 1,000, evenly spread. It is NaN for fewer than two.
func MedianDistance(sets ...*drift.Batch) float64 {
	const most = 1000
	var rows [][]float64
	for _, x := range sets {
		for i := range x.N {
			rows = append(rows, x.Row(i))
		}
	}
	n := min(len(rows), most)
	for i := range n {
		rows[i] = rows[i*len(rows)/n]
	}
	var squares []float64
	for i := range n {
		for j := range i {
			if len(rows[i]) != len(rows[j]) {
				return math.NaN()
			}
			squares = append(squares, squaredDistance(rows[i], rows[j]))
		}
	}
	if len(squares) == 0 {
		return math.NaN()
	}
	sortFloats(squares, make([]uint64, len(squares)), make([]uint64, len(squares)))
	mid := len(squares) / 2
	if len(squares)%2 == 1 {
		return math.Sqrt(squares[mid])
	}
	return (math.Sqrt(squares[mid-1]) + math.Sqrt(squares[mid])) / 2
}
