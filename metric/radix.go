package metric

import "math"

// sortFloats sorts v in increasing order, using tmp of the same length. It is a
// radix sort by bytes, lowest first (Knuth, The Art of Computer Programming, volume
// 3, section 5.2.5), several times faster than comparing on the thousands of values
// of a projection. keys order like the floats do: as bit patterns, positive floats
// increase and negative ones decrease, so the first get their sign bit set and the
// second all bits turned over. NaNs come first or last, by their sign.
func sortFloats(v []float64, keys, tmp []uint64) {
	const bits, digits = 8, 8
	var count [digits][1 << bits]int32
	for i, f := range v {
		k := math.Float64bits(f)
		k ^= uint64(int64(k)>>63) | 1<<63
		keys[i] = k
		for d := range digits {
			count[d][byte(k>>(bits*d))]++
		}
	}
	for d := range digits {
		shift, at := bits*d, int32(0)
		if len(v) > 0 && int(count[d][byte(keys[0]>>shift)]) == len(v) {
			continue // all share this byte
		}
		for b, n := range count[d] {
			count[d][b] = at
			at += n
		}
		for _, k := range keys {
			b := byte(k >> shift)
			tmp[count[d][b]] = k
			count[d][b]++
		}
		keys, tmp = tmp, keys
	}
	for i, k := range keys {
		v[i] = math.Float64frombits(k ^ (uint64(int64(^k)>>63) | 1<<63))
	}
}
