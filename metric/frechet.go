package metric

import (
	"fmt"
	"math"

	"drift"

	"gonum.org/v1/gonum/mat"
)

// FID is the Fréchet distance between the Gaussians that have the means μ and the
// unbiased covariances C of two sets of features, in squared units of those (Heusel et al.
// 2017, arXiv:1706.08500, eq. 6; Dowson & Landau 1982, eq. 4):
//
//	|μ_a - μ_b|² + tr C_a + tr C_b - 2·tr (C_a·C_b)^½.
//
// It is 0 for equal sets. For different ones from one source it is not: its bias falls
// as 1/n ([FIDBias]), so compare sets of one size, with [Floor]. What it is on average for
// sets of that size lies in the range: ± 1.96 standard errors by the infinitesimal jackknife
// (Efron 1982, section 6.3: what each sample adds when its weight grows a little, for which
// the distance has a closed form; resampling would repeat samples and shift the distance
// upwards). Near the floor, where the distance stops being normal, the range is only
// a guide.
//
// Any dimension will do, above the number of samples too ([FIDWarning] says what it is worth
// then). It is NaN for fewer than 2 samples on a side, for different dimensions and where
// squares of features are not finite.
func FID(a, b *drift.Batch) Estimate {
	f, g, ok := fitBoth(a, b)
	if !ok {
		return around(math.NaN(), 0)
	}
	overlap, ofA, ofB := f.overlap(g, true)
	_, onA := meanAndSD(f.influence(g, ofA))
	_, onB := meanAndSD(g.influence(f, ofB))
	return around(f.distance(g, overlap), normal95*math.Sqrt(onA*onA/float64(a.N)+onB*onB/float64(b.N)))
}

// FIDValue is the value of [FID] alone, in less time: what a floor takes many of.
func FIDValue(a, b *drift.Batch) float64 {
	f, g, ok := fitBoth(a, b)
	if !ok {
		return math.NaN()
	}
	overlap, _, _ := f.overlap(g, false)
	return f.distance(g, overlap)
}

// FIDBias is what FID adds on average between n samples on each side of one Gaussian of
// equal variance in every direction, in units of its whole variance: (dim + 5)/(2·n) to
// first order in dim/n. (The means are apart by 2·tr C/n; and for Wishart covariances that
// are close, tr C_a + tr C_b - 2·tr(C_a·C_b)^½ is a quarter of E|C_a - C_b|²/variance.)
func FIDBias(n, dim int) float64 { return float64(dim+5) / (2 * float64(n)) }

// FIDWarning says why FID between sets of n samples says little, or nothing if it says enough:
// with no more samples than dimensions the covariances are flat in some direction, and
// below ten times as many the bias is a twentieth of the variance or more.
func FIDWarning(n, dim int) string {
	switch {
	case n <= dim:
		return fmt.Sprintf("FID: %d samples are no more than the %d dimensions of the features, so it is mostly bias: compare it with its floor only, or take KID", n, dim)
	case n < 10*dim:
		return fmt.Sprintf("FID: %d samples are few for features of %d dimensions: expect a bias of about %.1f %% of their variance, which the floor has too; KID has none",
			n, dim, 100*FIDBias(n, dim))
	}
	return ""
}

// gaussian is what FID knows of a set: its mean, and a root of its covariance, C = Rᵀ·R,
// from the covariance's eigenvectors. Directions without variance are left out.
type gaussian struct {
	x        *drift.Batch
	mean     []float64
	variance float64    // tr C
	axes     *mat.Dense // dim × rank, orthonormal columns
	std      []float64  // rank: standard deviation along each
}

// fitBoth measures two sets, if that can be done.
func fitBoth(a, b *drift.Batch) (f, g gaussian, ok bool) {
	if a.N < 2 || b.N < 2 || a.Dim() != b.Dim() || a.Dim() == 0 {
		return f, g, false
	}
	if f, ok = fit(a); ok {
		g, ok = fit(b)
	}
	return f, g, ok
}

// fit measures a set of at least 2 samples; ok is false if its variance is not finite.
func fit(x *drift.Batch) (f gaussian, ok bool) {
	n, dim := x.N, x.Dim()
	f = gaussian{x: x, mean: make([]float64, dim)}
	for i := range n {
		for j, v := range x.Row(i) {
			f.mean[j] += v / float64(n)
		}
	}
	c := mat.NewSymDense(dim, nil)
	c.SymOuterK(1/float64(n-1), f.centred().T())
	if f.variance = mat.Trace(c); math.IsNaN(f.variance) || math.IsInf(f.variance, 0) {
		return f, false
	}
	var eigen mat.EigenSym
	if !eigen.Factorize(c, true) {
		panic("FID: found no eigenvalues of a covariance of finite numbers")
	}
	values := eigen.Values(nil) // increasing
	least := values[dim-1] * float64(dim) * 1e-15
	first := 0
	for first < dim && !(values[first] > least) {
		first++
	}
	var all mat.Dense
	eigen.VectorsTo(&all)
	if first < dim {
		f.axes = mat.DenseCopyOf(all.Slice(0, dim, first, dim))
	}
	for _, v := range values[first:] {
		f.std = append(f.std, math.Sqrt(v))
	}
	return f, true
}

// centred is the samples less their mean, n × dim.
func (f gaussian) centred() *mat.Dense {
	dim := len(f.mean)
	y := f.x.Clone()
	for i := range y.Data {
		y.Data[i] -= f.mean[i%dim]
	}
	return mat.NewDense(f.x.N, dim, y.Data)
}

// overlap is tr (C_f·C_g)^½, the sum of the singular values of R_f·R_gᵀ. (Roots of the
// eigenvalues of C_f·C_g are the same numbers, but of values that are 0 they would make
// the root of the rounding error.) If asked, ofF and ofG are maps of whitened samples, z
// along the axes of each, with |z·of|² = xᵀ·T·x, where T carries the one Gaussian to the
// other: Σ^½ of the singular vectors.
func (f gaussian) overlap(g gaussian, maps bool) (sum float64, ofF, ofG *mat.Dense) {
	if f.axes == nil || g.axes == nil {
		return 0, nil, nil
	}
	var m mat.Dense
	m.Mul(f.axes.T(), g.axes)
	m.Apply(func(i, j int, v float64) float64 { return v * f.std[i] * g.std[j] }, &m)
	kind := mat.SVDNone
	if maps {
		kind = mat.SVDThin
	}
	var svd mat.SVD
	if !svd.Factorize(&m, kind) {
		panic("FID: found no singular values of finite numbers")
	}
	values := svd.Values(nil)
	for _, v := range values {
		sum += v
	}
	if maps {
		ofF, ofG = &mat.Dense{}, &mat.Dense{}
		svd.UTo(ofF)
		svd.VTo(ofG)
		for _, of := range []*mat.Dense{ofF, ofG} {
			of.Apply(func(_, j int, v float64) float64 { return v * math.Sqrt(values[j]) }, of)
		}
	}
	return sum, ofF, ofG
}

// distance is the Fréchet distance, never below 0 by rounding.
func (f gaussian) distance(g gaussian, overlap float64) float64 {
	return max(0, squaredDistance(f.mean, g.mean)+f.variance+g.variance-2*overlap)
}

// influence is what each sample x of f adds to the distance per unit of its weight, up to a
// constant. With y = x - μ_f,
//
//	2·(μ_f - μ_g)·y + |y|² - yᵀ·T·y,
//
// as I - T is the slope of the distance by C_f (Rippl, Munk & Sturm 2016, arXiv:1507.04090,
// theorem 2.1).
func (f gaussian) influence(g gaussian, of *mat.Dense) []float64 {
	each, y := make([]float64, f.x.N), f.centred()
	var moved mat.Dense
	if of != nil {
		var white mat.Dense
		white.Mul(y, f.axes)
		white.Apply(func(_, j int, v float64) float64 { return v / f.std[j] }, &white)
		moved.Mul(&white, of)
	}
	for i := range each {
		for j, v := range y.RawRowView(i) {
			each[i] += v * (v + 2*(f.mean[j]-g.mean[j]))
		}
		if of != nil {
			for _, v := range moved.RawRowView(i) {
				each[i] -= v * v
			}
		}
	}
	return each
}
