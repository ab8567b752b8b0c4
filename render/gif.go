package render

import (
	"errors"
	"image"
	"image/color"
	"image/gif"
	"io"
	"slices"
)

// Pace of animations, in hundredths of a second.
const (
	framePause = 9
	firstPause = 60
	lastPause  = 220
)

// maxFrames bounds an animation; longer walks show an even choice of their frames.
const maxFrames = 61

// animate writes frames as an animation that loops. Each frame stores only the
// rectangle that changed, with unchanged pixels transparent, and all share one
// palette of their most frequent colours.
func animate(w io.Writer, n int, draw func(i int) *image.RGBA) error {
	if n == 0 {
		return errors.New("animation: found no frames, expected at least one")
	}
	chosen := chosenFrames(n)
	frames := make([]*image.RGBA, len(chosen))
	for k, i := range chosen {
		frames[k] = draw(i)
	}
	p := paletteOf(frames)
	out := gif.GIF{}
	var before *image.Paletted
	for k, f := range frames {
		now := p.convert(f)
		part := now
		if before != nil {
			part = changes(before, now)
		}
		pause := framePause
		if k == 0 {
			pause = firstPause
		} else if k == len(frames)-1 {
			pause = lastPause
		}
		out.Image = append(out.Image, part)
		out.Delay = append(out.Delay, pause)
		out.Disposal = append(out.Disposal, gif.DisposalNone)
		before = now
	}
	return gif.EncodeAll(w, &out)
}

// chosenFrames is every frame, or an even choice with the first and the last.
func chosenFrames(n int) []int {
	m := min(n, maxFrames)
	chosen := make([]int, m)
	for k := range chosen {
		chosen[k] = k * (n - 1) / max(1, m-1)
	}
	return chosen
}

// changes is the smallest rectangle of now that differs from before; pixels in it
// that do not differ are transparent (colour 0).
func changes(before, now *image.Paletted) *image.Paletted {
	r := image.Rectangle{}
	b := now.Rect
	for y := b.Min.Y; y < b.Max.Y; y++ {
		for x := b.Min.X; x < b.Max.X; x++ {
			if i := now.PixOffset(x, y); now.Pix[i] != before.Pix[i] {
				r = r.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	if r.Empty() {
		r = image.Rect(b.Min.X, b.Min.Y, b.Min.X+1, b.Min.Y+1)
	}
	part := image.NewPaletted(r, now.Palette)
	for y := r.Min.Y; y < r.Max.Y; y++ {
		for x := r.Min.X; x < r.Max.X; x++ {
			if i := now.PixOffset(x, y); now.Pix[i] != before.Pix[i] {
				part.Pix[part.PixOffset(x, y)] = now.Pix[i]
			}
		}
	}
	return part
}

// palette maps colours to the 255 that frames use most; colour 0 is transparent.
type palette struct {
	colours color.Palette
	near    map[color.RGBA]uint8
}

// paletteOf counts colours of 5 bits a channel and keeps the most frequent, each
// represented by the first exact colour that fell into it.
func paletteOf(frames []*image.RGBA) *palette {
	type bin struct {
		key   uint16
		count int
		first color.RGBA
	}
	bins := map[uint16]*bin{}
	for _, f := range frames {
		for i := 0; i+3 < len(f.Pix); i += 4 {
			c := color.RGBA{f.Pix[i], f.Pix[i+1], f.Pix[i+2], 0xff}
			key := uint16(c.R>>3)<<10 | uint16(c.G>>3)<<5 | uint16(c.B>>3)
			if b, ok := bins[key]; ok {
				b.count++
			} else {
				bins[key] = &bin{key, 1, c}
			}
		}
	}
	var all []*bin
	for _, b := range bins {
		all = append(all, b)
	}
	slices.SortFunc(all, func(a, b *bin) int {
		if a.count != b.count {
			return b.count - a.count
		}
		return int(a.key) - int(b.key)
	})
	p := &palette{colours: color.Palette{color.RGBA{}}, near: map[color.RGBA]uint8{}}
	for _, b := range all[:min(len(all), 255)] {
		p.colours = append(p.colours, b.first)
	}
	return p
}

func (p *palette) convert(f *image.RGBA) *image.Paletted {
	out := image.NewPaletted(f.Rect, p.colours)
	for k := range out.Pix {
		c := color.RGBA{f.Pix[4*k], f.Pix[4*k+1], f.Pix[4*k+2], 0xff}
		i, ok := p.near[c]
		if !ok {
			i = uint8(1 + p.colours[1:].Index(c))
			p.near[c] = i
		}
		out.Pix[k] = i
	}
	return out
}
