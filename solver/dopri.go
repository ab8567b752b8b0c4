package solver

import (
	"fmt"
	"math"

	"drift"
)

// dormandPrince is RK5(4)7M (Dormand & Prince 1980, J. Comput. Appl. Math. 6(1),
// table 2): where each stage stands, of what earlier slopes it is made, and the
// difference between the solutions of order 5 and 4. The last stage stands at the
// solution of order 5.
var dormandPrince = struct {
	at   []float64
	of   [][]float64
	miss []float64
}{
	at: []float64{0, 1. / 5, 3. / 10, 4. / 5, 8. / 9, 1, 1},
	of: [][]float64{
		{},
		{1. / 5},
		{3. / 40, 9. / 40},
		{44. / 45, -56. / 15, 32. / 9},
		{19372. / 6561, -25360. / 2187, 64448. / 6561, -212. / 729},
		{9017. / 3168, -355. / 33, 46732. / 5247, 49. / 176, -5103. / 18656},
		{35. / 384, 0, 500. / 1113, 125. / 192, -2187. / 6784, 11. / 84},
	},
	miss: []float64{71. / 57600, 0, -71. / 16695, 71. / 1920, -17253. / 339200, 22. / 525, -1. / 40},
}

// deepest is how often a step may be halved before it counts as hopeless.
const deepest = 20

// DormandPrince is the adaptive method of order 5(4) by Dormand and Prince on the
// probability-flow ODE dy/ds = y - D, y = x/Alpha, s = log(Sigma/Alpha) (Karras et
// al. 2022, arXiv:2206.00364, eq. 4 with σ = e^s).
//
// A step whose error estimate is more than tolerance·(1 + |y|), in root mean square
// over the values of a sample, is taken again as two halves, by that sample alone: so
// each sample has its own steps, whoever else is in the batch. A step with an infinite
// λ at either end is of first order.
func DormandPrince(tolerance float64) drift.Solver {
	return func(p drift.Process, d drift.Denoiser, _ *drift.Noise) drift.Step {
		return func(x *drift.Batch, from, to drift.Level) error {
			if !finite(from, to) {
				clean, err := denoise(d, x, from)
				if err == nil {
					move(x, clean, from, to, to.Sigma)
				}
				return err
			}
			all := make([]bool, x.N)
			for i := range all {
				all[i] = true
			}
			scale(x, 1/from.Alpha)
			err := adaptive{p, d, tolerance}.advance(x, -from.Lambda(), -to.Lambda(), all, 0)
			scale(x, to.Alpha)
			return err
		}
	}
}

type adaptive struct {
	p         drift.Process
	d         drift.Denoiser
	tolerance float64
}

// advance takes the active samples of y from a to b, halving where it must.
func (o adaptive) advance(y *drift.Batch, a, b float64, active []bool, depth int) error {
	next, miss, err := o.try(y, a, b)
	if err != nil {
		return err
	}
	failed, any := make([]bool, y.N), false
	for i := range active {
		if !active[i] {
			continue
		}
		if o.good(y.Row(i), next.Row(i), miss.Row(i)) {
			copy(y.Row(i), next.Row(i))
		} else {
			failed[i], any = true, true
		}
	}
	if !any {
		return nil
	}
	if depth == deepest {
		return fmt.Errorf("dopri5: found no step small enough after %d halvings, expected an error below %g", deepest, o.tolerance)
	}
	middle := a + (b-a)/2
	if err := o.advance(y, a, middle, failed, depth+1); err != nil {
		return err
	}
	return o.advance(y, middle, b, failed, depth+1)
}

// try is one step for all samples, with the estimate of its error.
func (o adaptive) try(y *drift.Batch, a, b float64) (next, miss *drift.Batch, err error) {
	h, slopes := b-a, []*drift.Batch(nil)
	for k, of := range dormandPrince.of {
		next = y.Clone()
		for j, w := range of {
			axpy(next, h*w, slopes[j])
		}
		at := o.p.AtLambda(-(a + dormandPrince.at[k]*h))
		x := next.Clone()
		scale(x, at.Alpha)
		slope, err := denoise(o.d, x, at)
		if err != nil {
			return nil, nil, err
		}
		scale(slope, -1)
		axpy(slope, 1, next)
		slopes = append(slopes, slope)
	}
	miss = combine(dormandPrince.miss, slopes)
	scale(miss, h)
	return next, miss, nil
}

func (o adaptive) good(before, after, miss []float64) bool {
	sum := 0.0
	for j, e := range miss {
		e /= o.tolerance * (1 + max(math.Abs(before[j]), math.Abs(after[j])))
		sum += e * e
	}
	return sum <= float64(len(miss))
}
