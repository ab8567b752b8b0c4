package drift

import (
	"hash/fnv"
	"math/rand/v2"
)

// Rand returns the generator of one key. Equal keys give equal numbers on every
// machine and engine, and different keys give independent ones, so what is drawn
// for a sample depends on its key alone and never on what was drawn before.
func Rand(seed uint64, purpose string, key ...uint64) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(purpose))
	a, b := mix(seed), mix(h.Sum64())
	for _, k := range key {
		a, b = mix(a^k), mix(b+a)
	}
	return rand.New(rand.NewPCG(a, b))
}

// mix is the finaliser of SplitMix64 (Steele, Lea & Flood 2014, figure 16): every
// bit of the input moves about half of the bits of the output.
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// Noise draws standard Gaussian noise by key (seed, purpose, sample, draw), so a
// sample's noise depends on its index alone: not on the size of the batch it is
// in, the number of threads, or the order of requests.
type Noise struct {
	seed    uint64
	purpose string
	first   uint64
	draw    uint64
}

// NewNoise returns the noise of a batch whose first sample has index first.
func NewNoise(seed uint64, purpose string, first int) *Noise {
	return &Noise{seed: seed, purpose: purpose, first: uint64(first)}
}

// Seek makes the next draw number draw, as if that many had been taken before.
func (n *Noise) Seek(draw int) { n.draw = uint64(draw) }

// Normal fills dst with the next draw of N(0, I).
func (n *Noise) Normal(dst *Batch) {
	for i := range dst.N {
		r := Rand(n.seed, n.purpose, n.first+uint64(i), n.draw)
		for j, row := 0, dst.Row(i); j < len(row); j++ {
			row[j] = r.NormFloat64()
		}
	}
	n.draw++
}
