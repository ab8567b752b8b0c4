package train

import (
	"fmt"
	"math/rand/v2"
	"slices"

	"drift"
	"drift/nn"
)

// Data is what a run learns from: samples, and what is known of each. Nothing of it is
// copied: a step takes the rows that it draws and makes of them what networks see, so
// that a part of a large set needs no memory of its own.
type Data struct {
	X        *drift.Rows  // all finite
	Labels   []int        // class of each sample, from 0 and below Classes, or -1 for none; nil if there are none
	Classes  int          // number of classes
	Vectors  *drift.Batch // standardised numbers that describe each sample; nil if there are none
	Pictures *drift.Batch // standardised picture that each sample is to be made of; nil if there are none
	Upscale  int          // where samples are to be made of themselves, so many times smaller and enlarged again; 0 for not

	Rows    []int                    // the rows that are learnt from; nil for all
	Scale   func(dst, row []float64) // standardises a row of X, which dst may be; nil if they are standardised
	numbers int                      // that a goal tells the network, behind all others
	Augment *Augment                 // changes samples as they are drawn; nil to take them as they are
}

// Augment changes samples at random. Networks see what was done as numbers, all zero
// where nothing was, so that they do not make changed samples when nobody asks for
// them (Karras et al. 2022, arXiv:2206.00364, appendix F.2).
type Augment struct {
	Labels int // numbers that say what was done; 0 for changes that nobody should be able to tell
	// Draw decides what to do, writes its numbers and returns what does it to a
	// standardised picture in place, which may be called several times and may be nil.
	Draw func(label []float64, r *rand.Rand) func(x []float64)
}

// Len is the number of samples that are learnt from.
func (d Data) Len() int {
	if d.Rows != nil {
		return len(d.Rows)
	}
	return d.X.N
}

// Row is the row of X that is sample i.
func (d Data) Row(i int) int {
	if d.Rows != nil {
		return d.Rows[i]
	}
	return i
}

// Check names what does not fit together.
func (d Data) Check() error {
	switch n := d.X.N; {
	case d.Len() < 1:
		return fmt.Errorf("data: found no samples, expected at least 1")
	case d.Labels != nil && len(d.Labels) != n:
		return fmt.Errorf("data: found %d labels, expected one for each of %d samples", len(d.Labels), n)
	case slices.ContainsFunc(d.Labels, func(c int) bool { return c < -1 || c >= d.Classes }):
		return fmt.Errorf("data: found labels from %d to %d, expected 0 to %d, or -1 for no class", slices.Min(d.Labels), slices.Max(d.Labels), d.Classes-1)
	case d.Vectors != nil && d.Vectors.N != n:
		return fmt.Errorf("data: found %d vectors, expected one for each of %d samples", d.Vectors.N, n)
	case d.Pictures != nil && d.Pictures.N != n:
		return fmt.Errorf("data: found %d pictures, expected one for each of %d samples", d.Pictures.N, n)
	case d.Pictures != nil && d.Upscale != 0:
		return fmt.Errorf("data: found pictures and an upscaling by %d, expected one of them", d.Upscale)
	case d.Upscale != 0:
		return CheckUpscale(d.X.Shape, d.Upscale)
	}
	return nil
}

// Signature is what a network sees of the data.
func (d Data) Signature() nn.Signature {
	s := nn.Signature{Shape: d.X.Shape, Classes: d.Classes}
	if d.Vectors != nil {
		s.Vector = d.Vectors.Dim()
	}
	if d.Augment != nil {
		s.Vector += d.Augment.Labels
	}
	s.Vector += d.numbers
	switch {
	case d.Pictures != nil:
		s.Picture = d.Pictures.Shape[2]
	case d.Upscale != 0:
		s.Picture = d.X.Shape[2]
	}
	return s
}

// First is the first n samples, standardised and as they are, in memory of their own,
// with the condition of each.
func (d Data) First(n int) (*drift.Batch, nn.Condition) {
	x, c := drift.NewBatch(n, d.X.Shape...), nn.Condition{}
	sees := d.Signature()
	if d.Labels != nil {
		c.Labels = make([]int, n)
	}
	if d.Vectors != nil {
		c.Vectors = drift.NewBatch(n, sees.Vector) // nothing was changed: zeros behind the numbers
	}
	if sees.Picture > 0 {
		c.Pictures = drift.NewBatch(n, d.X.Shape[0], d.X.Shape[1], sees.Picture)
	}
	for i := range n {
		row := d.Row(i)
		d.read(x.Row(i), row)
		if d.Labels != nil {
			c.Labels[i] = d.Labels[row]
		}
		if d.Vectors != nil {
			copy(c.Vectors.Row(i), d.Vectors.Row(row))
		}
		if sees.Picture > 0 {
			d.picture(c.Pictures.Row(i), x.Row(i), row, nil)
		}
	}
	return x, c
}

// Spread is First for at most n samples, spread evenly over all.
func (d Data) Spread(n int) (*drift.Batch, nn.Condition) {
	rows := drift.Evenly(d.Len(), n)
	for i, k := range rows {
		rows[i] = d.Row(k)
	}
	d.Rows = rows
	return d.First(len(rows))
}

// read standardises a row of X.
func (d Data) read(dst []float64, row int) {
	d.X.Read(dst, row)
	if d.Scale != nil {
		d.Scale(dst, dst)
	}
}

// picture is what the sample x, changed already, is to be made of.
func (d Data) picture(dst, x []float64, row int, change func([]float64)) {
	if d.Upscale != 0 {
		upscaled(dst, x, d.X.Shape, d.Upscale)
		return
	}
	copy(dst, d.Pictures.Row(row))
	if change != nil {
		change(dst)
	}
}
