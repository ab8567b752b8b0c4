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
		if p := r.Pick([]int{2}); (p.Bytes() == 6) != (name == "bytes") {
			t.Errorf("%s: one sample takes %d bytes", name, p.Bytes())
		}
		turned := r.Twice(func(row []float64) { slices.Reverse(row) })
		if turned.N != 10 || turned.Bytes() != 2*r.Bytes() || !slices.Equal(turned.Batch().Data[:30], values.Data) {
			t.Errorf("%s: twice is %+v", name, turned.Batch())
		}
		for i := range 5 {
			want := slices.Clone(values.Row(i))
			slices.Reverse(want)
			if !slices.Equal(turned.Row(5+i), want) {
				t.Errorf("%s: sample %d reversed is %v, expected %v", name, i, turned.Row(5+i), want)
			}
		}
		if p := r.Pick(nil); p.N != 0 || p.Batch().N != 0 || len(p.Slice(0, 0).Batch().Data) != 0 {
			t.Errorf("%s: nothing picked is %+v", name, p.Batch())
		}
	}
	if cut := drift.ByteRows(pixels[:13], 2, 3); cut.N != 2 || !slices.Equal(cut.Batch().Data, values.Data[:12]) {
		t.Errorf("13 bytes are %+v, expected two samples of 6", cut.Batch())
	}
	if empty := drift.ByteRows(nil, 2, 3); empty.N != 0 || len(empty.Batch().Data) != 0 {
		t.Errorf("no bytes are %+v", empty)
	}
}

func TestEvenly(t *testing.T) {
	for n, want := range map[int][]int{0: {0, 1, 2, 3, 4}, 2: {0, 2}, 3: {0, 1, 3}, 9: {0, 1, 2, 3, 4}} {
		if got := drift.Evenly(5, n); !slices.Equal(got, want) {
			t.Errorf("%d of 5: found %v, expected %v", n, got, want)
		}
	}
}
