// Package pngtext puts text into PNG files and reads it back: the textual chunks of
// the PNG specification (W3C, third edition, section 11.3.3). Equal input gives equal
// bytes. It imports nothing of drift.
package pngtext

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"strings"
	"unicode/utf8"
)

const (
	signature = "\x89PNG\r\n\x1a\n"
	frame     = 12        // bytes of a chunk beside its data: length, type and checksum
	maxText   = 256 << 20 // bytes; the most that a file may hold in all is bounded by its reader
)

// Put returns the PNG file with a text under a keyword, in an iTXt chunk behind the
// header, in place of any text that it had under that keyword. Keywords are 1 to 79
// printable ASCII characters, text is UTF-8 without NUL.
func Put(file []byte, keyword, text string) ([]byte, error) {
	if len(keyword) < 1 || len(keyword) > 79 || strings.ContainsFunc(keyword, func(r rune) bool { return r < 32 || r > 126 }) {
		return nil, fmt.Errorf("text chunk: found keyword %q, expected 1 to 79 printable ASCII characters", keyword)
	}
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || len(text) > maxText {
		return nil, fmt.Errorf("text chunk: found text that is no UTF-8, holds NUL or is too long, expected plain text")
	}
	out := []byte(signature)
	err := chunks(file, func(kind string, data, whole []byte) bool {
		if found, _, ok := textOf(kind, data); ok && found == keyword {
			return true
		}
		out = append(out, whole...)
		if kind == "IHDR" {
			// keyword, no compression (two bytes), no language, no translated keyword
			out = appendChunk(out, "iTXt", []byte(keyword+"\x00\x00\x00\x00\x00"+text))
		}
		return true
	})
	return out, err
}

// Get is the text that a PNG file holds under a keyword, in an iTXt or tEXt chunk that
// is not compressed; ok says whether there is one.
func Get(file []byte, keyword string) (text string, ok bool, err error) {
	err = chunks(file, func(kind string, data, _ []byte) bool {
		found, value, is := textOf(kind, data)
		if is && found == keyword {
			text, ok = value, true
		}
		return !ok
	})
	return text, ok, err
}

// chunks calls visit for each chunk up to IEND, with the chunk's data and all of its
// bytes, until it returns false.
func chunks(file []byte, visit func(kind string, data, whole []byte) bool) error {
	rest, ok := bytes.CutPrefix(file, []byte(signature))
	if !ok {
		return fmt.Errorf("found a file of another kind, expected a PNG picture")
	}
	for first := true; ; first = false {
		at := len(file) - len(rest)
		if len(rest) < frame {
			return fmt.Errorf("PNG: found the end at byte %d, expected another chunk", at)
		}
		length := binary.BigEndian.Uint32(rest)
		if uint64(length) > uint64(len(rest)-frame) {
			return fmt.Errorf("PNG: found a chunk of %d bytes at byte %d, expected at most %d", length, at, len(rest)-frame)
		}
		size := int(length)
		kind, data := string(rest[4:8]), rest[8:8+size]
		if first != (kind == "IHDR") {
			return fmt.Errorf("PNG: found chunk %q at byte %d, expected the header IHDR once, first", kind, at)
		}
		if sum := crc32.ChecksumIEEE(rest[4 : 8+size]); sum != binary.BigEndian.Uint32(rest[8+size:]) {
			return fmt.Errorf("PNG: found a wrong checksum of chunk %q at byte %d: the file is damaged", kind, at)
		}
		if !visit(kind, data, rest[:frame+size]) || kind == "IEND" {
			return nil
		}
		rest = rest[frame+size:]
	}
}

// textOf reads the data of a chunk of text that is not compressed.
func textOf(kind string, data []byte) (keyword, text string, ok bool) {
	key, rest, found := bytes.Cut(data, []byte{0})
	switch {
	case !found:
		return "", "", false
	case kind == "tEXt":
		runes := make([]rune, len(rest)) // Latin-1
		for i, b := range rest {
			runes[i] = rune(b)
		}
		return string(key), string(runes), true
	case kind != "iTXt" || len(rest) < 2 || rest[0] != 0:
		return "", "", false
	}
	parts := bytes.SplitN(rest[2:], []byte{0}, 3) // language, translated keyword, text
	if len(parts) < 3 || !utf8.Valid(parts[2]) {
		return "", "", false
	}
	return string(key), string(parts[2]), true
}

func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	begin := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[begin:]))
}
