package vec

import (
	"fmt"
	"math"
	"testing"
)

func TestReductions(t *testing.T) {
	everySet(t, func(t *testing.T) {
		r := seeded(4)
		odd := awkward(r, longest)
		for n := range longest + 1 {
			at := r.IntN(longest + 1 - n)
			x, y := normals(r, n), normals(r, n)
			mustSame(t, "Dot", []float32{Dot(x, y)}, []float32{dotGo(x, y)})
			want := make([]float32, 1)
			sumWithinGo(want, x, n)
			mustSame(t, "Sum", []float32{Sum(x)}, want)
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
	everySet(t, func(t *testing.T) {
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
	everySet(t, func(t *testing.T) {
		r := seeded(6)
		for _, width := range []int{0, 1, 2, 3, 4, 7, 8, 9, 16, 17, 24, 32, 33, 63, 64, 65, 100, 128, 257, 999} {
			for _, n := range []int{0, 1, 2, 7, 8, 9, 16, 31, 65} {
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
	everySet(t, func(t *testing.T) {
		r := seeded(7)
		for _, width := range []int{1, 2, 3, 7, 8, 9, 31, 64, 77, 256, 1000} {
			const rows = 3
			x := normals(r, rows*width)
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
			dy := normals(r, len(x))
			dx, check := guarded(t, r, len(x), float32(77))
			SoftmaxGrad(dx, y, dy, width)
			check("SoftmaxGrad")
			for i := range rows {
				y, dy := y[i*width:(i+1)*width], dy[i*width:(i+1)*width]
				want := make([]float32, width)
				mulSubGo(want, y, dy, dotGo(y, dy))
				mustSame(t, "SoftmaxGrad", dx[i*width:(i+1)*width], want)
			}
			onto := append([]float32(nil), x...)
			Softmax(onto, onto, width)
			mustSame(t, "Softmax onto x", onto, y)
		}
	})
}

func TestSoftmaxOfExtremes(t *testing.T) {
	everySet(t, func(t *testing.T) {
		x := []float32{1000, 1000, -1000, -inf, 0, 0, -inf, -inf, -inf, inf, 0, 0, nan, 0, 0}
		y := make([]float32, len(x))
		Softmax(y, x, 3)
		mustSame(t, "Softmax", y, []float32{0.5, 0.5, 0, 0, 0.5, 0.5, nan, nan, nan, nan, nan, nan, nan, nan, nan})
	})
}

// Adam against its loop, and against the formula in float64 over some steps.
func TestAdam(t *testing.T) {
	everySet(t, func(t *testing.T) {
		r := seeded(8)
		for _, decay := range []float32{0, 0.01} {
			c := NewAdamCoefficients(1e-3, 0.9, 0.999, 1e-7, decay, 3)
			for n := range longest + 1 {
				if n > 100 && n%50 != 49 {
					continue
				}
				want := [3][]float32{normals(r, n), normals(r, n), normals(r, n)}
				for i, v := range want[2] {
					want[2][i] = v * v
				}
				grad := normals(r, n)
				var got [3][]float32
				var checks [3]func(string)
				for i := range got {
					got[i], checks[i] = guarded(t, r, n, float32(77))
					copy(got[i], want[i])
				}
				adamGo(want[0], want[1], want[2], grad, c)
				Adam(got[0], got[1], got[2], grad, c)
				for i, name := range []string{"param", "m", "v"} {
					mustSame(t, "Adam's "+name, got[i], want[i])
					checks[i]("Adam's " + name)
				}
			}
			param, m, v := []float32{1}, []float32{0}, []float32{0}
			p, m1, m2 := 1.0, 0.0, 0.0
			for s := 1; s <= 20; s++ {
				g := float32(r.NormFloat64())
				Adam(param, m, v, []float32{g}, NewAdamCoefficients(1e-2, 0.9, 0.999, 1e-7, decay, float32(s)))
				m1 = 0.9*m1 + 0.1*float64(g)
				m2 = 0.999*m2 + 0.001*float64(g)*float64(g)
				p -= 1e-2*m1/(1-math.Pow(0.9, float64(s)))/(math.Sqrt(m2/(1-math.Pow(0.999, float64(s))))+1e-7) + 1e-2*float64(decay)*p
			}
			// 1 - 0.999 is rounded to 2^-24, which is 6e-5 of it, and half of that of each step's 1e-2
			if math.Abs(float64(param[0])-p) > 20*1e-2*1e-4 {
				t.Errorf("after 20 steps: found %v, expected %v", param[0], p)
			}
		}
	})
}
