package shape

import (
	"encoding/json"
	"math"
	"os"
	"testing"

	"drift"
)

// waves is the picture of testdata/outlines.py.
func waves(height, width, channels int) []float64 {
	var p []float64
	for y := range height {
		for x := range width {
			for c := range channels {
				y, x, c := float64(y), float64(x), float64(c)
				p = append(p, 0.5+0.25*math.Sin(0.7*x+0.11*y*x+c)+0.25*math.Cos(0.45*y-0.2*x*c))
			}
		}
	}
	return p
}

// outlined is the outlines of one picture.
func outlined(pixels []float64, shape ...int) []float64 {
	p := newPlan(shape)
	copy(p.pixels, pixels)
	to := make([]float64, cells*cells*bins)
	p.outlines(to)
	return to
}

// lit is the light of one picture.
func lit(pixels []float64, shape ...int) []float64 {
	p := newPlan(shape)
	copy(p.pixels, pixels)
	to := make([]float64, cells*cells*shape[2])
	p.light(to)
	return to
}

func TestOutlinesAgreeWithNumPy(t *testing.T) {
	text, err := os.ReadFile("testdata/outlines.json")
	if err != nil {
		t.Fatal(err)
	}
	var want []float64
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	got := outlined(waves(24, 16, 3), 24, 16, 3)
	if len(got) != len(want) {
		t.Fatalf("found %d numbers, expected %d", len(got), len(want))
	}
	for i := range want {
		if math.Abs(got[i]-want[i]) > 1e-8 {
			t.Fatalf("number %d: found %v, expected %v", i, got[i], want[i])
		}
	}
}

func TestAnEdgeHasItsDirection(t *testing.T) {
	const side = 16
	across, down := make([]float64, side*side), make([]float64, side*side)
	for y := range side {
		for x := range side {
			if x >= side/2 {
				across[y*side+x] = 1 // an upright edge: its gradient points right
			}
			if y >= side/2 {
				down[y*side+x] = 1
			}
		}
	}
	upright, level := outlined(across, side, side, 1), outlined(down, side, side, 1)
	for i := range cells * cells {
		y, x := i/cells, i%cells
		for b := range bins {
			// Direction 0 lies between the last bin and the first, a quarter turn in the middle one.
			if got, edge := upright[i*bins+b], (x == 3 || x == 4) && (b == 0 || b == bins-1); got > 0 != edge {
				t.Errorf("upright edge, cell (%d, %d), bin %d: found %v", y, x, b, got)
			}
			if got, edge := level[i*bins+b], (y == 3 || y == 4) && b == bins/2; got > 0 != edge {
				t.Errorf("level edge, cell (%d, %d), bin %d: found %v", y, x, b, got)
			}
		}
	}
}

func TestAMirroredPictureHasMirroredOutlinesAndLight(t *testing.T) {
	for _, side := range []int{32, 28, 5} {
		p := waves(side, side, 1)
		m := make([]float64, len(p))
		for i := range p {
			m[i] = p[i/side*side+side-1-i%side]
		}
		a, b := outlined(p, side, side, 1), outlined(m, side, side, 1)
		mirrored := func(cell int) int { return cell/cells*cells + cells - 1 - cell%cells }
		for i := range a {
			if twin := mirrored(i/bins)*bins + bins - 1 - i%bins; math.Abs(a[i]-b[twin]) > 1e-9 {
				t.Fatalf("side %d, cell %d, bin %d: found %v, mirrored %v", side, i/bins, i%bins, a[i], b[twin])
			}
		}
		a, b = lit(p, side, side, 1), lit(m, side, side, 1)
		for i := range a {
			if math.Abs(a[i]-b[mirrored(i)]) > 1e-12 {
				t.Fatalf("side %d, cell %d: found light %v, mirrored %v", side, i, a[i], b[mirrored(i)])
			}
		}
	}
}

func TestLightIgnoresBrightness(t *testing.T) {
	for _, shape := range [][]int{{5, 7, 3}, {16, 16, 1}} {
		p := waves(shape[0], shape[1], shape[2])
		bright := make([]float64, len(p))
		for i, v := range p {
			bright[i] = v + 0.2
		}
		a, b := lit(p, shape...), lit(bright, shape...)
		for i := range a {
			if math.Abs(a[i]-b[i]) > 1e-12 {
				t.Fatalf("%v, number %d: found %v, brighter %v", shape, i, a[i], b[i])
			}
		}
	}
}

func TestOutlinesIgnoreBrightnessAndContrast(t *testing.T) {
	p := waves(32, 32, 3)
	faint := make([]float64, len(p))
	for i, v := range p {
		faint[i] = 0.3 + 0.5*v
	}
	a, b := outlined(p, 32, 32, 3), outlined(faint, 32, 32, 3)
	for i := range a {
		if math.Abs(a[i]-b[i]) > 0.01 { // dark counts a little more
			t.Fatalf("number %d: found %v, faint %v", i, a[i], b[i])
		}
	}
}

// Rows of known directions: along two of them they differ by 4 and by 1, along the rest not
// at all. Divided by the roots of their deviations, they differ by 2 and by 1.
func TestComponents(t *testing.T) {
	x := drift.NewBatch(400, 5)
	a, b := []float64{0.6, 0.8, 0, 0, 0}, []float64{0, 0, 0, -1, 0}
	along := [][2]float64{{1, 1}, {-1, 1}, {1, -1}, {-1, -1}}
	for i := range x.N {
		for j := range x.Row(i) {
			x.Row(i)[j] = 7 + 4*along[i%4][0]*a[j] + along[i%4][1]*b[j]
		}
	}
	to := drift.NewBatch(x.N, 6)
	components(to, 1, 4, x, 1)
	first, second := 2/math.Sqrt(5), 1/math.Sqrt(5)
	signs := [2]float64{math.Copysign(1, to.Row(0)[1]), math.Copysign(1, to.Row(0)[2])} // either way is a direction
	for i := range to.N {
		want := []float64{0, first * along[i%4][0] * signs[0], second * along[i%4][1] * signs[1], 0, 0, 0}
		for j, v := range to.Row(i) {
			if math.Abs(v-want[j]) > 1e-9 {
				t.Fatalf("row %d: found %v, expected %v", i, to.Row(i), want)
			}
		}
	}
}

// What differs by rounding alone is not made large.
func TestComponentsOfRounding(t *testing.T) {
	x := drift.NewBatch(10, 3)
	for i := range x.Data {
		x.Data[i] = 0.3 + 1e-16*float64(i%4)
	}
	to := drift.NewBatch(10, 3)
	components(to, 0, 3, x, 1)
	for i, v := range to.Data {
		if v != 0 {
			t.Fatalf("number %d: found %v, expected 0", i, v)
		}
	}
}

func TestDescribeScalesBothKinds(t *testing.T) {
	x := drift.NewBatch(20, 12, 20, 2)
	for i := range x.Data {
		x.Data[i] = 255 * drift.Rand(1, "pixels", uint64(i)).Float64()
	}
	d, err := Describe(drift.RowsOf(x), 0, 255)
	if err != nil {
		t.Fatal(err)
	}
	if d.N != 20 || d.Dim() != outlineNumbers+lightNumbers {
		t.Fatalf("found %d rows of %d numbers", d.N, d.Dim())
	}
	square := func(from, to int) (sum float64) {
		for i := range d.N {
			for _, v := range d.Row(i)[from:to] {
				sum += v * v / float64(d.N)
			}
		}
		return sum
	}
	if a, b := square(0, outlineNumbers), square(outlineNumbers, d.Dim()); math.Abs(a-1) > 1e-9 || math.Abs(b-lightShare*lightShare) > 1e-9 {
		t.Errorf("found mean square distances of %v and %v, expected 1 and %v", a, b, lightShare*lightShare)
	}
}

// A cell's light is its mean colour less that of the picture; a pixel at a border counts for
// what lies in the cell.
func TestLightOfACell(t *testing.T) {
	p := waves(12, 20, 2)
	mean, cell := 0.0, 0.0
	for i := 0; i < len(p); i += 2 {
		mean += p[i] / (12 * 20)
	}
	for y, high := range []float64{1, 0.5} { // of the first cell's height, 12/8
		for x, wide := range []float64{1, 1, 0.5} { // of its width, 20/8
			cell += p[(y*20+x)*2] * high * wide / (12. / 8 * 20 / 8)
		}
	}
	if got := lit(p, 12, 20, 2)[0]; math.Abs(got-(cell-mean)) > 1e-12 {
		t.Errorf("found %v, expected %v", got, cell-mean)
	}
}

func TestDescribeTakesAnyPicture(t *testing.T) {
	for _, shape := range [][]int{{1, 1, 1}, {3, 5, 3}, {8, 8, 1}, {100, 7, 4}} {
		x := drift.NewBatch(3, shape...)
		copy(x.Row(1), waves(shape[0], shape[1], shape[2]))
		d, err := Describe(drift.RowsOf(x), 0, 1)
		if err != nil {
			t.Fatalf("%v: %v", shape, err)
		}
		if err := d.Finite(); err != nil {
			t.Errorf("%v: %v", shape, err)
		}
	}
}

func TestDescribeRefuses(t *testing.T) {
	for name, f := range map[string]func() (*drift.Batch, error){
		"points":   func() (*drift.Batch, error) { return Describe(drift.RowsOf(drift.NewBatch(3, 2)), 0, 1) },
		"nothing":  func() (*drift.Batch, error) { return Describe(drift.RowsOf(drift.NewBatch(0, 8, 8, 1)), 0, 1) },
		"no range": func() (*drift.Batch, error) { return Describe(drift.RowsOf(drift.NewBatch(3, 8, 8, 1)), 1, 1) },
	} {
		if _, err := f(); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
