package drift

// MostFloats is how many values of a set are brought to float64s at once: 2 GiB.
const MostFloats = 1 << 28

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

// ByteRows are samples whose values are the given bytes, row after row, which they keep; what
// is left over after the last whole sample is left out.
func ByteRows(pixels []uint8, shape ...int) *Rows {
	r := &Rows{Shape: shape}
	if dim := r.Dim(); dim > 0 {
		r.N = len(pixels) / dim
	}
	r.pixels = pixels[: r.N*r.Dim() : r.N*r.Dim()]
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
	if r.pixels != nil {
		s.pixels = make([]uint8, len(index)*dim)
	} else {
		s.values = make([]float64, len(index)*dim)
	}
	for to, i := range index {
		if r.pixels != nil {
			copy(s.pixels[to*dim:], r.pixels[i*dim:(i+1)*dim])
		} else {
			copy(s.values[to*dim:], r.values[i*dim:(i+1)*dim])
		}
	}
	return s
}

// Twice is the rows, and behind them each once more as change leaves it, which gives values
// of the same kind: bytes for bytes.
func (r *Rows) Twice(change func(row []float64)) *Rows {
	index := Evenly(r.N, 0)
	s, row := r.Pick(append(index, index...)), make([]float64, r.Dim())
	for i := r.N; i < s.N; i++ {
		r.Read(row, i-r.N)
		change(row)
		for j, v := range row {
			if s.pixels != nil {
				s.pixels[i*len(row)+j] = uint8(v)
			} else {
				s.values[i*len(row)+j] = v
			}
		}
	}
	return s
}

// Evenly is the indices of at most n of total samples, spread over their whole length; all of
// them if n is 0.
func Evenly(total, n int) []int {
	if n <= 0 || n > total {
		n = total
	}
	index := make([]int, n)
	for k := range index {
		index[k] = k * total / n
	}
	return index
}

// Batch is all samples as float64s, to be read: they may share memory with the rows. Whoever
// asks for a whole set looks first whether it has more values than [MostFloats].
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
