package drift

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"drift/internal/near"
)

// MaxSteps bounds the steps of one walk; more is surely a mistake.
const MaxSteps = 100_000

// Smallest and largest Sigma/Alpha of grids that are made of ratios.
const smallestRatio, largestRatio = 0.002, 80

// Spacing is a way to space the levels of a walk: i of steps gives level i, for
// 0 ≤ i < steps, and [Clean] follows.
type Spacing struct {
	Name    string // as in `drift grids`
	Formula string // for people; i counts the steps that are done, n all of them
	Source  string // paper and equation
	MaxN    int    // the most steps it has levels for; for grids of discrete time with 1000 training steps
	level   func(p Process, i, steps int) Level
}

// Levels are steps+1 levels of the process from noise to no noise (Sigma = 0).
func (s Spacing) Levels(p Process, steps int) ([]Level, error) {
	most := s.MaxN
	if most <= trainTimes { // of discrete time
		most += p.times() - trainTimes
	}
	if steps < 1 || steps > most {
		return nil, fmt.Errorf("steps: found %d, expected 1 to %d", steps, most)
	}
	levels := make([]Level, 0, steps+1)
	for i := range steps {
		levels = append(levels, s.level(p, i, steps))
		if later := strings.Contains(s.Name, "+"); later && i > 0 && !(levels[i].Lambda()-levels[i-1].Lambda() > 1e-9) {
			return nil, fmt.Errorf("grid: found no training step before the last for step %d of %d on %q, expected fewer steps", i, steps, s.Name)
		}
	}
	return append(levels, p.AtLambda(math.Inf(1))), nil
}

// Grid is the usual grid of a walk, the first of [Spacings]: steps+1 levels of the
// process from its noisiest to [Clean] noise (Sigma = 0), spaced by Karras et al.
// 2022 (eq. 5, ρ = 7) in the ratio Sigma/Alpha between 0.002 and at most 80. A
// process that is noisier than 80 at t = 1 begins there and joins the ramp with its
// first step.
func Grid(p Process, steps int) ([]Level, error) { return spacings[0].Levels(p, steps) }

// spacings is the table behind [Spacings] and [SpacingByName].
var spacings = []Spacing{
	{"karras", "Sigma/Alpha = (80^⅐ + i/(n-1)·(0.002^⅐ - 80^⅐))⁷, from the process's last level", "Karras et al. 2022, arXiv:2206.00364, eq. 5", MaxSteps,
		inRatio(func(lo, hi, share float64) float64 { return rho(lo, hi, 7, share) })},
	{"exponential", "log(Sigma/Alpha) from log 80 to log 0.002 in equal steps, from the process's last level", "Song & Ermon 2019, arXiv:1907.05600, a geometric sequence", MaxSteps,
		inRatio(func(lo, hi, share float64) float64 { return lo * math.Pow(hi/lo, share) })},
	{"log-snr", "λ from λ(1) to λ(0.001), or that of the first training step, in equal steps; from λ = -log 80 where λ(1) is infinite", "Lu et al. 2022, arXiv:2206.00927, steps uniform in λ", MaxSteps,
		func(p Process, i, steps int) Level {
			first, last := p.Lambda(1), p.Lambda(1/float64(p.times()))
			if math.IsInf(first, -1) {
				first = -math.Log(largestRatio)
			}
			return ramp(p, i, steps, func(share float64) Level { return p.AtLambda(last + share*(first-last)) })
		}},
	{"uniform", "t = 1 - i/n", "Song et al. 2021, arXiv:2011.13456, algorithms 2-3", MaxSteps, inTime(func(u float64) float64 { return u })},
	{"quadratic", "t = (1 - i/n)²", "Song et al. 2021, arXiv:2010.02502, appendix D.2", MaxSteps, inTime(func(u float64) float64 { return u * u })},
	{"beta", "t = the quantile of Beta(0.6, 0.6) at 1 - i/n", "Lee et al. 2024, arXiv:2407.12173, with α = β = 0.6", MaxSteps, inTime(func(u float64) float64 { return betaQuantile(0.6, u) })},
	{"shifted", "t = 3u/(1+2u), u = 1 - i/n", "Esser et al. 2024, arXiv:2403.03206, eq. 23 with a shift of 3", MaxSteps, inTime(func(u float64) float64 { return 3 * u / (1 + 2*u) })},
	{"leading", "t = (1 + (n-1-i)·⌊1000/n⌋)/1000: times of a process of 1000 steps from the first on", "Lin et al. 2023, arXiv:2305.08891, table 2", trainTimes,
		discrete(func(i, steps, times int) float64 { return float64((steps - 1 - i) * (times / steps)) })},
	{"linspace", "t = (1 + round((1 - i/(n-1))·999))/1000: times of a process of 1000 steps with both ends", "Lin et al. 2023, arXiv:2305.08891, table 2; Nichol & Dhariwal 2021, arXiv:2102.09672, section 4", trainTimes,
		discrete(func(i, steps, times int) float64 { return math.RoundToEven(falling(i, steps-1, times)) })},
	{"linspace-even", "t = (1 + (1 - i/(n-1))·999)/1000: linspace without rounding", "as the Euler and Heun schedulers of diffusers have it", trainTimes,
		discrete(func(i, steps, times int) float64 { return falling(i, steps-1, times) })},
	{"trailing", "t = round(1000·(1 - i/n))/1000: times of a process of 1000 steps to the last", "Lin et al. 2023, arXiv:2305.08891, table 2", trainTimes,
		discrete(func(i, steps, times int) float64 {
			return math.RoundToEven(float64(times*(steps-i))/float64(steps)) - 1
		})},
	{"leading-inner", "t = (1 + (n-i)·⌊1000/(n+1)⌋)/1000: leading of one step more, without the last", "as the DPM-Solver and UniPC schedulers of diffusers have it", trainTimes - 1,
		discrete(func(i, steps, times int) float64 { return float64((steps - i) * (times / (steps + 1))) })},
	{"linspace-inner", "t = (1 + round((1 - i/n)·999))/1000: linspace of one step more, without the last", "as the DPM-Solver and UniPC schedulers of diffusers have it", trainTimes - 1,
		discrete(func(i, steps, times int) float64 { return math.RoundToEven(falling(i, steps, times)) })},
}

// Spacings lists the grids that drift knows, in a fixed order.
func Spacings() []Spacing { return slices.Clone(spacings) }

// SpacingByName finds a grid, or says which names there are. A name that begins with
// "leading" and ends in "+" and a number is that grid so many training steps later.
func SpacingByName(name string) (Spacing, error) {
	base, digits, _ := strings.Cut(name, "+")
	if later, err := strconv.Atoi(digits); err == nil && later > 0 && later < trainTimes && strings.HasPrefix(base, "leading") {
		s, err := SpacingByName(base)
		level := s.level
		s.Name = name
		s.level = func(p Process, i, steps int) Level {
			return p.At(p.Time(level(p, i, steps).Lambda()) + float64(later)/float64(p.times()))
		}
		return s, err
	}
	return near.Find("grid", name, spacings, func(s Spacing) string { return s.Name })
}

// inTime spaces times: those of a share u that falls from 1 to 1/n in equal steps.
func inTime(time func(u float64) float64) func(Process, int, int) Level {
	return func(p Process, i, steps int) Level { return p.At(time(1 - float64(i)/float64(steps))) }
}

// discrete spaces training steps, of which a process has so many times.
func discrete(index func(i, steps, times int) float64) func(Process, int, int) Level {
	return func(p Process, i, steps int) Level {
		return p.At((1 + index(i, steps, p.times())) / float64(p.times()))
	}
}

// falling is training step i of so many that fall evenly from the last to 0, as NumPy's
// linspace rounds them.
func falling(i, steps, times int) float64 {
	if i == 0 {
		return float64(times - 1)
	}
	return float64(steps-i) * (float64(times-1) / float64(steps))
}

// inRatio spaces Sigma/Alpha between 0.002 and at most 80, and on a process of discrete
// time between those of its own steps.
func inRatio(ratio func(lo, hi, share float64) float64) func(Process, int, int) Level {
	return func(p Process, i, steps int) Level {
		lo, top := max(smallestRatio, p.At(0).Ratio()), min(p.Last().Ratio(), largestRatio)
		if p.Steps > 0 {
			lo = p.At(1 / float64(p.Steps)).Ratio()
			if last := p.Last().Ratio(); !math.IsInf(last, 1) {
				top = last
			}
		}
		return ramp(p, i, steps, func(share float64) Level { return p.AtLambda(-math.Log(ratio(lo, top, share))) })
	}
}

// ramp is the process's last level, then those of a share that falls to 0.
func ramp(p Process, i, steps int, at func(share float64) Level) Level {
	if i == 0 {
		return p.Last()
	}
	return at(1 - float64(i)/float64(steps-1))
}

// betaQuantile is the t at which the distribution function of Beta(a, a) is u: by
// bisection, on the series ∫₀ᵗ s^(a-1)·(1-s)^(a-1) ds = Σ_k (1-a)_k/k!·t^(a+k)/(a+k)
// for t ≤ ½, and by symmetry above.
func betaQuantile(a, u float64) float64 {
	if u > 0.5 {
		return 1 - betaQuantile(a, 1-u)
	}
	mass := func(t float64) float64 {
		sum, c := 0.0, math.Pow(t, a)
		for k := 0.0; c > 1e-18*sum; k++ {
			sum += c / (a + k)
			c *= t * (1 - a + k) / (k + 1)
		}
		return sum
	}
	lo, hi, all := 0.0, 0.5, 2*mass(0.5)
	for range 100 {
		if middle := (lo + hi) / 2; mass(middle) < u*all {
			lo = middle
		} else {
			hi = middle
		}
	}
	return (lo + hi) / 2
}
