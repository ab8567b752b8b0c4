package figure

import (
	"bytes"
	"encoding/xml"
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
	"strings"
	"testing"

	"drift/internal/safefile"
	"drift/render"
)

var update = flag.Bool("update", false, "write the goldens anew; look at them before committing")

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
