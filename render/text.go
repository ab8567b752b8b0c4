package render

import (
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
func textWidth(s string, size float64, bold bool) float64 {
	return float64(font.MeasureString(faceOf(size*fine, bold), s)) / 64 / fine
}

type faceKey struct {
	size float64
	bold bool
}

var (
	faces  = map[faceKey]font.Face{}
	faceMu sync.Mutex
	fonts  = sync.OnceValue(func() [2]*opentype.Font {
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

// faceOf is a font of so many device pixels.
func faceOf(size float64, bold bool) font.Face {
	faceMu.Lock()
	defer faceMu.Unlock()
	key := faceKey{size, bold}
	if f, ok := faces[key]; ok {
		return f
	}
	parsed := fonts()[0]
	if bold {
		parsed = fonts()[1]
	}
	f, err := opentype.NewFace(parsed, &opentype.FaceOptions{Size: size, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		panic("render: " + err.Error()) // never for a positive size
	}
	faces[key] = f
	return f
}
