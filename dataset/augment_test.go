package dataset

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"drift"
)

// scene is a picture with a value of its own at every place.
func scene(h, w, c int, at func(y, x, c int) float64) ([]float64, []int) {
	row := make([]float64, h*w*c)
	for i := range row {
		row[i] = at(i/c/w, i/c%w, i%c)
	}
	return row, []int{h, w, c}
}

func some(y, x, c int) float64 { return math.Sin(float64(7*y*y+3*x)) + float64(c) }

// same compares a picture with what is expected away from its border.
func same(t *testing.T, what string, row []float64, shape []int, border int, want func(y, x, c int) float64) {
	t.Helper()
	for y := border; y < shape[0]-border; y++ {
		for x := border; x < shape[1]-border; x++ {
			for c := range shape[2] {
				if got := row[(y*shape[1]+x)*shape[2]+c]; math.Abs(got-want(y, x, c)) > 1e-12 {
					t.Fatalf("%s: (%d, %d, %d): found %v, want %v", what, y, x, c, got, want(y, x, c))
				}
			}
		}
	}
}

// Transformations that lead from pixels to pixels move them and change none.
func TestWarpsOfWholePixels(t *testing.T) {
	const h, w = 8, 8
	for _, test := range []struct {
		what   string
		warp   warp
		border int
		want   func(y, x, c int) float64
	}{
		{"nothing", warp{}, 0, some},
		{"mirrored", warp{flipX: true}, 0, func(y, x, c int) float64 { return some(y, w-1-x, c) }},
		{"upside down", warp{flipY: true}, 0, func(y, x, c int) float64 { return some(h-1-y, x, c) }},
		{"a quarter turn", warp{turn: math.Pi / 2}, 0, func(y, x, c int) float64 { return some(h-1-x, y, c) }},
		{"half a turn", warp{turn: -math.Pi}, 0, func(y, x, c int) float64 { return some(h-1-y, w-1-x, c) }},
		{"flipped, then turned", warp{flipX: true, turn: math.Pi / 2}, 0, func(y, x, c int) float64 { return some(h-1-x, w-1-y, c) }},
		{"shifted right and up", warp{shift: [2]float64{2, -1}}, 2, func(y, x, c int) float64 { return some(y+1, x-2, c) }},
		{"turned, then shifted", warp{turn: math.Pi / 2, shift: [2]float64{1, 0}}, 1, func(y, x, c int) float64 { return some(h-1-(x-1), y, c) }},
	} {
		row, shape := scene(h, w, 2, some)
		test.warp.apply(row, shape)
		same(t, test.what, row, shape, test.border, test.want)
	}
	row, shape := scene(5, 3, 3, some)
	Mirror(row, shape)
	same(t, "Mirror", row, shape, 0, func(y, x, c int) float64 { return some(y, 2-x, c) })
}

// A plane stays the plane that the geometry says, between pixels too.
func TestWarpsOfPlanes(t *testing.T) {
	const n, mid = 64, 63.0 / 2
	plane := func(y, x float64) float64 { return 3*(x-mid) - 2*(y-mid) + 1 }
	for _, test := range []struct {
		what string
		warp warp
		back func(dy, dx float64) (y, x float64) // where a place off the centre comes from
	}{
		{"twice as large", warp{scale: 1 / augmentStep}, func(dy, dx float64) (float64, float64) { return dy / 2, dx / 2 }},
		{"smaller", warp{scale: -0.3 / augmentStep}, func(dy, dx float64) (float64, float64) { s := math.Exp2(0.3); return dy * s, dx * s }},
		{"turned", warp{turn: 0.3}, func(dy, dx float64) (float64, float64) {
			return dy*math.Cos(0.3) - dx*math.Sin(0.3), dx*math.Cos(0.3) + dy*math.Sin(0.3)
		}},
		{"wider", warp{stretch: 0.4 / augmentStep}, func(dy, dx float64) (float64, float64) {
			return dy * math.Exp2(0.4), dx * math.Exp2(-0.4)
		}},
		{"taller", warp{stretch: 0.4 / augmentStep, axis: math.Pi / 2}, func(dy, dx float64) (float64, float64) {
			return dy * math.Exp2(-0.4), dx * math.Exp2(0.4)
		}},
		{"larger, turned, shifted", warp{scale: 1, turn: -0.2, shift: [2]float64{0.1, 0.3}}, func(dy, dx float64) (float64, float64) {
			dx, dy = dx-0.1*n/8, dy-0.3*n/8
			s := math.Exp2(-augmentStep)
			return s * (dy*math.Cos(0.2) + dx*math.Sin(0.2)), s * (dx*math.Cos(0.2) - dy*math.Sin(0.2))
		}},
	} {
		row, shape := scene(n, n, 1, func(y, x, _ int) float64 { return plane(float64(y), float64(x)) })
		test.warp.apply(row, shape)
		same(t, test.what, row, shape, 16, func(y, x, _ int) float64 {
			dy, dx := test.back(float64(y)-mid, float64(x)-mid)
			return plane(mid+dy, mid+dx)
		})
	}
}

// augmented changes a picture and says how.
func augmented(row []float64, shape []int, p float64, r *rand.Rand) []float64 {
	label := make([]float64, AugmentLabels)
	Augment(label, shape, p, r)(row)
	return label
}

// A picture of one colour keeps it, whatever is done, and stripes too fine for a
// smaller picture become grey.
func TestWarpsKeepTheMean(t *testing.T) {
	r := drift.Rand(1, "test")
	for range 200 {
		row, shape := scene(7, 5, 1, func(int, int, int) float64 { return 0.7 })
		augmented(row, shape, 1, r)
		for _, v := range row {
			if math.Abs(v-0.7) > 1e-12 {
				t.Fatalf("0.7 became %v", v)
			}
		}
	}
	row, shape := scene(32, 32, 1, func(_, x, _ int) float64 { return float64(x%2)*2 - 1 })
	warp{scale: -1 / augmentStep}.apply(row, shape)
	for i, v := range row {
		if math.Abs(v) > 0.3 {
			t.Fatalf("stripes of ±1 at half their size: value %d is %v", i, v)
		}
	}
}

// How often and how far each thing is done, and that the labels tell it.
func TestAugmentIsDrawnAsThePaperSays(t *testing.T) {
	const n, p = 40_000, 0.12
	var on [AugmentLabels]float64
	var square [AugmentLabels]float64
	for i := range n {
		row, shape := scene(2, 2, 1, some)
		label := augmented(row, shape, p, drift.Rand(5, "augment", uint64(i)))
		for k, v := range label {
			if v != 0 {
				on[k]++
				square[k] += v * v
			}
		}
		if same := !slices.ContainsFunc(label, func(v float64) bool { return v != 0 }); same {
			again, _ := scene(2, 2, 1, some)
			if !slices.Equal(row, again) {
				t.Fatal("a picture changed and its labels do not say so")
			}
		}
	}
	half := 0.5
	for k, want := range [AugmentLabels]struct{ share, square float64 }{
		{half, 1}, {p / 2, 1}, {p, 1}, {p, 1.5}, {p, half}, {p, half}, {p, half}, {p, 1}, {p, 1},
	} {
		if share := on[k] / n; math.Abs(share-want.share) > 0.01 {
			t.Errorf("label %d: drawn %.3f of the time, want %.3f", k, share, want.share)
		}
		if got := square[k] / on[k]; math.Abs(got/want.square-1) > 0.12 {
			t.Errorf("label %d: mean square %.3f where drawn, want %.3f", k, got, want.square)
		}
	}
}

func TestAugmentIsDeterministic(t *testing.T) {
	a, shape := scene(6, 6, 3, some)
	b, _ := scene(6, 6, 3, some)
	x, y := augmented(a, shape, 1, drift.Rand(3, "augment", 7)), augmented(b, shape, 1, drift.Rand(3, "augment", 7))
	if !slices.Equal(a, b) || !slices.Equal(x, y) {
		t.Error("the same generator gave another picture")
	}
	none, _ := scene(6, 6, 3, some)
	if label := augmented(none, shape, 0, drift.Rand(3, "augment", 8)); slices.ContainsFunc(label[1:], func(v float64) bool { return v != 0 }) {
		t.Errorf("probability 0: %v", label)
	}
}

func BenchmarkAugment(b *testing.B) {
	row, shape := scene(32, 32, 3, some)
	for i := range b.N {
		augmented(row, shape, 0.12, drift.Rand(0, "augment", uint64(i)))
	}
}
