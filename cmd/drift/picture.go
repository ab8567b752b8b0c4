package main

import (
	"fmt"
	"slices"

	"drift"
	"drift/internal/safefile"
	"drift/picture"
	"drift/run"
)

// mostPicture bounds the files of pictures that commands read, in bytes.
const mostPicture = 256 << 20

// pixels reads a file of a picture.
func pixels(path string) (picture.Picture, error) {
	data, err := safefile.Read(path, mostPicture)
	if err != nil {
		return picture.Picture{}, err
	}
	p, err := picture.Decode(data, picture.Options{})
	if err != nil {
		return p, fmt.Errorf("%s: %w", path, err)
	}
	return p, nil
}

// readPicture reads a picture of any size as one sample with so many channels, whose
// pixels lie in a range.
func readPicture(path string, channels int, within []float64) (*drift.Batch, error) {
	if channels != 1 && channels != 3 {
		return nil, fmt.Errorf("%s: found a model of pictures with %d channels, expected 1 or 3", path, channels)
	}
	p, err := pixels(path)
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
func standardised(m *run.Model, path string) (*drift.Batch, error) {
	d := m.Manifest.Data
	x, err := readPicture(path, d.Shape[2], d.Range)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(x.Shape, d.Shape) {
		return nil, fmt.Errorf("%s: found a picture of %d×%d pixels, expected %d×%d, the model's size", path, x.Shape[0], x.Shape[1], d.Shape[0], d.Shape[1])
	}
	return m.Standardise(x)
}

// readMask reads which pixels a mask keeps: the dark ones.
func readMask(path string, shape []int) ([]bool, error) {
	p, err := pixels(path)
	if err != nil {
		return nil, err
	}
	if p.H != shape[0] || p.W != shape[1] {
		return nil, fmt.Errorf("%s: found a mask of %d×%d pixels, expected %d×%d, the model's size", path, p.H, p.W, shape[0], shape[1])
	}
	p = p.Channels(1)
	keep := make([]bool, len(p.Pix))
	for i, v := range p.Pix {
		keep[i] = v < 128
	}
	if !slices.Contains(keep, false) {
		return nil, fmt.Errorf("%s: found a mask without white, expected some, to be made new", path)
	}
	return keep, nil
}
