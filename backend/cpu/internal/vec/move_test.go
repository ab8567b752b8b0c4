package vec

import (
	"fmt"
	"math"
	"slices"
	"testing"
)

func TestRepeatAndGather(t *testing.T) {
	everySet(t, func(t *testing.T) {
		r := seeded(9)
		for times := range 40 {
			for _, n := range []int{0, 1, 2, 3, 8, 9, 50} {
				x := awkward(r, n)
				want := make([]float32, n*times)
				repeatGo(want, x, times)
				dst, check := guarded(t, r, n*times, float32(77))
				Repeat(dst, x, times)
				mustSame(t, fmt.Sprint("Repeat ", times), dst, want)
				check("Repeat")
				back := make([]float32, n)
				if times > 0 {
					Gather(back, dst, times)
					mustSame(t, "Gather", back, x)
				}
			}
		}
	})
}

func TestTranspose(t *testing.T) {
	everySet(t, func(t *testing.T) {
		r := seeded(10)
		for range 300 {
			rows, cols := r.IntN(40), r.IntN(40)
			x := normals(r, rows*cols)
			dst, check := guarded(t, r, len(x), float32(77))
			Transpose(dst, x, rows, cols)
			check("Transpose")
			for i := range rows {
				for j := range cols {
					if dst[j*rows+i] != x[i*cols+j] {
						t.Fatalf("%d×%d at %d, %d: found %v, expected %v", rows, cols, i, j, dst[j*rows+i], x[i*cols+j])
					}
				}
			}
		}
	})
}

func TestBools(t *testing.T) {
	everySet(t, func(t *testing.T) {
		r := seeded(11)
		x := append(masks(r, longest), nan, -1/inf, tiny, -2)
		for n := range len(x) + 1 {
			x := x[len(x)-n:]
			dst, check := guarded(t, r, n, true)
			MaskToBool(dst, x)
			check("MaskToBool")
			back, checkBack := guarded(t, r, n, float32(77))
			BoolToMask(back, dst)
			checkBack("BoolToMask")
			for i, v := range x {
				if dst[i] != (v != 0) || back[i] != mask(v != 0) {
					t.Fatalf("%g: found %v and %g", v, dst[i], back[i])
				}
			}
		}
	})
}

func TestConversions(t *testing.T) {
	x := []float32{0, 1.5, -1.5, 1 << 24, -2.999}
	ints := make([]int32, len(x))
	FloatToInts(ints, x)
	if want := []int32{0, 1, -1, 1 << 24, -2}; !slices.Equal(ints, want) {
		t.Errorf("found %v, expected %v", ints, want)
	}
	floats := make([]float32, 3)
	IntsToFloat(floats, []int64{1<<24 + 1, 1<<24 + 3, -7})
	mustSame(t, "IntsToFloat", floats, []float32{1 << 24, 1<<24 + 4, -7})
	Float64ToFloat32(floats, []float64{0.1, 1e300, 1e-320})
	mustSame(t, "Float64ToFloat32", floats, []float32{0.1, inf, 0})
	doubles := make([]float64, 1)
	Float32ToFloat64(doubles, []float32{0.1})
	if doubles[0] != float64(float32(0.1)) {
		t.Errorf("found %v", doubles[0])
	}
}

// Every bfloat16 comes back; every float32 between two of them goes to the nearer, or
// to the even one.
func TestBFloat16(t *testing.T) {
	var b, back [1]uint16
	var f [1]float32
	for i := range 1 << 16 {
		b[0] = uint16(i)
		BFloat16ToFloat32(f[:], b[:])
		Float32ToBFloat16(back[:], f[:])
		if f[0] != f[0] {
			if v := math.Float32frombits(uint32(back[0]) << 16); v == v {
				t.Fatalf("%#04x: a NaN became %v", i, v)
			}
			continue
		}
		if back[0] != b[0] {
			t.Fatalf("%#04x: found %#04x", i, back[0])
		}
		if i&0x7fff >= 0x7f7f {
			continue
		}
		for low, up := range map[uint32]int{1: 0, 0x7fff: 0, 0x8000: i & 1, 0x8001: 1, 0xffff: 1} {
			f[0] = math.Float32frombits(uint32(i)<<16 | low)
			Float32ToBFloat16(back[:], f[:])
			if int(back[0]) != i+up {
				t.Fatalf("%#04x%04x: found %#04x, expected %#04x", i, low, back[0], i+up)
			}
		}
	}
	f[0] = math.Float32frombits(0x7f800001) // a NaN that the upper half alone does not show
	Float32ToBFloat16(back[:], f[:])
	if back[0] != 0x7fc0 {
		t.Errorf("a NaN: found %#04x, expected 0x7fc0", back[0])
	}
}

// Nothing in a step allocates.
func TestAllocates(t *testing.T) {
	everySet(t, func(t *testing.T) {
		x, y := normals(seeded(12), 1024), make([]float32, 1024)
		c := NewAdamCoefficients(1e-3, 0.9, 0.999, 1e-7, 0, 1)
		if n := testing.AllocsPerRun(10, func() {
			Map1(Sin, y, x)
			Map2S(Mul, y, x, 3)
			Softmax(y, x, 64)
			SoftmaxGrad(y, x, x, 64)
			SumWithin(y[:128], x, 8)
			Adam(y, x, x, x, c)
			_ = Sum(x) + Dot(x, y)
		}); n != 0 {
			t.Errorf("found %v allocations, expected none", n)
		}
	})
}
