package picture

import (
	"image/color"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var gifColours = color.Palette{color.Black, color.White}

// Whatever is in a file, it gives an error or a whole picture of the size that its
// header says.
func FuzzDecode(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		if slices.Contains(Extensions, strings.ToLower(filepath.Ext(name))) {
			f.Add(data)
		}
	}
	f.Add(pngOf(60_000, 60_000))
	f.Add(webpOf(9000, 2))
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := Decode(data, Options{MaxPixels: 1 << 16})
		if err != nil {
			return
		}
		h, w, err := Size(data)
		if err != nil || p.H != h || p.W != w || p.C != 3 || len(p.Pix) != h*w*3 || h*w < 1 || h*w > 1<<16 {
			t.Fatalf("found %d×%d×%d with %d values, said %d×%d (%v)", p.H, p.W, p.C, len(p.Pix), h, w, err)
		}
		if q := p.Fit(3, 2); len(q.Pix) != 18 {
			t.Fatalf("fitted into 3×2: %d values", len(q.Pix))
		}
	})
}
