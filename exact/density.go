package exact

import (
	"math"
	"sync"

	"drift"
)

// LogDensity is log p_t(x) in nats, where p_t is the density of the diffused class,
// or of all classes for class -1; at [drift.Clean] it is the density of the data:
//
//	p_t(x) = Σ_k w_k · N(x; Alpha·μ_k, Alpha²·Σ_k + Sigma²·I).
//
// A class that is not there has density 0, so its log is -Inf. x holds Dim values;
// for another number the answer is NaN.
func (m *Mixture) LogDensity(x []float64, at drift.Level, class int) float64 {
	if len(x) != m.dim {
		return math.NaN()
	}
	share := m.classWeight(class)
	if share == 0 {
		return math.Inf(-1)
	}
	s := m.scratch.take(m, at)
	defer m.scratch.give(s)
	return s.weigh(m, x, class) - math.Log(share)
}

// Score writes ∇ log p_t(x) into dst: with C_k = Alpha²·Σ_k + Sigma²·I and r_k the
// probability that x came from part k,
//
//	∇ log p_t(x) = -Σ_k r_k · C_k⁻¹·(x - Alpha·μ_k).
//
// dst and x hold Dim values and may be the same; for another number, or for a class
// that is not there, dst is filled with NaN.
func (m *Mixture) Score(dst, x []float64, at drift.Level, class int) {
	if !m.known(dst, x, class) {
		return
	}
	s := m.scratch.take(m, at)
	defer m.scratch.give(s)
	s.weigh(m, x, class)
	s.score(dst, m)
}

// PosteriorMean writes E[x_0 | x_t = x] into dst: with C_k and r_k as for Score,
//
//	E[x_0 | x_t = x] = Σ_k r_k · [μ_k + Alpha·Σ_k·C_k⁻¹·(x - Alpha·μ_k)]
//
// (conditioning of a Gaussian: Bishop 2006, Pattern Recognition and Machine
// Learning, eq. 2.81). Arguments are as for Score.
func (m *Mixture) PosteriorMean(dst, x []float64, at drift.Level, class int) {
	if !m.known(dst, x, class) {
		return
	}
	s := m.scratch.take(m, at)
	defer m.scratch.give(s)
	s.weigh(m, x, class)
	s.mean(dst, m)
}

// known reports whether there is an answer to write, and writes NaN if there is none.
func (m *Mixture) known(dst, x []float64, class int) bool {
	if len(dst) == m.dim && len(x) == m.dim && m.classWeight(class) > 0 {
		return true
	}
	for i := range dst {
		dst[i] = math.NaN()
	}
	return false
}

// scratch is the memory for one point, and what all points at one level share.
// With Q, root of a part, C = Alpha²·Σ + Sigma²·I is Qᵀ·diag(std²)·Q with
// std = √(Alpha²·root² + Sigma²). Standard deviations rather than variances are
// kept, so that no Sigma is too small or too large to square.
type scratch struct {
	at      drift.Level
	std     []float64 // parts × dim
	logNorm []float64 // parts: log w_k - Σ_j log std_j - dim/2·log 2π
	shift   []float64 // parts × dim: Alpha·μ_k

	u     []float64 // parts × dim: Q·(x - Alpha·μ_k)/std
	share []float64 // parts: first the log of w_k·N_k(x), then r_k
	tmp   []float64 // dim
}

// scratchPool lends scratch, so that no point allocates.
type scratchPool struct{ pool sync.Pool }

func (p *scratchPool) take(m *Mixture, at drift.Level) *scratch {
	s, ok := p.pool.Get().(*scratch)
	if !ok {
		n := len(m.parts)
		s = &scratch{
			std: make([]float64, n*m.dim), shift: make([]float64, n*m.dim), u: make([]float64, n*m.dim),
			logNorm: make([]float64, n), share: make([]float64, n), tmp: make([]float64, m.dim),
		}
	}
	if !ok || s.at != at {
		s.prepare(m, at)
	}
	return s
}

func (p *scratchPool) give(s *scratch) { p.pool.Put(s) }

// prepare computes what depends on the level alone.
func (s *scratch) prepare(m *Mixture, at drift.Level) {
	s.at = at
	for k := range m.parts {
		p := &m.parts[k]
		std, shift := s.std[k*m.dim:], s.shift[k*m.dim:]
		logDet := 0.0
		for j, r := range p.root {
			std[j] = math.Hypot(at.Alpha*r, at.Sigma)
			shift[j] = at.Alpha * p.Mean[j]
			logDet += math.Log(std[j])
		}
		s.logNorm[k] = p.logWeight - logDet - float64(m.dim)/2*math.Log(2*math.Pi)
	}
}

// weigh finds r_k, the probability that x came from part k, for every part of the
// class, and returns log Σ_k w_k·N_k(x), -Inf if there is no such part.
func (s *scratch) weigh(m *Mixture, x []float64, class int) float64 {
	top := math.Inf(-1)
	for k := range m.parts {
		if !m.parts[k].of(class) {
			s.share[k] = math.Inf(-1)
			continue
		}
		s.share[k] = s.logNorm[k] - s.whiten(m, k, x)/2
		top = max(top, s.share[k])
	}
	if math.IsInf(top, -1) {
		s.nearest(m, class)
		return top
	}
	total := 0.0
	for k, l := range s.share {
		s.share[k] = math.Exp(l - top)
		total += s.share[k]
	}
	for k := range s.share {
		s.share[k] /= total
	}
	return top + math.Log(total)
}

// whiten fills u of part k and returns |u|².
func (s *scratch) whiten(m *Mixture, k int, x []float64) float64 {
	p, d := &m.parts[k], m.dim
	u, std, shift := s.u[k*d:(k+1)*d], s.std[k*d:(k+1)*d], s.shift[k*d:(k+1)*d]
	square := 0.0
	if p.basis == nil {
		for j := range u {
			u[j] = (x[j] - shift[j]) / std[j]
			square += u[j] * u[j]
		}
		return square
	}
	tmp := s.tmp
	for j := range tmp {
		tmp[j] = x[j] - shift[j]
	}
	for i := range u {
		dot := 0.0
		for j, q := range p.basis[i*d : (i+1)*d] {
			dot += q * tmp[j]
		}
		u[i] = dot / std[i]
		square += u[i] * u[i]
	}
	return square
}

// nearest settles the shares where x is so far out that every density is 0 in
// float64: the part that is nearest in its own standard deviations has it all.
func (s *scratch) nearest(m *Mixture, class int) {
	best, bestAt := math.Inf(1), -1
	for k := range m.parts {
		s.share[k] = 0
		if !m.parts[k].of(class) {
			continue
		}
		norm := 0.0
		for _, v := range s.u[k*m.dim : (k+1)*m.dim] {
			norm = math.Hypot(norm, v)
		}
		if norm < best || bestAt < 0 {
			best, bestAt = norm, k
		}
	}
	if bestAt >= 0 {
		s.share[bestAt] = 1
	}
}

// score writes -Σ_k r_k·Qᵀ·(u/std), after weigh.
func (s *scratch) score(dst []float64, m *Mixture) {
	clear(dst)
	for k, r := range s.share {
		if r == 0 {
			continue
		}
		u, std := s.u[k*m.dim:], s.std[k*m.dim:]
		for j := range s.tmp {
			s.tmp[j] = -r * u[j] / std[j]
		}
		m.parts[k].unturn(dst, s.tmp)
	}
}

// mean writes Σ_k r_k·[μ_k + Qᵀ·(Alpha·root²/std·u)], after weigh.
func (s *scratch) mean(dst []float64, m *Mixture) {
	clear(dst)
	for k, r := range s.share {
		if r == 0 {
			continue
		}
		p := &m.parts[k]
		u, std := s.u[k*m.dim:], s.std[k*m.dim:]
		for j, root := range p.root {
			s.tmp[j] = r * (s.at.Alpha * root / std[j]) * root * u[j]
			dst[j] += r * p.Mean[j]
		}
		p.unturn(dst, s.tmp)
	}
}

// unturn adds Qᵀ·c to dst.
func (p *part) unturn(dst, c []float64) {
	if p.basis == nil {
		for j, v := range c {
			dst[j] += v
		}
		return
	}
	for i, v := range c {
		for j, q := range p.basis[i*len(c) : (i+1)*len(c)] {
			dst[j] += v * q
		}
	}
}
