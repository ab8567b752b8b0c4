package pngtext

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/png"
	"strings"
	"testing"
)

func picture(t testing.TB) []byte {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, 3, 2))
	copy(img.Pix, []byte{0, 50, 100, 150, 200, 250})
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestTextComesBack(t *testing.T) {
	plain := picture(t)
	for _, text := range []string{"", "hello", "Größe 猫 🐕", strings.Repeat("x", 100_000)} {
		file, err := Put(plain, "drift", text)
		if err != nil {
			t.Fatal(err)
		}
		if found, ok, err := Get(file, "drift"); err != nil || !ok || found != text {
			t.Errorf("found %.20q, %v, %v, want %.20q", found, ok, err, text)
		}
		if _, ok, err := Get(file, "other"); ok || err != nil {
			t.Errorf("another keyword: %v, %v", ok, err)
		}
		img, err := png.Decode(bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		if got := img.(*image.Gray).Pix; !bytes.Equal(got, []byte{0, 50, 100, 150, 200, 250}) {
			t.Errorf("pixels changed: %v", got)
		}
		again, err := Put(file, "drift", text)
		if err != nil || !bytes.Equal(again, file) {
			t.Errorf("putting the same text twice changed the file: %v", err)
		}
		other, err := Put(file, "drift", "other")
		if found, ok, _ := Get(other, "drift"); err != nil || !ok || found != "other" {
			t.Errorf("replaced: %q, %v", found, err)
		}
		if both, _ := Put(other, "Title", "two"); both != nil {
			if found, ok, _ := Get(both, "drift"); !ok || found != "other" {
				t.Errorf("a second keyword hid the first: %q", found)
			}
		}
	}
}

// The layout of section 11.3.3.2, made by hand.
func TestReadsLatin1(t *testing.T) {
	plain := picture(t)
	data := []byte("drift\x00Gr\xf6\xdfe")
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	chunk = append(append(chunk, "tEXt"...), data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(chunk[4:]))
	const header = 8 + 25 // signature and IHDR
	file := append(append(append([]byte{}, plain[:header]...), chunk...), plain[header:]...)
	if text, ok, err := Get(file, "drift"); text != "Größe" || !ok || err != nil {
		t.Errorf("found %q, %v, %v", text, ok, err)
	}
}

func TestRefuses(t *testing.T) {
	plain := picture(t)
	for _, test := range []struct {
		file          []byte
		keyword, text string
		want          string
	}{
		{plain, "", "x", "found keyword"},
		{plain, strings.Repeat("k", 80), "x", "found keyword"},
		{plain, "ключ", "x", "found keyword"},
		{plain, "drift", "a\x00b", "found text"},
		{plain, "drift", "\xff", "found text"},
		{nil, "drift", "x", "expected a PNG"},
		{[]byte("GIF89a"), "drift", "x", "expected a PNG"},
		{plain[:20], "drift", "x", "found a chunk of 13 bytes at byte 8, expected at most 0"},
		{plain[:len(plain)-1], "drift", "x", "found the end"},
		{append([]byte(signature), plain[33:]...), "drift", "x", "expected the header"},
		{bytes.Replace(plain, []byte("IEND"), []byte("IENE"), 1), "drift", "x", "wrong checksum"},
	} {
		if _, err := Put(test.file, test.keyword, test.text); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("found error %v, want %q", err, test.want)
		}
	}
}

// Whatever a file holds, reading ends without a panic, and what Put made Get reads.
func FuzzGet(f *testing.F) {
	plain := picture(f)
	full, _ := Put(plain, "drift", `{"seed": 1}`)
	for _, seed := range [][]byte{nil, plain, full, full[:50], []byte(signature)} {
		f.Add(seed, "drift")
	}
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		Get(file, "drift")
		out, err := Put(file, "drift", text)
		if err != nil {
			return
		}
		if found, ok, err := Get(out, "drift"); err != nil || !ok || found != text {
			t.Errorf("found %q, %v, %v, want %q", found, ok, err, text)
		}
	})
}
