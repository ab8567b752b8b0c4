package metric

import (
	"math"
)

// mean is the arithmetic mean; NaN of nothing.
func mean(v []float64) float64 {
	if len(v) == 0 {
		return math.NaN()
	}
	return sum(v) / float64(len(v))
}

// sum adds up in the order given.
func sum(v []float64) float64 {
	total := 0.0
	for _, x := range v {
		total += x
	}
	return total
}

// meanWithout is the mean of all but the value at out; -1 leaves none out.
func meanWithout(v []float64, out int) float64 {
	if out < 0 {
		return mean(v)
	}
	return (sum(v[:out]) + sum(v[out+1:])) / float64(len(v)-1)
}

// squaredDistance is |a - b|².
func squaredDistance(a, b []float64) float64 {
	sum := 0.0
	for i, v := range a {
		d := v - b[i]
		sum += d * d
	}
	return sum
}
