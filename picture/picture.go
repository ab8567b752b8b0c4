package picture

// Picture is pixels of 8 bits without alpha, row by row from the upper left.
type Picture struct {
	Pix     []uint8 // H·W·C values
	H, W, C int     // C is 1 (grey) or 3 (red, green, blue, in sRGB)
}

// New is a black picture.
func New(h, w, c int) Picture { return Picture{make([]uint8, h*w*c), h, w, c} }

// IsGrey says whether no pixel has a colour.
func (p Picture) IsGrey() bool {
	if p.C == 1 {
		return true
	}
	for i := 0; i < len(p.Pix); i += 3 {
		if p.Pix[i] != p.Pix[i+1] || p.Pix[i] != p.Pix[i+2] {
			return false
		}
	}
	return true
}

// Channels is the picture with 1 or 3 channels. Grey is the luma of ITU-R BT.601,
// as JPEG has it.
func (p Picture) Channels(c int) Picture {
	if p.C == c {
		return p
	}
	q := New(p.H, p.W, c)
	for i := range p.H * p.W {
		if c == 1 {
			r, g, b := int(p.Pix[3*i]), int(p.Pix[3*i+1]), int(p.Pix[3*i+2])
			q.Pix[i] = uint8((299*r + 587*g + 114*b + 500) / 1000)
			continue
		}
		q.Pix[3*i], q.Pix[3*i+1], q.Pix[3*i+2] = p.Pix[i], p.Pix[i], p.Pix[i]
	}
	return q
}

// Flip is the mirror image, left for right.
func (p Picture) Flip() Picture {
	return p.arrange(p.H, p.W, func(y, x int) (int, int) { return y, p.W - 1 - x })
}

// arrange is a picture of h×w whose pixel (y, x) is the one that from says.
func (p Picture) arrange(h, w int, from func(y, x int) (int, int)) Picture {
	q := New(h, w, p.C)
	for y := range h {
		for x := range w {
			fy, fx := from(y, x)
			copy(q.Pix[(y*w+x)*p.C:][:p.C], p.Pix[(fy*p.W+fx)*p.C:])
		}
	}
	return q
}
