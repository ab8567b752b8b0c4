package exact

import (
	"math/rand/v2"

	"drift"
)

// Draw takes n samples of a class, or of the whole mixture for class -1, with their
// labels. Sample i is keyed by (seed, purpose, i) and so is the same for every n. A
// class that is not there has no samples, and a negative n counts as 0.
//
// A sample of part k is μ_k + Σ_k^½·ξ with ξ ~ N(0, I) and the symmetric root.
func (m *Mixture) Draw(n, class int, seed uint64, purpose string) (x *drift.Batch, labels []int) {
	total := m.classWeight(class)
	if total == 0 {
		n = 0
	}
	n = max(n, 0)
	x, labels = drift.NewBatch(n, m.dim), make([]int, n)
	s := m.scratch.take(m, drift.Clean)
	defer m.scratch.give(s)
	for i := range n {
		r := drift.Rand(seed, purpose, uint64(i))
		k := m.pick(r.Float64()*total, class)
		m.parts[k].draw(x.Row(i), s.tmp, r)
		labels[i] = m.parts[k].Class
	}
	return x, labels
}

// pick is the part of the class at which the running sum of weights passes u.
func (m *Mixture) pick(u float64, class int) int {
	last := 0
	for k := range m.parts {
		if p := &m.parts[k]; p.of(class) {
			last = k
			if u < p.Weight {
				return k
			}
			u -= p.Weight
		}
	}
	return last // u reached the sum by rounding
}

// draw writes μ + Qᵀ·diag(root)·Q·ξ to dst; tmp is memory for dim values.
func (p *part) draw(dst, tmp []float64, r *rand.Rand) {
	dim := len(dst)
	for j := range dst {
		dst[j] = r.NormFloat64()
	}
	for i, root := range p.root {
		if p.basis == nil {
			tmp[i] = root * dst[i]
			continue
		}
		dot := 0.0
		for j, q := range p.basis[i*dim : (i+1)*dim] {
			dot += q * dst[j]
		}
		tmp[i] = root * dot
	}
	copy(dst, p.Mean)
	p.unturn(dst, tmp)
}
