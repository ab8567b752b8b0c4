package figure

import (
	"fmt"
	"image"
	"math"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/render"
)

// times are the moments of the pictures with six panels.
func times(p drift.Process) []drift.Level {
	levels := []drift.Level{p.AtLambda(math.Inf(1))}
	for _, ratio := range []float64{0.2, 0.5, 1, 2.5} {
		levels = append(levels, p.AtLambda(-math.Log(ratio)))
	}
	return append(levels, p.Last())
}

// title names a panel by its time and by how much noise it holds.
func title(p drift.Process, at drift.Level) string {
	switch {
	case at.Sigma == 0:
		return "t = 0: data"
	case at == p.Last():
		return "t = T: noise"
	}
	return fmt.Sprintf("t = %.2f T", timeOf(p, at))
}

// timeOf inverts the process by bisection: λ falls with t.
func timeOf(p drift.Process, at drift.Level) float64 {
	lo, hi := 0.0, 1.0
	for range 60 {
		if mid := (lo + hi) / 2; p.Lambda(mid) > at.Lambda() {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

// diffuse adds noise to standardised samples, the same noise at every level, so
// that a point can be followed from panel to panel.
func diffuse(clean *drift.Batch, at drift.Level, seed uint64) *drift.Batch {
	x := clean.Like()
	drift.NewNoise(seed, "figure", 0).Normal(x)
	for i, v := range clean.Data {
		x.Data[i] = at.Alpha*v + at.Sigma*x.Data[i]
	}
	return x
}

// Forward shows data dissolving into noise at six times: points as a strip of
// panels, pictures as rows.
func Forward(set *dataset.Set, scale dataset.Scale, p drift.Process, seed uint64) (image.Image, error) {
	const most = 1500
	n := min(most, set.X.N)
	if set.Image() {
		set = set.Spread(6)
		n = set.X.N
	}
	clean := scale.Standardise(set.X.Slice(0, n).Batch())
	labels := set.Labels
	if labels != nil {
		labels = labels[:n]
	}
	var panels []render.Scatter
	var rows []*drift.Batch
	var titles []string
	for _, at := range times(p) {
		x := scale.Restore(onUnit(diffuse(clean, at, seed), at))
		panels = append(panels, render.Scatter{Title: title(p, at), X: x, Labels: labels, Classes: set.Classes})
		rows, titles = append(rows, x), append(titles, title(p, at))
	}
	if set.Image() {
		return render.PictureStrip(rows, titles, set.Min, set.Max)
	}
	return render.Strip(panels, render.BoundsOf(0.08, panels[0].X, panels[len(panels)-1].X)), nil
}

// onUnit scales diffused samples of variance-exploding processes to unit variance,
// so that noise is as wide as the data and both fit into one picture.
func onUnit(x *drift.Batch, at drift.Level) *drift.Batch {
	c := unit(at)
	for i := range x.Data {
		x.Data[i] *= c
	}
	return x
}

func unit(at drift.Level) float64 { return 1 / math.Hypot(at.Alpha, at.Sigma) }

// density is the truth's terrain at a level in the user's units, for points of the
// plane that onUnit scaled. truth is in standardised units.
func density(truth *exact.Mixture, scale dataset.Scale, at drift.Level) render.Density {
	c := unit(at)
	return func(x, y float64) float64 {
		z := []float64{(x - scale.Mean[0]) / scale.Std[0] / c, (y - scale.Mean[1]) / scale.Std[1] / c}
		return math.Exp(truth.LogDensity(z, at, -1)) / (c * c * scale.Std[0] * scale.Std[1])
	}
}

// Terrain shows the truth as a landscape at six times: sharp hills that flatten
// into one. It is for points of the plane whose truth is known.
func Terrain(truth *exact.Mixture, scale dataset.Scale, p drift.Process, b render.Bounds) image.Image {
	known := truth.Affine(scale.Mean, scale.Std)
	var hills []render.Hill
	for _, at := range times(p) {
		hills = append(hills, render.Hill{Title: title(p, at), Density: density(known, scale, at), Bounds: b})
	}
	return render.Terrain(hills)
}

// learnedLevel is where exact and learned terrain are compared: little enough noise
// that the hills are sharp, enough that both are smooth.
const learnedLevel = 0.1

// Compare shows the exact terrain, the learned one that samples are drawn from, and
// their difference. denoiser binds one class to n samples; shares is how often each
// class is drawn, or nil for a model without classes.
func Compare(denoiser func(class, n int) drift.Denoiser, shares []float64, truth *exact.Mixture, scale dataset.Scale, p drift.Process, b render.Bounds) (render.Drawing, error) {
	known := truth.Affine(scale.Mean, scale.Std)
	at := p.AtLambda(-math.Log(learnedLevel))
	if shares == nil {
		shares = []float64{1}
	}
	parts := make([]render.Density, len(shares))
	for class := range shares {
		g, err := newLikelihoodGrid(func(n int) drift.Denoiser { return denoiser(class, n) }, scale, p, at, b)
		if err != nil {
			return render.Drawing{}, err
		}
		parts[class] = g.density
	}
	learned := func(x, y float64) (sum float64) {
		for class, share := range shares {
			sum += share * parts[class](x, y)
		}
		return sum
	}
	name := fmt.Sprintf("Terrain at %s, exact and learned", title(p, at))
	return render.Compare(name, density(known, scale, at), learned, b), nil
}
