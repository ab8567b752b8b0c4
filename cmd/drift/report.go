package main

import (
	"fmt"
	"strings"

	"drift/metric"
	"drift/run"
)

// report prints a report: a table for people, one object for machines.
func (c *console) report(r *run.Report) {
	c.object(r)
	var rows [][]string
	add := func(name string, cells ...string) {
		rows = append(rows, append([]string{name}, cells...))
	}
	if r.ClassAccuracy != nil {
		add("class accuracy", percent(*r.ClassAccuracy), percent(*r.ClassAccuracyReal)+" of real samples")
	}
	if len(r.ClassMean) > 0 && len(r.ClassMean) <= 20 && len(r.ClassMean[0]) <= 4 {
		for i, class := range r.Classes {
			add("mean of "+class, vector(r.ClassMean[i]), "")
			if r.ClassStd != nil {
				add("standard deviation of "+class, vector(r.ClassStd[i]), "")
			}
		}
	}
	floor := metric.Estimate{Value: r.SlicedWassersteinReal, Low: r.SlicedWassersteinLow, High: r.SlicedWassersteinHigh}
	add("sliced Wasserstein", number(r.SlicedWasserstein), ranged(floor)+" between real draws")
	errors := func(name string, e *run.ErrorReport) {
		if e != nil && e.Conditional != nil {
			add(name+", conditional", number(*e.Conditional), "0 for the exact one")
		}
		if e != nil {
			add(name+", unconditional", number(e.Unconditional), "0 for the exact one")
		}
	}
	errors("denoiser error", r.Denoiser)
	errors("score error", r.Score)
	if r.Details != nil {
		details(add, r.Details)
	}
	if r.Features != nil {
		compared(add, r.Features)
	}
	c.endBar()
	c.table([]string{"metric", "found", "floor"}, rows)
	if r.Details != nil {
		c.say("\n%s", rangesMean)
	}
	if r.Features != nil {
		c.conditions(r.Features)
	}
	if len(r.Files) > 0 {
		c.say("\nfiles:\n  %s", strings.Join(r.Files, "\n  "))
	}
	for _, w := range r.Warnings {
		c.say("warning: %s", w)
	}
	c.say("\n%d samples, %s", r.Samples, seconds(r.Seconds))
}

// rangesMean says what a report's ranges are.
const rangesMean = "(from to) holds the true value with 95 % where found, and 95 % of perfect samples as a floor"

// details adds the rows of what takes longer to measure.
func details(add func(name string, cells ...string), d *run.Details) {
	measure := func(name string, m *metric.Measure, of string) {
		if m == nil {
			return
		}
		floor := ""
		if m.Floor != nil {
			floor = ranged(*m.Floor) + of
		}
		add(name, ranged(m.Estimate), floor)
	}
	measure("log likelihood, nats", d.LogLikelihood, " under the truth")
	if d.LogLikelihoodGap != nil {
		add("log likelihood, below the truth", ranged(d.LogLikelihoodGap.Estimate), "0 for the exact one")
	}
	measure("bits per dimension, at most", d.BitsPerDimension, " of learned ones")
	measure("MMD, squared", d.MMD, " between real draws")
	measure("energy distance", d.Energy, " between real draws")
	measure("two-sample accuracy", d.TwoSample, " with sources shuffled")
	measure("on a hill", d.ModeCoverage, " of real samples")
	if m := d.DroppedModes; m != nil {
		add("dropped hills", fmt.Sprintf("%d of %d", m.Count, m.Of), number(m.Floor)+" by chance")
	}
	measure("mean log density, nats", d.MeanLogDensity, " of real samples")
	if m := d.Memorisation; m != nil {
		measure("memorised share", &m.Share, " by the truth")
		measure("distance to the data's denoiser", &m.ToData, " from the truth")
		if m.ToTruth != nil {
			add("distance to the truth's denoiser", number(*m.ToTruth), "0 for the exact one")
		}
	}
	measure("nearer to the data than unseen", d.NearestShare, " for new samples, 1 for copies")
}

func percent(v float64) string { return fmt.Sprintf("%.2f %%", 100*v) }

// number shows four digits after the point, or as many as it takes to see a small one.
func number(v float64) string {
	if v != 0 && v > -0.001 && v < 0.001 {
		return fmt.Sprintf("%.1e", v)
	}
	return fmt.Sprintf("%.4f", v)
}

// ranged is an estimate with its range.
func ranged(e metric.Estimate) string {
	return fmt.Sprintf("%s (%s to %s)", number(e.Value), number(e.Low), number(e.High))
}

func vector(v []float64) string {
	s := make([]string, len(v))
	for i, x := range v {
		s[i] = fmt.Sprintf("%.4g", x)
	}
	return "(" + strings.Join(s, ", ") + ")"
}
