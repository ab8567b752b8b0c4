package isa

import "testing"

func TestChoose(t *testing.T) {
	for _, c := range []struct {
		wish   string
		widest Set
		want   Set
		fails  bool
	}{
		{"", Portable, Portable, false},
		{"", AVX2, AVX2, false},
		{"", AVX512, AVX512, false},
		{"avx512", AVX512, AVX512, false},
		{"avx512", AVX2, Portable, true},
		{"portable", AVX512, Portable, false},
		{"sse", AVX512, Portable, true},
	} {
		got, err := choose(c.wish, c.widest)
		if got != c.want || (err != nil) != c.fails {
			t.Errorf("choose(%q, %v): found %v, %v; expected %v, failing %v", c.wish, c.widest, got, err, c.want, c.fails)
		}
	}
}

func TestAvailableBeginsWithPortable(t *testing.T) {
	sets := Available()
	if sets[0] != Portable || sets[len(sets)-1] != widest() {
		t.Errorf("found %v, expected portable to %v", sets, widest())
	}
}
