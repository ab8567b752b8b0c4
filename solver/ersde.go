package solver

import (
	"math"

	"drift"
)

// ERSDE is the extended-reverse-time SDE solver of Cui et al. 2023 (arXiv:2309.06169)
// with their noise scale φ(σ) = σ·(exp(σ^0.3) + 10) (the one they use), σ = Sigma/Alpha.
// In y = x/Alpha, their exact solution for the variance-exploding SDE is
//
//	y' = φ'/φ·y + φ'·∫ D d(1/φ) + √(σ'² - (σ·φ'/φ)²)·ξ,
//
// where D is the parabola in σ through the last three answers (their third-order solver
// has its derivatives by differences); ∫ v^m d(1/φ) is found by Simpson's rule in
// log σ, as they find theirs numerically.
func ERSDE() drift.Solver {
	// ψ = φ/σ and its slope dψ/d(log σ).
	psi := func(s float64) float64 { return math.Exp(math.Pow(s, 0.3)) + 10 }
	slope := func(s float64) float64 { p := math.Pow(s, 0.3); return 0.3 * p * math.Exp(p) }
	return func(_ drift.Process, d drift.Denoiser, noise *drift.Noise) drift.Step {
		var past history // of D
		return func(x *drift.Batch, from, to drift.Level) error {
			clean, err := denoise(d, x, from)
			if err != nil {
				return err
			}
			past.add(from, clean, 3)
			s, e := from.Ratio(), to.Ratio()
			if finite(from, to) && len(past.at) > 1 {
				// -d(1/φ)/d(log σ) = (ψ + dψ/d(log σ))/(σ·ψ²)
				rise := func(at float64) float64 { return (psi(at) + slope(at)) / (at * psi(at) * psi(at)) }
				mean := func(m int) float64 {
					over := func(m int) float64 {
						return simpson(math.Log(s), math.Log(e), func(u float64) float64 {
							return rise(math.Exp(u)) * math.Pow((math.Exp(u)-s)/(e-s), float64(m))
						})
					}
					return over(m) / over(0)
				}
				clean = combine(weights(nodes(past.at, to, drift.Level.Ratio), mean), past.value)
			}
			kept := psi(e) / psi(s) // σ·φ'/φ/σ'; exp(∞) takes it to 0 at Alpha = 0
			renew(x, clean, from, to, max(0, 1-kept*kept), noise)
			return nil
		}
	}
}

// simpson is ∫ f from a to b by Simpson's rule on 64 pairs of intervals.
func simpson(a, b float64, f func(float64) float64) float64 {
	const n = 128
	sum, h := f(a)+f(b), (b-a)/n
	for i := 1; i < n; i++ {
		sum += float64(2+2*(i%2)) * f(a+float64(i)*h)
	}
	return sum * h / 3
}
