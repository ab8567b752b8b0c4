package picture

import "math"

// Fit is the picture at a size of h×w: the largest part of that shape around its
// centre, resized. Each value is a mean of the pixels around it, weighed by the cubic
// of Keys (1981, a = −1/2, also called Catmull-Rom). When a picture shrinks, the
// cubic is as wide as a pixel of the result, so that fine detail is averaged and not
// aliased. Weights act on sRGB values, as in most of what trains networks.
func (p Picture) Fit(h, w int) Picture {
	if p.H == h && p.W == w {
		return p
	}
	scale := min(float64(p.H)/float64(h), float64(p.W)/float64(w)) // pixels of p a pixel of the result
	down := newTaps(p.H, h, scale)
	across := newTaps(p.W, w, scale)
	// Rows first, and only those that the columns will need.
	first, last := p.H, 0
	for _, t := range down {
		first, last = min(first, t.first), max(last, t.first+len(t.weight))
	}
	rows := make([]float32, (last-first)*w*p.C)
	for y := first; y < last; y++ {
		for x, t := range across {
			for c := range p.C {
				var sum float32
				for k, weight := range t.weight {
					sum += weight * float32(p.Pix[(y*p.W+t.first+k)*p.C+c])
				}
				rows[((y-first)*w+x)*p.C+c] = sum
			}
		}
	}
	q := New(h, w, p.C)
	for y, t := range down {
		for i := range w * p.C {
			var sum float32
			for k, weight := range t.weight {
				sum += weight * rows[(t.first-first+k)*w*p.C+i]
			}
			q.Pix[y*w*p.C+i] = uint8(math.Round(float64(min(max(sum, 0), 255))))
		}
	}
	return q
}

// taps are the pixels, one after another, that make a pixel of the result.
type taps struct {
	first  int
	weight []float32 // they sum to 1
}

// newTaps resamples n pixels, or the middle of them, to m, each as wide as scale
// pixels of the n.
func newTaps(n, m int, scale float64) []taps {
	const radius = 2 // of the cubic
	wide := max(scale, 1)
	start := (float64(n) - float64(m)*scale) / 2
	all := make([]taps, m)
	for i := range all {
		centre := start + (float64(i)+0.5)*scale
		first := max(0, int(math.Floor(centre-radius*wide)))
		last := min(n, int(math.Ceil(centre+radius*wide)))
		weight := make([]float64, last-first)
		sum := 0.0
		for k := range weight {
			weight[k] = cubic((float64(first+k) + 0.5 - centre) / wide)
			sum += weight[k]
		}
		all[i] = taps{first, make([]float32, len(weight))}
		for k, v := range weight {
			all[i].weight[k] = float32(v / sum)
		}
	}
	return all
}

// cubic is the kernel of Keys 1981, eq. 4 with a = −1/2.
func cubic(x float64) float64 {
	switch x = math.Abs(x); {
	case x < 1:
		return (1.5*x-2.5)*x*x + 1
	case x < 2:
		return ((-0.5*x+2.5)*x-4)*x + 2
	}
	return 0
}
