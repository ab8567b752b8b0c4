package kernel

import (
	"math"
	"unsafe"
)

// BF16Loops are the kernels of bfloat16 in Go: what the assembly is, down to the last bit of
// a sum, but for numbers below 2^-126, which it takes for 0. The first sums as AMX, the other
// as AVX512_BF16.
var BF16Loops = []*BF16{
	{Name: "amx", Gain: amxGain, Round: roundLoop, Pairs: pairsLoop, Turn: turnLoop, TurnPairs: turnPairsLoop, Multiply: multiplyLoop},
	{Name: "dot", Gain: dotGain, Round: roundLoop, Pairs: pairsLoop, Turn: turnLoop, TurnPairs: turnPairsLoop, Multiply: dotLoop},
}

// roundLoop is Round.
func roundLoop(dst *uint16, dstStride uintptr, src *float32, srcStride, n, rows uintptr) {
	for r := range rows {
		to := unsafe.Slice(at(dst, r*dstStride), (n+Block-1)/Block*Block)
		clear(to)
		for i, x := range unsafe.Slice(at(src, r*srcStride), n) {
			to[i] = bfloat16(x)
		}
	}
}

// bfloat16 is the upper half of a float32, rounded to nearest, ties to even.
func bfloat16(x float32) uint16 {
	bits := math.Float32bits(x)
	if x != x {
		return uint16(bits>>16) | 0x40 // a NaN stays one
	}
	return uint16((bits + 0x7FFF + bits>>16&1) >> 16)
}

// pairsLoop is Pairs.
func pairsLoop(dst, src *uint16, stride, n uintptr) {
	for k := range Block * n {
		for j := range uintptr(Block) {
			*at(dst, 2*(k/Block*BlockSize+inPairs(k%Block, j))) = *at(src, k*stride+2*j)
		}
	}
}

// inPairs is where in a block of B term k of column j lies.
func inPairs(k, j uintptr) uintptr { return j/16*(BlockSize/2) + k/2*Block + j%16*2 + k%2 }

// turnLoop is Turn.
func turnLoop(dst *uint16, dstStride uintptr, src *uint16, stride uintptr) {
	for i := range uintptr(Block) {
		for j := range uintptr(Block) {
			*at(dst, j*dstStride+2*i) = *at(src, i*stride+2*j)
		}
	}
}

// turnPairsLoop is TurnPairs.
func turnPairsLoop(dst, src *uint16, stride uintptr) {
	for j := range uintptr(Block) {
		for k := range uintptr(Block) {
			*at(dst, 2*inPairs(k, j)) = *at(src, j*stride+2*k)
		}
	}
}

// multiplyLoop is Multiply as AMX does it: the even and the odd terms of a block are summed
// apart, and then added to what is there.
func multiplyLoop(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr) {
	eachSum(c, ldc, cNext, a, lda, aNext, b, segments, count, k, blocks, load, func(sum float32, terms []uint16, b *uint16, j uintptr) float32 {
		var sums [2]float32
		for k, x := range terms {
			sums[k%2] += widen(x) * widen(*at(b, 2*inPairs(uintptr(k), j)))
		}
		return sum + (sums[0] + sums[1])
	})
}

// dotLoop is Multiply as AVX512_BF16 does it: of each pair of terms the second is added first.
func dotLoop(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr) {
	eachSum(c, ldc, cNext, a, lda, aNext, b, segments, count, k, blocks, load, func(sum float32, terms []uint16, b *uint16, j uintptr) float32 {
		for k := range terms {
			k ^= 1
			sum += widen(terms[k]) * widen(*at(b, 2*inPairs(uintptr(k), j)))
		}
		return sum
	})
}

// eachSum calls add for the terms of each block of each sum, with column j of B.
func eachSum(c *float32, ldc, cNext uintptr, a *uint16, lda, aNext uintptr, b *uint16, segments *uintptr, count, k, blocks, load uintptr, add func(sum float32, terms []uint16, b *uint16, j uintptr) float32) {
	for block := range blocks {
		for i := range uintptr(Block) {
			row := begin(Block, at(c, block*cNext), i*ldc, load)
			for s := range count {
				from := at(a, block*aNext+*at(segments, s*unsafe.Sizeof(s))+i*lda)
				for l := range k {
					terms := unsafe.Slice(at(from, 2*Block*l), Block)
					for j := range row {
						row[j] = add(row[j], terms, at(b, 2*BlockSize*(s*k+l)), uintptr(j))
					}
				}
			}
		}
	}
}

// widen is a bfloat16 as a float32.
func widen(x uint16) float32 { return math.Float32frombits(uint32(x) << 16) }
