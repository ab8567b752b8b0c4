package main

import (
	"fmt"
	"slices"

	"drift"
	"drift/dataset"
	"drift/internal/safefile"
	"drift/picture"
)

// mostPicture bounds the files of pictures that commands read, in bytes.
const mostPicture = 256 << 20

// pixels reads a file of a picture, as others are read.
func pixels(path string, as dataset.Pictures) (picture.Picture, error) {
	data, err := safefile.Read(path, mostPicture)
	if err != nil {
		return picture.Picture{}, err
	}
	p, err := as.Decode(data)
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// picture reads a picture of any size as one sample of the run's: with its channels, in its
// range, and with its background behind transparent pixels.
func (e *editing) picture(path string) (*drift.Batch, error) {
	d := e.model.Manifest.Data
	channels, within := d.Shape[2], d.Range
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("%s: found a model of pictures with %d channels, expected 1 or 3", path, channels)
	}
	p, err := pixels(path, e.pictures)
	if err != nil {
		return nil, err
	}
	p = p.Channels(channels)
	x := drift.NewBatch(1, p.H, p.W, p.C)
	for i, v := range p.Pix {
		x.Data[i] = within[0] + (within[1]-within[0])*float64(v)/255
	}
	return x, nil
}

// standardised reads a picture of the model's size as networks see it.
func (e *editing) standardised(path string) (*drift.Batch, error) {
	d := e.model.Manifest.Data
	x, err := e.picture(path)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(x.Shape, d.Shape) {
		return nil, fmt.Errorf("%s: found a picture of %d×%d pixels, expected %d×%d, the model's size", path, x.Shape[0], x.Shape[1], d.Shape[0], d.Shape[1])
	}
	return e.model.Standardise(x)
}

// readMask reads which pixels a mask keeps: the dark ones. Transparent ones are kept too, as
// around strokes of white, unless nothing is white: then they are the hole.
func readMask(path string, shape []int) (keep []bool, err error) {
	for _, paper := range []string{"black", "white"} {
		p, err := pixels(path, dataset.Pictures{Background: paper})
		if err != nil {
			return nil, err
		}
		if p.H != shape[0] || p.W != shape[1] {
			return nil, fmt.Errorf("%s: found a mask of %d×%d pixels, expected %d×%d, the model's size", path, p.H, p.W, shape[0], shape[1])
		}
		p = p.Channels(1)
		keep = make([]bool, len(p.Pix))
		for i, v := range p.Pix {
			keep[i] = v < 128
		}
		if slices.Contains(keep, false) {
			return keep, nil
		}
	}
	return nil, fmt.Errorf("%s: found a mask without white, expected some, to be made new", path)
}
