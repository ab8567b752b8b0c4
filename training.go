package drift

import (
	"math"
	"slices"

	"drift/internal/near"
)

// TrainLevels is a distribution of levels to train at. At(p, u) is its quantile, the
// level that a u drawn uniformly from (0, 1) stands for, so that a batch may spread
// its u evenly (Kingma et al. 2021, arXiv:2107.00630, appendix I.1).
type TrainLevels struct {
	Name    string
	Formula string // for people
	Source  string // paper and equation
	At      func(p Process, u float64) Level
}

var trainLevels = []TrainLevels{
	{"uniform", "t uniform in [0, 1]", "Ho et al. 2020, arXiv:2006.11239, algorithm 1",
		func(p Process, u float64) Level { return p.At(u) }},
	{"log-normal", "log(Sigma/Alpha) ~ N(-1.2, 1.2²)", "Karras et al. 2022, arXiv:2206.00364, table 1",
		func(p Process, u float64) Level { return p.AtLambda(1.2 - 1.2*normalQuantile(u)) }},
	{"logit-normal", "log(t/(1-t)) ~ N(0, 1)", "Esser et al. 2024, arXiv:2403.03206, section 3.1",
		func(p Process, u float64) Level { return p.At(1 / (1 + math.Exp(-normalQuantile(u)))) }},
}

// AllTrainLevels lists the distributions of training levels, in a fixed order.
func AllTrainLevels() []TrainLevels { return slices.Clone(trainLevels) }

// TrainLevelsByName finds a distribution, or says which names there are.
func TrainLevelsByName(name string) (TrainLevels, error) {
	return near.Find("training levels", name, trainLevels, func(l TrainLevels) string { return l.Name })
}

// normalQuantile is the quantile of N(0, 1), held to |z| ≤ 8.
func normalQuantile(u float64) float64 {
	return min(max(math.Sqrt2*math.Erfinv(2*u-1), -8), 8)
}

// LossWeight says how much the squared error of D counts at a level. The first, which
// training uses unless told otherwise, gives that error in units of the uncertainty
// Sigma²/(Alpha² + Sigma²) that unit Gaussian data would leave.
type LossWeight struct {
	Name    string
	Formula string // for people; SNR = Alpha²/Sigma²
	Source  string // paper and equation
	Of      func(Level) float64
}

var lossWeights = []LossWeight{
	{"snr+1", "SNR + 1: plain v on the unit circle", "Salimans & Ho 2022, arXiv:2202.00512, section 4",
		func(l Level) float64 { return snr(l) + 1 }},
	{"snr", "SNR: plain ε", "Ho et al. 2020, arXiv:2006.11239, eq. 14", snr},
	{"one", "1: plain x_0", "Salimans & Ho 2022, arXiv:2202.00512, section 4", func(Level) float64 { return 1 }},
	{"min-snr", "min(SNR, 5)", "Hang et al. 2023, arXiv:2303.09556, with γ = 5",
		func(l Level) float64 { return min(snr(l), 5) }},
	{"soft-min-snr", "SNR·4/(SNR + 4)", "Crowson et al. 2024, arXiv:2401.11605, with γ = 4",
		func(l Level) float64 { return 1 / (1/snr(l) + 1./4) }},
}

// OnTarget is the weight of the squared error of what a network is asked for: that makes
// the loss of every parametrisation the same, as |D - x_0|² = out²·|F - target|². For v
// on the unit circle and "snr+1" it is 1.
func (w LossWeight) OnTarget(k Prediction, at Level) float64 {
	_, out, _, _ := k.Precond(at)
	return out * out * w.Of(at)
}

// LossWeights lists the weights of the loss, in a fixed order.
func LossWeights() []LossWeight { return slices.Clone(lossWeights) }

// LossWeightByName finds a weight, or says which names there are.
func LossWeightByName(name string) (LossWeight, error) {
	return near.Find("loss weight", name, lossWeights, func(w LossWeight) string { return w.Name })
}

func snr(l Level) float64 { r := l.Alpha / l.Sigma; return r * r }
