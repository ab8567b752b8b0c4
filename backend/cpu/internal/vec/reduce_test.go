package vec

import (
	"fmt"
	"math"
	"testing"

	"drift/backend/cpu/internal/isa"
)

func TestReductions(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		r := seeded(4)
		odd := awkward(r, longest)
		for n := range longest + 1 {
			x := fenced(normals(r, n))
			want := make([]float32, 1)
			sumWithinGo(want, x, n)
			mustSame(t, "Sum", []float32{Sum(x)}, want)
			at := r.IntN(longest + 1 - n)
			x = odd[at : at+n]
			mustSame(t, "Max1", []float32{Max1(x)}, []float32{max1Go(x)})
			mustSame(t, "Min1", []float32{Min1(x)}, []float32{min1Go(x)})
			z := make([]float32, n) // without NaNs, and with zeros of both signs
			for i, v := range x {
				if z[i] = v; v != v {
					z[i] = math.Float32frombits(r.Uint32() & (1 << 31))
				}
			}
			mustSame(t, "Max1", []float32{Max1(z)}, []float32{max1Go(z)})
			mustSame(t, "Min1", []float32{Min1(z)}, []float32{min1Go(z)})
		}
	})
}

// The order of a sum, by its definition.
func TestSumOrder(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		x := normals(seeded(5), 300)
		level := make([]float32, 64)
		for i, v := range x {
			level[i%64] += v
		}
		for len(level) > 1 {
			half := len(level) / 2
			for j := range half {
				level[j] += level[j+half]
			}
			level = level[:half]
		}
		mustSame(t, "Sum", []float32{Sum(x)}, level)
		exact := 0.0
		for _, v := range x {
			exact += float64(v)
		}
		if math.Abs(float64(level[0])-exact) > 1e-5*math.Sqrt(300) {
			t.Errorf("found %v, expected about %v", level[0], exact)
		}
	})
}

// Rows do not depend on how many there are, nor sums over rows on how they come.
func TestRows(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		r := seeded(6)
		for width := range longest + 1 {
			rows := []int{0, 1, 2, 7, 8, 9, 16, 31, 65}
			if width > 130 && width < longest {
				rows = []int{1, 9}
			}
			for _, n := range rows {
				x := normals(r, n*width)
				if len(x) > 9 { // a row of zeros below 0
					for i := range min(width, len(x)) {
						x[i] = -1 / inf
					}
				}
				want := make([]float32, n)
				sumWithinGo(want, x, width)
				dst, check := guarded(t, r, n, float32(77))
				SumWithin(dst, x, width)
				mustSame(t, fmt.Sprintf("SumWithin of %d rows of %d", n, width), dst, want)
				check("SumWithin")

				dst, check = guarded(t, r, width, float32(77))
				copy(dst, normals(r, width))
				want = append([]float32(nil), dst...)
				sumRowsGo(want, x, n, width)
				cut := r.IntN(n + 1)
				SumRows(dst, x, cut, width)
				SumRows(dst, x[cut*width:], n-cut, width)
				mustSame(t, "SumRows", dst, want)
				check("SumRows")
			}
		}
	})
}

func TestSoftmax(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		r := seeded(7)
		for width := 1; width <= longest+1; width++ {
			const rows = 3
			x := fenced(normals(r, rows*width))
			for i := range x {
				x[i] = x[i]*10 + 500
			}
			y, check := guarded(t, r, len(x), float32(77))
			Softmax(y, x, width)
			check("Softmax")
			one := make([]float32, width)
			for i := range rows {
				row := x[i*width : (i+1)*width]
				Softmax(one, row, width)
				mustSame(t, "a row of Softmax", one, y[i*width:(i+1)*width])
				sum, most := 0.0, float64(max1Go(row))
				for _, v := range row {
					sum += math.Exp(float64(v) - most)
				}
				for j, v := range row {
					// 2 ulp each of e^x and of their sum's terms, and the roundings of the sum, its inverse and the product
					want := math.Exp(float64(v)-most) / sum
					if math.Abs(float64(one[j])-want) > 12*0x1p-24*want+0x1p-149 {
						t.Fatalf("Softmax: width %d, element %d: found %g, expected %g", width, j, one[j], want)
					}
				}
			}
			onto := append([]float32(nil), x...)
			Softmax(onto, onto, width)
			mustSame(t, "Softmax onto x", onto, y)
		}
	})
}

func TestSoftmaxOfExtremes(t *testing.T) {
	everySet(t, func(t *testing.T, _ isa.Set) {
		x := []float32{1000, 1000, -1000, -inf, 0, 0, -inf, -inf, -inf, inf, 0, 0, nan, 0, 0}
		y := make([]float32, len(x))
		Softmax(y, x, 3)
		mustSame(t, "Softmax", y, []float32{0.5, 0.5, 0, 0, 0.5, 0.5, nan, nan, nan, nan, nan, nan, nan, nan, nan})
	})
}
