package render

import (
	"image"
	"image/color"
	"math"
	"testing"

	"drift"
)

// What is left of a line lies within the frame and on the line, and nothing that lay
// within is lost.
func TestClipKeepsWhatIsInside(t *testing.T) {
	f := frame{x0: 10, y0: 20, x1: 110, y1: 70}
	in := func(x, y float64) bool { return x >= f.x0 && x <= f.x1 && y >= f.y0 && y <= f.y1 }
	r := drift.Rand(1, "clip test")
	for range 2000 {
		xs := []float64{r.Float64() * 150, r.Float64() * 150}
		ys := []float64{r.Float64() * 90, r.Float64() * 90}
		cx, cy := f.clip(xs, ys)
		kept := 0.0
		for i := range cx {
			if !finite(cx[i], cy[i]) {
				continue
			}
			if cx[i] < f.x0-1e-9 || cx[i] > f.x1+1e-9 || cy[i] < f.y0-1e-9 || cy[i] > f.y1+1e-9 {
				t.Fatalf("found (%v, %v) of a clipped line, expected it in the frame", cx[i], cy[i])
			}
			if i > 0 && finite(cx[i-1], cy[i-1]) {
				kept += math.Hypot(cx[i]-cx[i-1], cy[i]-cy[i-1])
			}
		}
		const n = 4000
		inside := 0
		for k := range n {
			u := (float64(k) + 0.5) / n
			if in(xs[0]+u*(xs[1]-xs[0]), ys[0]+u*(ys[1]-ys[0])) {
				inside++
			}
		}
		length := math.Hypot(xs[1]-xs[0], ys[1]-ys[0])
		if want := length * float64(inside) / n; math.Abs(kept-want) > 2*length/n {
			t.Fatalf("line from (%v, %v) to (%v, %v): found %v kept, expected %v", xs[0], ys[0], xs[1], ys[1], kept, want)
		}
	}
}

// Dashes of 5 with gaps of 4 are 5/9 of a long line, on the line, whatever pieces
// the line comes in.
func TestDashes(t *testing.T) {
	var xs, ys []float64
	for k := range 901 {
		xs, ys = append(xs, float64(k)), append(ys, 7)
	}
	dx, dy := dashes(xs, ys, 5, 4)
	drawn := 0.0
	for i := 1; i < len(dx); i++ {
		if finite(dx[i-1], dx[i]) {
			drawn += dx[i] - dx[i-1]
			if dy[i] != 7 {
				t.Fatalf("found a dash at height %v, expected 7", dy[i])
			}
		}
	}
	if math.Abs(drawn-500) > 1e-9 {
		t.Errorf("found dashes of %v together, expected 500", drawn)
	}
}

// The contour of a round hill is one closed line at the right distance.
func TestContourOfARoundHill(t *testing.T) {
	b := Bounds{-3, 3, -3, 3}
	f := frame{b: b, x0: 0, y0: 0, x1: 600, y1: 600}
	g := sample(func(x, y float64) float64 { return math.Exp(-(x*x + y*y) / 2) }, b, 120)
	var pieces [][2][2]float64
	for j := range g.cells {
		for i := range g.cells {
			pieces = append(pieces, f.cell(g, i, j, 0.3)...)
		}
	}
	lines := joined(pieces)
	if len(lines) != 1 || len(lines[0]) != len(pieces)+1 {
		t.Fatalf("found %d lines for %d pieces, the first of %d points, expected one closed line", len(lines), len(pieces), len(lines[0]))
	}
	want := 100 * math.Sqrt(-2*math.Log(0.3))
	for _, p := range lines[0] {
		// Between grid points h = 1/20 apart the hill is taken as straight: off by h²/8·|f''/f'|.
		if r := math.Hypot(p[0]-300, p[1]-300); math.Abs(r-want) > 0.2 {
			t.Errorf("found a point of the contour %.2f pixels from the top, expected %.2f", r, want)
		}
	}
}

func TestNumbersOfLogarithmicAxes(t *testing.T) {
	for v, want := range map[float64]string{0: "1", -2: "0.01", 3: "1000", -5: "10⁻⁵", 12: "10¹²", math.Log10(2e-6): "2·10⁻⁶", math.Log10(50): "50"} {
		if got := axisNumber(v, true); got != want {
			t.Errorf("10^%v: found %q, expected %q", v, got, want)
		}
	}
	for _, hi := range []float64{0.5, 2, 8, 48, 300} {
		if n := len(axisTicks(-1, hi, true)); n < 2 || n > 12 {
			t.Errorf("from -1 to %v: found %d ticks, expected some that have room", hi, n)
		}
	}
}

// A few bright pixels among many shades keep their colour: an animation's palette is
// not a vote.
func TestPaletteKeepsRareColours(t *testing.T) {
	img := image.NewRGBA(image.Rect(0, 0, 512, 400))
	for y := range 400 {
		for x := range 512 { // thousands of frequent blues and greens
			img.SetRGBA(x, y, color.RGBA{0, uint8(x / 2), uint8(y / 2), 0xff})
		}
	}
	bright := color.RGBA{0xfd, 0xf3, 0xb0, 0xff}
	for k := range 20 {
		img.SetRGBA(200+k, 100, bright)
	}
	p := paletteOf([]*image.RGBA{img})
	if len(p.colours) > 256 {
		t.Fatalf("found %d colours, expected at most 256", len(p.colours))
	}
	shown := p.convert(img)
	if got := color.RGBAModel.Convert(shown.At(205, 100)).(color.RGBA); got != bright {
		t.Errorf("found %v, expected %v", got, bright)
	}
	worst := 0.0
	for y := range 400 {
		for x := range 512 {
			worst = max(worst, apart(img.RGBAAt(x, y), color.RGBAModel.Convert(shown.At(x, y)).(color.RGBA)))
		}
	}
	// 255 colours over a square of 256 × 200 levels: cells of 14 levels, corners 10 away.
	if worst > 20*20 {
		t.Errorf("found a colour %.0f levels off, expected at most 20", math.Sqrt(worst))
	}
}

// Hills hide points behind them, and show those in front.
func TestTerrainWalkHidesWhatIsBehind(t *testing.T) {
	b := Bounds{0, 1, 0, 1}
	hill := func(x, y float64) float64 { return math.Exp(-((x-0.5)*(x-0.5) + (y-0.5)*(y-0.5)) / 0.01) }
	count := func(u, v float64) (n int) {
		x := drift.NewBatch(1, 2)
		copy(x.Row(0), []float64{u, v})
		img := terrainFrame(Scatter{X: x, Labels: []int{1}}, sample(hill, b, 56), 1, b, 0.25*math.Pi)
		for i := 0; i < len(img.Pix); i += 4 {
			if p := img.Pix[i:]; p[0] > 0xb0 && p[1] < 0x90 && p[2] < 0x50 {
				n++
			}
		}
		return n
	}
	if n := count(0.3, 0.3); n < 8 {
		t.Errorf("found %d pixels of a point in front, expected it to be seen", n)
	}
	if n := count(0.62, 0.62); n > 0 {
		t.Errorf("found %d pixels of a point behind the hill, expected none", n)
	}
}
