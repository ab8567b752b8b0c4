package render

import (
	"image"
	"image/png"
	"io"

	"drift/internal/safefile"
)

// WritePNG writes a picture; without force an existing file is an error.
func WritePNG(path string, img image.Image, force bool) error {
	return write(path, force, func(w io.Writer) error { return EncodePNG(w, img) })
}

// EncodePNG writes a picture as small as PNG can have it.
func EncodePNG(w io.Writer, img image.Image) error {
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return encoder.Encode(w, img)
}

// WriteGIF writes an animation that a function draws; without force an existing
// file is an error.
func WriteGIF(path string, force bool, draw func(io.Writer) error) error {
	return write(path, force, draw)
}

func write(path string, force bool, fill func(io.Writer) error) error {
	if force {
		return safefile.Through(path, fill)
	}
	return safefile.Create(path, fill)
}
