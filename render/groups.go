package render

import (
	"image"

	"drift"
)

// PictureGroup is pictures under a title, each with a caption of a few letters.
type PictureGroup struct {
	Title    string
	X        *drift.Batch
	Captions []string
}

// PictureGroups shows groups of pictures below one another, in rows of cols. All have
// one shape. Where no group needs more than a row and no captions, titles stand at the left.
func PictureGroups(groups []PictureGroup, cols int, lo, hi float64) (image.Image, error) {
	shape, rows, widest, beside := []int(nil), 0, 1, true
	for _, g := range groups {
		shape = g.X.Shape
		beside = beside && g.X.N <= cols && len(g.Captions) == 0
		rows += (g.X.N + cols - 1) / cols
		widest = max(widest, min(cols, g.X.N))
	}
	p, err := layout(shape, lo, hi)
	if err != nil {
		return nil, err
	}
	const margin = 16.0
	title, below, side := 34.0, 15.0, 0.0
	if beside {
		title, below = 0, 0
	}
	var captions []string
	for _, g := range groups {
		captions = append(captions, g.Captions...)
	}
	room := captionRoom(p.width(), captions)
	stepX, stepY := room+pictureGap, p.height()+below+pictureGap
	wide := float64(widest) * stepX
	for _, g := range groups {
		if length := textWidth(g.Title, 13, true); beside {
			side = max(side, length+12)
		} else {
			wide = max(wide, length)
		}
	}
	wide += side
	high := 2*margin + float64(len(groups))*title + float64(rows)*stepY
	if err := fits(2*margin+wide, high, fine); err != nil {
		return nil, err
	}
	c := newRaster(2*margin+wide, high, fine)
	y := margin
	for _, g := range groups {
		if beside {
			c.text(g.Title, margin, y+p.height()/2+4, 13, left, true, ink)
		} else {
			c.text(g.Title, margin, y+18, 13, left, true, ink)
		}
		y += title
		for k := range g.X.N {
			x, top := margin+side+float64(k%cols)*stepX+(stepX-p.width())/2, y+float64(k/cols)*stepY
			p.draw(c, g.X.Row(k), x, top)
			if k < len(g.Captions) {
				c.text(fitted(g.Captions[k], captionSize, room), x+p.width()/2, top+p.height()+12, captionSize, centre, false, soft)
			}
		}
		y += float64((g.X.N+cols-1)/cols) * stepY
	}
	return c.img, nil
}
