package drift

import (
	"fmt"
	"math"
)

// Likelihood measures the log density that a denoiser gives to samples, by the
// probability-flow ODE.
//
// It carries samples up the flow from level From to level To, where they are taken to
// be N(0, E), with E = Sigma² + Alpha²·Spread², and adds up how the flow spreads (Song
// et al. 2021, arXiv:2011.13456, eq. 39). In y = x/Alpha and s = log(Sigma/Alpha) the
// flow is dy/ds = y - D, so
//
//	log p(y_from) = log p(y_to) + ∫ (dim - tr ∂D/∂y) ds,
//
// integrated by steps of the classical Runge-Kutta rule, equal in s. What it gives is
// the density at From, the data blurred by Sigma/Alpha: for a From of little noise,
// that of the data.
//
// The trace takes central differences of D, along every axis (2·dim evaluations) or
// along random directions: with Hutchinson's estimator (Hutchinson 1990; Grathwohl et
// al. 2019, arXiv:1810.01367, eq. 7), tr J = E[vᵀ·J·v] for v of independent signs ±1.
// Every evaluation draws directions of its own: as the path does not depend on them,
// the result is still right on average, and its errors average out along the way.
type Likelihood struct {
	Process  Process
	Denoiser Denoiser
	From, To Level   // the level of the samples and a noisier one, both with Alpha and Sigma above 0
	Spread   float64 // standard deviation of the data
	Steps    int     // of the Runge-Kutta rule, four evaluations of the flow each
	Probes   int     // random directions an evaluation; 0 for [ExactTraceDim] or fewer values along every axis, else one
	Seed     uint64  // of the directions
	First    int     // index of the first sample: its directions depend on the index, not on the batch
}

// ExactTraceDim is the most values a sample may have for the trace to be exact unless
// Probes asks for an estimate.
const ExactTraceDim = 16

// LogDensity writes into dst the log density of each sample of x, in nats. It is an
// error if dst has not one place a sample, or if a field is out of its range.
func (l Likelihood) LogDensity(dst []float64, x *Batch) error {
	switch {
	case len(dst) != x.N:
		return fmt.Errorf("likelihood: found room for %d values, expected %d", len(dst), x.N)
	case !(l.From.Sigma > 0 && l.From.Alpha > 0 && l.To.Alpha > 0) || !(l.To.Ratio() > l.From.Ratio()):
		return fmt.Errorf("likelihood: found levels %v to %v, expected finite log-SNR that falls", l.From, l.To)
	case l.Steps < 1 || l.Steps > MaxSteps:
		return fmt.Errorf("likelihood: steps: found %d, expected 1 to %d", l.Steps, MaxSteps)
	case l.Probes < 0:
		return fmt.Errorf("likelihood: probes: found %d, expected at least 0", l.Probes)
	case !(l.Spread >= 0):
		return fmt.Errorf("likelihood: spread: found %v, expected at least 0", l.Spread)
	}
	dim := float64(x.Dim())
	if l.Probes == 0 && x.Dim() > ExactTraceDim {
		l.Probes = 1
	}
	y := x.Clone()
	for i := range y.Data {
		y.Data[i] /= l.From.Alpha
	}
	for i := range dst {
		dst[i] = -dim * math.Log(l.From.Alpha) // p(x) = p(y)/Alpha^dim
	}
	s0, s1 := -l.From.Lambda(), -l.To.Lambda()
	h := (s1 - s0) / float64(l.Steps)
	for i := range l.Steps {
		if err := l.step(y, dst, i, s0+float64(i)*h, h); err != nil {
			return err
		}
	}
	variance := l.To.Ratio()*l.To.Ratio() + l.Spread*l.Spread
	for i := range dst {
		var square float64
		for _, v := range y.Row(i) {
			square += v * v
		}
		dst[i] -= square/(2*variance) + dim/2*math.Log(2*math.Pi*variance)
	}
	return nil
}

// step advances y by step number n of the classical fourth-order Runge-Kutta rule and
// adds the growth of the log volume to grown.
func (l Likelihood) step(y *Batch, grown []float64, n int, s, h float64) error {
	ends := []struct{ at, weight float64 }{{0, 1. / 6}, {0.5, 1. / 3}, {0.5, 1. / 3}, {1, 1. / 6}}
	slope, next, stage := y.Like(), y.Clone(), y.Clone()
	rate := make([]float64, y.N)
	for k, e := range ends {
		if k > 0 {
			for i := range stage.Data {
				stage.Data[i] = y.Data[i] + e.at*h*slope.Data[i]
			}
		}
		if err := l.slope(slope, rate, stage, s+e.at*h, n*len(ends)+k); err != nil {
			return err
		}
		for i, v := range slope.Data {
			next.Data[i] += e.weight * h * v
		}
		for i, v := range rate {
			grown[i] += e.weight * h * v
		}
	}
	copy(y.Data, next.Data)
	return nil
}

// slope writes y - D and its divergence, dim - tr ∂D/∂y, at evaluation number n.
func (l Likelihood) slope(dst *Batch, divergence []float64, y *Batch, s float64, n int) error {
	at := l.Process.AtLambda(-s)
	denoise := func(dst, y *Batch) error {
		x := y.Clone()
		for i := range x.Data {
			x.Data[i] *= at.Alpha
		}
		return l.Denoiser.Denoise(dst, x, at)
	}
	for i := range divergence {
		divergence[i] = float64(y.Dim())
	}
	up, down, moved, v := y.Like(), y.Like(), y.Like(), y.Like()
	directions, share := y.Dim(), 1.0
	if l.Probes > 0 {
		directions, share = l.Probes, 1/float64(l.Probes)
	}
	for k := range directions {
		reach := l.direct(v, n, k) * at.Ratio()
		for _, side := range []struct {
			by  float64
			out *Batch
		}{{reach, up}, {-reach, down}} {
			for i, d := range v.Data {
				moved.Data[i] = y.Data[i] + side.by*d
			}
			if err := denoise(side.out, moved); err != nil {
				return err
			}
		}
		for i := range divergence {
			for j, d := range v.Row(i) {
				divergence[i] -= share * d * (up.Row(i)[j] - down.Row(i)[j]) / (2 * reach)
			}
		}
	}
	if err := denoise(dst, y); err != nil {
		return err
	}
	for i, v := range y.Data {
		dst.Data[i] = v - dst.Data[i]
	}
	return nil
}

// direct writes direction k of evaluation n: axis k, or random signs. It returns how
// many of v to move by, in units of Sigma/Alpha, over which D bends.
func (l Likelihood) direct(v *Batch, n, k int) float64 {
	const length = 0.005
	if l.Probes == 0 {
		clear(v.Data)
		for i := range v.N {
			v.Row(i)[k] = 1
		}
		return length
	}
	for i := range v.N {
		r := Rand(l.Seed, "likelihood probe", uint64(l.First+i), uint64(n), uint64(k))
		for j, row := 0, v.Row(i); j < len(row); j++ {
			row[j] = float64(2*r.IntN(2) - 1)
		}
	}
	return length / math.Sqrt(float64(v.Dim()))
}
