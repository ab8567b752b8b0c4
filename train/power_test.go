package train

import (
	"math"
	"testing"

	"drift"
)

// γ is the root of the cubic equation in closed form's stead: what it gives back is the length.
func TestGammaHasTheLength(t *testing.T) {
	for _, c := range []struct{ length, gamma float64 }{{0.05, 16.97}, {0.10, 6.94}} { // section 3.1 of the paper
		γ := Gamma(c.length)
		if math.Abs(γ-c.gamma) > 0.01 {
			t.Errorf("length %v: found γ = %v, expected %v", c.length, γ, c.gamma)
		}
	}
	for length := leastLength; length <= mostLength; length *= 1.1 {
		if got := relative(Gamma(length)); math.Abs(got-length) > 1e-12 {
			t.Errorf("length %v: found a profile of %v", length, got)
		}
	}
}

// The mean of τ and τ² under f, by quadrature, give the standard deviation σ_rel·t.
func TestProfileHasTheStandardDeviation(t *testing.T) {
	const n = 200000
	for _, length := range []float64{0.05, 0.1, 0.25} {
		γ := Gamma(length)
		var one, two float64
		for i := range n {
			τ := (float64(i) + 0.5) / n
			f := (γ + 1) * math.Pow(τ, γ) / n
			one, two = one+f*τ, two+f*τ*τ
		}
		if got := math.Sqrt(two - one*one); math.Abs(got-length) > 1e-6 {
			t.Errorf("length %v: found standard deviation %v", length, got)
		}
	}
}

// Inner products in closed form against quadrature.
func TestOverlap(t *testing.T) {
	const n = 400000
	for _, c := range [][2]Profile{
		{{17, 100}, {17, 100}}, {{17, 100}, {7, 100}}, {{17, 60}, {7, 100}}, {{7, 60}, {17, 100}}, {{0, 100}, {3, 20}},
	} {
		a, b := c[0], c[1]
		end, sum := min(a.Step, b.Step), 0.0
		f := func(p Profile, τ float64) float64 {
			return (p.Gamma + 1) / p.Step * math.Pow(τ/p.Step, p.Gamma)
		}
		for i := range n {
			τ := (float64(i) + 0.5) / n * end
			sum += f(a, τ) * f(b, τ) * end / n
		}
		if got := overlap(a, b); math.Abs(got-sum) > 1e-6*sum {
			t.Errorf("%v and %v: found %v, expected %v", a, b, got, sum)
		}
	}
}

// The averages of a random walk: any length in between comes out of stored averages of
// two lengths as if it had been kept from the start; the weights add up to one.
func TestCombineMakesOtherLengths(t *testing.T) {
	const steps, every = 4000, 250
	kept := []float64{0.05, 0.10}
	wanted := []float64{0.04, 0.05, 0.06, 0.08, 0.10, 0.14, 0.20}
	walk := drift.Rand(1, "walk")
	now := make([]float64, len(kept))
	direct := make([]float64, len(wanted))
	var stored []Profile
	var values []float64
	x := 0.0
	for step := range steps {
		x += walk.NormFloat64() / math.Sqrt(steps)
		for i, l := range kept {
			now[i] += pace(Gamma(l), step) * (x - now[i])
		}
		for i, l := range wanted {
			direct[i] += pace(Gamma(l), step) * (x - direct[i])
		}
		if (step+1)%every == 0 {
			for i, l := range kept {
				stored, values = append(stored, Profile{Gamma(l), float64(step + 1)}), append(values, now[i])
			}
		}
	}
	for i, l := range wanted {
		w, left, err := Combine(stored, Profile{Gamma(l), steps})
		if err != nil {
			t.Fatal(err)
		}
		var got, sum float64
		for k := range w {
			got += w[k] * values[k]
			sum += w[k]
		}
		if bound := 0.01; math.Abs(got-direct[i]) > bound || math.Abs(sum-1) > 5e-3 || left > 0.03 {
			t.Errorf("length %v: found %v from weights that add up to %v, expected %v and 1; left out %v", l, got, sum, direct[i], left)
		}
		if (l == 0.05 || l == 0.10) && (math.Abs(got-direct[i]) > 1e-6 || left > 1e-5) {
			t.Errorf("length %v, which is stored: found %v, expected %v; left out %v", l, got, direct[i], left)
		}
	}
	if _, _, err := Combine(nil, Profile{1, 1}); err == nil {
		t.Error("nothing stored: found no error")
	}
}

// After n steps a power average weighs the weights of step j as j^(γ+1)-(j-1)^(γ+1).
func TestPaceMakesThePowerProfile(t *testing.T) {
	const n, γ = 50, 6.94
	for seen := range n {
		average := 0.0
		for step := range n {
			x := 0.0
			if step == seen {
				x = 1
			}
			average += pace(γ, step) * (x - average)
		}
		j := float64(seen + 1)
		want := math.Pow(j/n, γ+1) - math.Pow((j-1)/n, γ+1)
		if math.Abs(average-want) > 1e-12 {
			t.Errorf("step %v: found weight %v, expected %v", j, average, want)
		}
	}
}
