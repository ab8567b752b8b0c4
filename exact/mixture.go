package exact

import (
	"fmt"
	"math"
	"slices"

	"drift"
)

// Gaussian is one hill of a mixture: Weight·N(Mean, Cov), with a class.
type Gaussian struct {
	Weight float64   // above 0; the weights of a mixture need not sum to 1
	Mean   []float64 // dim values
	Cov    []float64 // dim × dim, row-major, symmetric and positive definite
	Class  int       // 0 or more
}

// Isotropic is the hill Weight·N(mean, std²·I).
func Isotropic(weight float64, mean []float64, std float64, class int) Gaussian {
	dim := len(mean)
	g := Gaussian{Weight: weight, Mean: mean, Cov: make([]float64, dim*dim), Class: class}
	for i := range dim {
		g.Cov[i*dim+i] = std * std
	}
	return g
}

// Mixture is a mixture of Gaussians, and knows everything about what becomes of it
// under diffusion. If x_0 is drawn from part k, then x_t = Alpha·x_0 + Sigma·ε is
// N(Alpha·μ_k, Alpha²·Σ_k + Sigma²·I): a mixture stays a mixture, with the same
// weights, at every level.
//
// A Mixture does not change once made and may be used from many goroutines.
type Mixture struct {
	parts   []part
	dim     int
	classes int
	weight  []float64 // of each class
	scratch scratchPool
}

// part is a Gaussian with the eigenvectors of its covariance, in which the
// covariance at every level is diagonal: Σ = Qᵀ·diag(root²)·Q.
type part struct {
	Gaussian
	logWeight float64
	root      []float64 // square roots of the eigenvalues of Cov
	basis     []float64 // Q: one eigenvector a row; nil if Cov is diagonal and Q = I
}

// NewMixture makes a mixture of at least one part. Weights are scaled to sum to 1.
// Every class from 0 to the largest must have a part. The parts are copied.
func NewMixture(parts ...Gaussian) (*Mixture, error) {
	if len(parts) == 0 {
		return nil, fmt.Errorf("mixture: found no parts, expected at least 1")
	}
	m := &Mixture{dim: len(parts[0].Mean)}
	if m.dim == 0 {
		return nil, fmt.Errorf("mixture: found a mean of dimension 0, expected at least 1")
	}
	total := 0.0
	for k, g := range parts {
		p, err := newPart(g, m.dim)
		if err != nil {
			return nil, fmt.Errorf("mixture: part %d: %w", k, err)
		}
		m.parts = append(m.parts, p)
		m.classes = max(m.classes, g.Class+1)
		total += g.Weight
	}
	if m.classes > len(parts) {
		return nil, fmt.Errorf("mixture: found class %d among %d parts, expected a part for every class up to it", m.classes-1, len(parts))
	}
	if math.IsInf(total, 0) {
		return nil, fmt.Errorf("mixture: found weights that sum to %v, expected a finite sum", total)
	}
	m.weight = make([]float64, m.classes)
	for k := range m.parts {
		p := &m.parts[k]
		p.Weight /= total
		p.logWeight = math.Log(p.Weight)
		m.weight[p.Class] += p.Weight
	}
	for c, w := range m.weight {
		if w == 0 {
			return nil, fmt.Errorf("mixture: found no part of class %d, expected one for every class from 0 to %d", c, m.classes-1)
		}
	}
	return m, nil
}

// newPart checks and copies g, and takes its covariance apart.
func newPart(g Gaussian, dim int) (part, error) {
	switch {
	case !(g.Weight > 0) || math.IsInf(g.Weight, 0):
		return part{}, fmt.Errorf("weight: found %v, expected a finite number above 0", g.Weight)
	case len(g.Mean) != dim:
		return part{}, fmt.Errorf("mean: found %d values, expected %d as in part 0", len(g.Mean), dim)
	case len(g.Cov) != dim*dim:
		return part{}, fmt.Errorf("cov: found %d values, expected %d×%d", len(g.Cov), dim, dim)
	case g.Class < 0:
		return part{}, fmt.Errorf("class: found %d, expected 0 or more", g.Class)
	}
	for i, v := range g.Mean {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return part{}, fmt.Errorf("mean: found %v at position %d, expected finite numbers", v, i)
		}
	}
	g.Mean, g.Cov = slices.Clone(g.Mean), slices.Clone(g.Cov)
	root, basis, err := spectrum(g.Cov, dim)
	if err != nil {
		return part{}, fmt.Errorf("cov: %w", err)
	}
	return part{Gaussian: g, root: root, basis: basis}, nil
}

// Dim is the number of values in one sample.
func (m *Mixture) Dim() int { return m.dim }

// Classes is the number of classes; they are numbered from 0.
func (m *Mixture) Classes() int { return m.classes }

// Parts returns copies of the parts, with weights that sum to 1.
func (m *Mixture) Parts() []Gaussian {
	parts := make([]Gaussian, len(m.parts))
	for k, p := range m.parts {
		parts[k] = p.Gaussian
		parts[k].Mean, parts[k].Cov = slices.Clone(p.Mean), slices.Clone(p.Cov)
	}
	return parts
}

// Affine is the mixture of (x - mean)/std, elementwise: where x is in the user's
// units, the result is what a network that learns standardised data sees. Both
// hold Dim values and std is above 0; nil stands for zeros and for ones. It
// returns nil if the numbers make no mixture.
func (m *Mixture) Affine(mean, std []float64) *Mixture {
	if mean == nil {
		mean = make([]float64, m.dim)
	}
	if std == nil {
		std = slices.Repeat([]float64{1}, m.dim)
	}
	if len(mean) != m.dim || len(std) != m.dim || !(slices.Min(std) > 0) {
		return nil
	}
	parts := m.Parts()
	for _, g := range parts {
		for i := range m.dim {
			g.Mean[i] = (g.Mean[i] - mean[i]) / std[i]
			for j := range m.dim {
				g.Cov[i*m.dim+j] /= std[i] * std[j]
			}
		}
	}
	a, err := NewMixture(parts...)
	if err != nil {
		return nil
	}
	return a
}

// classWeight is the share of a class in the mixture: 1 for class -1, which is all
// of them, and 0 for a class that is not there.
func (m *Mixture) classWeight(class int) float64 {
	switch {
	case class == -1:
		return 1
	case class < -1 || class >= m.classes:
		return 0
	}
	return m.weight[class]
}

// of reports whether the part belongs to class, where -1 is all of them.
func (p *part) of(class int) bool { return class == -1 || p.Class == class }

// denoiserErrors names what is wrong with a call of Denoise, if anything is.
func denoiserErrors(dst, x *drift.Batch, at drift.Level, dim, classes int, labels []int) error {
	if err := at.Valid(); err != nil {
		return err
	}
	if err := drift.SameShape(dst, x); err != nil {
		return err
	}
	if x.Dim() != dim {
		return fmt.Errorf("denoise: found samples of shape %v, expected %d values", x.Shape, dim)
	}
	if labels == nil {
		return nil
	}
	if len(labels) != x.N {
		return fmt.Errorf("denoise: found %d labels for %d samples, expected as many", len(labels), x.N)
	}
	for i, c := range labels {
		if c < -1 || c >= classes {
			return fmt.Errorf("denoise: found label %d for sample %d, expected -1 (any class) to %d", c, i, classes-1)
		}
	}
	return nil
}
