package figure

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/dataset"
	"drift/metric"
	"drift/nn"
	"drift/render"
	"drift/run"
)

// Learned is a trained model and what it was trained on.
type Learned struct {
	Denoiser func(labels []int) drift.Denoiser // in standardised units
	Shares   []float64                         // of the classes; nil without
	Set      *dataset.Set
	Scale    dataset.Scale
	Process  drift.Process
}

// Kind is that of the data: "pictures" or "points".
func (l *Learned) Kind() string {
	if l.Set.Image() {
		return "pictures"
	}
	return "points"
}

// Comparable reports an error unless what was learned can be held against the truth
// in a picture.
func (l *Learned) Comparable() error {
	if l.Set.Truth == nil || l.Set.X.Dim() != 2 {
		return fmt.Errorf("data set: found %s, expected points in the plane whose density is known, such as dogcat", l.Set.Name)
	}
	return nil
}

// Open finds the trained model in the folder of a run. It stops when ctx ends, as reading
// its data does.
func Open(ctx context.Context, dir string) (*Learned, error) {
	d, err := run.Open(dir)
	if err != nil {
		return nil, err
	}
	set, err := d.Config.OpenSetContext(ctx, nil)
	if err != nil {
		return nil, err
	}
	engine, err := nn.Engine()
	if err != nil {
		return nil, err
	}
	m, err := d.Model(engine, "last")
	if err != nil {
		return nil, err
	}
	return &Learned{m.Denoiser, m.Manifest.Data.Share, set, m.Manifest.Data.Scale, m.Process}, nil
}

// Train trains on dogs and cats in dir, going on where an earlier training stopped,
// and opens what it learned.
func Train(ctx context.Context, dir string, seed uint64, watch func(run.Event)) (*Learned, error) {
	c := run.DefaultConfig("dogcat")
	c.Seed, c.Train.Steps, c.CheckpointEvery = seed, 600, 100
	for e, err := range run.Train(ctx, dir, c, run.Options{Resume: true}) {
		if err != nil {
			return nil, err
		}
		watch(e)
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return Open(ctx, dir)
}

// ofClass binds one class to n samples.
func (l *Learned) ofClass(class, n int) drift.Denoiser {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = class
	}
	return l.Denoiser(labels)
}

// learned is figure (e): exact beside learned, with the error in the terrain and, by
// level, in the denoiser and the score.
func learned(ctx context.Context, o Options) ([]Picture, error) {
	l, err := o.Learned(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.Comparable(); err != nil {
		return nil, err
	}
	compared, err := Compare(l.ofClass, l.Shares, l.Set.Truth, l.Scale, l.Process, render.BoundsOf(0.08, l.Set.X.Batch()))
	if err != nil {
		return nil, err
	}
	byLevel, err := l.errors(o)
	if err != nil {
		return nil, err
	}
	return append(plot("learned", compared), plot("learned-error", byLevel.Drawing())...), nil
}

// errors plots how far the learned denoiser and score are off, by level.
func (l *Learned) errors(o Options) (render.Sheet, error) {
	known := l.Set.Truth.Affine(l.Scale.Mean, l.Scale.Std)
	x, labels := l.Set.Truth.Draw(o.some(2000, 200), -1, o.Seed, "figure: learned")
	var levels []drift.Level
	for k := range 25 {
		levels = append(levels, l.Process.AtLambda(-math.Log(0.02*math.Pow(1000, float64(k)/24))))
	}
	_, _, errors, err := metric.DenoiserError(l.Denoiser(labels), known.Denoiser(labels), l.Scale.Standardise(x), levels, o.Seed)
	if err != nil {
		return render.Sheet{}, err
	}
	denoiser, score := render.Curve{}, render.Curve{}
	for _, e := range errors {
		denoiser.X, denoiser.Y = append(denoiser.X, e.Level.Ratio()), append(denoiser.Y, e.Denoiser)
		score.X, score.Y = append(score.X, e.Level.Ratio()), append(score.Y, e.Score)
	}
	a, b := render.Style{Colour: 0, Width: 1.8, Mark: render.Disc}, render.Style{Colour: 1, Width: 1.8, Mark: render.Square}
	bounds := render.BoundsOfCurves(true, true, denoiser, score)
	bounds.Y0, bounds.Y1 = bounds.Y0-0.2, bounds.Y1+0.2
	return render.Sheet{Title: "How far the learned model is from the truth", Width: 560,
		Caption: "Mean squared errors on fresh samples: of the denoiser in units of what nobody can know, of the score in units of its size.",
		Panels: []render.Panel{{Bounds: bounds, High: 0.56, Grid: true, LogX: true, LogY: true,
			XLabel: "noise / signal, in standard deviations of the data", YLabel: "relative squared error",
			Layers: []render.Layer{render.Line(denoiser, a), render.Line(score, b)},
			Keys:   []render.Key{{Name: "denoiser", Style: a}, {Name: "score", Style: b}}}}}, nil
}
