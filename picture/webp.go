package picture

import (
	"encoding/binary"
	"errors"
	"image"
	"io"
	"math"

	"golang.org/x/image/webp"
)

var errAnimated = errors.New("WebP: found an animation, expected a still picture: save its first frame as a picture of its own")

// webpConfig is the size of a WebP file: the largest that any of its headers states,
// since the canvas of an extended file (VP8X) binds the frame within it to nothing
// (WebP container specification; RFC 6386 and RFC 9649 for the two bitstreams).
func webpConfig(r io.Reader) (image.Config, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return image.Config{}, err
	}
	size := image.Config{}
	grow := func(w, h uint32) { size.Width, size.Height = max(size.Width, int(w)), max(size.Height, int(h)) }
	for at := 12; len(data)-at >= 8; {
		kind, length := string(data[at:at+4]), int64(binary.LittleEndian.Uint32(data[at+4:]))
		body := data[at+8:]
		word := func(i int) uint32 { return binary.LittleEndian.Uint32(body[i:]) }
		switch {
		case kind == "VP8X" && len(body) >= 10:
			if body[0]&0x02 != 0 {
				return image.Config{}, errAnimated
			}
			grow(1+word(4)&0xffffff, 1+word(6)>>8)
		case kind == "VP8 " && len(body) >= 10:
			grow(word(6)&0x3fff, word(6)>>16&0x3fff)
		case kind == "VP8L" && len(body) >= 5:
			grow(1+word(1)&0x3fff, 1+word(1)>>14&0x3fff)
		}
		length += length & 1
		if length > int64(len(body)) {
			break
		}
		at += 8 + int(length)
	}
	if size.Width == 0 {
		return size, io.ErrUnexpectedEOF
	}
	return size, nil
}

// webpDecode decodes a WebP file. The bitstream of lossy ones holds luma from 16 to
// 235 and chroma from 16 to 240 (RFC 6386, section 9.2, and ITU-R BT.601), which Go's
// colours take for the whole range that JPEG uses, so it is stretched to that.
func webpDecode(r io.Reader) (image.Image, error) {
	img, err := webp.Decode(r)
	switch lossy := img.(type) {
	case *image.YCbCr:
		stretch(lossy)
	case *image.NYCbCrA:
		stretch(&lossy.YCbCr)
	}
	return img, err
}

func stretch(img *image.YCbCr) {
	move := func(plane []uint8, from, to, steps float64) {
		for i, v := range plane {
			plane[i] = uint8(math.Round(min(max((float64(v)-from)*255/steps+to, 0), 255)))
		}
	}
	move(img.Y, 16, 0, 219)
	move(img.Cb, 128, 128, 224)
	move(img.Cr, 128, 128, 224)
}
