package drift

import (
	"fmt"
	"math"
)

// LogLikelihood writes into dst the log density, in nats, that a denoiser gives to
// each sample of x at level from: for from with little noise, that of the data.
//
// It carries the samples up the probability-flow ODE to level to, where they are
// taken to be N(0, E), with E = Sigma² + Alpha²·spread² and spread the standard
// deviation of the data, and adds up how the flow spreads (Song et al. 2021,
// arXiv:2011.13456, eq. 39). In y = x/Alpha and s = log(Sigma/Alpha) the flow is
// dy/ds = y - D, so
//
//	log p(y_from) = log p(y_to) + ∫ (dim - tr ∂D/∂y) ds,
//
// integrated by steps of the classical Runge-Kutta rule. The trace is exact up to
// central differences, at 2·dim evaluations each: meant for low dimensions.
func LogLikelihood(dst []float64, d Denoiser, p Process, x *Batch, from, to Level, spread float64, steps int) error {
	if len(dst) != x.N {
		return fmt.Errorf("likelihood: found room for %d values, expected %d", len(dst), x.N)
	}
	if from.Sigma == 0 || from.Alpha == 0 || to.Alpha == 0 || to.Ratio() <= from.Ratio() {
		return fmt.Errorf("likelihood: found levels %v to %v, expected finite log-SNR that falls", from, to)
	}
	if steps < 1 || steps > MaxSteps {
		return fmt.Errorf("likelihood: steps: found %d, expected 1 to %d", steps, MaxSteps)
	}
	dim := float64(x.Dim())
	flow := probabilityFlow{d: d, p: p}
	y := x.Clone()
	for i := range y.Data {
		y.Data[i] /= from.Alpha
	}
	for i := range dst {
		dst[i] = -dim * math.Log(from.Alpha) // p(x) = p(y)/Alpha^dim
	}
	s0, s1 := -from.Lambda(), -to.Lambda()
	h := (s1 - s0) / float64(steps)
	for i := range steps {
		if err := flow.step(y, dst, s0+float64(i)*h, h); err != nil {
			return err
		}
	}
	variance := to.Ratio()*to.Ratio() + spread*spread
	for i := range dst {
		var square float64
		for _, v := range y.Row(i) {
			square += v * v
		}
		dst[i] -= square/(2*variance) + dim/2*math.Log(2*math.Pi*variance)
	}
	return nil
}

// probabilityFlow is the ODE dy/ds = y - D and the growth of its log volume.
type probabilityFlow struct {
	d Denoiser
	p Process
}

// step advances y by one step of the classical fourth-order Runge-Kutta rule and
// adds the growth of the log volume to grown.
func (f probabilityFlow) step(y *Batch, grown []float64, s, h float64) error {
	ends := []struct{ at, weight float64 }{{0, 1. / 6}, {0.5, 1. / 3}, {0.5, 1. / 3}, {1, 1. / 6}}
	slope, next, stage := y.Like(), y.Clone(), y.Clone()
	rate := make([]float64, y.N)
	for k, e := range ends {
		if k > 0 {
			for i := range stage.Data {
				stage.Data[i] = y.Data[i] + e.at*h*slope.Data[i]
			}
		}
		if err := f.slope(slope, rate, stage, s+e.at*h); err != nil {
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

// slope writes y - D and its divergence, dim - tr ∂D/∂y.
func (f probabilityFlow) slope(dst *Batch, divergence []float64, y *Batch, s float64) error {
	at := f.p.AtLambda(-s)
	denoise := func(dst, y *Batch) error {
		x := y.Clone()
		for i := range x.Data {
			x.Data[i] *= at.Alpha
		}
		return f.d.Denoise(dst, x, at)
	}
	clean, up, down := y.Like(), y.Like(), y.Like()
	dim, h := y.Dim(), 0.005*at.Ratio() // D bends over distances of Sigma/Alpha
	for i := range divergence {
		divergence[i] = float64(dim)
	}
	for j := range dim {
		moved := y.Clone()
		for _, side := range []struct {
			by  float64
			out *Batch
		}{{h, up}, {-h, down}} {
			for i := range y.N {
				moved.Row(i)[j] = y.Row(i)[j] + side.by
			}
			if err := denoise(side.out, moved); err != nil {
				return err
			}
		}
		for i := range divergence {
			divergence[i] -= (up.Row(i)[j] - down.Row(i)[j]) / (2 * h)
		}
	}
	if err := denoise(clean, y); err != nil {
		return err
	}
	for i, v := range y.Data {
		dst.Data[i] = v - clean.Data[i]
	}
	return nil
}
