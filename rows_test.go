package drift_test

import (
	"slices"
	"testing"

	"drift"
)

// Rows of bytes are those of the same float64s, however they are read.
func TestRows(t *testing.T) {
	values := drift.NewBatch(5, 2, 3)
	pixels := make([]uint8, 30)
	for i := range pixels {
		pixels[i] = uint8(i * 37)
		values.Data[i] = float64(pixels[i])
	}
	floats, bytes := drift.RowsOf(values), drift.ByteRows(pixels, 2, 3)
	if floats.Bytes() != 8*30 || bytes.Bytes() != 30 {
		t.Errorf("found %d and %d bytes, expected 240 and 30", floats.Bytes(), bytes.Bytes())
	}
	for name, r := range map[string]*drift.Rows{"floats": floats, "bytes": bytes} {
		if r.N != 5 || r.Dim() != 6 || !slices.Equal(r.Batch().Data, values.Data) || !slices.Equal(r.Batch().Shape, values.Shape) {
			t.Errorf("%s: found %d samples, %+v", name, r.N, r.Batch())
		}
		for i := range r.N {
			read := make([]float64, 6)
			r.Read(read, i)
			if !slices.Equal(r.Row(i), values.Row(i)) || !slices.Equal(read, values.Row(i)) {
				t.Errorf("%s: sample %d is %v, read as %v, expected %v", name, i, r.Row(i), read, values.Row(i))
			}
		}
		if s := r.Slice(1, 4); s.N != 3 || !slices.Equal(s.Batch().Data, values.Slice(1, 4).Data) {
			t.Errorf("%s: a slice is %+v", name, s.Batch())
		}
		if p := r.Pick([]int{4, 0, 4}); p.N != 3 || !slices.Equal(p.Batch().Data, slices.Concat(values.Row(4), values.Row(0), values.Row(4))) {
			t.Errorf("%s: what was picked is %+v", name, p.Batch())
		}
		if p := r.Pick(nil); p.N != 0 || p.Batch().N != 0 || len(p.Slice(0, 0).Batch().Data) != 0 {
			t.Errorf("%s: nothing picked is %+v", name, p.Batch())
		}
	}
	if empty := drift.ByteRows(nil, 2, 3); empty.N != 0 || len(empty.Batch().Data) != 0 {
		t.Errorf("no bytes are %+v", empty)
	}
}
