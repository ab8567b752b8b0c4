package drift_test

import (
	"math"
	"slices"
	"testing"

	"drift"
)

// A sample's noise is its own: it does not depend on the batch that it is in.
func TestNoiseDependsOnTheSampleAlone(t *testing.T) {
	whole := drift.NewBatch(10, 3)
	n := drift.NewNoise(7, "test", 0)
	n.Normal(whole)
	first := whole.Clone()
	n.Normal(whole)
	for lo := 0; lo < 10; lo += 4 {
		part := drift.NewBatch(min(4, 10-lo), 3)
		m := drift.NewNoise(7, "test", lo)
		m.Normal(part)
		if !slices.Equal(part.Data, first.Slice(lo, lo+part.N).Data) {
			t.Errorf("samples from %d: first draw depends on the batch", lo)
		}
		m.Seek(1)
		m.Normal(part)
		if !slices.Equal(part.Data, whole.Slice(lo, lo+part.N).Data) {
			t.Errorf("samples from %d: second draw depends on the batch", lo)
		}
	}
}

// The numbers of a key are part of drift's promise: stored so that no change of
// hash or generator slips in.
func TestRandIsStable(t *testing.T) {
	r := drift.Rand(42, "stable", 1, 2, 3)
	found := []uint64{r.Uint64(), r.Uint64(), r.Uint64()}
	expected := []uint64{0x966099ebaad8d34b, 0xc617c19c2ddbc8f2, 0x915584b2317380f4}
	if !slices.Equal(found, expected) {
		t.Errorf("found %#x, expected %#x", found, expected)
	}
}

func TestKeysDiffer(t *testing.T) {
	seen := map[uint64]string{}
	for _, k := range []struct {
		name string
		v    uint64
	}{
		{"seed 0", drift.Rand(0, "a", 0).Uint64()},
		{"seed 1", drift.Rand(1, "a", 0).Uint64()},
		{"purpose b", drift.Rand(0, "b", 0).Uint64()},
		{"key 1", drift.Rand(0, "a", 1).Uint64()},
		{"key 0 0", drift.Rand(0, "a", 0, 0).Uint64()},
		{"key 0 1", drift.Rand(0, "a", 0, 1).Uint64()},
		{"key 1 0", drift.Rand(0, "a", 1, 0).Uint64()},
		{"no key", drift.Rand(0, "a").Uint64()},
	} {
		if other, ok := seen[k.v]; ok {
			t.Errorf("%s draws the same as %s", k.name, other)
		}
		seen[k.v] = k.name
	}
}

// Mean, variance, fourth moment, and the correlation of neighbouring keys, each
// within five standard errors.
func TestNoiseIsStandardGaussian(t *testing.T) {
	const n = 200_000
	x := drift.NewBatch(n, 1)
	drift.NewNoise(3, "moments", 0).Normal(x)
	var m1, m2, m4, lag float64
	for i, v := range x.Data {
		m1, m2, m4 = m1+v, m2+v*v, m4+v*v*v*v
		lag += v * x.Data[(i+1)%n]
	}
	for _, c := range []struct {
		name                      string
		found, expected, variance float64
	}{{"mean", m1 / n, 0, 1}, {"variance", m2 / n, 1, 2}, {"fourth moment", m4 / n, 3, 96}, {"correlation of neighbours", lag / n, 0, 1}} {
		if math.Abs(c.found-c.expected) > 5*math.Sqrt(c.variance/n) {
			t.Errorf("%s: found %v, expected %v", c.name, c.found, c.expected)
		}
	}
}
