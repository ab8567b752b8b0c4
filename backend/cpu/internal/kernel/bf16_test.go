package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"drift/backend/cpu/internal/isa"
)

// eachBF16 runs f with all kernels of bfloat16 that the machine has, and the loops that they
// are held to.
func eachBF16(t *testing.T, f func(t *testing.T, k, loops *BF16)) {
	all := AllBF16()
	if len(all) == 0 {
		t.Skip(isa.BF16())
	}
	for _, k := range all {
		at := slices.IndexFunc(BF16Loops, func(loops *BF16) bool { return loops.Name == k.Name })
		t.Run(k.Name, func(t *testing.T) { f(t, k, BF16Loops[at]) })
	}
}

// words is n random numbers of 16 bits, those of normal bfloat16 below 4.
func words(rng *rand.Rand, n int) []uint16 {
	x := make([]uint16, n)
	for i := range x {
		x[i] = bfloat16(float32(rng.NormFloat64()))
	}
	return x
}

func TestBF16RoundsAsTheLoop(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, loops *BF16) {
		rng := rand.New(rand.NewPCG(1, 2))
		special := []uint32{0, 1 << 31, 0x7F800000, 0xFF800000, 0x7F7FFFFF, 0x3F808000, 0x3F818000, 0x3F80FFFF, 0x7FC00001, 0x00800000}
		for n := 1; n <= longest; n++ {
			const rows = 3
			src := make([]float32, rows*n)
			for i := range src {
				bits := rng.Uint32()
				if i < len(special) {
					bits = special[i]
				}
				if bits&0x7F800000 == 0 {
					bits &= 1 << 31 // numbers below the normal ones become 0
				}
				src[i] = math.Float32frombits(bits)
			}
			stride := (n + Block - 1) / Block * Block
			got, want := words(rng, rows*stride+Block), make([]uint16, rows*stride+Block)
			copy(want, got)
			k.Round(&got[0], uintptr(2*stride), &src[0], uintptr(4*n), uintptr(n), rows)
			loops.Round(&want[0], uintptr(2*stride), &src[0], uintptr(4*n), uintptr(n), rows)
			for i := range want {
				if got[i] != want[i] && !(widen(got[i]) != widen(got[i]) && widen(want[i]) != widen(want[i])) {
					t.Fatalf("%d numbers: number %d: found %#x, expected %#x", n, i, got[i], want[i])
				}
			}
		}
	})
}

func TestBF16MovesAsTheLoops(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, loops *BF16) {
		rng := rand.New(rand.NewPCG(3, 4))
		const blocks, stride = 3, 2 * (Block + 7)
		src := make([]uint16, (Block*blocks+1)*stride)
		for i := range src {
			src[i] = uint16(rng.Uint32())
		}
		for name, move := range map[string]func(k *BF16, dst *uint16){
			"pairs":      func(k *BF16, dst *uint16) { k.Pairs(dst, &src[0], stride, blocks) },
			"turn":       func(k *BF16, dst *uint16) { k.Turn(dst, stride, &src[0], stride) },
			"turn pairs": func(k *BF16, dst *uint16) { k.TurnPairs(dst, &src[0], stride) },
		} {
			got, want := make([]uint16, blocks*BlockSize+stride*Block), make([]uint16, blocks*BlockSize+stride*Block)
			move(k, &got[0])
			move(loops, &want[0])
			if !slices.Equal(got, want) {
				t.Errorf("%s: found %v, expected %v", name, got, want)
			}
		}
	})
}

func TestBF16MultipliesAsTheLoop(t *testing.T) {
	eachBF16(t, func(t *testing.T, k, loops *BF16) {
		rng := rand.New(rand.NewPCG(5, 6))
		for _, c := range []struct{ count, k, blocks, load uintptr }{
			{1, 1, 1, 0}, {1, 1, 1, 1}, {1, 5, 2, 0}, {9, 1, 1, 1}, {9, 2, 3, 0}, {3, 4, 5, 1}, {1, 40, 1, 1},
		} {
			t.Run(fmt.Sprint(c), func(t *testing.T) {
				lda := 2 * Block * c.k
				a := words(rng, int((c.blocks*Block+c.count)*lda/2))
				b := words(rng, int(c.count*c.k*BlockSize))
				segments := make([]uintptr, c.count)
				for i := range segments {
					segments[i] = 2 * uintptr(rng.IntN(int(c.count*lda/2))) // anywhere
				}
				const ldc = 4 * (Block + 5)
				got := make([]float32, c.blocks*Block*ldc/4)
				for i := range got {
					got[i] = float32(rng.NormFloat64())
				}
				want := slices.Clone(got)
				k.Multiply(&got[0], ldc, Block*ldc, &a[0], lda, Block*lda, &b[0], &segments[0], c.count, c.k, c.blocks, c.load)
				loops.Multiply(&want[0], ldc, Block*ldc, &a[0], lda, Block*lda, &b[0], &segments[0], c.count, c.k, c.blocks, c.load)
				for i := range want {
					if got[i] != want[i] {
						t.Fatalf("number %d: found %v, expected %v", i, got[i], want[i])
					}
				}
			})
		}
	})
}

func BenchmarkBF16Multiply(b *testing.B) {
	const terms, blocks = 18, 16
	a, w := make([]uint16, blocks*Block*Block*terms), make([]uint16, terms*BlockSize)
	c := make([]float32, blocks*BlockSize)
	segments := []uintptr{0}
	for _, k := range AllBF16() {
		b.Run(k.Name, func(b *testing.B) {
			for b.Loop() {
				k.Multiply(&c[0], 4*Block, 4*BlockSize, &a[0], 2*Block*terms, 2*BlockSize*terms, &w[0], &segments[0], 1, terms, blocks, 0)
			}
			b.ReportMetric(2*float64(terms*blocks*Block*BlockSize)*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
		})
	}
}
