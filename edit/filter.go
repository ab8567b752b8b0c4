package edit

import (
	"fmt"
	"math"

	"drift"
	"drift/solver"
)

// Filter fills in what is not known by a particle filter (Trippe et al. 2023,
// arXiv:2206.04119, algorithm 2: SMCDiff). Each sample is a swarm of particles that
// share the known values, on one path that noise takes them along. A step moves every
// particle as DDPM does, having first chosen, with repetition, those whose step leads
// to where the known values lie:
//
//	w ∝ N(known x_to | mean of q(x_to | x_from, D), its variance).
//
// With more particles and steps the result follows the conditional density, whose share
// of every mode it gets right where a walk that only looks at the level it stands at
// does not. One step costs as many evaluations as there are particles, of which there is at
// least one: fewer are an error at the first step.
func Filter(known solver.Known, particles int) drift.Solver {
	if known.Mask == nil {
		return solver.DDPM() // which it is where nothing is known
	}
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		f := filter{known: known, denoiser: d, noise: noise, count: particles}
		return f.step
	}
}

type filter struct {
	known    solver.Known
	denoiser drift.Denoiser
	noise    *drift.Noise
	count    int

	swarm []*drift.Batch // particle j of every sample
	path  *drift.Batch   // the known values at the level that was reached
}

func (f *filter) step(x *drift.Batch, from, to drift.Level) error {
	if f.count < 1 {
		return fmt.Errorf("filter: found %d particles, expected at least 1", f.count)
	}
	if f.swarm == nil {
		if err := f.begin(x, from); err != nil {
			return err
		}
	}
	next := f.down(from, to)
	clean := make([]*drift.Batch, f.count)
	for j, p := range f.swarm {
		clean[j] = p.Like()
		if err := f.denoiser.Denoise(clean[j], p, from); err != nil {
			return err
		}
	}
	keep, renewed := backward(from, to)
	var chosen [][]int
	if to.Sigma > 0 {
		chosen = f.choose(clean, next, from, to, keep, renewed)
	}
	moved := make([]*drift.Batch, f.count)
	for j := range moved {
		moved[j] = x.Like()
		if to.Sigma > 0 {
			f.noise.Normal(moved[j])
		}
		for i := range x.N {
			k := j
			if chosen != nil {
				k = chosen[i][j]
			}
			row, was, mean := moved[j].Row(i), f.swarm[k].Row(i), clean[k].Row(i)
			for v := range row {
				row[v] = to.Alpha*mean[v] + keep*(was[v]-from.Alpha*mean[v]) + renewed*row[v]
			}
		}
		f.put(moved[j], next)
	}
	f.swarm, f.path = moved, next
	copy(x.Data, moved[0].Data)
	return nil
}

// begin draws the other particles and the known values at the first level.
func (f *filter) begin(x *drift.Batch, at drift.Level) error {
	if err := f.known.Check(x); err != nil {
		return err
	}
	f.swarm = []*drift.Batch{x.Clone()}
	for range f.count - 1 {
		p := x.Like()
		f.noise.Normal(p)
		for i := range p.Data {
			p.Data[i] *= at.Sigma
		}
		f.swarm = append(f.swarm, p)
	}
	f.path = f.known.At(at, f.noise)
	for _, p := range f.swarm {
		f.put(p, f.path)
	}
	return nil
}

// backward is how a step of DDPM makes x_to of x_from and D: it keeps so much of the
// noise and renews so much (Song et al. 2021, arXiv:2010.02502, eq. 12 and 16, η = 1).
func backward(from, to drift.Level) (keep, renewed float64) {
	k := to.Sigma * from.Alpha / (to.Alpha * from.Sigma)
	return to.Sigma * k / from.Sigma, to.Sigma * math.Sqrt(max(0, 1-k*k))
}

// down takes the known values one step along their path: a draw of q(x_to | x_from, x_0).
func (f *filter) down(from, to drift.Level) *drift.Batch {
	next := f.path.Like()
	keep, renewed := backward(from, to)
	if renewed > 0 {
		f.noise.Normal(next)
	}
	for i, v := range f.path.Data {
		clean := f.known.Clean.Data[i]
		next.Data[i] = to.Alpha*clean + keep*(v-from.Alpha*clean) + renewed*next.Data[i]
	}
	return next
}

func (f *filter) put(x, path *drift.Batch) {
	for i, known := range f.known.Mask {
		if known {
			x.Data[i] = path.Data[i]
		}
	}
}

// choose draws particles by their weights: for each sample, which stand where.
func (f *filter) choose(clean []*drift.Batch, next *drift.Batch, from, to drift.Level, keep, renewed float64) [][]int {
	n, dim := next.N, next.Dim()
	u := drift.NewBatch(n, 1)
	f.noise.Normal(u)
	chosen := make([][]int, n)
	weights := make([]float64, f.count)
	for i := range n {
		for j := range weights {
			var square float64
			was, mean := f.swarm[j].Row(i), clean[j].Row(i)
			for v, want := range next.Row(i) {
				if f.known.Mask[i*dim+v] {
					off := want - to.Alpha*mean[v] - keep*(was[v]-from.Alpha*mean[v])
					square += off * off
				}
			}
			weights[j] = -square / (2 * renewed * renewed)
		}
		chosen[i] = resample(weights, 0.5*math.Erfc(-u.Data[i]/math.Sqrt2))
	}
	return chosen
}

// resample draws as many particles as there are log weights, spread evenly from an
// offset u in [0, 1) (systematic: Kitagawa 1996), then turned by it, so that place 0
// is a fair draw.
func resample(logs []float64, u float64) []int {
	top := math.Inf(-1)
	for _, l := range logs {
		top = max(top, l)
	}
	var sum float64
	shares := make([]float64, len(logs))
	for j, l := range logs {
		shares[j] = math.Exp(l - top)
		sum += shares[j]
	}
	n := len(logs)
	chosen := make([]int, n)
	j, reached := 0, shares[0]/sum
	turn := u * float64(n)
	first := int(turn)
	_, offset := math.Modf(turn)
	for k := range n {
		for at := (float64(k) + offset) / float64(n); at >= reached && j < n-1; reached += shares[j] / sum {
			j++
		}
		chosen[(k+n-first%n)%n] = j
	}
	return chosen
}
