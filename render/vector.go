package render

import (
	"bytes"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"image"
	"image/color"
	"io"
	"math"
	"strconv"
	"strings"
)

// shapes is a canvas of shapes: the body of an SVG (W3C, Scalable Vector Graphics
// 1.1).
type shapes struct{ bytes.Buffer }

// SVG writes the drawing as shapes. Text stays text, and takes the width that the
// picture has for it in whatever font there is.
func (d Drawing) SVG(w io.Writer) error {
	v := &shapes{}
	d.draw(v)
	_, err := fmt.Fprintf(w, `<svg xmlns="http://www.w3.org/2000/svg" width="%[1]s" height="%[2]s" viewBox="0 0 %[1]s %[2]s" `+
		`font-family="Go, Helvetica, Arial, sans-serif" stroke-linecap="round" stroke-linejoin="round">`+
		"\n<rect width=\"%[1]s\" height=\"%[2]s\" fill=\"#ffffff\"/>\n%[3]s</svg>\n", short(d.width), short(d.height), v.String())
	return err
}

// short writes a length to a hundredth of a pixel.
func short(v float64) string {
	return strconv.FormatFloat(math.Round(v*100)/100+0, 'f', -1, 64)
}

// paintOf is a colour as the attribute fill or stroke.
func paintOf(attribute string, c color.NRGBA) string {
	s := fmt.Sprintf(`%s="#%02x%02x%02x"`, attribute, c.R, c.G, c.B)
	if c.A != 0xff {
		s += fmt.Sprintf(` %s-opacity="%s"`, attribute, short(float64(c.A)/255))
	}
	return s
}

func (v *shapes) disc(x, y, r float64, col color.NRGBA) {
	if finite(x, y, r) {
		fmt.Fprintf(v, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" %s/>\n", short(x), short(y), short(r), paintOf("fill", col))
	}
}

func (v *shapes) line(x0, y0, x1, y1, width float64, col color.NRGBA) {
	if finite(x0, y0, x1, y1) {
		fmt.Fprintf(v, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke-width=\"%s\" %s/>\n",
			short(x0), short(y0), short(x1), short(y1), short(width), paintOf("stroke", col))
	}
}

func (v *shapes) polyline(xs, ys []float64, width float64, col color.NRGBA) {
	for _, piece := range unbroken(xs, ys) {
		fmt.Fprintf(v, "<polyline points=\"%s\" fill=\"none\" stroke-width=\"%s\" %s/>\n", pointList(piece), short(width), paintOf("stroke", col))
	}
}

// unbroken cuts a line where a point is not finite.
func unbroken(xs, ys []float64) (pieces [][][2]float64) {
	var piece [][2]float64
	for i := range xs {
		if finite(xs[i], ys[i]) {
			piece = append(piece, [2]float64{xs[i], ys[i]})
			continue
		}
		pieces, piece = append(pieces, piece), nil
	}
	all := append(pieces, piece)
	pieces = nil
	for _, p := range all {
		if len(p) > 1 {
			pieces = append(pieces, p)
		}
	}
	return pieces
}

func pointList(points [][2]float64) string {
	var s strings.Builder
	for i, p := range points {
		if i > 0 {
			s.WriteByte(' ')
		}
		s.WriteString(short(p[0]) + "," + short(p[1]))
	}
	return s.String()
}

func (v *shapes) rect(x0, y0, x1, y1 float64, col color.NRGBA) {
	if finite(x0, y0, x1, y1) && x1 > x0 && y1 > y0 {
		fmt.Fprintf(v, "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" %s/>\n", short(x0), short(y0), short(x1-x0), short(y1-y0), paintOf("fill", col))
	}
}

func (v *shapes) polygon(points [][2]float64, col color.NRGBA) {
	for _, p := range points {
		if !finite(p[0], p[1]) {
			return
		}
	}
	fmt.Fprintf(v, "<polygon points=\"%s\" %s/>\n", pointList(points), paintOf("fill", col))
}

func (v *shapes) text(s string, x, y, size float64, anchor int, bold bool, col color.NRGBA) {
	v.write(s, fmt.Sprintf(`x="%s" y="%s"`, short(x), short(y)), size, anchor, bold, col)
}

func (v *shapes) textUp(s string, x, y, size float64, col color.NRGBA) {
	v.write(s, fmt.Sprintf(`transform="translate(%s %s) rotate(-90)"`, short(x), short(y)), size, centre, false, col)
}

func (v *shapes) write(s, place string, size float64, anchor int, bold bool, col color.NRGBA) {
	if s == "" {
		return
	}
	weight := ""
	if bold {
		weight = ` font-weight="bold"`
	}
	var escaped bytes.Buffer
	xml.EscapeText(&escaped, []byte(s)) // a Buffer takes everything
	fmt.Fprintf(v, "<text %s font-size=\"%s\" text-anchor=\"%s\" textLength=\"%s\"%s %s>%s</text>\n", place, short(size),
		[]string{left: "start", centre: "middle", right: "end"}[anchor], short(textWidth(s, size, bold)), weight, paintOf("fill", col), escaped.String())
}

// paint embeds the pixels as a PNG as fine as a raster's.
func (v *shapes) paint(left, top, right, bottom float64, index func(u, v float64) int, colours colours) {
	w, h := int(math.Round((right-left)*fine)), int(math.Round((bottom-top)*fine))
	if w < 1 || h < 1 || w > maxSide || h > maxSide {
		return
	}
	palette := make(color.Palette, len(colours))
	for i, c := range colours {
		palette[i] = c
	}
	img := image.NewPaletted(image.Rect(0, 0, w, h), palette)
	for y := range h {
		for x := range w {
			img.Pix[y*img.Stride+x] = uint8(index((float64(x)+0.5)/float64(w), 1-(float64(y)+0.5)/float64(h)))
		}
	}
	var data bytes.Buffer
	if err := EncodePNG(&data, img); err != nil {
		return // never: a Buffer takes everything and the size is checked
	}
	fmt.Fprintf(v, "<image x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\" href=\"data:image/png;base64,%s\"/>\n",
		short(left), short(top), short(right-left), short(bottom-top), base64.StdEncoding.EncodeToString(data.Bytes()))
}
