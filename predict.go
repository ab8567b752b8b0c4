package drift

import (
	"fmt"
	"math"
	"slices"

	"drift/internal/near"
)

// Prediction is a parametrisation: what a network F is asked for, and how its
// answer becomes a denoiser (Karras et al. 2022, arXiv:2206.00364, eq. 7),
//
//	D(x; level) = skip·x + out·F(in·x; noise).
//
// The target of F is then [(1 - skip·Alpha)·x_0 - skip·Sigma·ε] / out, which
// Target gives simplified on paper, so that no 0/0 is ever computed.
//
// Only the ratio Sigma/Alpha says how noisy a sample is and the rest is scale, so
// each parametrisation serves any level of any process: F sees in·x and the ratio,
// and D(c·x; c·Alpha, c·Sigma) = D(x; Alpha, Sigma).
type Prediction struct {
	Name    string // as in `drift train --predict`
	Formula string // the target of the network, for people
	Source  string
	Precond func(Level) (skip, out, in, noise float64)
	Target  func(Level) (clean, noise float64) // target = clean·x_0 + noise·ε

	// NeedsSignal says that the parametrisation divides by Alpha and so cannot
	// serve a process that ends at Alpha = 0.
	NeedsSignal bool
}

// CheckProcess refuses a process that the parametrisation cannot serve, with the reason.
func (k Prediction) CheckProcess(p Process) error {
	if k.NeedsSignal && p.Last().Alpha == 0 {
		return fmt.Errorf("predict: %q cannot serve process %q, which ends at Alpha = 0: there x_t is pure noise, "+
			"so knowing ε says nothing about x_0; use x0, v, flow or edm", k.Name, p.Name)
	}
	return nil
}

// predictions is the table behind [Predictions] and [PredictionByName].
var predictions = []Prediction{
	{
		Name:    "eps",
		Formula: "ε",
		Source:  "Ho et al. 2020, arXiv:2006.11239, eq. 14",
		Precond: func(l Level) (skip, out, in, noise float64) {
			return 1 / l.Alpha, -l.Sigma / l.Alpha, unit(l), NoiseInput(l)
		},
		Target:      func(Level) (clean, noise float64) { return 0, 1 },
		NeedsSignal: true,
	},
	{
		Name:    "x0",
		Formula: "x_0",
		Source:  "Ho et al. 2020, arXiv:2006.11239, section 3.2; Salimans & Ho 2022, arXiv:2202.00512, section 4",
		Precond: func(l Level) (skip, out, in, noise float64) { return 0, 1, unit(l), NoiseInput(l) },
		Target:  func(Level) (clean, noise float64) { return 1, 0 },
	},
	{
		Name:    "v",
		Formula: "v = (Alpha·ε - Sigma·x_0) / √(Alpha² + Sigma²): α·ε - σ·x_0 on the unit circle, and its scaled twin elsewhere",
		Source:  "Salimans & Ho 2022, arXiv:2202.00512, appendix D",
		Precond: func(l Level) (skip, out, in, noise float64) {
			c := unit(l)
			return l.Alpha * c * c, -l.Sigma * c, c, NoiseInput(l)
		},
		Target: func(l Level) (clean, noise float64) { c := unit(l); return -l.Sigma * c, l.Alpha * c },
	},
	{
		Name:    "flow",
		Formula: "u = ε - x_0, the velocity of the straight path",
		Source:  "Lipman et al. 2023, arXiv:2210.02747, eq. 23; Liu et al. 2022, arXiv:2209.03003, eq. 1",
		Precond: func(l Level) (skip, out, in, noise float64) {
			c := 1 / (l.Alpha + l.Sigma)
			return c, -l.Sigma * c, unit(l), NoiseInput(l)
		},
		Target: func(Level) (clean, noise float64) { return -1, 1 },
	},
	{
		Name:    "velocity",
		Formula: "u = ε - x_0, of a network that sees x on the straight path, unscaled",
		Source:  "Lipman et al. 2023, arXiv:2210.02747, eq. 23; Esser et al. 2024, arXiv:2403.03206, eq. 13",
		Precond: func(l Level) (skip, out, in, noise float64) {
			c := 1 / (l.Alpha + l.Sigma)
			return c, -l.Sigma * c, c, NoiseInput(l)
		},
		Target: func(Level) (clean, noise float64) { return -1, 1 },
	},
	EDM(1), // drift standardises its data; then this is -v
}

// EDM is the parametrisation of Karras et al. 2022 (arXiv:2206.00364, table 1) for
// data of standard deviation sigmaData > 0, at any level:
// with s = √(Sigma² + Alpha²·sigmaData²), skip = Alpha·sigmaData²/s²,
// out = Sigma·sigmaData/s, in = 1/s.
func EDM(sigmaData float64) Prediction {
	return Prediction{
		Name:    "edm",
		Formula: fmt.Sprintf("(Sigma/d·x_0 - Alpha·d·ε) / √(Sigma² + Alpha²·d²), d = %g the standard deviation of the data", sigmaData),
		Source:  "Karras et al. 2022, arXiv:2206.00364, eq. 7 and table 1",
		Precond: func(l Level) (skip, out, in, noise float64) {
			s := math.Hypot(l.Sigma, l.Alpha*sigmaData)
			return l.Alpha * sigmaData * sigmaData / (s * s), l.Sigma * sigmaData / s, 1 / s, NoiseInput(l)
		},
		Target: func(l Level) (clean, noise float64) {
			s := math.Hypot(l.Sigma, l.Alpha*sigmaData)
			return l.Sigma / (sigmaData * s), -l.Alpha * sigmaData / s
		},
	}
}

// Predictions lists the parametrisations that drift knows, in a fixed order.
func Predictions() []Prediction { return slices.Clone(predictions) }

// PredictionByName finds a parametrisation, or says which names there are.
func PredictionByName(name string) (Prediction, error) {
	return near.Find("predict", name, predictions, func(k Prediction) string { return k.Name })
}

// unit scales a diffused sample of unit-variance data to unit variance.
func unit(l Level) float64 { return 1 / math.Hypot(l.Alpha, l.Sigma) }
