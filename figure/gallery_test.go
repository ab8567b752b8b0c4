package figure

import (
	"bytes"
	"context"
	"errors"
	"image"
	"image/draw"
	"image/png"
	"path/filepath"
	"slices"
	"testing"

	"drift"
	"drift/exact"
	"drift/run"
	"drift/solver"
)

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
	l, err := Open(t.Context(), dir)
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
