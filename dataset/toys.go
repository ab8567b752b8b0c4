package dataset

import (
	"math"
	"math/rand/v2"

	"drift"
	"drift/exact"
)

// toyN is the size of a toy if Options.N is 0.
const toyN = 20_000

// toy is a shape in the plane. draw makes one sample and its class, 0 if the shape
// has none, from numbers that are the sample's own.
type toy struct {
	name    string
	classes []string
	draw    func(r *rand.Rand) (x, y float64, class int)
}

func (t toy) open(o Options) (*Set, error) {
	n := o.N
	if n == 0 {
		n = toyN
	}
	points := drift.NewBatch(n, 2)
	s := &Set{Name: t.name, X: drift.RowsOf(points), Classes: t.classes, Columns: []string{"x1", "x2"}}
	if t.classes != nil {
		s.Labels = make([]int, n)
	}
	for i := range n {
		x, y, class := t.draw(drift.Rand(o.Seed, "data", uint64(i)))
		points.Data[2*i], points.Data[2*i+1] = x, y
		if t.classes != nil {
			s.Labels[i] = class
		}
	}
	return s, nil
}

// dogcat is ½·N((10, 20), Std²·I) + ½·N((5, 25), Std²·I): dogs and cats by two
// measures. Its density is known in closed form at every noise level.
func dogcat(o Options) (*Set, error) {
	n, std := o.N, o.Std
	if n == 0 {
		n = toyN
	}
	if std == 0 {
		std = 1
	}
	m, err := exact.NewMixture(
		exact.Isotropic(1, []float64{10, 20}, std, 0),
		exact.Isotropic(1, []float64{5, 25}, std, 1),
	)
	if err != nil {
		return nil, err
	}
	x, labels := m.Draw(n, -1, o.Seed, "data")
	return &Set{
		Name: "dogcat", X: drift.RowsOf(x), Labels: labels, Classes: []string{"dog", "cat"}, Columns: []string{"x1", "x2"}, Truth: m,
	}, nil
}

// moons is the upper half of the unit circle around (0, 0) and the lower half of
// that around (1, ½), each blurred by 0.05: scikit-learn's make_moons.
var moons = toy{"moons", []string{"upper", "lower"}, func(r *rand.Rand) (x, y float64, class int) {
	class = r.IntN(2)
	y, x = math.Sincos(math.Pi * r.Float64())
	if class == 1 {
		x, y = 1-x, 0.5-y
	}
	return x + 0.05*r.NormFloat64(), y + 0.05*r.NormFloat64(), class
}}

// swissroll is t·(cos t, sin t)/5 with t even on [1½π, 4½π], blurred by 0.1:
// scikit-learn's make_swiss_roll, seen from the end and a fifth of the size.
var swissroll = toy{"swissroll", nil, func(r *rand.Rand) (x, y float64, class int) {
	t := 1.5 * math.Pi * (1 + 2*r.Float64())
	y, x = math.Sincos(t)
	return t*x/5 + 0.1*r.NormFloat64(), t*y/5 + 0.1*r.NormFloat64(), 0
}}

// rings is four circles around (0, 0) with radii ¾, 1½, 2¼ and 3, equally likely,
// blurred by 0.08 (as in the toy data of Grathwohl et al. 2019,
// arXiv:1810.01367).
var rings = toy{"rings", []string{"ring 1", "ring 2", "ring 3", "ring 4"}, func(r *rand.Rand) (x, y float64, class int) {
	class = r.IntN(4)
	radius := 0.75 * float64(class+1)
	y, x = math.Sincos(2 * math.Pi * r.Float64())
	return radius*x + 0.08*r.NormFloat64(), radius*y + 0.08*r.NormFloat64(), class
}}

// checkerboard is even on the eight squares [2i, 2i+2) × [2j, 2j+2) of [-4, 4)²
// with i + j even (as in the toy data of Grathwohl et al. 2019).
var checkerboard = toy{"checkerboard", nil, func(r *rand.Rand) (x, y float64, class int) {
	i := r.IntN(4) - 2
	j := 2*r.IntN(2) - 2 + i&1
	return 2 * (float64(i) + r.Float64()), 2 * (float64(j) + r.Float64()), 0
}}

// spiral is two arms ±t·(−cos t, sin t)/3 with t = 3π·√u, u even on [0, 1], each
// blurred by 0.1 (after the toy data of Grathwohl et al. 2019).
var spiral = toy{"spiral", []string{"arm 1", "arm 2"}, func(r *rand.Rand) (x, y float64, class int) {
	class = r.IntN(2)
	t := 3 * math.Pi * math.Sqrt(r.Float64())
	y, x = math.Sincos(t)
	side := float64(1 - 2*class)
	return -side*t*x/3 + 0.1*r.NormFloat64(), side*t*y/3 + 0.1*r.NormFloat64(), class
}}

// pinwheel is five blades: a point at (1 + 0.3·ξ₁, 0.1·ξ₂) with ξ ~ N(0, I), turned by
// 2πk/5 + ¼·exp(1 + 0.3·ξ₁) and doubled (as in Johnson et al. 2016, arXiv:1603.06277).
var pinwheel = toy{"pinwheel", []string{"blade 1", "blade 2", "blade 3", "blade 4", "blade 5"}, func(r *rand.Rand) (x, y float64, class int) {
	class = r.IntN(5)
	out, across := 1+0.3*r.NormFloat64(), 0.1*r.NormFloat64()
	sin, cos := math.Sincos(2*math.Pi*float64(class)/5 + 0.25*math.Exp(out))
	return 2 * (out*cos - across*sin), 2 * (out*sin + across*cos), class
}}
