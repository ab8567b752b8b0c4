package main

import (
	"bytes"
	"encoding/json"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func writeTestPNG(t testing.TB, path string, w, h int, at func(x, y int) uint8) {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetGray(x, y, color.Gray{Y: at(x, y)})
		}
	}
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := png.Encode(f, img); err != nil {
		t.Fatal(err)
	}
}

func readTestPNG(t testing.TB, path string) image.Image {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := png.Decode(f)
	if err != nil {
		t.Fatal(err)
	}
	return img
}

func grey(img image.Image, x, y int) int { return int(img.At(x, y).(color.Gray).Y) }

// What is known stays as it is, what is not is made, and every command writes what it
// says and the same bytes twice.
func TestEdits(t *testing.T) {
	dir := t.TempDir()
	digitsRun(t, dir)
	mustDrift(t, dir, "sample", "run", "--index", "3", "--out", "p.png", "--steps", "4")
	mustDrift(t, dir, "sample", "run", "--index", "4", "--out", "q.png", "--steps", "4")
	writeTestPNG(t, dir+"/mask.png", 8, 8, func(x, _ int) uint8 { return uint8(255 * (x / 4)) })
	writeTestPNG(t, dir+"/small.png", 3, 3, func(x, y int) uint8 { return uint8(20 * (x + 3*y)) })
	picture := readTestPNG(t, dir+"/p.png")
	short := func(args ...string) []string { return append(append([]string{"edit"}, args...), "--steps", "4") }

	for _, method := range [][]string{{"--effort", "3"}, {"--method", "repaint", "--effort", "2", "--class", "3"}} {
		args := append(short("inpaint", "run", "--picture", "p.png", "--mask", "mask.png", "-n", "2", "--batch", "1", "--force"), method...)
		mustDrift(t, dir, append(args, "--out", "filled/")...)
		made := files(t, dir+"/filled/*")
		moved := 0
		for name := range made {
			img := readTestPNG(t, filepath.Join(dir, "filled", name))
			for y := range 8 {
				for x := range 8 {
					off := grey(img, x, y) - grey(picture, x, y)
					if x < 4 && off != 0 {
						t.Errorf("%v, %s: the known pixel %d, %d moved by %d", method, name, x, y, off)
					}
					moved += off * off
				}
			}
		}
		if len(made) != 2 && len(made) != 4 || moved == 0 {
			t.Errorf("%v: found %d pictures, new pixels differ by %d", method, len(made), moved)
		}
		mustDrift(t, dir, append(args, "--out", "grid.png")...)
		first := files(t, dir+"/grid.png")
		mustDrift(t, dir, append(args, "--out", "grid.png", "--batch", "2")...)
		if files(t, dir+"/grid.png")["grid.png"] != first["grid.png"] {
			t.Errorf("%v: the bytes depend on --batch", method)
		}
	}
	mustDrift(t, dir, short("outpaint", "run", "--picture", "small.png", "--at", "4,-1", "-n", "1", "--effort", "2", "--out", "out.png")...)
	if img := readTestPNG(t, dir+"/out.png"); grey(img, 0, 4) != 20 || grey(img, 1, 6) != 160 {
		t.Errorf("outpaint: found %d and %d, want 20 and 160", grey(img, 0, 4), grey(img, 1, 6))
	}
	mustDrift(t, dir, short("vary", "run", "--picture", "p.png", "--strength", "0.5", "-n", "2", "--out", "varied.png")...)
	mustDrift(t, dir, short("vary", "run", "--picture", "p.png", "--strength", "0.5", "-n", "2", "--class", "?", "--out", "any.png")...)
	mustDrift(t, dir, short("interpolate", "run", "--index", "3,4", "-n", "3", "--out", "between/")...)
	mustDrift(t, dir, short("interpolate", "run", "--picture", "p.png,q.png", "-n", "3", "--out", "between.gif")...)
	mustDrift(t, dir, short("interpolate", "run", "--picture", "p.png,q.png", "-n", "3", "--out", "between.png")...)
	if n := len(files(t, dir+"/between/*.png")); n != 3 {
		t.Errorf("interpolate: found %d pictures, want 3", n)
	}

	out := mustDrift(t, dir, append(short("invert", "run", "--picture", "p.png", "--out", "back.png", "--noise", "noise.npy"), "--json")...)
	if _, errs, code := driftOn(t, dir, short("invert", "run", "--picture", "p.png", "--out", "other.png", "--noise", "noise.npy")...); code == 0 || !strings.Contains(errs, "noise.npy: found an existing file") {
		t.Errorf("over noise: exit code %d, %s", code, errs)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	var result struct {
		Worst float64 `json:"worst_error"`
	}
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &result); err != nil || result.Worst > 1 {
		t.Errorf("inversion: found %s (%v), want a worst error of at most one step", lines[len(lines)-1], err)
	}
	back := readTestPNG(t, dir+"/back.png")
	for i := range 64 {
		if off := grey(back, i%8, i/8) - grey(picture, i%8, i/8); off < -1 || off > 1 {
			t.Errorf("pixel %d came back off by %d", i, off)
		}
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"inpaint", "run", "--picture", "small.png", "--mask", "mask.png"}, "found a picture of 3×3 pixels, expected 8×8"},
		{[]string{"inpaint", "run", "--picture", "p.png", "--mask", "small.png"}, "found a mask of 3×3 pixels"},
		{[]string{"inpaint", "run", "--picture", "p.png"}, `"mask"`},
		{[]string{"inpaint", "run", "--picture", "p.png", "--mask", "mask.png", "--method", "magic"}, "method: found \"magic\""},
		{[]string{"inpaint", "run", "--picture", "p.png", "--mask", "mask.png", "--solver", "ddim"}, "expected --method"},
		{[]string{"inpaint", "run", "--picture", "p.png", "--mask", "mask.png", "--effort", "-1"}, "effort: found -1"},
		{[]string{"outpaint", "run", "--picture", "p.png", "--at", "8,0"}, "lies beyond the canvas"},
		{[]string{"outpaint", "run", "--picture", "p.png", "--at", "here"}, "expected ROW,COLUMN"},
		{[]string{"vary", "run", "--picture", "run/manifest.toml"}, "expected a PNG"},
		{[]string{"vary", "run", "--picture", "p.png", "--strength", "2"}, "strength: found 2"},
		{[]string{"vary", "run", "--picture", "p.png", "--out", "p.png"}, "found an existing file"},
		{[]string{"interpolate", "run", "--index", "3"}, "expected --index I,J"},
		{[]string{"interpolate", "run", "--index", "3,4", "--solver", "ddpm"}, "which adds noise"},
		{[]string{"interpolate", "run", "--index", "3,-4"}, "index: found -4"},
		{[]string{"interpolate", "run", "--index", "3,4", "-n", "1"}, "n: found 1"},
		{[]string{"interpolate", "run", "--index", "3,4", "--class", "?"}, "which 10 classes match, expected one"},
		{[]string{"invert", "run", "--picture", "p.png", "--class", "?"}, "which 10 classes match, expected one"},
		{[]string{"vary", "run", "--picture", "p.png", "-n", "9223372036854775807"}, "n: found 9223372036854775807"},
		{[]string{"vary", "run", "--picture", "p.png", "-n", "90000", "--out", "all.png"}, "show fewer"},
		{[]string{"interpolate", "run", "--index", "3,4", "-n", "400", "--out", "all.png"}, "show fewer"},
		{[]string{"invert", "run", "--picture", "p.png", "-n", "2"}, "-n: found 2"},
		{[]string{"invert", "run", "--picture", "p.png", "--out", "a.GIF"}, "--out: found"},
		{[]string{"nothing"}, "found \"nothing\""},
	} {
		_, errs, code := driftOn(t, dir, append([]string{"edit"}, test.args...)...)
		if mistaken := test.want == `"mask"` || strings.HasPrefix(test.want, "-"); code == 0 || (code == 2) != mistaken && mistaken || !strings.Contains(errs, test.want) {
			t.Errorf("edit %v: exit code %d, %q, want %q", test.args, code, errs, test.want)
		}
	}
	mustDrift(t, dir, short("interpolate", "run", "--picture", "p.png,q.png", "-n", "3", "--out", "upper.GIF")...)
	mustDrift(t, dir, "sample", "run", "-n", "2", "--steps", "2", "--out", "walk.GIF")
	if a, b := files(t, dir+"/upper.GIF")["upper.GIF"], files(t, dir+"/between.gif")["between.gif"]; a != b || len(files(t, dir+"/walk.GIF")["walk.GIF"]) < 100 {
		t.Error("capital letters of .GIF matter")
	}
	if _, errs, code := driftOn(t, dir, "sample", "--like", "varied.png", "--out", "x.png"); code == 0 || !strings.Contains(errs, "made of another one") {
		t.Errorf("like an edited picture: exit code %d, %q", code, errs)
	}
}

// What is transparent shows the background that the run was trained with, in small pictures too, and a mask may be
// painted white or cut out.
func TestEditsOfTransparentPictures(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 6)
	mustDrift(t, dir, "train", "photos", "--size", "8", "--background", "#ff8800", "--network", "mlp", "--width", "16", "--blocks", "1", "--batch", "4", "--steps", "2", "--sample-every", "0", "--out", "run")
	clear := image.NewNRGBA(image.Rect(0, 0, 8, 8))
	painted, cut, full := image.NewNRGBA(clear.Rect), image.NewNRGBA(clear.Rect), image.NewNRGBA(clear.Rect)
	for i := range 64 {
		full.Set(i%8, i/8, color.NRGBA{0xff, 0x88, 0, 0xff})
		if i%8 < 4 {
			cut.Set(i%8, i/8, color.Black)
		} else {
			painted.Set(i%8, i/8, color.White)
		}
	}
	for name, img := range map[string]image.Image{"clear.png": clear, "painted.png": painted, "cut.png": cut, "orange.png": full} {
		var out bytes.Buffer
		if err := png.Encode(&out, img); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), out.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	mustDrift(t, dir, "train", "photos", "--size", "16", "--background", "#ff8800", "--network", "unet", "--preset", "tiny", "--upscale", "2", "--batch", "4", "--steps", "1", "--sample-every", "0", "--out", "larger")
	mustDrift(t, dir, "sample", "larger", "--small", "clear.png", "--steps", "1", "--out", "large.png")
	mustDrift(t, dir, "sample", "--like", "large.png", "--small", "orange.png", "--out", "again.png") // knows it by its pixels
	for _, mask := range []string{"painted.png", "cut.png"} {
		mustDrift(t, dir, "edit", "inpaint", "run", "--picture", "clear.png", "--mask", mask, "-n", "1", "--steps", "2", "--effort", "2", "--force", "--out", "out-"+mask)
		img, orange := readTestPNG(t, dir+"/out-"+mask), color.RGBA{0xff, 0x88, 0, 0xff}
		for i := range 64 {
			if found := color.RGBAModel.Convert(img.At(i%8, i/8)); (found == orange) != (i%8 < 4) {
				t.Errorf("%s: found %v at %d, %d, expected %v on the left alone", mask, found, i%8, i/8, orange)
			}
		}
	}
}
