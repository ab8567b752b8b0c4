package dataset

import (
	"math"
	"math/rand/v2"
)

// AugmentLabels is how many numbers say what Augment did.
const AugmentLabels = 9

// warp is a change of geometry about the centre of a picture: flips, then scale,
// rotation, stretch along one axis and shift. Angles turn x (right) towards y (down).
type warp struct {
	flipX, flipY bool
	scale        float64    // octaves of augmentStep; above 0 is larger
	turn         float64    // radians
	stretch      float64    // octaves of augmentStep, along axis and inversely across it
	axis         float64    // radians
	shift        [2]float64 // of x and y, in units of augmentShift
}

// The standard deviations of Karras et al. 2022, appendix F.2.
const (
	augmentStep  = 0.2     // octaves of scale and stretch
	augmentShift = 1.0 / 8 // of the width and height
)

// Augment decides at random how a picture is changed. It writes what is done to label,
// [AugmentLabels] numbers for a network: trained with them, and sampled with all of them
// 0, it shows nothing of the changes (Karras et al. 2020; parameters and labels as in
// Karras et al. 2022, appendix F.2, table 6). What it returns changes pictures of shape
// [height, width, channels] in place, all in the same way. They are mirrored with
// probability ½; flipped upside down with p/2; and scaled, turned, stretched and shifted
// with p each, where 0.12 is usual. All is 0 in the label if nothing is done:
//
//	[mirrored, upside down, scale, cos(turn) − 1, sin(turn), stretch·cos(axis), stretch·sin(axis), shift right, shift down]
//
// with scale and stretch in units of a fifth of an octave and shifts in eighths of a
// side, each standard normal where it is drawn. What lies outside is reflected.
func Augment(label []float64, shape []int, p float64, r *rand.Rand) func(row []float64) {
	w := drawWarp(p, r)
	copy(label, w.label())
	return func(row []float64) { w.apply(row, shape) }
}

// Mirror turns a picture of shape [height, width, channels] left for right.
func Mirror(row []float64, shape []int) {
	warp{flipX: true}.flip(row, shape[0], shape[1], shape[2])
}

// drawWarp takes as many numbers from r whatever p is.
func drawWarp(p float64, r *rand.Rand) (w warp) {
	drawn := func(keep func(v float64), v float64) {
		if r.Float64() < p {
			keep(v)
		}
	}
	angle := func() float64 { return math.Pi * (2*r.Float64() - 1) }
	w.flipX, w.axis = r.IntN(2) == 1, angle()
	drawn(func(v float64) { w.flipY = v > 0 }, r.NormFloat64())
	drawn(func(v float64) { w.scale = v }, r.NormFloat64())
	drawn(func(v float64) { w.turn = v }, angle())
	drawn(func(v float64) { w.stretch = v }, r.NormFloat64())
	down := r.NormFloat64()
	drawn(func(v float64) { w.shift = [2]float64{v, down} }, r.NormFloat64())
	return w
}

func (w warp) label() []float64 {
	unit := func(b bool) float64 {
		if b {
			return 1
		}
		return 0
	}
	sin, cos := math.Sincos(w.turn)
	label := []float64{unit(w.flipX), unit(w.flipY), w.scale, cos - 1, sin, 0, 0, w.shift[0], w.shift[1]}
	if w.stretch != 0 {
		label[5], label[6] = w.stretch*math.Cos(w.axis), w.stretch*math.Sin(w.axis)
	}
	return label
}

// apply changes a picture. Flips alone move pixels and change none.
func (w warp) apply(row []float64, shape []int) {
	high, wide, channels := shape[0], shape[1], shape[2]
	w.flip(row, high, wide, channels)
	if w.scale == 0 && w.turn == 0 && w.stretch == 0 && w.shift == [2]float64{} {
		return
	}
	m := w.inverse()
	// Where the picture shrinks, each of its pixels is a mean over so many points a side.
	points := min(4, max(1, int(math.Ceil(norm(m)-1e-9))))
	from := append([]float64(nil), row...)
	clear(row)
	centreX, centreY := float64(wide-1)/2, float64(high-1)/2
	moveX, moveY := w.shift[0]*augmentShift*float64(wide), w.shift[1]*augmentShift*float64(high)
	for y := range high {
		for x := range wide {
			to := row[(y*wide+x)*channels:][:channels]
			for k := range points * points {
				dx := float64(x) + (float64(k%points)+0.5)/float64(points) - 0.5 - centreX - moveX
				dy := float64(y) + (float64(k/points)+0.5)/float64(points) - 0.5 - centreY - moveY
				addCubic(to, from, high, wide, centreX+m[0]*dx+m[1]*dy, centreY+m[2]*dx+m[3]*dy)
			}
			for c := range to {
				to[c] /= float64(points * points)
			}
		}
	}
}

// flip mirrors a picture in place.
func (w warp) flip(row []float64, high, wide, channels int) {
	swap := func(y, x, v, u int) {
		for c := range channels {
			a, b := (y*wide+x)*channels+c, (v*wide+u)*channels+c
			row[a], row[b] = row[b], row[a]
		}
	}
	for y := 0; w.flipX && y < high; y++ {
		for x := range wide / 2 {
			swap(y, x, y, wide-1-x)
		}
	}
	for y := 0; w.flipY && y < high/2; y++ {
		for x := range wide {
			swap(y, x, high-1-y, x)
		}
	}
}

// matrix is [xx, xy, yx, yy].
type matrix [4]float64

func (a matrix) times(b matrix) matrix {
	return matrix{a[0]*b[0] + a[1]*b[2], a[0]*b[1] + a[1]*b[3], a[2]*b[0] + a[3]*b[2], a[2]*b[1] + a[3]*b[3]}
}

func turned(angle float64) matrix {
	sin, cos := math.Sincos(angle)
	return matrix{cos, -sin, sin, cos}
}

// inverse leads from a place in the result, off its centre, to where it comes from.
func (w warp) inverse() matrix {
	smaller := math.Exp2(-augmentStep * w.scale)
	along := math.Exp2(-augmentStep * w.stretch)
	m := matrix{smaller, 0, 0, smaller}.times(turned(-w.turn))
	return m.times(turned(w.axis)).times(matrix{along, 0, 0, 1 / along}).times(turned(-w.axis))
}

// norm is the largest singular value.
func norm(m matrix) float64 {
	// σ₁ ± σ₂ are the lengths of the two halves of the matrix that turn and mirror.
	return (math.Hypot(m[0]+m[3], m[2]-m[1]) + math.Hypot(m[0]-m[3], m[2]+m[1])) / 2
}

// addCubic adds the value of a picture at a place between pixels, by the cubic of
// Keys (1981) with a = −1/2, which goes through the pixels.
func addCubic(to, from []float64, high, wide int, x, y float64) {
	x0, y0 := math.Floor(x), math.Floor(y)
	across, down := keys(x-x0), keys(y-y0)
	for i, wy := range down {
		line := reflected(int(y0)-1+i, high) * wide
		for j, wx := range across {
			at := (line + reflected(int(x0)-1+j, wide)) * len(to)
			for c := range to {
				to[c] += wy * wx * from[at+c]
			}
		}
	}
}

// keys is the weight of the pixels at −1, 0, 1 and 2 for a place at 0 ≤ t < 1.
func keys(t float64) [4]float64 {
	t2, t3 := t*t, t*t*t
	return [4]float64{(-t3 + 2*t2 - t) / 2, (3*t3 - 5*t2 + 2) / 2, (-3*t3 + 4*t2 + t) / 2, (t3 - t2) / 2}
}

// reflected is the pixel of n that mirrors at the first and the last one show at i.
func reflected(i, n int) int {
	if n == 1 {
		return 0
	}
	period := 2 * (n - 1)
	if i %= period; i < 0 {
		i += period
	}
	return min(i, period-i)
}
