package drift

import (
	"fmt"
	"math"
)

// Level says how much signal and noise a diffused sample holds:
// x_t = Alpha·x_0 + Sigma·ε with ε ~ N(0, I).
//
// Both are finite and at least 0, and never 0 together.
type Level struct{ Alpha, Sigma float64 }

// Clean is the level of data: all signal, no noise.
var Clean = Level{Alpha: 1, Sigma: 0}

// Lambda is half the log signal-to-noise ratio, log(Alpha/Sigma): +Inf for data,
// -Inf for pure noise. Exponential integrators take their steps in it
// (Lu et al. 2022, arXiv:2206.00927, section 2).
func (l Level) Lambda() float64 { return math.Log(l.Alpha) - math.Log(l.Sigma) }

// LogSNR is log(Alpha²/Sigma²) (Kingma et al. 2021, arXiv:2107.00630, eq. 3).
func (l Level) LogSNR() float64 { return 2 * l.Lambda() }

// Ratio is the noise per unit of signal, Sigma/Alpha: the σ of Karras et al. 2022
// (arXiv:2206.00364). It is +Inf where Alpha is 0.
func (l Level) Ratio() float64 { return l.Sigma / l.Alpha }

// Valid reports an error that names what is wrong with the level, if anything is.
func (l Level) Valid() error {
	ok := func(v float64) bool { return v >= 0 && !math.IsInf(v, 1) }
	if !ok(l.Alpha) || !ok(l.Sigma) || l.Alpha+l.Sigma == 0 {
		return fmt.Errorf("level: found %v, expected finite Alpha ≥ 0 and Sigma ≥ 0, not both 0", l)
	}
	return nil
}

func (l Level) String() string { return fmt.Sprintf("(α=%.6g, σ=%.6g)", l.Alpha, l.Sigma) }

// A Curve holds the levels of one family: for each λ = log(Alpha/Sigma) in
// [-Inf, +Inf] it has one. Levels of equal λ on two curves differ only by scale.
type Curve func(lambda float64) Level

// Circle is the variance-preserving curve, Alpha² + Sigma² = 1
// (Song et al. 2021, arXiv:2011.13456, eq. 11).
func Circle(lambda float64) Level {
	return Level{Alpha: 1 / math.Sqrt(1+math.Exp(-2*lambda)), Sigma: 1 / math.Sqrt(1+math.Exp(2*lambda))}
}

// Upright is the variance-exploding curve, Alpha = 1
// (Song et al. 2021, arXiv:2011.13456, eq. 9). It has no level at λ = -Inf.
func Upright(lambda float64) Level { return Level{Alpha: 1, Sigma: math.Exp(-lambda)} }

// Straight is the curve of flow matching and rectified flow, Alpha + Sigma = 1
// (Lipman et al. 2023, arXiv:2210.02747, eq. 22; Liu et al. 2022, arXiv:2209.03003).
func Straight(lambda float64) Level {
	return Level{Alpha: 1 / (1 + math.Exp(-lambda)), Sigma: 1 / (1 + math.Exp(lambda))}
}
