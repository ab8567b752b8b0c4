package exact

import (
	"math"

	"drift"
)

// tile is how many samples look at a block of points before the next block is
// fetched, so that the points pass from memory once for that many samples.
const tile = 16

// block is how many values of points are kept at hand: half of a small L2 cache.
const block = 1 << 14

// look is the running softmax of one sample over the points begin ≤ i < end: with
// nearest the least |x - Alpha·x_i|² so far and w_i = exp((nearest - |x - Alpha·x_i|²)/(2·Sigma²)),
// total is Σ w_i and sum is Σ w_i·x_i (the log-sum-exp that is corrected whenever a
// larger term comes along: Milakov & Gimelshein 2018, arXiv:1805.02867, algorithm 3).
type look struct {
	x, sum     []float64
	nearest    float64
	total      float64
	begin, end int
}

// newLook begins the look of x at the points of a class (-1: all); sum is where the
// mean will be.
func (d *Data) newLook(x, sum []float64, class int) look {
	clear(sum)
	l := look{x: x, sum: sum, nearest: math.Inf(1), end: d.n}
	if class >= 0 {
		l.begin, l.end = d.start[class], d.start[class+1]
	}
	return l
}

// scan takes the looks over all their points and leaves the posterior means in sum.
// A sample meets its points in their order, whoever looks along with it, so its
// numbers depend on nothing else.
func (d *Data) scan(looks []look, at drift.Level) {
	// Points further than the nearest by more than reach, in squared distance, have
	// w_i < exp(-37)/n, and all of them together less than a rounding of the total.
	reach := 2 * at.Sigma * at.Sigma * (37 + math.Log(float64(d.n)))
	rows := max(1, block/d.dim)
	squares := make([]float64, min(rows, d.n))
	for b := 0; b < d.n; b += rows {
		for i := range looks {
			l := &looks[i]
			if from, to := max(b, l.begin), min(b+rows, l.end); from < to {
				l.add(d.points[from*d.dim:to*d.dim], squares[:to-from], at, reach)
			}
		}
	}
	for i := range looks {
		for j := range looks[i].sum {
			looks[i].sum[j] /= looks[i].total
		}
	}
}

// add takes a block of points into the softmax; squares is room for a number for each.
func (l *look) add(points, squares []float64, at drift.Level, reach float64) {
	dim, nearest := len(l.x), l.nearest
	for p := range squares {
		square := squareWithin(l.x, points[p*dim:(p+1)*dim], at.Alpha, nearest+reach)
		squares[p] = square
		nearest = min(nearest, square)
	}
	if math.IsInf(nearest, 1) {
		return
	}
	steep := -0.5 / at.Sigma / at.Sigma // -Inf for a Sigma of 0, which only equal distances survive
	if nearest < l.nearest {
		shrink := 0.0
		if !math.IsInf(l.nearest, 1) {
			shrink = math.Exp((l.nearest - nearest) * steep)
		}
		l.total *= shrink
		for j := range l.sum {
			l.sum[j] *= shrink
		}
		l.nearest = nearest
	}
	total := l.total
	for p, square := range squares {
		gap := square - nearest
		if !(gap <= reach) {
			continue
		}
		w := 1.0
		if gap > 0 {
			w = math.Exp(gap * steep)
		}
		total += w
		point := points[p*dim : (p+1)*dim]
		for j := range l.sum {
			l.sum[j] += w * point[j]
		}
	}
	l.total = total
}

// squareWithin is |x - alpha·y|², or some number above limit once that is sure.
func squareWithin(x, y []float64, alpha, limit float64) float64 {
	const stride = 16 // values between two looks at the limit
	sum := 0.0
	for len(x) >= stride && len(y) >= stride {
		a, b := x[:stride], y[:stride]
		var s0, s1, s2, s3 float64 // four sums that do not wait for each other
		for j := 0; j < stride; j += 4 {
			d0, d1, d2, d3 := a[j]-alpha*b[j], a[j+1]-alpha*b[j+1], a[j+2]-alpha*b[j+2], a[j+3]-alpha*b[j+3]
			s0, s1, s2, s3 = s0+d0*d0, s1+d1*d1, s2+d2*d2, s3+d3*d3
		}
		if sum += (s0 + s1) + (s2 + s3); sum > limit {
			return sum
		}
		x, y = x[stride:], y[stride:]
	}
	y = y[:len(x)]
	for j, v := range x {
		d := v - alpha*y[j]
		sum += d * d
	}
	return sum
}
