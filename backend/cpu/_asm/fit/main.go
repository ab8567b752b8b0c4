// Command fit prints the coefficients of the polynomials in package vec's functions:
// the minimax ones, found by Remez's exchange in float64 and rounded to float32.
package main

import (
	"fmt"
	"math"
)

// A target is a function g to approach on [a, b] by a polynomial of the given degree
// so that |w·(g - p)| is least at its greatest; w turns an error of p into a relative
// one of the whole function.
type target struct {
	name   string
	degree int
	a, b   float64
	g, w   func(x float64) float64
}

var targets = []target{
	{"expQ: (e^r - 1 - r)/r², |r| ≤ ln 2, relative to e^r", 5, -math.Ln2 * 1.001, math.Ln2 * 1.001,
		series(func(k float64) float64 { return 1 / math.Gamma(k+3) }), func(r float64) float64 { return r * r / math.Exp(r) }},
	{"expHalf: (e^r - 1 - r - r²/2)/r³, |r| ≤ ln 2 / 2, relative to e^r", 3, -math.Ln2 * 0.501, math.Ln2 * 0.501,
		series(func(k float64) float64 { return 1 / math.Gamma(k+4) }), func(r float64) float64 { return r * r * r / math.Exp(r) }},
	{"tanhP: (tanh(x)/x - 1)/u, u = x², |x| ≤ 0.6, relative to tanh(x)/x", 4, 1e-9, 0.36,
		func(u float64) float64 { x := math.Sqrt(u); return (math.Tanh(x) - x) / x / u },
		func(u float64) float64 { x := math.Sqrt(u); return u * x / math.Tanh(x) }},
	{"logP: (log(1+f) - f + f²/2)/f³, |f| ≤ 1/3, relative to log(1+f)", 7, -1.0 / 3, 1.0 / 3,
		series(func(k float64) float64 { return sign(k) / (k + 3) }), over(func(f float64) float64 { return f * f * f }, math.Log1p)},
	{"sinS: (sin r - r)/r³ in u = r², |r| ≤ π/4, relative to sin r", 2, 0, 0.62,
		series(func(k float64) float64 { return -sign(k) / math.Gamma(2*k+4) }),
		func(u float64) float64 { return u }},
	{"cosC: (cos r - 1 + r²/2)/r⁴ in u = r², |r| ≤ π/4", 2, 0, 0.62,
		series(func(k float64) float64 { return sign(k) / math.Gamma(2*k+5) }),
		func(u float64) float64 { return u * u }},
	{"erfP: erf(x)/x - 1 in u = x², |x| ≤ 1", 6, 0, 1,
		func(u float64) float64 {
			return 2/math.SqrtPi*series(func(k float64) float64 { return sign(k) / (math.Gamma(k+1) * (2*k + 1)) })(u) - 1
		},
		func(u float64) float64 { return 1 }},
	{"erfcQ: log(1 - erf(a)), 1 ≤ a ≤ 4, relative to erf(a)", 7, 1, 4,
		func(a float64) float64 { return math.Log(math.Erfc(a)) },
		func(a float64) float64 { return math.Erfc(a) / math.Erf(a) }},
}

func sign(k float64) float64 { return 1 - 2*math.Mod(k, 2) }

// series is Σ c(k)·x^k, for |x| ≤ 1.
func series(c func(k float64) float64) func(x float64) float64 {
	return func(x float64) float64 {
		s := 0.0
		for k := 40.0; k >= 0; k-- {
			s = s*x + c(k)
		}
		return s
	}
}

// over is f/g, 0 at 0, where both are.
func over(f, g func(float64) float64) func(float64) float64 {
	return func(x float64) float64 {
		if x == 0 {
			return 0
		}
		return f(x) / g(x)
	}
}

func main() {
	for _, t := range targets {
		c := remez(t)
		exact := worst(t, c)
		for i := range c {
			c[i] = float64(float32(c[i]))
		}
		fmt.Printf("%s: within 2^%.1f, 2^%.1f as float32\n\t", t.name, math.Log2(exact), math.Log2(worst(t, c)))
		for _, v := range c {
			fmt.Printf("%#08x, ", math.Float32bits(float32(v)))
		}
		fmt.Println()
	}
}

func horner(c []float64, x float64) float64 {
	s := 0.0
	for i := len(c) - 1; i >= 0; i-- {
		s = s*x + c[i]
	}
	return s
}

const grid = 20000

func (t target) at(i int) float64 { return t.a + (t.b-t.a)*float64(i)/grid }

func (t target) err(c []float64, x float64) float64 { return t.w(x) * (t.g(x) - horner(c, x)) }

func worst(t target, c []float64) float64 {
	m := 0.0
	for i := range grid + 1 {
		m = max(m, math.Abs(t.err(c, t.at(i))))
	}
	return m
}

// remez moves degree+2 points to where the error is greatest, with alternating signs,
// and solves for a polynomial that errs equally at all of them, until they rest.
func remez(t target) []float64 {
	n := t.degree + 2
	points := make([]float64, n)
	for i := range points {
		points[i] = (t.a+t.b)/2 - (t.b-t.a)/2*math.Cos(math.Pi*(float64(i)+0.5)/float64(n))
	}
	var c []float64
	for range 50 {
		rows := make([][]float64, n)
		for i, x := range points {
			row := make([]float64, n+1)
			for k := range n - 1 {
				row[k] = math.Pow(x, float64(k))
			}
			w := t.w(x)
			if math.Abs(w) < 1e-30 {
				w = 1e-30
			}
			row[n-1] = sign(float64(i)) / w
			row[n] = t.g(x)
			rows[i] = row
		}
		c = solve(rows)[:n-1]
		// the extremes of the runs of one sign
		var extremes []float64
		last := 0.0
		for i := range grid + 1 {
			x := t.at(i)
			e := t.err(c, x)
			switch {
			case e == 0:
			case len(extremes) > 0 && math.Signbit(e) == math.Signbit(last):
				if math.Abs(e) > math.Abs(last) {
					extremes[len(extremes)-1], last = x, e
				}
			default:
				extremes, last = append(extremes, x), e
			}
		}
		for len(extremes) > n { // drop the lesser end
			if math.Abs(t.err(c, extremes[0])) < math.Abs(t.err(c, extremes[len(extremes)-1])) {
				extremes = extremes[1:]
			} else {
				extremes = extremes[:len(extremes)-1]
			}
		}
		if len(extremes) < n {
			break
		}
		points = extremes
	}
	return c
}

// solve is Gauss's elimination with pivots; the last column is the right-hand side.
func solve(a [][]float64) []float64 {
	n := len(a)
	for i := range n {
		p := i
		for j := i; j < n; j++ {
			if math.Abs(a[j][i]) > math.Abs(a[p][i]) {
				p = j
			}
		}
		a[i], a[p] = a[p], a[i]
		for j := range n {
			if j != i {
				f := a[j][i] / a[i][i]
				for k := i; k <= n; k++ {
					a[j][k] -= f * a[i][k]
				}
			}
		}
	}
	x := make([]float64, n)
	for i := range x {
		x[i] = a[i][n] / a[i][i]
	}
	return x
}
