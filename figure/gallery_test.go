package figure

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/png"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift"
	"drift/exact"
	"drift/internal/safefile"
	"drift/render"
	"drift/run"
	"drift/solver"
)

var update = flag.Bool("update", false, "write the goldens anew; look at them before committing")

// Every figure, made again with fewer samples, looks as its golden does: an eighth of
// the size, of an animation three frames. SVGs are held to their PNGs in drift/render;
// here they must be well formed and as large.
func TestFiguresLookAsTheirGoldens(t *testing.T) {
	for _, f := range All() {
		t.Run(f.Name, func(t *testing.T) {
			t.Parallel()
			pictures, err := f.Make(context.Background(), small(t))
			if err != nil {
				t.Fatal(err)
			}
			var files []string
			var size image.Point
			for _, p := range pictures {
				files = append(files, p.File)
				var data bytes.Buffer
				if err := p.Write(&data); err != nil {
					t.Fatal(err)
				}
				switch filepath.Ext(p.File) {
				case ".png":
					img, err := png.Decode(&data)
					if err != nil {
						t.Fatal(err)
					}
					size = img.Bounds().Size()
					compareGolden(t, p.File, shrunk(img, 8))
				case ".gif":
					if data.Len() > 3<<20 {
						t.Errorf("%s: found %d bytes, expected at most 3 MB", p.File, data.Len())
					}
					compareGolden(t, p.File, shrunk(threeFrames(t, &data), 4))
				case ".svg":
					checkSVG(t, p.File, data.Bytes(), size)
				}
			}
			if !slices.Equal(files, f.Files) {
				t.Errorf("found files %q, expected those of the table, %q", files, f.Files)
			}
		})
	}
}

// small are the options of figures that are cheap to make. What is learned is a
// mixture that is a little off.
func small(t *testing.T) Options {
	return Options{small: true, Learned: func(context.Context) (*Learned, error) {
		h, err := dogsAndCats(0)
		if err != nil {
			return nil, err
		}
		p, err := drift.ProcessByName("vp")
		if err != nil {
			return nil, err
		}
		off, err := exact.NewMixture(exact.Isotropic(1, []float64{9.9, 20.1}, 0.97, 0), exact.Isotropic(1, []float64{5.1, 24.95}, 1.02, 1))
		if err != nil {
			return nil, err
		}
		return &Learned{off.Affine(h.scale.Mean, h.scale.Std).Denoiser, []float64{0.5, 0.5}, h.Set, h.scale, p}, nil
	}}
}

// compareGolden holds a shrunk picture against its golden.
//
// Another machine may round the last bit otherwise (fused multiply-adds). That moves
// shapes by far less than a pixel, so a blend may come out one level apart; and an
// animation may choose another palette among colours that serve equally well, a few
// levels apart. So at most one pixel in 200 may differ by more than 8 of 255 levels,
// and the mean by more than a quarter level. TestGoldensSeeAPixel shows what this
// still catches.
func compareGolden(t *testing.T, file string, got *image.RGBA) {
	t.Helper()
	path := filepath.Join("testdata", "golden", strings.ReplaceAll(file, ".", "-")+".png")
	if *update {
		if err := safefile.Write(path, func(w io.Writer) error { return render.EncodePNG(w, got) }); err != nil {
			t.Fatal(err)
		}
	}
	want, err := readPNG(path)
	if err != nil {
		t.Fatalf("%v (go test ./figure -update writes it)", err)
	}
	if err := differ(got, want); err != nil {
		t.Errorf("%s: %v", file, err)
	}
}

// differ says how two pictures differ by more than compareGolden lets them.
func differ(got, want *image.RGBA) error {
	if got.Rect.Size() != want.Rect.Size() {
		return fmt.Errorf("found a picture of %v, expected %v", got.Rect.Size(), want.Rect.Size())
	}
	sum, far := 0, 0
	for i := 0; i < len(got.Pix); i += 4 {
		worst := 0
		for k := range 3 {
			d := int(got.Pix[i+k]) - int(want.Pix[i+k])
			sum, worst = sum+max(d, -d), max(worst, d, -d)
		}
		if worst > 8 {
			far++
		}
	}
	n := len(got.Pix) / 4
	if mean := float64(sum) / float64(3*n); mean > 0.25 || far*200 > n {
		return fmt.Errorf("found a mean difference of %.3f levels and %d of %d pixels off by more than 8, expected at most 0.25 and %d", mean, far, n, n/200)
	}
	return nil
}

// Goldens are small, but not so small that a picture that moved by one logical pixel,
// or that has one curve in another colour, would pass.
func TestGoldensSeeAPixel(t *testing.T) {
	f, err := ByName("trajectories")
	if err != nil {
		t.Fatal(err)
	}
	pictures, err := f.Make(context.Background(), small(t))
	if err != nil {
		t.Fatal(err)
	}
	var data bytes.Buffer
	if err := pictures[0].Write(&data); err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(&data)
	if err != nil {
		t.Fatal(err)
	}
	moved := image.NewRGBA(img.Bounds())
	draw.Draw(moved, moved.Rect, img, image.Pt(2, 0), draw.Src)
	if differ(shrunk(moved, 8), shrunk(img, 8)) == nil {
		t.Error("found a picture moved by a pixel to pass, expected a failure")
	}
	recoloured := image.NewRGBA(img.Bounds())
	draw.Draw(recoloured, recoloured.Rect, img, image.Point{}, draw.Src)
	for i := 0; i < len(recoloured.Pix); i += 4 { // dogs in green
		if p := recoloured.Pix[i:]; p[0] == 0x00 && p[1] == 0x72 && p[2] == 0xb2 {
			p[1], p[2] = 0x9e, 0x73
		}
	}
	if differ(shrunk(recoloured, 8), shrunk(img, 8)) == nil {
		t.Error("found a picture with another colour to pass, expected a failure")
	}
}

// The same seed gives the same bytes, and another seed others.
func TestFiguresAreKeyedBySeed(t *testing.T) {
	f, err := ByName("walk")
	if err != nil {
		t.Fatal(err)
	}
	var made [3]bytes.Buffer
	for i, seed := range []uint64{1, 1, 2} {
		o := small(t)
		o.Seed = seed
		pictures, err := f.Make(context.Background(), o)
		if err != nil {
			t.Fatal(err)
		}
		if err := pictures[0].Write(&made[i]); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(made[0].Bytes(), made[1].Bytes()) {
		t.Error("found two pictures for one seed, expected the same bytes")
	}
	if bytes.Equal(made[0].Bytes(), made[2].Bytes()) {
		t.Error("found one picture for two seeds")
	}
}

func TestFiguresStopWhenTheyAreTold(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	for _, name := range []string{"dissolve", "walk", "slope", "nfe", "trajectories", "guidance"} {
		f, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Make(ctx, small(t)); !errors.Is(err, context.Canceled) {
			t.Errorf("%s: found error %v, expected %v", name, err, context.Canceled)
		}
	}
}

// A training that is stopped keeps its run, and the next one goes on with it.
func TestTrainingForAFigureGoesOn(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "run")
	for range 2 {
		ctx, cancel := context.WithCancel(context.Background())
		var kinds []string
		_, err := Train(ctx, dir, 0, func(e run.Event) {
			kinds = append(kinds, e.Kind)
			if e.Kind == "step" {
				cancel()
			}
		})
		cancel()
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("found error %v after %q, expected %v", err, kinds, context.Canceled)
		}
	}
	l, err := Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	if l.Kind() != "points" || l.Set.Truth == nil {
		t.Errorf("found a run of %s with truth %v, expected points whose density is known", l.Kind(), l.Set.Truth)
	}
}

// What solvers are held against is the end of the flow: a multistep method of order 4
// in 8000 steps, whose error at 320 is 3e-6 and so 3e-6/25⁴ = 8e-12 here, agrees.
func TestReferenceOfNFE(t *testing.T) {
	h, err := dogsAndCats(0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := drift.ProcessByName("edm")
	if err != nil {
		t.Fatal(err)
	}
	start, _ := started(p.Last(), 16, []int{2}, 0, "figure: nfe")
	a, evaluations, err := h.flow(context.Background(), p, solver.DormandPrince(1e-13), 100, start)
	if err != nil {
		t.Fatal(err)
	}
	b, _, err := h.flow(context.Background(), p, solver.LMS(4), 8000, start)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%.2g apart, %.0f evaluations", rmsDistance(a, b), evaluations)
	if d := rmsDistance(a, b); d > 1e-10 {
		t.Errorf("found two solutions %.2g apart, expected at most 1e-10", d)
	}
}

func TestFittedSlope(t *testing.T) {
	x, y := []float64{1, 2, 3, 4}, []float64{5, 2, -1, -4}
	if got := regression(x, y); got != -3 {
		t.Errorf("found %v, expected -3", got)
	}
}

// The distance at which a slope is gone grows with the noise: on a single hill of
// standard deviation v, r·exp(-r²/2v²) falls to the share s of its peak at r ≈
// v·√(-2·log s) and beyond.
func TestReachGrowsWithNoise(t *testing.T) {
	h, err := dogsAndCats(0)
	if err != nil {
		t.Fatal(err)
	}
	for _, ratio := range []float64{10, 80} { // so broad that two hills are one
		at := h.blurred(ratio)
		v := at.Sigma
		r := h.reach(at, unseen) / v
		// log(r·exp(½ - r²/2)) is to be log(unseen) = -16.1: r = 6.06.
		if r < 6.0 || r > 6.15 {
			t.Errorf("noise %v: found a reach of %.3f standard deviations, expected 6.06", ratio, r)
		}
	}
}

// checkSVG wants a well formed picture of half as many logical pixels.
func checkSVG(t *testing.T, file string, data []byte, pixels image.Point) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(data))
	elements := 0
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			t.Errorf("%s: %v", file, err)
			return
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range start.Attr {
			if a.Name.Local == "href" {
				continue // an embedded picture
			}
			if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
				t.Errorf("%s: found %s=%q in <%s>, expected numbers", file, a.Name.Local, a.Value, start.Name.Local)
			}
			if elements == 0 && a.Name.Local == "viewBox" {
				var w, h int
				if _, err := fmt.Sscanf(a.Value, "0 0 %d %d", &w, &h); err != nil || 2*w != pixels.X || 2*h != pixels.Y {
					t.Errorf("%s: found viewBox %q, expected half of %v", file, a.Value, pixels)
				}
			}
		}
		elements++
	}
	if elements < 20 {
		t.Errorf("%s: found %d shapes, expected a plot", file, elements)
	}
}

// shrunk averages squares of k by k pixels.
func shrunk(img image.Image, k int) *image.RGBA {
	full := image.NewRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(full, full.Rect, img, img.Bounds().Min, draw.Src)
	out := image.NewRGBA(image.Rect(0, 0, full.Rect.Dx()/k, full.Rect.Dy()/k))
	for y := range out.Rect.Dy() {
		for x := range out.Rect.Dx() {
			var sum [3]int
			for v := range k {
				for u := range k {
					p := full.Pix[full.PixOffset(x*k+u, y*k+v):]
					for i := range sum {
						sum[i] += int(p[i])
					}
				}
			}
			n := k * k
			out.SetRGBA(x, y, color.RGBA{uint8((sum[0] + n/2) / n), uint8((sum[1] + n/2) / n), uint8((sum[2] + n/2) / n), 0xff})
		}
	}
	return out
}

// threeFrames are the first, the middle and the last frame of an animation, one
// above the other.
func threeFrames(t *testing.T, r io.Reader) image.Image {
	t.Helper()
	g, err := gif.DecodeAll(r)
	if err != nil {
		t.Fatal(err)
	}
	w, h := g.Config.Width, g.Config.Height
	now, all := image.NewRGBA(image.Rect(0, 0, w, h)), image.NewRGBA(image.Rect(0, 0, w, 3*h))
	for i, part := range g.Image {
		draw.Draw(now, part.Rect, part, part.Rect.Min, draw.Over)
		for k, at := range []int{0, len(g.Image) / 2, len(g.Image) - 1} {
			if i == at {
				draw.Draw(all, image.Rect(0, k*h, w, (k+1)*h), now, image.Point{}, draw.Src)
			}
		}
	}
	return all
}

func readPNG(path string) (*image.RGBA, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(img.Bounds())
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}
