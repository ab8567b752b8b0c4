package render

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"strconv"
	"strings"
	"testing"

	"drift"
)

// everything is a sheet with each kind of layer, mark, axis and legend.
func everything() Drawing {
	hill := func(x, y float64) float64 { return math.Exp(-(x*x + y*y) / 2) }
	points := drift.NewBatch(60, 2)
	drift.NewNoise(3, "render test", 0).Normal(points)
	b := Bounds{-3, 3, -3, 3}
	plane := Panel{Title: "plane & <escaped>", Note: "a note", XLabel: "x₁", YLabel: "x₂", Bounds: b, Layers: []Layer{
		Shade(hill), Contours(hill, []float64{0.1, 0.5}, Style{Colour: 7, Width: 0.8, Alpha: 0.6}),
		Points(points, nil, 2, 0.5), Arrows(9, func(x, y float64) (float64, float64, float64) { return -x, -y, hill(x, y) }),
	}}
	curve := Curve{Name: "c", X: []float64{1, 10, 100, 1000}, Y: []float64{1, 1e-3, 1e-20, 0}}
	plot := Panel{Title: "plot", Bounds: Bounds{-0.2, 3.2, -8, 0.5}, LogX: true, LogY: true, Grid: true, High: 1, Keys: []Key{{Name: "heading"}}}
	for mark := NoMark; mark <= Ring; mark++ {
		c := Curve{X: curve.X, Y: make([]float64, 4)}
		for k, y := range curve.Y {
			c.Y[k] = y * math.Pow(0.3, float64(mark))
		}
		s := Style{Colour: int(mark) - 1, Width: 1.5, Mark: mark, Dashed: mark%2 == 1, Alpha: 0.9}
		plot.Layers = append(plot.Layers, Line(c, s), Label("label", 20, 1e-5, s))
		plot.Keys = append(plot.Keys, Key{Name: fmt.Sprint("mark ", mark), Style: s})
	}
	return Sheet{Title: "Everything", Caption: "two\nlines", Cols: 2, Classes: []string{"a", "b"}, Panels: []Panel{plane, plot}}.Drawing()
}

// The SVG is the PNG: read back and drawn on a raster shape by shape, it gives the
// same pixels, but for the hundredth of a pixel to which it is written. That changes
// how far a pixel on an edge is covered by up to 2·√2/100 of 255 levels, 7, and half
// a device pixel in a text's rounded place.
func TestSVGIsThePicture(t *testing.T) {
	d := everything()
	var data bytes.Buffer
	if err := d.SVG(&data); err != nil {
		t.Fatal(err)
	}
	want := d.Image()
	got := redraw(t, data.Bytes())
	if got.Rect != want.Rect {
		t.Fatalf("found a picture of %v, expected %v", got.Rect, want.Rect)
	}
	far, sum := 0, 0
	for i := range got.Pix {
		d := int(got.Pix[i]) - int(want.Pix[i])
		d = max(d, -d)
		sum += d
		if d > 8 {
			far++
		}
	}
	t.Logf("mean difference %.4f levels, %d of %d values off by more than 8", float64(sum)/float64(len(got.Pix)), far, len(got.Pix))
	if mean := float64(sum) / float64(len(got.Pix)); mean > 0.05 || far > len(got.Pix)/1000 {
		t.Errorf("found a mean difference of %.4f levels and %d of %d values off by more than 8, expected the same picture", mean, far, len(got.Pix))
	}
}

// redraw draws the SVGs that this package writes, and fails at anything else.
func redraw(t *testing.T, data []byte) *image.RGBA {
	t.Helper()
	var c *raster
	d := xml.NewDecoder(bytes.NewReader(data))
	for {
		token, err := d.Token()
		if err == io.EOF {
			return c.img
		}
		if err != nil {
			t.Fatal(err)
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		a := attributes{t, map[string]string{}}
		for _, attr := range start.Attr {
			a.of[attr.Name.Local] = attr.Value
		}
		switch start.Name.Local {
		case "svg":
			c = newRaster(a.number("width"), a.number("height"), fine)
		case "rect":
			x, y := a.number("x"), a.number("y")
			c.rect(x, y, x+a.number("width"), y+a.number("height"), a.colour("fill"))
		case "circle":
			c.disc(a.number("cx"), a.number("cy"), a.number("r"), a.colour("fill"))
		case "line":
			c.line(a.number("x1"), a.number("y1"), a.number("x2"), a.number("y2"), a.number("stroke-width"), a.colour("stroke"))
		case "polyline":
			var xs, ys []float64
			for _, p := range a.points() {
				xs, ys = append(xs, p[0]), append(ys, p[1])
			}
			c.polyline(xs, ys, a.number("stroke-width"), a.colour("stroke"))
		case "polygon":
			c.polygon(a.points(), a.colour("fill"))
		case "text":
			var s string
			if err := d.DecodeElement(&s, &start); err != nil {
				t.Fatal(err)
			}
			anchor := map[string]int{"start": left, "middle": centre, "end": right}[a.of["text-anchor"]]
			bold := a.of["font-weight"] == "bold"
			if w := textWidth(s, a.number("font-size"), bold); math.Abs(w-a.number("textLength")) > 0.01 {
				t.Errorf("text %q: found a length of %s, expected %.2f", s, a.of["textLength"], w)
			}
			if turned := a.of["transform"]; turned != "" {
				var x, y float64
				if _, err := fmt.Sscanf(turned, "translate(%g %g) rotate(-90)", &x, &y); err != nil {
					t.Fatal(err)
				}
				c.textUp(s, x, y, a.number("font-size"), a.colour("fill"))
				continue
			}
			c.text(s, a.number("x"), a.number("y"), a.number("font-size"), anchor, bold, a.colour("fill"))
		case "image":
			embedded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(a.of["href"], "data:image/png;base64,"))
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(bytes.NewReader(embedded))
			if err != nil {
				t.Fatal(err)
			}
			x, y := a.number("x"), a.number("y")
			p := img.(*image.Paletted)
			var colours colours
			for _, col := range p.Palette {
				colours = append(colours, color.NRGBAModel.Convert(col).(color.NRGBA))
			}
			c.paint(x, y, x+a.number("width"), y+a.number("height"), func(u, v float64) int {
				return int(p.ColorIndexAt(int(u*float64(p.Rect.Dx())), int((1-v)*float64(p.Rect.Dy()))))
			}, colours)
		default:
			t.Fatalf("found <%s>, expected a shape", start.Name.Local)
		}
	}
}

// attributes are those of one element.
type attributes struct {
	t  *testing.T
	of map[string]string
}

func (a attributes) number(name string) float64 {
	if a.of[name] == "" {
		return 0
	}
	v, err := strconv.ParseFloat(a.of[name], 64)
	if err != nil {
		a.t.Fatalf("%s: %v", name, err)
	}
	return v
}

func (a attributes) colour(name string) (c color.NRGBA) {
	if _, err := fmt.Sscanf(a.of[name], "#%02x%02x%02x", &c.R, &c.G, &c.B); err != nil {
		a.t.Fatalf("%s = %q: %v", name, a.of[name], err)
	}
	c.A = 0xff
	if a.of[name+"-opacity"] != "" {
		c.A = uint8(math.Round(255 * a.number(name+"-opacity")))
	}
	return c
}

func (a attributes) points() (all [][2]float64) {
	for _, pair := range strings.Fields(a.of["points"]) {
		var p [2]float64
		if _, err := fmt.Sscanf(pair, "%g,%g", &p[0], &p[1]); err != nil {
			a.t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}
