package solver_test

import (
	"math"
	"testing"

	"drift"
	"drift/exact"
	"drift/solver"
)

// TestStochasticSolversReachTheData walks many samples down fine grids of every
// process with every stochastic solver and holds their mean, covariance and class
// weights against those of the data.
//
// Chance allows: with n samples of covariance C a mean has standard deviation
// √(C_ii/n); a covariance has √((E[u²v²] - C_ij²)/n), where E[u²v²] ≤ K·C_ii·C_jj with
// K = 3 for the flat-topped mixture here; the mean probability of a class that is hard
// to mistake has √(w(1-w)/n). Five of each are allowed. The walk begins at N(0, Sigma_T²)
// and not at the diffused data, which moves the probability of anything by at most
// √(KL/2) (Pinsker); and steps are not infinitely small, for which 2% is allowed:
// TestSpreadOfAGaussian allows half as much with three times as many.
func TestStochasticSolversReachTheData(t *testing.T) {
	const n, steps, allowed = 1500, 100, 0.02
	m := classes(t)
	wantMean, wantCov := m.Moments(drift.Clean, -1)
	for _, name := range []string{"vp", "cosine", "edm", "flow"} { // each curve, with λ = -∞ and without
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		start := math.Sqrt(m.TerminalKL(p.Last()) / 2)
		levels, err := drift.Grid(p, steps)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range solver.All() {
			if !s.Stochastic {
				continue
			}
			x := drift.NewBatch(n, 2)
			sampler := drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: s.New(), Levels: levels, Noise: drift.NewNoise(5, "chance test", 0)}
			if err := sampler.Start(x); err != nil {
				t.Fatal(err)
			}
			walk(t, sampler, x)
			var mean [2]float64
			var cov [4]float64
			var weight [3]float64
			for i := range n {
				row := x.Row(i)
				for j := range 2 {
					mean[j] += row[j] / n
					for k := range 2 {
						cov[j*2+k] += (row[j] - wantMean[j]) * (row[k] - wantMean[k]) / n
					}
				}
				for c := range 3 {
					weight[c] += wantWeight[c] * math.Exp(m.LogDensity(row, drift.Clean, c)-m.LogDensity(row, drift.Clean, -1)) / n
				}
			}
			for j := range 2 {
				sd := math.Sqrt(wantCov[j*2+j])
				if off := math.Abs(mean[j] - wantMean[j]); !(off <= 5*sd/math.Sqrt(n)+(allowed+4*start)*sd) {
					t.Errorf("%s, %s: found mean %.4f along %d, expected %.4f ± %.4f", s.Name, p.Name, mean[j], j, wantMean[j], sd/math.Sqrt(n))
				}
				for k := range 2 {
					sd2 := math.Sqrt(wantCov[j*2+j] * wantCov[k*2+k])
					if off := math.Abs(cov[j*2+k] - wantCov[j*2+k]); !(off <= 5*sd2*math.Sqrt(3./n)+(2*allowed+4*start)*sd2) {
						t.Errorf("%s, %s: found covariance %.4f of %d and %d, expected %.4f ± %.4f", s.Name, p.Name, cov[j*2+k], j, k, wantCov[j*2+k], sd2*math.Sqrt(3./n))
					}
				}
			}
			for c, w := range wantWeight {
				if sd := math.Sqrt(w * (1 - w) / n); !(math.Abs(weight[c]-w) <= 5*sd+start+allowed) {
					t.Errorf("%s, %s: found weight %.4f of class %d, expected %.4f ± %.4f", s.Name, p.Name, weight[c], c, w, sd)
				}
			}
		}
	}
}

var wantWeight = [3]float64{0.5, 0.3, 0.2}

// classes is three hills that are hard to mistake for each other.
func classes(t *testing.T) *exact.Mixture {
	m, err := exact.NewMixture(
		exact.Isotropic(wantWeight[0], []float64{-1, 0.4}, 0.25, 0),
		exact.Isotropic(wantWeight[1], []float64{1.2, 0.6}, 0.35, 1),
		exact.Isotropic(wantWeight[2], []float64{0.3, -1.5}, 0.3, 2))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestSpreadOfAGaussian: from the diffused data at one finite λ, many samples come to
// those at another with the right spread. Over 2n values the standard deviation of a
// standard deviation is its 1/√(4n); five are allowed, and 1% for the steps.
func TestSpreadOfAGaussian(t *testing.T) {
	const n = 3_000
	problem := oneHill(t)
	p := drift.Process{Curve: drift.Circle}
	for _, s := range solver.All() {
		if !s.Stochastic {
			continue
		}
		levels := uniform(p, [2]float64{-3, 3}, 300)
		from, to := levels[0], levels[300]
		x := drift.NewBatch(n, 2)
		drift.NewNoise(9, "spread test: start", 0).Normal(x)
		std := func(at drift.Level) float64 { return math.Hypot(0.6*at.Alpha, at.Sigma) }
		for i := range n {
			x.Row(i)[0] = 0.7*from.Alpha + std(from)*x.Row(i)[0]
			x.Row(i)[1] = -0.4*from.Alpha + std(from)*x.Row(i)[1]
		}
		walk(t, drift.Sampler{Process: p, Denoiser: problem.mixture.Denoiser(nil), Solver: s.New(), Levels: levels}, x)
		square := 0.0
		for i := range n {
			u, v := x.Row(i)[0]-0.7*to.Alpha, x.Row(i)[1]+0.4*to.Alpha
			square += (u*u + v*v) / (2 * n)
		}
		if r := math.Sqrt(square) / std(to); !(math.Abs(r-1) <= 5/math.Sqrt(4*n)+0.01) {
			t.Errorf("%s: found a spread of %.4f of the truth", s.Name, r)
		}
	}
}

// TestDDPMLargeOnStandardData: data that are N(0, I) come out with their own spread from ever so few
// steps, on every curve.
func TestDDPMLargeOnStandardData(t *testing.T) {
	const n = 3_000
	m, err := exact.NewMixture(exact.Gaussian{Weight: 1, Mean: []float64{0, 0}, Cov: []float64{1, 0, 0, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vp", "cosine", "edm", "ve", "flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		levels, err := drift.Grid(p, 8)
		if err != nil {
			t.Fatal(err)
		}
		x := drift.NewBatch(n, 2)
		s := drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: solver.DDPMLarge(), Levels: levels, Noise: drift.NewNoise(6, "large test", 0)}
		if err := s.Start(x); err != nil {
			t.Fatal(err)
		}
		walk(t, s, x)
		square := 0.0
		for _, v := range x.Data {
			square += v * v / (2 * n)
		}
		if off := math.Abs(math.Sqrt(square) - 1); off > 5/math.Sqrt(4*n)+0.01 {
			t.Errorf("%s: found a spread of %.3f, expected 1", name, math.Sqrt(square))
		}
	}
}

// TestRePaint: what is known comes out as it is, and what is not comes ever closer to
// what it must be given the rest, the more often the two meet: for correlated Gaussian
// data, N(ρ·a, 1-ρ²) beside a known a.
func TestRePaint(t *testing.T) {
	const n, rho, a = 1500, 0.8, 1.5
	m, err := exact.NewMixture(exact.Gaussian{Weight: 1, Mean: []float64{0, 0}, Cov: []float64{1, rho, rho, 1}})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"vp", "flow"} {
		p, err := drift.ProcessByName(name)
		if err != nil {
			t.Fatal(err)
		}
		levels, err := drift.Grid(p, 60)
		if err != nil {
			t.Fatal(err)
		}
		known := solver.Known{Clean: drift.NewBatch(n, 2), Mask: make([]bool, 2*n)}
		for i := range n {
			known.Clean.Data[2*i], known.Mask[2*i] = a, true
		}
		off := map[int]float64{}
		for _, repeats := range []int{1, 10} {
			x := drift.NewBatch(n, 2)
			s := drift.Sampler{Process: p, Denoiser: m.Denoiser(nil), Solver: solver.RePaint(solver.DDPM(), known, repeats), Levels: levels, Noise: drift.NewNoise(2, "repaint test", 0)}
			if err := s.Start(x); err != nil {
				t.Fatal(err)
			}
			walk(t, s, x)
			mean, square := 0.0, 0.0
			for i := range n {
				if x.Data[2*i] != a {
					t.Fatalf("%s: found %v, expected the known %v", p.Name, x.Data[2*i], a)
				}
				mean += x.Data[2*i+1] / n
			}
			for i := range n {
				square += (x.Data[2*i+1] - mean) * (x.Data[2*i+1] - mean) / n
			}
			off[repeats] = math.Abs(mean - rho*a)
			t.Logf("%s, %d repeats: mean %.3f, expected %.3f; spread %.3f, expected %.3f", p.Name, repeats, mean, rho*a, math.Sqrt(square), math.Sqrt(1-rho*rho))
		}
		if sd := math.Sqrt((1 - rho*rho) / n); !(off[10] <= 0.1*rho*a+5*sd) || !(off[10] < off[1]) {
			t.Errorf("%s: found the mean off by %.3f after 1 try and by %.3f after 10, expected ever less, below %.3f", p.Name, off[1], off[10], 0.1*rho*a+5*sd)
		}
	}
	x := drift.NewBatch(2, 2)
	for what, s := range map[string]drift.Solver{
		"no tries":    solver.RePaint(solver.DDPM(), solver.Known{}, 0),
		"short mask":  solver.RePaint(solver.DDPM(), solver.Known{Clean: x, Mask: make([]bool, 3)}, 1),
		"no values":   solver.RePaint(solver.DDPM(), solver.Known{Mask: make([]bool, 4)}, 1),
		"other shape": solver.RePaint(solver.DDPM(), solver.Known{Clean: drift.NewBatch(1, 2), Mask: make([]bool, 4)}, 1),
	} {
		if err := s(drift.Process{}, m.Denoiser(nil), drift.NewNoise(1, "", 0))(x, drift.Circle(0), drift.Circle(1)); err == nil {
			t.Errorf("%s: found no error", what)
		}
	}
}
