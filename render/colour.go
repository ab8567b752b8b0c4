package render

import (
	"image/color"
	"math"
)

// Ink and paper.
var (
	ink   = color.NRGBA{0x22, 0x26, 0x2b, 0xff}
	soft  = color.NRGBA{0x6b, 0x72, 0x7b, 0xff} // labels
	faint = color.NRGBA{0xd5, 0xd9, 0xde, 0xff} // frames
	hair  = color.NRGBA{0xec, 0xee, 0xf1, 0xff} // grids
)

// classColours tell classes apart for the colour-blind too (Okabe & Ito 2008).
var classColours = []color.NRGBA{
	{0x00, 0x72, 0xb2, 0xff}, {0xd5, 0x5e, 0x00, 0xff}, {0x00, 0x9e, 0x73, 0xff}, {0xcc, 0x79, 0xa7, 0xff},
	{0xe6, 0x9f, 0x00, 0xff}, {0x56, 0xb4, 0xe9, 0xff}, {0x8c, 0x6d, 0x31, 0xff}, {0x4d, 0x4d, 0x4d, 0xff},
}

// classColour is the colour of a class; without one, the first.
func classColour(class int) color.NRGBA {
	return classColours[max(class, 0)%len(classColours)]
}

func rgba(r, g, b, a uint8) nrgba { return nrgba{R: r, G: g, B: b, A: a} }

func withAlpha(c color.NRGBA, alpha float64) color.NRGBA {
	c.A = uint8(math.Round(255 * alpha))
	return c
}

// ramp is a colour map through control points, spaced evenly.
type ramp []color.NRGBA

var (
	// height runs from night to noon: each step looks equally larger.
	height = ramp{{0x1d, 0x1a, 0x4e, 0xff}, {0x24, 0x4a, 0x80, 0xff}, {0x1b, 0x7f, 0x93, 0xff}, {0x4a, 0xb0, 0x86, 0xff}, {0xae, 0xd4, 0x70, 0xff}, {0xfd, 0xf3, 0xb0, 0xff}}
	// tint runs from paper to a colour that points can be seen on.
	tint = ramp{{0xff, 0xff, 0xff, 0xff}, {0xe9, 0xf0, 0xf4, 0xff}, {0xcd, 0xde, 0xe6, 0xff}, {0xad, 0xca, 0xd6, 0xff}, {0x8f, 0xb6, 0xc6, 0xff}}
	// difference runs from too low over white to too high.
	difference = ramp{{0x1f, 0x5f, 0xa8, 0xff}, {0x8f, 0xb7, 0xdc, 0xff}, {0xff, 0xff, 0xff, 0xff}, {0xf2, 0xb2, 0x7a, 0xff}, {0xc8, 0x5a, 0x06, 0xff}}
)

// at is the colour at u in [0, 1], interpolated in OKLab (Ottosson 2020), where
// equal distances look equally large.
func (r ramp) at(u float64) color.NRGBA {
	if math.IsNaN(u) {
		u = 0
	}
	u = min(max(u, 0), 1) * float64(len(r)-1)
	i := min(int(u), len(r)-2)
	a, b, f := toLab(r[i]), toLab(r[i+1]), u-float64(i)
	var mix [3]float64
	for k := range mix {
		mix[k] = a[k]*(1-f) + b[k]*f
	}
	return fromLab(mix)
}

// table samples the map at n colours, for animations with few colours.
func (r ramp) table(n int) []color.NRGBA {
	t := make([]color.NRGBA, n)
	for i := range t {
		t[i] = r.at(float64(i) / float64(max(1, n-1)))
	}
	return t
}

// toLab converts sRGB to OKLab by the matrices of Ottosson 2020,
// "A perceptual color space for image processing".
func toLab(c color.NRGBA) [3]float64 {
	r, g, b := linear(c.R), linear(c.G), linear(c.B)
	l := math.Cbrt(0.4122214708*r + 0.5363325363*g + 0.0514459929*b)
	m := math.Cbrt(0.2119034982*r + 0.6806995451*g + 0.1073969566*b)
	s := math.Cbrt(0.0883024619*r + 0.2817188376*g + 0.6299787005*b)
	return [3]float64{
		0.2104542553*l + 0.7936177850*m - 0.0040720468*s,
		1.9779984951*l - 2.4285922050*m + 0.4505937099*s,
		0.0259040371*l + 0.7827717662*m - 0.8086757660*s,
	}
}

func fromLab(c [3]float64) color.NRGBA {
	l := cube(c[0] + 0.3963377774*c[1] + 0.2158037573*c[2])
	m := cube(c[0] - 0.1055613458*c[1] - 0.0638541728*c[2])
	s := cube(c[0] - 0.0894841775*c[1] - 1.2914855480*c[2])
	return color.NRGBA{
		companded(4.0767416621*l - 3.3077115913*m + 0.2309699292*s),
		companded(-1.2684380046*l + 2.6097574011*m - 0.3413193965*s),
		companded(-0.0041960863*l - 0.7034186147*m + 1.7076147010*s), 0xff,
	}
}

func cube(v float64) float64 { return v * v * v }

// linear and companded are the transfer curve of sRGB (IEC 61966-2-1).
func linear(v uint8) float64 {
	u := float64(v) / 255
	if u <= 0.04045 {
		return u / 12.92
	}
	return math.Pow((u+0.055)/1.055, 2.4)
}

func companded(v float64) uint8 {
	if v <= 0.0031308 {
		v *= 12.92
	} else {
		v = 1.055*math.Pow(v, 1/2.4) - 0.055
	}
	return uint8(math.Round(255 * min(max(v, 0), 1)))
}

type (
	nrgba   = color.NRGBA
	colours = []color.NRGBA
)
