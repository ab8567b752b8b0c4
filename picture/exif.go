package picture

import (
	"bytes"
	"encoding/binary"
)

// orientation is how a camera was held, 1 to 8 (EXIF 2.32, tag 0x0112), or 1 if a
// JPEG file does not say so or is of another kind.
func orientation(data []byte) int {
	if !bytes.HasPrefix(data, []byte("\xff\xd8")) {
		return 1
	}
	for at := 2; at+4 <= len(data) && data[at] == 0xff; {
		marker, length := data[at+1], int(binary.BigEndian.Uint16(data[at+2:]))
		if marker == 0xda || length < 2 || at+2+length > len(data) { // pixels begin
			return 1
		}
		if body, is := bytes.CutPrefix(data[at+4:at+2+length], []byte("Exif\x00\x00")); marker == 0xe1 && is {
			return tiffOrientation(body)
		}
		at += 2 + length
	}
	return 1
}

// tiffOrientation looks for the tag in the first directory of a TIFF structure.
func tiffOrientation(tiff []byte) int {
	var order binary.ByteOrder = binary.BigEndian
	if bytes.HasPrefix(tiff, []byte("II")) {
		order = binary.LittleEndian
	}
	if len(tiff) < 10 {
		return 1
	}
	at := int64(order.Uint32(tiff[4:]))
	if at < 8 || at+2 > int64(len(tiff)) {
		return 1
	}
	entries := tiff[at+2:]
	for i := range int(order.Uint16(tiff[at:])) {
		if len(entries) < 12*(i+1) {
			return 1
		}
		if e := entries[12*i:]; order.Uint16(e) == 0x0112 {
			if v := int(order.Uint16(e[8:])); v >= 1 && v <= 8 {
				return v
			}
		}
	}
	return 1
}

// upright turns and mirrors a picture that was stored with that orientation.
func (p Picture) upright(orientation int) Picture {
	bottom, right := p.H-1, p.W-1
	switch orientation {
	case 2:
		return p.Flip()
	case 3:
		return p.arrange(p.H, p.W, func(y, x int) (int, int) { return bottom - y, right - x })
	case 4:
		return p.arrange(p.H, p.W, func(y, x int) (int, int) { return bottom - y, x })
	case 5:
		return p.arrange(p.W, p.H, func(y, x int) (int, int) { return x, y })
	case 6:
		return p.arrange(p.W, p.H, func(y, x int) (int, int) { return bottom - x, y })
	case 7:
		return p.arrange(p.W, p.H, func(y, x int) (int, int) { return bottom - x, right - y })
	case 8:
		return p.arrange(p.W, p.H, func(y, x int) (int, int) { return x, right - y })
	}
	return p
}
