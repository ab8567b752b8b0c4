package train

import (
	"fmt"
	"math"
	"slices"
)

// This file is about averages of weights whose profile is a power of time (Karras et
// al. 2024, arXiv:2312.02696, section 3.1): at time t, after t steps,
//
//	θ̂(t) = ∫ f(τ)·θ(τ) dτ over 0 < τ ≤ t,  f(τ) = (γ+1)/t^(γ+1)·τ^γ        (eq. 3)
//
// whose standard deviation is a fixed share σ_rel of t, so that such an average forgets
// the beginning at the same pace however long the run is.

// Lengths that averages may have; a longer one than most would not forget its first steps.
const (
	leastLength = 0.005
	mostLength  = 0.28
)

// Gamma is the exponent γ ≥ 0 of the profile whose standard deviation is the share
// length of the run:
//
//	σ_rel = (γ+1)^½·(γ+2)⁻¹·(γ+3)^-½
//
// (appendix C.1 there solves it as a cubic; it falls as γ grows, so halving an interval
// finds it as well).
func Gamma(length float64) float64 {
	lo, hi := 0.0, 2/length // σ_rel < 1/(γ+2)
	for range 100 {
		if γ := (lo + hi) / 2; relative(γ) > length {
			lo = γ
		} else {
			hi = γ
		}
	}
	return (lo + hi) / 2
}

func relative(γ float64) float64 { return math.Sqrt((γ+1)/(γ+3)) / (γ + 2) }

// pace is how far a power average moves towards the weights at a step, counted from 0:
// 1-β = 1-(1-1/t)^(γ+1) with t = step+1 (eq. 4), so that the first weights are forgotten at once.
func pace(γ float64, step int) float64 {
	if step == 0 {
		return 1
	}
	return -math.Expm1((γ + 1) * math.Log1p(-1/float64(step+1)))
}

// CheckLength refuses a length that no power average has.
func CheckLength(l float64) error {
	if !(l >= leastLength) || l > mostLength {
		return fmt.Errorf("found %v, expected %v to %v", l, leastLength, mostLength)
	}
	return nil
}

func checkLengths(lengths []float64) error {
	for i, l := range lengths {
		if err := CheckLength(l); err != nil {
			return err
		}
		if slices.Contains(lengths[:i], l) {
			return fmt.Errorf("found %v twice", l)
		}
	}
	if len(lengths) > 4 {
		return fmt.Errorf("found %d lengths, expected at most 4: two of them make all others", len(lengths))
	}
	return nil
}

// Profile is an average by its exponent and the number of steps behind it.
type Profile struct {
	Gamma float64
	Step  float64
}

// overlap is the inner product ∫ f_a·f_b of two profiles (appendix C.2 there): with
// t_a ≤ t_b,
//
//	(γ_a+1)·(γ_b+1)/(γ_a+γ_b+1) · (t_a/t_b)^γ_b / t_b.
func overlap(a, b Profile) float64 {
	if a.Step > b.Step {
		a, b = b, a
	}
	return (a.Gamma + 1) * (b.Gamma + 1) / (a.Gamma + b.Gamma + 1) * math.Pow(a.Step/b.Step, b.Gamma) / b.Step
}

// Combine finds the weights w with which the stored averages add up to the wanted one
// as nearly as they can: the least squares of Σ_i w_i·f_i - f over all profiles, which
// solve Σ_j ⟨f_i, f_j⟩·w_j = ⟨f_i, f⟩ (appendix C.2 there, algorithm 3). left is what
// cannot be had, ‖Σ_i w_i·f_i - f‖/‖f‖.
func Combine(stored []Profile, want Profile) (w []float64, left float64, err error) {
	n := len(stored)
	if n == 0 {
		return nil, 0, fmt.Errorf("found no stored averages, expected at least one")
	}
	// Profiles of unit length: their sizes differ as their steps do.
	size := func(p Profile) float64 { return math.Sqrt(overlap(p, p)) }
	a, b := make([]float64, n*n), make([]float64, n)
	for i, p := range stored {
		for j, q := range stored {
			a[i*n+j] = overlap(p, q) / (size(p) * size(q))
		}
		a[i*n+i] += 1e-12 // neighbours in time are nearly one
		b[i] = overlap(p, want) / (size(p) * size(want))
	}
	w = slices.Clone(b)
	if !solve(a, w) {
		return nil, 0, fmt.Errorf("found stored averages that cannot be told apart, expected other steps or lengths")
	}
	rest := 1.0
	for i := range w {
		rest -= w[i] * b[i] // at the minimum ‖Σ w·f - f‖² = ‖f‖² - Σ w_i·b_i
	}
	for i, p := range stored {
		w[i] *= size(want) / size(p)
	}
	return w, math.Sqrt(max(rest, 0)), nil
}

// solve replaces b by the x of a·x = b for a symmetric positive definite a, n × n, by
// Cholesky's factors (Golub & Van Loan, Matrix Computations, 4th edition, algorithm
// 4.2.2). It is false for other matrices.
func solve(a, b []float64) bool {
	n := len(b)
	for j := range n {
		for k := range j {
			for i := j; i < n; i++ {
				a[i*n+j] -= a[i*n+k] * a[j*n+k]
			}
		}
		if !(a[j*n+j] > 0) {
			return false
		}
		root := math.Sqrt(a[j*n+j])
		for i := j; i < n; i++ {
			a[i*n+j] /= root
		}
	}
	for i := range n {
		for k := range i {
			b[i] -= a[i*n+k] * b[k]
		}
		b[i] /= a[i*n+i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			b[i] -= a[k*n+i] * b[k]
		}
		b[i] /= a[i*n+i]
	}
	return true
}
