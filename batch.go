package drift

import (
	"fmt"
	"math"
)

// Batch is N samples, each of Shape, stored row after row.
type Batch struct {
	Data  []float64 // N × Dim values, row-major
	N     int
	Shape []int // of one sample: [2] for points in the plane, [H, W, C] for pictures
}

// NewBatch returns n samples of the given shape, all zero.
func NewBatch(n int, shape ...int) *Batch {
	b := &Batch{N: n, Shape: shape}
	b.Data = make([]float64, n*b.Dim())
	return b
}

// Dim is the number of values in one sample.
func (b *Batch) Dim() int {
	dim := 1
	for _, s := range b.Shape {
		dim *= s
	}
	return dim
}

// Row is sample i; writing to it writes to the batch.
func (b *Batch) Row(i int) []float64 {
	dim := b.Dim()
	return b.Data[i*dim : (i+1)*dim : (i+1)*dim]
}

// Slice is the samples lo ≤ i < hi, sharing memory with the batch.
func (b *Batch) Slice(lo, hi int) *Batch {
	dim := b.Dim()
	return &Batch{Data: b.Data[lo*dim : hi*dim : hi*dim], N: hi - lo, Shape: b.Shape}
}

// Like returns a batch of zeros with the same number and shape of samples.
func (b *Batch) Like() *Batch { return NewBatch(b.N, b.Shape...) }

// Clone returns a copy that shares no memory.
func (b *Batch) Clone() *Batch {
	c := b.Like()
	copy(c.Data, b.Data)
	return c
}

// Finite reports the first sample that holds a NaN or an infinity, if one does.
func (b *Batch) Finite() error {
	for i, v := range b.Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			dim := b.Dim()
			return fmt.Errorf("sample %d holds %v at position %d, expected finite numbers", i/dim, v, i%dim)
		}
	}
	return nil
}

// SameShape reports an error unless a and b hold equally many samples of equal size.
func SameShape(a, b *Batch) error {
	if a.N != b.N || a.Dim() != b.Dim() {
		return fmt.Errorf("batch: found %d×%v, expected %d×%v", a.N, a.Shape, b.N, b.Shape)
	}
	return nil
}
