package render

import (
	"fmt"
	"image"
	"io"
	"math"

	"drift"
)

// pixels is how small pictures are laid out: side × magnified, with gaps.
type pixels struct {
	h, w, channels int
	zoom           float64 // logical pixels a pixel
	lo, hi         float64 // range of the pixel values
}

// ink says whether grey pictures are drawn as ink on paper, high values dark: a scan
// of handwriting has levels of its own. The 255 levels of files of pictures are light.
func (p pixels) ink() bool { return p.channels == 1 && p.hi != 255 }

const pictureGap = 5.0

// layout checks the shape of pictures, [H, W, 1] or [H, W, 3], and picks a zoom at
// which they can be read.
func layout(shape []int, lo, hi float64) (pixels, error) {
	if len(shape) != 3 || shape[0] < 1 || shape[1] < 1 || (shape[2] != 1 && shape[2] != 3) {
		return pixels{}, fmt.Errorf("pictures: found samples of shape %v, expected [height, width, 1 or 3]", shape)
	}
	if !(hi > lo) {
		return pixels{}, fmt.Errorf("pictures: found pixels from %v to %v, expected a range", lo, hi)
	}
	zoom := max(1, math.Floor(48/float64(max(shape[0], shape[1]))))
	return pixels{shape[0], shape[1], shape[2], zoom, lo, hi}, nil
}

func (p pixels) width() float64  { return float64(p.w) * p.zoom }
func (p pixels) height() float64 { return float64(p.h) * p.zoom }

// draw paints one picture with its upper left corner at (x, y).
func (p pixels) draw(c *raster, row []float64, x, y float64) {
	level := func(v float64) uint8 { return level(v, p.lo, p.hi) }
	for i := range p.h {
		for j := range p.w {
			at := row[(i*p.w+j)*p.channels:]
			grey := level(at[0])
			if p.ink() {
				grey = 255 - grey
			}
			col := rgba(grey, grey, grey, 0xff)
			if p.channels == 3 {
				col = rgba(level(at[0]), level(at[1]), level(at[2]), 0xff)
			}
			px, py := x+float64(j)*p.zoom, y+float64(i)*p.zoom
			c.rect(px, py, px+p.zoom, py+p.zoom, col)
		}
	}
	f := frame{canvas: c, x0: x, y0: y, x1: x + p.width(), y1: y + p.height()}
	f.border(hair)
}

func (f frame) border(col nrgba) {
	f.line(f.x0, f.y0, f.x1, f.y0, 0.7, col)
	f.line(f.x0, f.y1, f.x1, f.y1, 0.7, col)
	f.line(f.x0, f.y0, f.x0, f.y1, 0.7, col)
	f.line(f.x1, f.y0, f.x1, f.y1, 0.7, col)
}

// Pictures shows samples in a grid, row after row. A row whose captions are all the
// same has it once, at its left; captions may be nil.
func Pictures(x *drift.Batch, cols int, lo, hi float64, captions []string) (image.Image, error) {
	p, err := layout(x.Shape, lo, hi)
	if err != nil {
		return nil, err
	}
	c, draw, err := p.grid(x.N, cols, captions, fine, 0)
	if err != nil {
		return nil, err
	}
	draw(x)
	return c.img, nil
}

// PicturesFit is an error if a grid of so many samples is too large to draw, with any of
// some captions below each.
func PicturesFit(shape []int, n, cols int, captions []string) error {
	p, err := layout(shape, 0, 1)
	if err != nil {
		return err
	}
	cols = min(max(cols, 1), max(n, 1))
	below, wide := 0.0, p.width()
	if len(captions) > 1 {
		below, wide = captionHeight, captionRoom(wide, captions)
	}
	return fits(float64(cols)*(wide+pictureGap)+27, float64((n+cols-1)/cols)*(p.height()+pictureGap+below)+27, fine)
}

// grid prepares a canvas for n pictures and the function that paints them.
func (p pixels) grid(n, cols int, captions []string, scale, top float64) (*raster, func(*drift.Batch), error) {
	cols = min(max(cols, 1), max(n, 1))
	rows := (n + cols - 1) / cols
	side, below, wide := 0.0, 0.0, p.width()
	for k := range min(n, len(captions)) {
		if k%cols != 0 && captions[k] != captions[k-1] {
			side, below = 0, captionHeight // a row with several captions: each under its picture
			wide = captionRoom(wide, captions)
			break
		}
		side = max(side, textWidth(captions[k], 12, false)+12)
	}
	stepX, stepY := wide+pictureGap, p.height()+pictureGap+below
	width, height := 16+side+float64(cols)*stepX+11, 16+top+float64(rows)*stepY+11
	if err := fits(width, height, scale); err != nil {
		return nil, nil, err
	}
	c := newRaster(width, height, scale)
	paint := func(x *drift.Batch) {
		for k := range min(n, x.N) {
			px, py := 16+side+float64(k%cols)*stepX+(wide-p.width())/2, 16+top+float64(k/cols)*stepY
			p.draw(c, x.Row(k), px, py)
			switch {
			case k >= len(captions):
			case below > 0:
				c.text(fitted(captions[k], captionSize, wide), px+p.width()/2, py+p.height()+12, captionSize, centre, false, soft)
			case k%cols == 0:
				c.text(captions[k], 16+side-10, py+p.height()/2+4, 12, right, false, soft)
			}
		}
	}
	return c, paint, nil
}

// captionSize is that of the text under a picture, widestCaption what it may take beyond
// its picture.
const captionSize, captionHeight, widestCaption = 10.0, 15.0, 72.0

// captionRoom is the width for pictures and what stands below them.
func captionRoom(picture float64, captions []string) float64 {
	longest := 0.0
	for _, s := range captions {
		longest = max(longest, textWidth(s, captionSize, false))
	}
	return max(picture, min(longest, widestCaption))
}

// PictureStrip shows pictures changing: a row for each sample, a column for each
// moment. moments[k] holds all samples at moment k.
func PictureStrip(moments []*drift.Batch, titles []string, lo, hi float64) (image.Image, error) {
	if len(moments) == 0 {
		return nil, fmt.Errorf("pictures: found no moments, expected at least one")
	}
	p, err := layout(moments[0].Shape, lo, hi)
	if err != nil {
		return nil, err
	}
	wide := max(p.width(), 92) + 2*pictureGap
	width, height := 24+float64(len(moments))*wide, 44+float64(moments[0].N)*(p.height()+2*pictureGap)+8
	if err := fits(width, height, fine); err != nil {
		return nil, err
	}
	c := newRaster(width, height, fine)
	for k, x := range moments {
		middle := 12 + (float64(k)+0.5)*wide
		if k < len(titles) {
			c.text(titles[k], middle, 24, 12, centre, true, ink)
		}
		for i := range x.N {
			p.draw(c, x.Row(i), middle-p.width()/2, 44+float64(i)*(p.height()+2*pictureGap))
		}
	}
	return c.img, nil
}

// PictureWalk animates a grid of pictures appearing out of noise.
func PictureWalk(w io.Writer, frames []*drift.Batch, titles []string, cols int, lo, hi float64) error {
	if len(frames) == 0 {
		return fmt.Errorf("pictures: found no frames, expected at least one")
	}
	p, err := layout(frames[0].Shape, lo, hi)
	if err != nil {
		return err
	}
	if _, _, err := p.grid(frames[0].N, cols, nil, 1, 24); err != nil {
		return err
	}
	return animate(w, len(frames), func(i int) *image.RGBA {
		c, draw, _ := p.grid(frames[i].N, cols, nil, 1, 24) // as large as the first
		draw(frames[i])
		if i < len(titles) {
			c.text(titles[i], 16, 26, 15, left, true, ink)
		}
		return c.img
	})
}
