package drift

// Rows are N samples at rest, each of Shape: as float64s or, as pictures come, as bytes,
// which take an eighth of the memory. They are only read.
type Rows struct {
	N     int
	Shape []int // of one sample, as that of a [Batch]

	values []float64
	pixels []uint8 // in place of values
}

// RowsOf are the samples of a batch, whose memory they share.
func RowsOf(b *Batch) *Rows { return &Rows{N: b.N, Shape: b.Shape, values: b.Data} }

// ByteRows are samples whose values are the given bytes, row after row, which they keep.
func ByteRows(pixels []uint8, shape ...int) *Rows {
	r := &Rows{Shape: shape, pixels: pixels}
	if dim := r.Dim(); dim > 0 {
		r.N = len(pixels) / dim
	}
	return r
}

// Dim is the number of values in one sample.
func (r *Rows) Dim() int { return (&Batch{Shape: r.Shape}).Dim() }

// Row is sample i, to be read: it may share memory with the rows.
func (r *Rows) Row(i int) []float64 {
	if r.pixels != nil {
		row := make([]float64, r.Dim())
		r.Read(row, i)
		return row
	}
	return (&Batch{Data: r.values, N: r.N, Shape: r.Shape}).Row(i)
}

// Read copies sample i to dst.
func (r *Rows) Read(dst []float64, i int) {
	if r.pixels == nil {
		copy(dst, r.Row(i))
		return
	}
	dim := r.Dim()
	for j, v := range r.pixels[i*dim : (i+1)*dim] {
		dst[j] = float64(v)
	}
}

// Slice is the samples lo ≤ i < hi, sharing memory with the rows.
func (r *Rows) Slice(lo, hi int) *Rows {
	dim, s := r.Dim(), &Rows{N: hi - lo, Shape: r.Shape}
	if r.pixels != nil {
		s.pixels = r.pixels[lo*dim : hi*dim : hi*dim]
	} else {
		s.values = r.values[lo*dim : hi*dim : hi*dim]
	}
	return s
}

// Pick is the samples at the given indices, copied.
func (r *Rows) Pick(index []int) *Rows {
	dim, s := r.Dim(), &Rows{N: len(index), Shape: r.Shape}
	for _, i := range index {
		if r.pixels != nil {
			s.pixels = append(s.pixels, r.pixels[i*dim:(i+1)*dim]...)
		} else {
			s.values = append(s.values, r.values[i*dim:(i+1)*dim]...)
		}
	}
	return s
}

// Batch is all samples as float64s, to be read: they may share memory with the rows.
func (r *Rows) Batch() *Batch {
	if r.pixels == nil {
		return &Batch{Data: r.values, N: r.N, Shape: r.Shape}
	}
	b := NewBatch(r.N, r.Shape...)
	for i, v := range r.pixels {
		b.Data[i] = float64(v)
	}
	return b
}

// Bytes is how much memory the samples take.
func (r *Rows) Bytes() int { return 8*len(r.values) + len(r.pixels) }
