package vec

import (
	"fmt"
	"testing"

	"drift/backend/cpu/internal/isa"
)

func TestRepeatAndGather(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		r := seeded(9)
		for times := range longest + 1 {
			numbers := []int{0, 1, 2, 3, 8, 9, 50}
			if times >= 40 {
				numbers = numbers[1:4]
			}
			for _, n := range numbers {
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

func TestBools(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
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

// Nothing in a step allocates.
func TestAllocates(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		x, y := normals(seeded(12), 1024), make([]float32, 1024)
		if n := testing.AllocsPerRun(10, func() {
			Map1(Sin, y, x)
			Map2S(Mul, y, x, 3)
			Softmax(y, x, 64)
			SumWithin(y[:128], x, 8)
			_ = Sum(x)
		}); n != 0 {
			t.Errorf("found %v allocations, expected none", n)
		}
	})
}
