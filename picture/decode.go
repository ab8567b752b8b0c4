package picture

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"strings"

	"golang.org/x/image/bmp"
)

// MaxPixels is what Decode allows: a picture of 8192×8192 takes up to 1 GiB on the way.
const MaxPixels = 1 << 26

// Options say how to read a file. The zero value is good for everything.
type Options struct {
	Background [3]uint8 // red, green and blue of what shows through transparent pixels
	MaxPixels  int      // of one picture; MaxPixels if 0
}

// Extensions are the endings of files that Decode may read, in lower case.
var Extensions = []string{".png", ".apng", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".webp", ".bmp"}

// Foreign are the kinds of pictures that Decode does not read, by the endings of their
// files in lower case.
var Foreign = map[string]string{
	".tif": "TIFF", ".tiff": "TIFF", ".heic": "HEIC", ".heif": "HEIF", ".hif": "HEIF", ".avif": "AVIF", ".jxl": "JPEG XL", ".jxr": "JPEG XR",
	".jp2": "JPEG 2000", ".j2k": "JPEG 2000", ".jpx": "JPEG 2000", ".svg": "SVG", ".svgz": "SVG", ".psd": "Photoshop", ".xcf": "GIMP", ".ico": "icon",
	".tga": "Targa", ".pbm": "PBM", ".pgm": "PGM", ".ppm": "PPM", ".pnm": "PNM", ".pam": "PAM", ".pcx": "PCX", ".qoi": "QOI", ".dds": "DDS",
	".exr": "OpenEXR", ".raw": "raw", ".dng": "raw", ".cr2": "raw", ".cr3": "raw", ".crw": "raw", ".nef": "raw",
	".nrw": "raw", ".arw": "raw", ".srf": "raw", ".sr2": "raw", ".raf": "raw", ".orf": "raw", ".rw2": "raw", ".pef": "raw", ".srw": "raw", ".3fr": "raw",
}

// format is a kind of file.
type format struct {
	name   string
	magic  []string // how a file begins; ? stands for any byte
	size   func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

var formats = []format{
	{"PNG", []string{"\x89PNG\r\n\x1a\n"}, png.DecodeConfig, png.Decode},
	{"JPEG", []string{"\xff\xd8\xff"}, jpeg.DecodeConfig, jpeg.Decode},
	{"GIF", []string{"GIF87a", "GIF89a"}, gif.DecodeConfig, gif.Decode},
	{"WebP", []string{"RIFF????WEBP"}, webpConfig, webpDecode},
	{"BMP", []string{"BM????\x00\x00\x00\x00"}, bmp.DecodeConfig, bmp.Decode},
}

// begins says whether data begin with a magic string.
func begins(data []byte, magic string) bool {
	if len(data) < len(magic) {
		return false
	}
	for i := range len(magic) {
		if magic[i] != '?' && data[i] != magic[i] {
			return false
		}
	}
	return true
}

// sniff finds the format of a file by its first bytes, whatever its name.
func sniff(data []byte) (format, error) {
	if len(data) == 0 {
		return format{}, errors.New("found an empty file, expected a picture")
	}
	for _, f := range formats {
		for _, magic := range f.magic {
			if begins(data, magic) {
				return f, nil
			}
		}
	}
	return format{}, errors.New("found a file of another kind, expected a PNG, JPEG, GIF, WebP or BMP picture")
}

// Size is the height and width that a file says it has, upright.
func Size(data []byte) (h, w int, err error) {
	f, err := sniff(data)
	if err != nil {
		return 0, 0, err
	}
	defer catch(f.name, &err)
	config, err := f.size(bytes.NewReader(data))
	if err != nil {
		return 0, 0, f.wrong(err)
	}
	if config.Width < 1 || config.Height < 1 {
		return 0, 0, fmt.Errorf("%s: found a picture of %d×%d pixels, expected at least one", f.name, config.Height, config.Width)
	}
	if orientation(data) >= 5 {
		return config.Width, config.Height, nil
	}
	return config.Height, config.Width, nil
}

// Decode reads a picture into three channels. Alpha is laid onto the background, 16
// bits are cut to 8, CMYK, palettes and grey become red, green and blue, and a
// JPEG that says how it was held (EXIF) is turned upright. Of an animated GIF or PNG
// it is the first frame; an animated WebP is an error. The limit on pixels is checked
// before memory is taken for them.
func Decode(data []byte, o Options) (p Picture, err error) {
	f, err := sniff(data)
	if err != nil {
		return Picture{}, err
	}
	defer catch(f.name, &err)
	h, w, err := Size(data)
	if err != nil {
		return Picture{}, err
	}
	limit := MaxPixels
	if o.MaxPixels > 0 {
		limit = o.MaxPixels
	}
	if h > limit/w {
		return Picture{}, fmt.Errorf("%s: found a picture of %d×%d pixels, expected at most %d in all", f.name, h, w, limit)
	}
	img, err := f.decode(bytes.NewReader(data))
	if err != nil {
		return Picture{}, f.wrong(err)
	}
	canvas := img.Bounds()
	if f.name == "GIF" { // a frame may be smaller than the picture
		canvas = image.Rect(0, 0, w, h)
	}
	p = flatten(img, canvas, o.Background)
	return p.upright(orientation(data)), nil
}

// flatten lays a picture onto a colour.
func flatten(img image.Image, canvas image.Rectangle, background [3]uint8) Picture {
	on := image.NewRGBA(canvas)
	paper := color.RGBA{background[0], background[1], background[2], 0xff}
	draw.Draw(on, canvas, image.NewUniform(paper), image.Point{}, draw.Src)
	draw.Draw(on, img.Bounds(), img, img.Bounds().Min, draw.Over)
	p := New(canvas.Dy(), canvas.Dx(), 3)
	for i := range p.H * p.W {
		copy(p.Pix[3*i:3*i+3], on.Pix[4*i:])
	}
	return p
}

// wrong is the error of a decoder in the words of this room.
func (f format) wrong(err error) error {
	switch {
	case errors.Is(err, errAnimated):
		return err
	case strings.HasSuffix(err.Error(), "EOF"):
		return fmt.Errorf("%s: found an end in the middle of the picture, expected the whole file", f.name)
	}
	text := err.Error()
	if i := strings.Index(text, ": "); i >= 0 {
		text = text[i+2:] // each decoder begins with the name of its format
	}
	return fmt.Errorf("%s: cannot decode: %s", f.name, text)
}

// catch turns a decoder's panic over a damaged file into an error.
func catch(name string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s: cannot decode: %v", name, r)
	}
}

// Is says whether a file begins as a picture does.
func Is(head []byte) bool {
	_, err := sniff(head)
	return err == nil
}
