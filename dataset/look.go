package dataset

import (
	"cmp"
	"fmt"
	"math"
	"math/bits"
	"slices"

	"drift"
	"drift/internal/parallel"
)

// lookSide is the side of the small grey copies by which pictures are compared.
const lookSide = 8

// look is what a picture looks like from afar. Values are in units of the range.
type look struct {
	mean, std float64
	small     [lookSide * lookSide]float32 // grey, means over patches
	hash      uint64                       // a bit for each patch: lighter than its right neighbour
}

func lookAt(s *Set) []look {
	all := make([]look, s.X.N)
	parallel.Blocks(s.X.N, 8*s.X.Dim(), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			all[i] = s.look(i)
		}
	})
	return all
}

func (s *Set) look(i int) (l look) {
	high, wide, channels := s.X.Shape[0], s.X.Shape[1], s.X.Shape[2]
	row, unit := s.X.Row(i), 1/max(s.Max-s.Min, 1e-300)
	for _, v := range row {
		l.mean += (v - s.Min) * unit / float64(len(row))
	}
	for _, v := range row {
		d := (v-s.Min)*unit - l.mean
		l.std += d * d / float64(len(row))
	}
	l.std = math.Sqrt(l.std)
	// One column of patches more, for the neighbours of the last.
	var patches [lookSide][lookSide + 1]float64
	for a := range lookSide {
		for b := range lookSide + 1 {
			patches[a][b] = patch(row, wide, channels, a*high/lookSide, (a+1)*high/lookSide, b*wide/(lookSide+1), (b+1)*wide/(lookSide+1))
		}
	}
	for a := range lookSide {
		for b := range lookSide {
			l.hash <<= 1
			if patches[a][b] > patches[a][b+1] {
				l.hash |= 1
			}
			l.small[a*lookSide+b] = float32((patch(row, wide, channels, a*high/lookSide, (a+1)*high/lookSide, b*wide/lookSide, (b+1)*wide/lookSide) - s.Min) * unit)
		}
	}
	return l
}

// patch is the mean over rows y0 ≤ y < y1 and columns x0 ≤ x < x1, or over the pixel
// at their beginning where there are none.
func patch(row []float64, wide, channels, y0, y1, x0, x1 int) float64 {
	sum, n := 0.0, 0
	for y := y0; y < max(y1, y0+1); y++ {
		for x := x0; x < max(x1, x0+1); x++ {
			for c := range channels {
				sum += row[(y*wide+x)*channels+c]
				n++
			}
		}
	}
	return sum / float64(n)
}

const (
	nearBits     = 3    // bits in which the hashes of almost equal pictures differ at most
	nearDistance = 0.15 // in standard deviations of the pixels
	nearWindow   = 300  // pictures with the same part of a hash that one is compared with
	listed       = 200  // pairs and outliers
)

// alike finds pairs of pictures that are almost the same: whose difference hashes
// differ in at most 3 bits of 64, and whose pixels differ little. Hashes that differ so
// little agree in one of four parts, so only those are compared.
func alike(s *Set, looks []look) []Pair {
	found := map[[2]int]float64{}
	x, y := make([]float64, s.X.Dim()), make([]float64, s.X.Dim())
	order := make([]int, len(looks))
	for part := range nearBits + 1 {
		key := func(i int) uint64 { return looks[i].hash >> (16 * part) & 0xffff }
		for i := range order {
			order[i] = i
		}
		slices.SortFunc(order, func(a, b int) int {
			return cmp.Or(cmp.Compare(key(a), key(b)), cmp.Compare(looks[a].hash, looks[b].hash), a-b)
		})
		for k, a := range order {
			for _, b := range order[k+1 : min(len(order), k+1+nearWindow)] {
				if key(b) != key(a) {
					break
				}
				if bits.OnesCount64(looks[a].hash^looks[b].hash) > nearBits || math.Abs(looks[a].mean-looks[b].mean) > nearDistance*looks[a].std {
					continue
				}
				pair := [2]int{min(a, b), max(a, b)}
				if d := s.apart(pair[0], pair[1], looks[pair[0]].std, x, y); d > 0 && d < nearDistance { // 0: the same
					found[pair] = d
				}
			}
		}
	}
	pairs := make([]Pair, 0, len(found))
	for pair, d := range found {
		pairs = append(pairs, Pair{pair[0], pair[1], d})
	}
	slices.SortFunc(pairs, func(p, q Pair) int { return cmp.Or(cmp.Compare(p.Distance, q.Distance), p.A-q.A, p.B-q.B) })
	return pairs[:min(len(pairs), listed)]
}

// apart is the root mean square difference of two pictures in units of std, or any
// number above nearDistance if it is above that. It reads them into x and y.
func (s *Set) apart(a, b int, std float64, x, y []float64) float64 {
	s.X.Read(x, a)
	s.X.Read(y, b)
	unit := std * (s.Max - s.Min)
	enough := nearDistance * nearDistance * unit * unit * float64(len(x))
	sum := 0.0
	for i, v := range x {
		d := v - y[i]
		if sum += d * d; sum > enough {
			return math.Inf(1)
		}
	}
	return math.Sqrt(sum/float64(len(x))) / unit
}

const (
	farScore  = 6   // robust standard deviations that make an outlier
	reference = 500 // pictures that one is compared with
)

// outliers are pictures of one colour, far lighter, darker or of more contrast than
// most, or far from all of up to 500 others by their small copies.
func outliers(s *Set, looks []look) []Outlier {
	n := len(looks)
	alone := make([]float64, n)
	others := drift.Evenly(n, reference)
	parallel.Blocks(n, 100*len(others), func(lo, hi int) {
		for i := lo; i < hi; i++ {
			best := float32(math.Inf(1))
			for _, j := range others {
				if j == i {
					continue
				}
				sum := float32(0)
				for k, v := range looks[i].small {
					d := v - looks[j].small[k]
					sum += d * d
				}
				best = min(best, sum)
			}
			alone[i] = math.Sqrt(float64(best) / lookSide / lookSide)
		}
	})
	measure := func(of func(l look) float64) []float64 {
		v := make([]float64, n)
		for i, l := range looks {
			v[i] = of(l)
		}
		return scores(v)
	}
	far, light, contrast := scores(alone), measure(func(l look) float64 { return l.mean }), measure(func(l look) float64 { return l.std })
	found := []Outlier{}
	for i, l := range looks {
		o := Outlier{Index: i}
		for _, reason := range []struct {
			why   string
			score float64
		}{{"unlike all others", far[i]}, {"light", light[i]}, {"dark", -light[i]}, {"of high contrast", contrast[i]}, {"of low contrast", -contrast[i]}} {
			if reason.score > max(o.Score, farScore) {
				o.Why, o.Score = reason.why, reason.score
			}
		}
		if l.std < 1e-9 {
			o.Why, o.Score = "of one colour", max(o.Score, farScore)
		}
		if o.Why != "" && n > 2 {
			found = append(found, o)
		}
	}
	slices.SortStableFunc(found, func(a, b Outlier) int { return cmp.Compare(b.Score, a.Score) })
	return found[:min(len(found), listed)]
}

// scores are how far values lie from their median, in units of 1.4826 times the median
// distance from it, which for normal values is their standard deviation (Hampel 1974).
// All are 0 where most values are the same.
func scores(v []float64) []float64 {
	middle := median(v)
	out := make([]float64, len(v))
	for i, x := range v {
		out[i] = math.Abs(x - middle)
	}
	unit := 1.4826 * median(out)
	for i, x := range v {
		if out[i] = 0; unit > 0 {
			out[i] = (x - middle) / unit
		}
	}
	return out
}

func median(v []float64) float64 {
	sorted := slices.Sorted(slices.Values(v))
	return (sorted[(len(v)-1)/2] + sorted[len(v)/2]) / 2
}

// Item is what people call sample i: its file, or its number from 1.
func (s *Set) Item(i int) string {
	if s.Files != nil {
		return s.Files[i]
	}
	return fmt.Sprintf("#%d", i+1)
}
