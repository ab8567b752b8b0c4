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
	known, held, err := set.Split(0.2, 1)
	if err != nil || held == nil {
		return
	}
	report.ClassAccuracy = pointer(nearestAccuracy(known, s.X, s.Labels))
	report.ClassAccuracyReal = pointer(nearestAccuracy(known, held.X, held.Labels))
}

// nearestAccuracy is the share of x whose nearest real sample has their label.
func nearestAccuracy(known *dataset.Set, x *drift.Batch, labels []int) float64 {
	var right int
	for i := range x.N {
		best, nearest := 0, -1.0
		for j := range known.X.N {
			var d float64
			row := known.X.Row(j)
			for k, v := range x.Row(i) {
				if d += (v - row[k]) * (v - row[k]); nearest >= 0 && d >= nearest {
					break
				}
			}
			if nearest < 0 || d < nearest {
				best, nearest = j, d
			}
		}
		if known.Labels[best] == labels[i] {
			right++
		}
	}
	return float64(right) / float64(x.N)
}
