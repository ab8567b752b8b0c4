package picture

import (
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// numbers reads a file that testdata/make_files.py wrote.
func numbers(t testing.TB, name string, into any) {
	t.Helper()
	if err := json.Unmarshal(read(t, name), into); err != nil {
		t.Fatal(err)
	}
}

// Every kind of file gives the pixels that Pillow gives, laid onto the same colour.
func TestDecodeAsPillowDoes(t *testing.T) {
	var all map[string]struct {
		H, W  int
		Loose int // lossy decoders round in their own ways
		RGB   []int
	}
	numbers(t, "decoded.json", &all)
	for name, want := range all {
		data := read(t, name)
		p, err := Decode(data, Options{Background: [3]uint8{200, 30, 90}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if h, w, err := Size(data); err != nil || h != want.H || w != want.W || p.H != h || p.W != w || p.C != 3 || len(p.Pix) != h*w*3 {
			t.Errorf("%s: found %d×%d×%d, said %d×%d, want %d×%d (%v)", name, p.H, p.W, p.C, h, w, want.H, want.W, err)
			continue
		}
		worst := 0
		for i, v := range want.RGB {
			worst = max(worst, v-int(p.Pix[i]), int(p.Pix[i])-v)
		}
		if worst > want.Loose {
			t.Errorf("%s: a value is off by %d, want at most %d", name, worst, want.Loose)
		}
		if grey := strings.HasPrefix(name, "grey.") || strings.HasPrefix(name, "grey16") || name == "two.png"; p.IsGrey() != grey {
			t.Errorf("%s: grey: %v", name, p.IsGrey())
		}
	}
}

// Resizing is Pillow's bicubic over the largest part of the shape, but for rounding.
func TestFitAsPillowDoes(t *testing.T) {
	var in struct {
		H, W   int
		Pixels []int
		Sizes  []struct {
			H, W   int
			Pixels []float64
		}
	}
	numbers(t, "resized.json", &in)
	p, colour := New(in.H, in.W, 1), New(in.H, in.W, 3)
	for i, v := range in.Pixels {
		p.Pix[i], colour.Pix[3*i+1] = uint8(v), uint8(v)
	}
	for _, want := range in.Sizes {
		q, c := p.Fit(want.H, want.W), colour.Fit(want.H, want.W)
		for i, v := range want.Pixels {
			v = min(max(v, 0), 255)
			if math.Abs(float64(q.Pix[i])-v) > 0.502 {
				t.Fatalf("%d×%d: pixel %d: found %d, want %v", want.H, want.W, i, q.Pix[i], v)
			}
			if c.Pix[3*i+1] != q.Pix[i] || c.Pix[3*i] != 0 || c.Pix[3*i+2] != 0 {
				t.Fatalf("%d×%d: pixel %d: channels mix: %v beside %d", want.H, want.W, i, c.Pix[3*i:3*i+3], q.Pix[i])
			}
		}
	}
}

// A plain colour stays itself at any size, and stripes finer than the result become
// their mean.
func TestFitKeepsTheMean(t *testing.T) {
	plain, stripes := New(60, 90, 1), New(64, 64, 1)
	for i := range plain.Pix {
		plain.Pix[i] = 77
	}
	for i := range stripes.Pix {
		stripes.Pix[i] = uint8(i % 2 * 200)
	}
	for _, size := range [][2]int{{1, 1}, {7, 3}, {60, 90}, {200, 5}} {
		if q := plain.Fit(size[0], size[1]); slices.ContainsFunc(q.Pix, func(v uint8) bool { return v != 77 }) || len(q.Pix) != size[0]*size[1] {
			t.Errorf("%v: a plain picture became %v", size, q.Pix[:3])
		}
	}
	for _, v := range stripes.Fit(8, 8).Pix {
		if v < 94 || v > 106 {
			t.Errorf("stripes of 0 and 200 became %d, want about 100", v)
		}
	}
}

func TestChannelsAndFlip(t *testing.T) {
	p := Picture{[]uint8{255, 0, 0, 0, 255, 0, 0, 0, 255, 9, 9, 9, 255, 255, 255, 0, 0, 0}, 2, 3, 3}
	g := p.Channels(1)
	if !slices.Equal(g.Pix, []uint8{76, 150, 29, 9, 255, 0}) || g.C != 1 || !g.IsGrey() || p.IsGrey() {
		t.Errorf("luma %v", g.Pix)
	}
	if c := g.Channels(3); !c.IsGrey() || !slices.Equal(c.Channels(1).Pix, g.Pix) {
		t.Errorf("back in three channels: %v", c.Pix)
	}
	if f := p.Flip(); !slices.Equal(f.Pix[:9], []uint8{0, 0, 255, 0, 255, 0, 255, 0, 0}) || !slices.Equal(f.Flip().Pix, p.Pix) {
		t.Errorf("mirrored: %v", f.Pix)
	}
}
