package drift

import (
	"math"
	"slices"

	"drift/internal/near"
)

// Process is a way from data to noise: a time t in [0, 1], with data at 0, is
// turned into λ = log(Alpha/Sigma), and λ into a level on a curve.
type Process struct {
	Name    string // as in `drift train --process`
	Formula string // Alpha and Sigma as functions of t, for people
	Source  string // paper and equation
	Curve   Curve
	Lambda  func(t float64) float64 // falls from data (t = 0) to noise (t = 1); may be ±Inf at the ends
	Steps   int                     // training steps of a process of discrete time, as [Discrete] makes it; 0 for continuous time
}

// At is the level at time t; t outside [0, 1] is clamped.
func (p Process) At(t float64) Level { return p.Curve(p.Lambda(min(max(t, 0), 1))) }

// AtLambda is the level of the process's curve whose log(Alpha/Sigma) is lambda.
// Solvers ask for it between two steps.
func (p Process) AtLambda(lambda float64) Level { return p.Curve(lambda) }

// Last is the noisiest level, at t = 1. Sampling starts at N(0, Last().Sigma²·I).
func (p Process) Last() Level { return p.At(1) }

// processes is the table behind [Processes] and [ProcessByName]: one row each.
var processes = []Process{
	{
		Name:    "vp",
		Formula: "Alpha = exp(-½∫β), β from 0.1 to 20 linearly in t, Sigma = √(1-Alpha²)",
		Source:  "Ho et al. 2020, arXiv:2006.11239, section 4; Song et al. 2021, arXiv:2011.13456, eq. 32",
		Curve:   Circle,
		Lambda:  linearBeta(0.1, 20),
	},
	{
		Name:    "cosine",
		Formula: "Alpha = cos(π/2·(t+s)/(1+s)) / cos(π/2·s/(1+s)), s = 0.008, Sigma = √(1-Alpha²)",
		Source:  "Nichol & Dhariwal 2021, arXiv:2102.09672, eq. 17",
		Curve:   Circle,
		Lambda:  cosine(0.008),
	},
	{
		Name:    "scaled-linear",
		Formula: "Alpha = exp(-½∫β), √β from √0.85 to √12 linearly in t, Sigma = √(1-Alpha²)",
		Source:  "Rombach et al. 2022, arXiv:2112.10752, in the limit of small steps of its 1000",
		Curve:   Circle,
		Lambda:  linearRoot(0.85, 12),
	},
	{
		Name:    "sigmoid",
		Formula: "Alpha² = (S(3) - S(6t-3))/(S(3) - S(-3)), S(u) = 1/(1+exp(-u)), Sigma = √(1-Alpha²)",
		Source:  "Jabri et al. 2022, arXiv:2212.11972; Chen 2023, arXiv:2301.10972, algorithm 1",
		Curve:   Circle,
		Lambda:  sigmoid(-3, 3),
	},
	{
		Name:    "laplace",
		Formula: "log(Alpha²/Sigma²) = -½·sgn(½-t)·log(1-|1-2t|), Sigma = √(1-Alpha²)",
		Source:  "Hang & Gu 2024, arXiv:2407.03297, with μ = 0, b = ½",
		Curve:   Circle,
		Lambda:  laplace(0, 0.5),
	},
	{
		Name:    "edm",
		Formula: "Alpha = 1, Sigma = (0.002^⅐ + t·(80^⅐ - 0.002^⅐))⁷",
		Source:  "Karras et al. 2022, arXiv:2206.00364, eq. 5",
		Curve:   Upright,
		Lambda:  func(t float64) float64 { return -math.Log(rho(0.002, 80, 7, t)) },
	},
	{
		Name:    "ve",
		Formula: "Alpha = 1, Sigma = 0.01·5000^t",
		Source:  "Song et al. 2021, arXiv:2011.13456, appendix C, with σ from 0.01 to 50",
		Curve:   Upright,
		Lambda:  func(t float64) float64 { return -math.Log(0.01) - t*math.Log(50/0.01) },
	},
	{
		Name:    "flow",
		Formula: "Alpha = 1-t, Sigma = t",
		Source:  "Lipman et al. 2023, arXiv:2210.02747, eq. 22; Liu et al. 2022, arXiv:2209.03003, eq. 1",
		Curve:   Straight,
		Lambda:  func(t float64) float64 { return math.Log1p(-t) - math.Log(t) },
	},
	{
		Name:    "cosine-flow",
		Formula: "Alpha = cos(π/2·t), Sigma = sin(π/2·t)",
		Source:  "Albergo & Vanden-Eijnden 2023, arXiv:2209.15571; Ma et al. 2024, arXiv:2401.08740",
		Curve:   Circle,
		Lambda:  cosine(0),
	},
}

// Processes lists the processes that drift knows, in a fixed order.
func Processes() []Process { return slices.Clone(processes) }

// ProcessByName finds a process, or says which names there are.
func ProcessByName(name string) (Process, error) {
	return near.Find("process", name, processes, func(p Process) string { return p.Name })
}

// linearBeta is λ(t) for β(t) = lo + t·(hi-lo):
// log Alpha = -¼t²(hi-lo) - ½t·lo (arXiv:2011.13456, eq. 33).
func linearBeta(lo, hi float64) func(float64) float64 {
	return func(t float64) float64 {
		logAlpha2 := -0.5*t*t*(hi-lo) - t*lo
		return 0.5 * (logAlpha2 - math.Log(-math.Expm1(logAlpha2)))
	}
}

// linearRoot is λ(t) for √β(t) = √lo + t·(√hi-√lo):
// ∫β = (√β(t)³ - √lo³)/(3·(√hi-√lo)), in powers of t so that nothing cancels.
func linearRoot(lo, hi float64) func(float64) float64 {
	a, d := math.Sqrt(lo), math.Sqrt(hi)-math.Sqrt(lo)
	return func(t float64) float64 {
		logAlpha2 := -t * (a*a + t*(a*d+t*d*d/3))
		return 0.5 * (logAlpha2 - math.Log(-math.Expm1(logAlpha2)))
	}
}

// sigmoid is λ(t) for Alpha² = (S(b) - S(u))/(S(b) - S(a)) with u = a + t·(b-a). As
// S(x) - S(y) = sinh((x-y)/2)/(2·cosh(x/2)·cosh(y/2)), nothing cancels in
// Alpha²/Sigma² = sinh((b-u)/2)·cosh(a/2)/(sinh((u-a)/2)·cosh(b/2)).
func sigmoid(a, b float64) func(float64) float64 {
	return func(t float64) float64 {
		signal := math.Sinh((b-a)*(1-t)/2) * math.Cosh(a/2)
		noise := math.Sinh((b-a)*t/2) * math.Cosh(b/2)
		return 0.5 * (math.Log(signal) - math.Log(noise))
	}
}

// laplace is λ(t) for a log-SNR whose quantile at 1-t is that of Laplace's
// distribution with mean mu and scale b.
func laplace(mu, b float64) func(float64) float64 {
	return func(t float64) float64 {
		if t < 0.5 {
			return 0.5 * (mu - b*math.Log(2*t))
		}
		return 0.5 * (mu + b*math.Log(2*(1-t)))
	}
}

// cosine is λ(t) for Alpha = cos(u(t))/cos(u(0)) with u(t) = π/2·(t+s)/(1+s).
func cosine(s float64) func(float64) float64 {
	u := func(t float64) float64 { return math.Pi / 2 * (t + s) / (1 + s) }
	return func(t float64) float64 {
		if t >= 1 {
			return math.Inf(-1)
		}
		// 1 - cos²u(t)/cos²u(0) = sin(u(t)-u(0))·sin(u(t)+u(0))/cos²u(0), with no cancellation at t = 0.
		alpha := math.Cos(u(t)) / math.Cos(u(0))
		sigma := math.Sqrt(math.Sin(u(t)-u(0))*math.Sin(u(t)+u(0))) / math.Cos(u(0))
		return math.Log(alpha) - math.Log(sigma)
	}
}

// rho interpolates between lo (t = 0) and hi (t = 1) linearly in the r-th root
// (Karras et al. 2022, eq. 5).
func rho(lo, hi, r, t float64) float64 {
	a, b := math.Pow(lo, 1/r), math.Pow(hi, 1/r)
	return math.Pow(a+t*(b-a), r)
}
