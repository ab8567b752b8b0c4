package picture

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"image"
	"image/gif"
	"runtime"
	"strings"
	"testing"
)

// pngOf is the beginning of a PNG file that says it has that size.
func pngOf(w, h uint32) []byte {
	head := []byte("IHDR")
	head = binary.BigEndian.AppendUint32(head, w)
	head = binary.BigEndian.AppendUint32(head, h)
	head = append(head, 8, 6, 0, 0, 0)
	out := append([]byte("\x89PNG\r\n\x1a\n"), 0, 0, 0, 13)
	return binary.BigEndian.AppendUint32(append(out, head...), crc32.ChecksumIEEE(head))
}

// webpOf is a WebP file of a small canvas around a lossy frame of another size.
func webpOf(w, h uint16) []byte {
	frame := append([]byte("VP8 \x0a\x00\x00\x00\x10\x00\x00\x9d\x01\x2a"), byte(w), byte(w>>8), byte(h), byte(h>>8))
	canvas := []byte("VP8X\x0a\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00")
	out := append([]byte("RIFF\x30\x00\x00\x00WEBP"), canvas...)
	return append(out, frame...)
}

func TestBadPictures(t *testing.T) {
	var later bytes.Buffer // the first frame covers a corner only
	frame := image.NewPaletted(image.Rect(1, 1, 2, 2), gifColours)
	if err := gif.EncodeAll(&later, &gif.GIF{Image: []*image.Paletted{frame}, Delay: []int{0}, Config: image.Config{Width: 60_000, Height: 60_000}}); err != nil {
		t.Fatal(err)
	}
	cut := func(name string, n int) []byte { d := read(t, name); return d[:len(d)-n] }
	for _, test := range []struct {
		name string
		data []byte
		want string
	}{
		{"empty", nil, "found an empty file, expected a picture"},
		{"text", []byte("hello"), "found a file of another kind, expected a PNG, JPEG, GIF, WebP or BMP picture"},
		{"magic alone", []byte("\x89PNG\r\n\x1a\n"), "PNG: found an end in the middle"},
		{"cut PNG", cut("rgb.png", 20), "PNG: found an end in the middle of the picture"},
		{"cut JPEG", cut("smooth.jpg", 200), "JPEG: found an end in the middle"},
		{"cut GIF", cut("still.gif", 12), "GIF: "},
		{"cut WebP", cut("lossless.webp", 30), "WebP: "},
		{"cut BMP", cut("rgb.bmp", 30), "BMP: found an end in the middle"},
		{"flipped bits", bytes.ReplaceAll(read(t, "rgb.png"), []byte("IDAT"), []byte("IDAU")), "PNG: cannot decode"},
		{"animated WebP", read(t, "animated.webp"), "WebP: found an animation, expected a still picture"},
		{"bomb", pngOf(100_000, 100_000), "PNG: found a picture of 100000×100000 pixels, expected at most 67108864 in all"},
		{"side that overflows", pngOf(1<<31-1, 1<<31-1), "PNG: "},
		{"no pixels", pngOf(0, 7), "PNG: "},
		{"GIF bomb", later.Bytes(), "GIF: found a picture of 60000×60000 pixels"},
		{"WebP bomb behind a small canvas", webpOf(16383, 16383), "WebP: found a picture of 16383×16383 pixels"},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(test.data, Options{})
		runtime.ReadMemStats(&after)
		if err == nil || !strings.HasPrefix(err.Error(), test.want) {
			t.Errorf("%s: found error %q, want %q", test.name, fmt.Sprint(err), test.want)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%s: took %d bytes of memory", test.name, took)
		}
	}
	if _, err := Decode(read(t, "rgb.png"), Options{MaxPixels: 34}); err == nil || !strings.Contains(err.Error(), "expected at most 34 in all") {
		t.Errorf("a limit of our own: %v", err)
	}
	if _, err := Decode(read(t, "rgb.png"), Options{MaxPixels: 35}); err != nil {
		t.Error(err)
	}
}
