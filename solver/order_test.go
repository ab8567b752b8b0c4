package solver_test

import (
	"context"
	"math"
	"slices"
	"testing"

	"drift"
	"drift/exact"
	"drift/solver"
)

// TestOrder measures how fast each deterministic solver converges and compares with
// the order in its table row: on exact denoisers, between two finite λ with steps
// uniform in λ, both from noise to data and, as inversion needs, back.
func TestOrder(t *testing.T) {
	for _, name := range []string{"vp", "edm", "flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for truth, problem := range map[string]problem{"gaussian": oneHill(t), "mixture": threeHills(t)} {
			for direction, ends := range map[string][2]float64{"denoise": {-2.5, 2.5}, "invert": {2.5, -2.5}} {
				from, to := p.AtLambda(ends[0]), p.AtLambda(ends[1])
				start := problem.start(from)
				want := problem.solve(start, from, to)
				for _, s := range solver.All() {
					if s.Stochastic {
						continue
					}
					t.Run(name+"/"+truth+"/"+direction+"/"+s.Name, func(t *testing.T) {
						var errors, sizes []float64
						grid, least, tolerance := uniform, 128, 0.05
						if s.Order > 2 {
							grid, least, tolerance = graded, 256>>(2*(s.Order-3)), 0.2
						}
						for steps := least; steps <= 8*least; steps *= 2 {
							x := start.Clone()
							walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: grid(p, ends, steps)}, x)
							errors, sizes = append(errors, math.Log(distance(x, want))), append(sizes, -math.Log(float64(steps)))
						}
						if math.Exp(errors[len(errors)-1]) > 0.05 {
							t.Errorf("found an error of %.3g with %d steps, expected the solution", math.Exp(errors[len(errors)-1]), 8*least)
						}
						order := slope(sizes, errors)
						t.Logf("order %.3f", order)
						if !(math.Abs(order-float64(s.Order)) <= tolerance) {
							t.Errorf("found order %.3f, expected %d; log errors %.2f", order, s.Order, errors)
						}
					})
				}
			}
		}
	}
}

// problem is data whose probability-flow ODE can be solved to many digits.
type problem struct {
	mixture *exact.Mixture
	solve   func(x *drift.Batch, from, to drift.Level) *drift.Batch
}

// start is a few samples of the diffused data.
func (p problem) start(at drift.Level) *drift.Batch {
	x, _ := p.mixture.Draw(16, -1, 1, "order test: data")
	noise := x.Like()
	drift.NewNoise(1, "order test: noise", 0).Normal(noise)
	for i, v := range noise.Data {
		x.Data[i] = at.Alpha*x.Data[i] + at.Sigma*v
	}
	return x
}

// oneHill is N(μ, s²·I), for which the ODE is linear and x keeps its place in units
// of the standard deviation: with v = Alpha²·s² + Sigma² before and v' after,
// x' = Alpha'·μ + √(v'/v)·(x - Alpha·μ).
func oneHill(t *testing.T) problem {
	mu, s := []float64{0.7, -0.4}, 0.6
	m, err := exact.NewMixture(exact.Isotropic(1, mu, s, 0))
	if err != nil {
		t.Fatal(err)
	}
	return problem{m, func(x *drift.Batch, from, to drift.Level) *drift.Batch {
		y := x.Clone()
		k := math.Hypot(to.Alpha*s, to.Sigma) / math.Hypot(from.Alpha*s, from.Sigma)
		for i := range y.N {
			for j, v := range y.Row(i) {
				y.Row(i)[j] = to.Alpha*mu[j] + k*(v-from.Alpha*mu[j])
			}
		}
		return y
	}}
}

// threeHills has no closed form. In y = x/Alpha and τ = log(Sigma/Alpha) its ODE is
// dy/dτ = y - D (Karras et al. 2022, arXiv:2206.00364, eq. 4 with σ = e^τ), which
// the classical Runge-Kutta method of order 4 solves to 1e-10 or better here.
func threeHills(t *testing.T) problem {
	m, err := exact.NewMixture(
		exact.Gaussian{Weight: 2, Mean: []float64{-1, 0.5}, Cov: []float64{0.25, 0, 0, 0.25}},
		exact.Gaussian{Weight: 1, Mean: []float64{1, 0.5}, Cov: []float64{0.3, 0, 0, 0.2}},
		exact.Gaussian{Weight: 2, Mean: []float64{0, -1}, Cov: []float64{0.4, 0.2, 0.2, 0.3}},
	)
	if err != nil {
		t.Fatal(err)
	}
	return problem{m, func(x *drift.Batch, from, to drift.Level) *drift.Batch { return rungeKutta(t, m, x, from, to) }}
}

// rungeKutta solves dy/dτ = y - D by the classical method of order 4.
func rungeKutta(t *testing.T, m *exact.Mixture, x *drift.Batch, from, to drift.Level) *drift.Batch {
	const steps = 2000
	y, k, mid, sum := x.Clone(), x.Like(), x.Like(), x.Like()
	for i := range y.Data {
		y.Data[i] /= from.Alpha
	}
	tau := -from.Lambda()
	h := (-to.Lambda() - tau) / steps
	slopeAt := func(at *drift.Batch, tau float64) {
		if err := m.Denoiser(nil).Denoise(k, at, drift.Level{Alpha: 1, Sigma: math.Exp(tau)}); err != nil {
			t.Fatal(err)
		}
		for i, v := range at.Data {
			k.Data[i] = v - k.Data[i]
		}
	}
	for n := range steps {
		clear(sum.Data)
		at := y
		for _, stage := range []struct{ where, weight, next float64 }{{0, 1, 0.5}, {0.5, 2, 0.5}, {0.5, 2, 1}, {1, 1, 0}} {
			slopeAt(at, tau+(float64(n)+stage.where)*h)
			for i, v := range k.Data {
				sum.Data[i] += stage.weight * v
				mid.Data[i] = y.Data[i] + stage.next*h*v
			}
			at = mid
		}
		for i, v := range sum.Data {
			y.Data[i] += h / 6 * v
		}
	}
	for i := range y.Data {
		y.Data[i] *= to.Alpha
	}
	return y
}

// TestReference holds the Runge-Kutta solution against the closed form, so that the
// mixture is judged by something that was judged itself.
func TestReference(t *testing.T) {
	one, three := oneHill(t), threeHills(t)
	from, to := drift.Straight(-2.5), drift.Straight(2.5)
	x := one.start(from)
	if d := distance(rungeKutta(t, one.mixture, x, from, to), one.solve(x, from, to)); d > 1e-10 {
		t.Errorf("Runge-Kutta is off by %v on a Gaussian, expected less than 1e-10", d)
	}
	y := three.start(from)
	if d := distance(three.solve(three.solve(y, from, to), to, from), y); d > 1e-8 {
		t.Errorf("Runge-Kutta there and back is off by %v on the mixture", d)
	}
}

// uniform is a grid of steps equal steps in λ.
func uniform(p drift.Process, ends [2]float64, steps int) []drift.Level {
	levels := make([]drift.Level, steps+1)
	for i := range levels {
		share := float64(i) / float64(steps)
		levels[i] = p.AtLambda(ends[0]*(1-share) + ends[1]*share)
	}
	return levels
}

// graded is the uniform grid with two levels more in its first step, close to its
// start. A multistep method of order p > 2 begins with steps of lower order, of which
// the first leaves an error of the square of its size; with a first step of h² and a
// second of h^(4/3), what the beginning leaves is h⁴ and the order of the method shows.
func graded(p drift.Process, ends [2]float64, steps int) []drift.Level {
	levels := uniform(p, ends, steps)
	h := 1 / float64(steps)
	first := levels[1].Lambda() - ends[0]
	return slices.Insert(levels, 1, p.AtLambda(ends[0]+first*h), p.AtLambda(ends[0]+first*math.Cbrt(h)))
}

// walk takes x along the levels of s.
func walk(t *testing.T, s drift.Sampler, x *drift.Batch) {
	t.Helper()
	if s.Noise == nil {
		s.Noise = drift.NewNoise(1, "solver test", 0)
	}
	for _, err := range s.Walk(context.Background(), x) {
		if err != nil {
			t.Fatal(err)
		}
	}
}

// distance is the root mean square difference.
func distance(a, b *drift.Batch) float64 {
	sum := 0.0
	for i, v := range a.Data {
		sum += (v - b.Data[i]) * (v - b.Data[i])
	}
	return math.Sqrt(sum / float64(len(a.Data)))
}

// slope is that of the least-squares line through the points (x, y).
func slope(x, y []float64) float64 {
	n, sx, sy, sxx, sxy := float64(len(x)), 0.0, 0.0, 0.0, 0.0
	for i := range x {
		sx, sy, sxx, sxy = sx+x[i], sy+y[i], sxx+x[i]*x[i], sxy+x[i]*y[i]
	}
	return (n*sxy - sx*sy) / (n*sxx - sx*sx)
}

// TestRoundTrip inverts samples to noise and walks back: what a deterministic solver
// loses on the way shrinks with its order.
func TestRoundTrip(t *testing.T) {
	problem := threeHills(t)
	for _, p := range drift.Processes() {
		for _, s := range solver.All() {
			if s.Stochastic {
				continue
			}
			off := func(steps int) float64 {
				levels := uniform(p, [2]float64{2.5, -2.5}, steps)
				x := problem.start(levels[0])
				start := x.Clone()
				walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: levels}, x)
				slices.Reverse(levels)
				walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: levels}, x)
				return distance(x, start)
			}
			// First steps of lower order hold a plain grid to order 2, as TestOrder says.
			few, many := off(40), off(320)
			if limit := 3 * math.Pow(8, -float64(min(s.Order, 2))); !(many <= limit*few+1e-9) || !(many <= 0.1) {
				t.Errorf("%s, %s: found a loss of %.3g with 320 steps and %.3g with 40, expected it to shrink to %.3g of that", s.Name, p.Name, many, few, limit)
			}
		}
	}
}

// TestEqualSteps: where levels are equally far apart in Sigma/Alpha, the fixed
// coefficients of iPNDM are those of the linear multistep method of order 4.
func TestEqualSteps(t *testing.T) {
	problem := threeHills(t)
	var levels []drift.Level
	for i := range 21 {
		levels = append(levels, drift.Straight(-math.Log(0.1+0.2*float64(20-i))))
	}
	one := problem.start(levels[0])
	two := one.Clone()
	p := drift.Process{Curve: drift.Straight}
	walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: solver.IPNDM(), Levels: levels}, one)
	walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: solver.LMS(4), Levels: levels}, two)
	if d := distance(one, two); !(d <= 1e-11) {
		t.Errorf("found a difference of %v, expected none", d)
	}
}

// TestEachSampleHasItsOwnSteps: with a tolerance that some samples miss and others
// meet, each ends where it ends alone, to the bit, and within tolerance of the truth.
func TestEachSampleHasItsOwnSteps(t *testing.T) {
	problem := threeHills(t)
	from, to := drift.Circle(-2.5), drift.Circle(2.5)
	start := problem.start(from)
	p := drift.Process{Curve: drift.Circle}
	for _, tolerance := range []float64{1e-3, 1e-6, 1e-9} {
		calls := 0
		counted := drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
			calls++
			return problem.mixture.Denoiser(nil).Denoise(dst, x, at)
		})
		s := drift.Sampler{Process: p, Denoiser: counted, Solver: solver.DormandPrince(tolerance), Levels: []drift.Level{from, to}}
		together := start.Clone()
		walk(t, s, together)
		most := calls
		least := most
		for i := range start.N {
			calls = 0
			alone := start.Clone().Slice(i, i+1)
			walk(t, s, alone)
			if !slices.Equal(alone.Data, together.Row(i)) {
				t.Errorf("tolerance %g, sample %d: found %v alone and %v together", tolerance, i, alone.Data, together.Row(i))
			}
			least = min(least, calls)
		}
		if least == most || least < 7 {
			t.Errorf("tolerance %g: found %d evaluations for the easiest sample and %d for all, expected samples to differ", tolerance, least, most)
		}
		if d := distance(together, problem.solve(start, from, to)); !(d <= 100*tolerance) {
			t.Errorf("tolerance %g: found an error of %g", tolerance, d)
		}
	}
	nan := drift.DenoiserFunc(func(dst, x *drift.Batch, at drift.Level) error {
		dst.Data[0] = math.NaN()
		return nil
	})
	if err := solver.DormandPrince(1e-3)(p, nan, nil)(start.Clone(), from, to); err == nil {
		t.Error("found no error for a denoiser that answers NaN")
	}
}
