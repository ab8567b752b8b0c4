package edit

import (
	"math"

	"drift"
	"drift/exact"
	"drift/solver"
)

// problem is a mixture of which some values are known, so that the density of the
// others is known in closed form: a mixture again.
type problem struct {
	whole *exact.Mixture
	given *exact.Mixture // of the values that are not known
	value []float64      // of those that are, the first ones
}

// hills are four round hills in the plane; the first value stands between two of them.
func hills() problem {
	return condition([]float64{0.15},
		exact.Isotropic(0.25, []float64{-0.3, -1.2}, 0.25, 0),
		exact.Isotropic(0.25, []float64{0.6, 1.0}, 0.25, 0),
		exact.Isotropic(0.25, []float64{1.5, -0.5}, 0.25, 0),
		exact.Isotropic(0.25, []float64{-1.5, 0.5}, 0.25, 0))
}

// correlated are two hills in six dimensions whose values go together; three are known.
func correlated() problem {
	const dim = 6
	hill := func(weight, middle, turn float64) exact.Gaussian {
		g := exact.Gaussian{Weight: weight, Mean: make([]float64, dim), Cov: make([]float64, dim*dim)}
		for i := range dim {
			g.Mean[i] = middle * math.Cos(float64(i)+turn)
			for j := range dim {
				g.Cov[i*dim+j] = 0.3 * math.Exp(-math.Abs(float64(i-j))/3)
			}
		}
		return g
	}
	return condition([]float64{0.1, 0.3, -0.2}, hill(0.4, 0.9, 0), hill(0.6, 0.9, 2))
}

// condition gives the mixture's first values: of N(μ, Σ) in blocks a (known) and b,
// b given a is N(μ_b + Σ_ba·Σ_aa⁻¹·(a - μ_a), Σ_bb - Σ_ba·Σ_aa⁻¹·Σ_ab), with a weight
// that grows by N(a; μ_a, Σ_aa).
func condition(value []float64, parts ...exact.Gaussian) problem {
	whole, err := exact.NewMixture(parts...)
	if err != nil {
		panic(err)
	}
	var rest []exact.Gaussian
	for _, g := range parts {
		rest = append(rest, conditional(g, value))
	}
	given, err := exact.NewMixture(rest...)
	if err != nil {
		panic(err)
	}
	return problem{whole, given, value}
}

// conditional conditions on one value after another.
func conditional(g exact.Gaussian, value []float64) exact.Gaussian {
	for _, a := range value {
		dim := len(g.Mean)
		off := a - g.Mean[0]
		next := exact.Gaussian{Weight: g.Weight * math.Exp(-off*off/(2*g.Cov[0])) / math.Sqrt(g.Cov[0]), Class: g.Class}
		for i := 1; i < dim; i++ {
			gain := g.Cov[i*dim] / g.Cov[0]
			next.Mean = append(next.Mean, g.Mean[i]+gain*off)
			for j := 1; j < dim; j++ {
				next.Cov = append(next.Cov, g.Cov[i*dim+j]-gain*g.Cov[j])
			}
		}
		g = next
	}
	return g
}

// task is n samples to fill in, and what is known of them.
func (p problem) task(n int) (*drift.Batch, solver.Known) {
	x := drift.NewBatch(n, p.whole.Dim())
	known := solver.Known{Clean: x.Like(), Mask: make([]bool, len(x.Data))}
	for i := range n {
		for j, v := range p.value {
			known.Clean.Row(i)[j] = v
			known.Mask[i*x.Dim()+j] = true
		}
	}
	return x, known
}

// unknown are the values of samples that were not known.
func (p problem) unknown(x *drift.Batch) *drift.Batch {
	u := drift.NewBatch(x.N, p.given.Dim())
	for i := range x.N {
		copy(u.Row(i), x.Row(i)[len(p.value):])
	}
	return u
}
