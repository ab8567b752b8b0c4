package render

import (
	"image"
	"image/png"
	"io"

	"drift/internal/safefile"
)

// WritePNG writes a picture; without force an existing file is an error.
func WritePNG(path string, img image.Image, force bool) error {
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	return write(path, force, func(w io.Writer) error { return encoder.Encode(w, img) })
}

// WriteGIF writes an animation that a function draws; without force an existing
// file is an error.
func WriteGIF(path string, force bool, draw func(io.Writer) error) error {
	return write(path, force, draw)
}

func write(path string, force bool, fill func(io.Writer) error) error {
	if force {
		return safefile.Write(path, fill)
	}
	return safefile.Create(path, fill)
}
