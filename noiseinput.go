package drift

import (
	"math"
	"slices"

	"drift/internal/near"
)

// NoiseScale is a way to tell a network how noisy its input is.
type NoiseScale struct {
	Name    string // as in a run's config
	Formula string // for people
	Source  string
	Of      func(Process, Level) float64
}

// noiseScales is the table behind [NoiseScales] and [NoiseScaleByName].
var noiseScales = []NoiseScale{
	{"log-ratio", "¼·log(Sigma/Alpha)", "Karras et al. 2022, arXiv:2206.00364, table 1",
		func(_ Process, l Level) float64 { return NoiseInput(l) }},
	{"timestep", "n·t - 1, from 0 to n-1: the training step of the process, n of them (1000 for processes of continuous time)", "Ho et al. 2020, arXiv:2006.11239, section 4",
		func(p Process, l Level) float64 {
			n := float64(p.times())
			return min(max(n*p.Time(l.Lambda())-1, 0), n-1)
		}},
	{"flow-time", "1000·Sigma/(Alpha+Sigma)", "Esser et al. 2024, arXiv:2403.03206, as its code has it",
		func(_ Process, l Level) float64 { return trainTimes * l.Sigma / (l.Alpha + l.Sigma) }},
}

// NoiseScales lists the ways to tell a network its level, in a fixed order.
func NoiseScales() []NoiseScale { return slices.Clone(noiseScales) }

// NoiseScaleByName finds a noise scale, or says which names there are.
func NoiseScaleByName(name string) (NoiseScale, error) {
	return near.Find("noise", name, noiseScales, func(s NoiseScale) string { return s.Name })
}

// Telling is the parametrisation with networks that are told their level on another
// scale, which may be one of the process's own times.
func (k Prediction) Telling(s NoiseScale, p Process) Prediction {
	precond := k.Precond
	k.Precond = func(l Level) (skip, out, in, noise float64) {
		skip, out, in, _ = precond(l)
		return skip, out, in, s.Of(p, l)
	}
	return k
}

// NoiseInput is the scalar that tells a network its level unless a run says otherwise:
// ¼·log(Sigma/Alpha), as in EDM (arXiv:2206.00364, table 1), held to ratios within
// [10⁻⁴, 10⁴] so that both ends are finite.
func NoiseInput(l Level) float64 {
	bound := math.Log(1e4)
	return min(max(-l.Lambda(), -bound), bound) / 4
}
