package render

import (
	"bytes"
	"errors"
	"image"
	"image/color"
	"image/gif"
	"testing"
)

func TestAlbumShowsItsPictures(t *testing.T) {
	red, blue := color.RGBA{255, 0, 0, 255}, color.RGBA{0, 0, 255, 255}
	page := func(w, h int, c color.Color) image.Image {
		p := image.NewRGBA(image.Rect(5, 5, 5+w, 5+h))
		for i := range p.Pix {
			p.Pix[i] = 255
		}
		p.Set(6, 6, c)
		return p
	}
	var file bytes.Buffer
	asked := 0
	err := Album(&file, 100, func(i int) (image.Image, error) {
		asked++
		if i == 99 {
			return page(8, 10, blue), nil
		}
		return page(10, 6, red), nil
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := gif.DecodeAll(&file)
	if err != nil {
		t.Fatal(err)
	}
	last := all.Image[len(all.Image)-1]
	if asked != maxFrames || len(all.Image) != maxFrames || all.Image[0].Rect != image.Rect(0, 0, 10, 10) {
		t.Errorf("found %d pictures asked for and %d of %v shown, expected %d of 10×10", asked, len(all.Image), all.Image[0].Rect, maxFrames)
	}
	if got := all.Image[0].At(1, 1); got != red {
		t.Errorf("first picture: found %v, expected %v", got, red)
	}
	if got := last.At(1, 1); got != blue {
		t.Errorf("last picture: found %v, expected %v", got, blue)
	}
	if err := Album(&file, 2, func(int) (image.Image, error) { return nil, errors.New("lost") }); err == nil {
		t.Error("a picture that cannot be had: found no error")
	}
}
