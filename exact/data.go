package exact

import (
	"fmt"
	"math"
	"slices"

	"drift"
	"drift/internal/parallel"
)

// Data is a finite set of points, each as likely as the others, diffused exactly:
//
//	p_t(x) = 1/n·Σ_i N(x; Alpha·x_i, Sigma²·I).
//
// Its denoiser is the best there is for these points and no others. It never says
// anything but averages of them, so sampling with it gives the data back: a network
// that answers like it has memorised, and one that answers otherwise, in between the
// points, has generalised.
//
// Data do not change once made and may be used from many goroutines.
type Data struct {
	points []float64 // n × dim, ordered by class
	dim, n int
	start  []int // points of class c are start[c] ≤ i < start[c+1]; empty without classes
}

// NewData copies the samples of x. labels has one class for each, from 0 to the
// largest with none left out, or is nil for data without classes. All values must be
// finite.
func NewData(x *drift.Batch, labels []int) (*Data, error) {
	if x.N == 0 || x.Dim() == 0 {
		return nil, fmt.Errorf("data: found %d samples of shape %v, expected at least 1 of at least 1 value", x.N, x.Shape)
	}
	if err := x.Finite(); err != nil {
		return nil, fmt.Errorf("data: %w", err)
	}
	d := &Data{points: make([]float64, x.N*x.Dim()), dim: x.Dim(), n: x.N}
	if labels == nil {
		copy(d.points, x.Data)
		return d, nil
	}
	if len(labels) != x.N {
		return nil, fmt.Errorf("data: found %d labels for %d samples, expected as many", len(labels), x.N)
	}
	classes := 0
	for i, c := range labels {
		if c < 0 || c >= x.N {
			return nil, fmt.Errorf("data: found label %d for sample %d of %d, expected classes from 0 with none left out", c, i, x.N)
		}
		classes = max(classes, c+1)
	}
	d.start = make([]int, classes+1)
	for _, c := range labels {
		d.start[c+1]++
	}
	for c := range classes {
		if d.start[c+1] == 0 {
			return nil, fmt.Errorf("data: found no sample of class %d, expected one for every class from 0 to %d", c, classes-1)
		}
		d.start[c+1] += d.start[c]
	}
	next := slices.Clone(d.start)
	for i, c := range labels {
		copy(d.points[next[c]*d.dim:(next[c]+1)*d.dim], x.Row(i))
		next[c]++
	}
	return d, nil
}

// Dim is the number of values in one sample.
func (d *Data) Dim() int { return d.dim }

// Len is the number of points.
func (d *Data) Len() int { return d.n }

// Classes is the number of classes, 0 for data without.
func (d *Data) Classes() int { return max(len(d.start)-1, 0) }

// Denoiser is the exact denoiser of the points, with a class for each sample as for
// [Mixture.Denoiser]: the mean of the points, each weighted by how likely it became x,
//
//	D(x) = Σ_i w_i·x_i,   w_i ∝ exp(-|x - Alpha·x_i|²/(2·Sigma²))
//
// (Karras et al. 2022, arXiv:2206.00364, eq. 57). At Sigma = 0 it is the nearest
// point, or the mean of the nearest if several are equally near. A sample so far out
// that no squared distance is finite is an error.
func (d *Data) Denoiser(labels []int) drift.Denoiser {
	labels = slices.Clone(labels)
	return drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		if err := denoiserErrors(dst, x, at, d.dim, d.Classes(), labels); err != nil {
			return err
		}
		lost := make([]bool, x.N)
		parallel.Blocks(x.N, d.n*d.dim*2, func(lo, hi int) {
			var looks [tile]look
			for ; lo < hi; lo += tile {
				now := looks[:min(tile, hi-lo)]
				for i := range now {
					class := -1
					if labels != nil {
						class = labels[lo+i]
					}
					now[i] = d.newLook(x.Row(lo+i), dst.Row(lo+i), class)
				}
				d.scan(now, at)
				for i, l := range now {
					lost[lo+i] = math.IsInf(l.nearest, 1)
				}
			}
		})
		for i, l := range lost {
			if l {
				return fmt.Errorf("denoise: found sample %d out of reach of all data, expected one with a finite squared distance", i)
			}
		}
		return nil
	})
}

// LogDensity is log p_t(x) in nats for the points of a class, or for all with class
// -1. A class that is not there has density 0. At Sigma = 0 there is no density, and
// the answer is NaN, as it is for an x of another size than Dim.
func (d *Data) LogDensity(x []float64, at drift.Level, class int) float64 {
	switch {
	case len(x) != d.dim || at.Sigma == 0:
		return math.NaN()
	case class < -1 || class >= d.Classes():
		return math.Inf(-1)
	}
	l := []look{d.newLook(x, make([]float64, d.dim), class)}
	d.scan(l, at)
	return math.Log(l[0].total) - math.Log(float64(l[0].end-l[0].begin)) -
		l[0].nearest/at.Sigma/at.Sigma/2 - float64(d.dim)*(math.Log(at.Sigma)+math.Log(2*math.Pi)/2)
}
