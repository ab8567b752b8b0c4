package render

import (
	"errors"
	"image"
	"image/color"
	imagedraw "image/draw"
	"image/gif"
	"io"
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
// palette.
func animate(w io.Writer, n int, draw func(i int) *image.RGBA) error {
	if n == 0 {
		return errors.New("animation: found no frames, expected at least one")
	}
	chosen := ChosenFrames(n)
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

// ChosenFrames are those of n frames that an animation shows: every one, or an even choice
// with the first and the last.
func ChosenFrames(n int) []int {
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

// palette maps colours to at most 255; colour 0 is transparent.
type palette struct {
	colours color.Palette
	near    map[color.RGBA]uint8
}

// bin gathers the colours that agree in 5 bits a channel.
type bin struct {
	count int
	main  color.RGBA // the colour of more than half of them, if one is (Boyer & Moore 1981)
	lead  int
	off   float64 // squared distance of main to the nearest colour that was chosen
}

// paletteOf chooses colours one by one, each the one whose absence would cost most:
// how often it is used, times the square of how far the nearest of those before is.
func paletteOf(frames []*image.RGBA) *palette {
	var bins [1 << 15]bin
	for _, f := range frames {
		for i := 0; i+3 < len(f.Pix); i += 4 {
			c := color.RGBA{f.Pix[i], f.Pix[i+1], f.Pix[i+2], 0xff}
			b := &bins[uint16(c.R>>3)<<10|uint16(c.G>>3)<<5|uint16(c.B>>3)]
			b.count++
			switch {
			case b.lead == 0:
				b.main, b.lead = c, 1
			case b.main == c:
				b.lead++
			default:
				b.lead--
			}
		}
	}
	var used []*bin
	for i := range bins {
		if bins[i].count > 0 {
			bins[i].off = 3 * 255 * 255
			used = append(used, &bins[i])
		}
	}
	p := &palette{colours: color.Palette{color.RGBA{}}, near: map[color.RGBA]uint8{}}
	for range min(len(used), 255) {
		best := used[0]
		for _, b := range used {
			if float64(b.count)*b.off > float64(best.count)*best.off {
				best = b
			}
		}
		if best.off == 0 {
			break
		}
		p.colours = append(p.colours, best.main)
		for _, b := range used {
			b.off = min(b.off, apart(b.main, best.main))
		}
	}
	return p
}

// apart is the squared distance between two colours.
func apart(a, b color.RGBA) float64 {
	r, g, bl := float64(a.R)-float64(b.R), float64(a.G)-float64(b.G), float64(a.B)-float64(b.B)
	return r*r + g*g + bl*bl
}

func (p *palette) convert(f *image.RGBA) *image.Paletted {
	out := image.NewPaletted(f.Rect, p.colours)
	var last color.RGBA
	var index uint8
	for k := range out.Pix {
		c := color.RGBA{f.Pix[4*k], f.Pix[4*k+1], f.Pix[4*k+2], 0xff}
		if c != last {
			found, ok := p.near[c]
			if !ok {
				found = uint8(1 + p.colours[1:].Index(c))
				p.near[c] = found
			}
			last, index = c, found
		}
		out.Pix[k] = index
	}
	return out
}

// Album writes pictures as an animation that loops; of many it shows an even choice, and
// frame is asked for those only. Smaller ones lie in the upper left corner.
func Album(w io.Writer, n int, frame func(i int) (image.Image, error)) error {
	chosen, size := ChosenFrames(n), image.Rectangle{}
	pictures := make([]image.Image, len(chosen))
	for k, i := range chosen {
		var err error
		if pictures[k], err = frame(i); err != nil {
			return err
		}
		size = size.Union(image.Rectangle{Max: pictures[k].Bounds().Size()})
	}
	return animate(w, len(pictures), func(k int) *image.RGBA {
		out, p := image.NewRGBA(size), pictures[k]
		imagedraw.Draw(out, size, image.White, image.Point{}, imagedraw.Src)
		imagedraw.Draw(out, p.Bounds().Sub(p.Bounds().Min), p, p.Bounds().Min, imagedraw.Over)
		return out
	})
}
