package render

import (
	"sort"
	"sync"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
)

// Where a text stands relative to its position.
const (
	left = iota
	centre
	right
)

// textWidth is the width of a text in logical pixels.
func textWidth(s string, size float64, bold bool) (width float64) {
	withFace(size*fine, bold, func(face font.Face) {
		width = float64(font.MeasureString(face, s)) / 64 / fine
	})
	return width
}

// fitted is as much of a text as fits a width, with an ellipsis where it was cut.
func fitted(s string, size float64, width float64) string {
	if textWidth(s, size, false) <= width {
		return s
	}
	r := []rune(s)
	n := sort.Search(len(r), func(n int) bool { return textWidth(string(r[:n+1])+"…", size, false) > width })
	return string(r[:n]) + "…"
}

type faceKey struct {
	size float64
	bold bool
}

var (
	faces sync.Map // of each faceKey: a *sync.Pool of font.Face
	fonts = sync.OnceValue(func() [2]*opentype.Font {
		var parsed [2]*opentype.Font
		for i, ttf := range [][]byte{goregular.TTF, gobold.TTF} {
			f, err := opentype.Parse(ttf)
			if err != nil {
				panic("render: an embedded font is damaged: " + err.Error()) // part of the program, not of its input
			}
			parsed[i] = f
		}
		return parsed
	})
)

// withFace lends f a font of so many device pixels, which serves one goroutine at a
// time.
func withFace(size float64, bold bool, f func(font.Face)) {
	key := faceKey{size, bold}
	pool, ok := faces.Load(key)
	if !ok {
		pool, _ = faces.LoadOrStore(key, &sync.Pool{New: func() any { return newFace(key) }})
	}
	face := pool.(*sync.Pool).Get().(font.Face)
	defer pool.(*sync.Pool).Put(face)
	f(face)
}

func newFace(key faceKey) font.Face {
	parsed := fonts()[0]
	if key.bold {
		parsed = fonts()[1]
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: key.size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("render: " + err.Error()) // never for a positive size
	}
	return f
}
