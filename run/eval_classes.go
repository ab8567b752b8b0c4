package run

import (
	"drift"
	"drift/dataset"
	"drift/metric"
)

// measureClasses says whether samples are what they were asked to be: nearer to
// the centre of their own hill where the hills are known, else by the class of the
// nearest real sample.
func (m *Model) measureClasses(report *Report, set *dataset.Set, s *Samples) {
	d := m.Manifest.Data
	report.Classes = d.Classes
	if !d.Image() {
		report.ClassMean, report.ClassStd = metric.ClassMoments(s.X, s.Labels, len(d.Classes))
		if s.X.N < 2*len(d.Classes) { // one of each, which has no deviation
			report.ClassStd = nil
		}
	}
	if set.Truth != nil {
		var centres [][]float64
		for c := range d.Classes {
			mean, _ := set.Truth.Moments(drift.Clean, c)
			centres = append(centres, mean)
		}
		report.ClassAccuracy = pointer(metric.ClassAccuracy(s.X, s.Labels, centres))
		x, labels := stratified(set.Truth, s.X.N, len(d.Classes), 0)
		report.ClassAccuracyReal = pointer(metric.ClassAccuracy(x, labels, centres))
		return
	}
	if most := drift.MostFloats / max(1, set.X.Dim()); set.X.N > most {
		set = set.Spread(most)
	}
	known, held, err := set.Split(0.2, 1)
	if err != nil || held == nil {
		return
	}
	x := known.X.Batch()
	report.ClassAccuracy = pointer(nearestAccuracy(x, known.Labels, s.X, s.Labels))
	report.ClassAccuracyReal = pointer(nearestAccuracy(x, known.Labels, held.X.Batch(), held.Labels))
}

// nearestWork bounds the values that nearestAccuracy may touch.
const nearestWork = 2e10

// nearestAccuracy is the share of x whose nearest real sample has their label; of very many, of
// as many as can be looked at in seconds.
func nearestAccuracy(known *drift.Batch, classes []int, x *drift.Batch, labels []int) float64 {
	n := min(x.N, max(leastSamples, int(nearestWork/float64(known.N*known.Dim()))))
	right := 0
	for i, near := range metric.Nearest(x.Slice(0, n), known, 1) {
		if len(near) > 0 && classes[near[0].Index] == labels[i] {
			right++
		}
	}
	return float64(right) / float64(n)
}
