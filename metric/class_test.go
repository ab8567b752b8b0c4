package metric_test

import (
	"math"
	"testing"

	"drift"
	"drift/metric"
)

func TestClassAccuracy(t *testing.T) {
	x := &drift.Batch{Data: []float64{0, 0, 1, 1, 9, 9, 6, 6}, N: 4, Shape: []int{2}}
	centres := [][]float64{{0, 0}, {10, 10}}
	if got := metric.ClassAccuracy(x, []int{0, 1, 1, 1}, centres); got != 0.75 {
		t.Errorf("found %v, expected 0.75: the second is nearer to the other hill", got)
	}
	if got := metric.ClassAccuracy(x, []int{0, 0, 0, 0}, centres); got != 0.5 {
		t.Errorf("found %v, expected 0.5: the last two are nearer to the other hill", got)
	}
	for name, got := range map[string]float64{
		"no samples":     metric.ClassAccuracy(drift.NewBatch(0, 2), nil, centres),
		"few labels":     metric.ClassAccuracy(x, []int{0}, centres),
		"unknown label":  metric.ClassAccuracy(x, []int{0, 1, 1, 2}, centres),
		"negative label": metric.ClassAccuracy(x, []int{0, 1, 1, -1}, centres),
		"flat centre":    metric.ClassAccuracy(x, []int{0, 1, 1, 1}, [][]float64{{0}, {10, 10}}),
	} {
		if !math.IsNaN(got) {
			t.Errorf("%s: found %v, expected NaN", name, got)
		}
	}
}

func TestClassMoments(t *testing.T) {
	// Far from 0, where E[x²] - E[x]² would have lost every digit.
	const far = 1e9
	x := &drift.Batch{Data: []float64{far + 1, 0, far + 3, 2, 5, 5, far + 5, 4}, N: 4, Shape: []int{2}}
	mean, std := metric.ClassMoments(x, []int{0, 0, 1, 0}, 3)
	if mean[0][0] != far+3 || mean[0][1] != 2 || std[0][0] != 2 || std[0][1] != 2 {
		t.Errorf("class 0: found mean %v, std %v, expected (%v, 2) and (2, 2)", mean[0], std[0], far+3)
	}
	if mean[1][0] != 5 || !math.IsNaN(std[1][0]) || !math.IsNaN(mean[2][1]) {
		t.Errorf("one sample and none: found %v %v %v, expected 5, NaN, NaN", mean[1], std[1], mean[2])
	}
	if mean, std := metric.ClassMoments(x, []int{0, 0, 3, 0}, 3); mean != nil || std != nil {
		t.Error("label out of range: found moments, expected nil")
	}
}
