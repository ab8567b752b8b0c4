package metric

import (
	"math"

	"drift"
)

// Estimate is a number that was measured on samples, with a range of 95 %. What is
// in that range, each function says: mostly the true value.
type Estimate struct {
	Value float64 `json:"value"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
}

// normal95 is the 97.5 % quantile of the standard Gaussian: 95 % lie within it.
const normal95 = 1.959963984540054

// around is value ± half.
func around(value, half float64) Estimate { return Estimate{value, value - half, value + half} }

// Mean is the mean of independent values, with the range that holds the true mean
// (Student 1908). The range of fewer than two values is NaN.
func Mean(values []float64) Estimate {
	m, sd := meanAndSD(values)
	n := float64(len(values))
	return around(m, student95(n-1)*sd/math.Sqrt(n))
}

// Share is the share of hits among n independent tries, with the range that holds
// the true probability (Wilson 1927: the probabilities that a normal test would not
// refuse). It stays within [0, 1], even where all or none were hits. It is NaN for
// n = 0.
func Share(hits, n int) Estimate {
	p, count, z2 := float64(hits)/float64(n), float64(n), normal95*normal95
	centre := (p + z2/(2*count)) / (1 + z2/count)
	half := normal95 / (1 + z2/count) * math.Sqrt(p*(1-p)/count+z2/(4*count*count))
	// One end is hits/n itself if that is 0 or 1; rounding must not put it outside.
	return Estimate{p, min(max(centre-half, 0), p), max(min(centre+half, 1), p)}
}

// OverPairs is the mean of a distance over pairs of independent sets a(i), b(i), with
// the range that holds the true mean. For distances whose bias depends on the number
// of samples, such as [SlicedWasserstein], it is the honest way to a range: sets that
// are resampled from one set repeat their points and lie further away.
func OverPairs(a, b func(i int) *drift.Batch, pairs int, distance func(a, b *drift.Batch) float64) Estimate {
	return Mean(pairwise(a, b, pairs, distance))
}

// Floor is what a distance would be for perfect samples: its mean over pairs of
// fresh draws of the truth. draw(i) returns draw number i, and numbers 0 to 2·pairs-1
// are asked for; draws should be as large as the samples that are judged, and
// stratified by class if those are. The range is where 95 % of perfect samples would
// come to lie, so samples above it are worse than chance explains. (Prediction of one
// more normal value: mean ± t·sd·√(1 + 1/pairs).)
func Floor(draw func(i int) *drift.Batch, pairs int, distance func(a, b *drift.Batch) float64) Estimate {
	even, odd := func(i int) *drift.Batch { return draw(2 * i) }, func(i int) *drift.Batch { return draw(2*i + 1) }
	return FloorOf(pairwise(even, odd, pairs, distance))
}

// FloorOf is Floor of distances that are there already, one for each pair.
func FloorOf(distances []float64) Estimate {
	m, sd := meanAndSD(distances)
	n := float64(len(distances))
	return around(m, student95(n-1)*sd*math.Sqrt(1+1/n))
}

// pairwise is the distance of each pair.
func pairwise(a, b func(i int) *drift.Batch, pairs int, distance func(a, b *drift.Batch) float64) []float64 {
	values := make([]float64, max(pairs, 0))
	for i := range values {
		values[i] = distance(a(i), b(i))
	}
	return values
}

// MeanLogDensity is the mean of log p over samples, in nats, with the range that
// holds the true mean. logDensity is that of the truth, for a sample and its class;
// without labels the class is -1. Its floor is the same mean over draws of the truth,
// minus the entropy of the truth on average.
func MeanLogDensity(x *drift.Batch, labels []int, logDensity func(x []float64, class int) float64) Estimate {
	if labels != nil && len(labels) != x.N {
		return around(math.NaN(), 0)
	}
	values := make([]float64, x.N)
	for i := range values {
		class := -1
		if labels != nil {
			class = labels[i]
		}
		values[i] = logDensity(x.Row(i), class)
	}
	return Mean(values)
}

// meanAndSD are the mean and the root of the unbiased variance.
func meanAndSD(values []float64) (m, sd float64) {
	m = mean(values)
	for _, v := range values {
		sd += (v - m) * (v - m)
	}
	if len(values) < 2 {
		return m, math.NaN()
	}
	return m, math.Sqrt(sd / float64(len(values)-1))
}

// student95 is the 97.5 % quantile of Student's t with nu degrees of freedom, to 1 %
// from nu = 2 and to 0.01 % from nu = 9 (expansion around the Gaussian: Abramowitz & Stegun
// 1964, eq. 26.7.5); that of nu = 1 is exact.
func student95(nu float64) float64 {
	if nu < 1 {
		return math.NaN()
	}
	if nu == 1 {
		return math.Tan(0.475 * math.Pi)
	}
	const z, z2 = normal95, normal95 * normal95
	g1 := z * (z2 + 1) / 4
	g2 := z * ((5*z2+16)*z2 + 3) / 96
	g3 := z * (((3*z2+19)*z2+17)*z2 - 15) / 384
	g4 := z * ((((79*z2+776)*z2+1482)*z2-1920)*z2 - 945) / 92160
	return z + (g1+(g2+(g3+g4/nu)/nu)/nu)/nu
}

// Measure is a number with its range, beside its floor: what it would be for perfect
// samples, with the range in which 95 % of those would come to lie.
type Measure struct {
	Estimate
	Floor *Estimate `json:"floor,omitempty"`
}

// Beside is an estimate beside its floor, or nil if one is not a number.
func Beside(found Estimate, floor *Estimate) *Measure {
	sum := found.Value + found.Low + found.High
	if floor != nil {
		sum += floor.Value + floor.Low + floor.High
	}
	if math.IsNaN(sum) || math.IsInf(sum, 0) {
		return nil
	}
	return &Measure{found, floor}
}

// Halves are draws for [Floor] from samples that are all there is: number i is one of the two
// halves, n samples each, of shuffle i/2, so that numbers 2k and 2k+1 share none.
func Halves(x *drift.Rows, n int, seed uint64) func(i int) *drift.Batch {
	return func(i int) *drift.Batch {
		order := Shuffle(x.N, seed, i/2)
		out := drift.NewBatch(n, x.Shape...)
		for k := range n {
			x.Read(out.Row(k), order[(i%2)*n+k])
		}
		return out
	}
}

// Shuffle is the order of n samples whose first ones Halves takes.
func Shuffle(n int, seed uint64, number int) []int {
	return drift.Rand(seed, "evaluation shuffle", uint64(number)).Perm(n)
}
