package figure

import (
	"context"
	"fmt"
	"math"

	"drift"
	"drift/exact"
	"drift/render"
	"drift/solver"
)

// slope is figure (d): why the terrain is so broad at T. It has the field of slopes
// at six levels, how steep the terrain is by distance, and a walk that begins with
// too little noise for where its particles are.
func slope(ctx context.Context, o Options) ([]Picture, error) {
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	lost, err := lostWalks(ctx, o, h)
	if err != nil {
		return nil, err
	}
	pictures := plot("slope-field", h.slopeField().Drawing())
	pictures = append(pictures, plot("slope-reach", h.slopeReach().Drawing())...)
	return append(pictures, plot("slope-lost", lost.Drawing())...), nil
}

// unseen is how steep a terrain is, as a share of its steepest place, where its slope
// counts as gone: seven digits are what float32 has.
const unseen = 1e-7

// blurred is the level of the plane, in the user's units, where noise has ratio times
// the standard deviation of the data. The signal is not shrunk.
func (h hills) blurred(ratio float64) drift.Level {
	return drift.Level{Alpha: 1, Sigma: ratio * h.scale.Std[0]}
}

// steepness is log |∇p| of the terrain at a point.
func (h hills) steepness(x []float64, at drift.Level) float64 {
	s := make([]float64, 2)
	h.Truth.Score(s, x, at, -1)
	return math.Log(math.Hypot(s[0], s[1])) + h.Truth.LogDensity(x, at, -1)
}

// beyond is the point that lies a distance from the middle of the data, through the
// dogs and away from the cats.
func (h hills) beyond(distance float64) []float64 {
	return []float64{7.5 + distance/math.Sqrt2, 22.5 - distance/math.Sqrt2}
}

// steepest is the greatest log |∇p| along that line.
func (h hills) steepest(at drift.Level) float64 {
	best := math.Inf(-1)
	for k := range 2000 {
		best = max(best, h.steepness(h.beyond(float64(k)*(8+2*at.Sigma)/2000), at))
	}
	return best
}

// reach is how far from the middle of the data the terrain is still as steep as a
// share of its steepest place.
func (h hills) reach(at drift.Level, share float64) float64 {
	limit := h.steepest(at) + math.Log(share)
	lo, hi := 3.6, 50*(1+at.Sigma)
	for range 60 {
		if mid := (lo + hi) / 2; h.steepness(h.beyond(mid), at) > limit {
			lo = mid
		} else {
			hi = mid
		}
	}
	return lo
}

func (h hills) slopeField() render.Sheet {
	s := render.Sheet{Title: "Where the slope still points somewhere", Cols: 3, Common: true,
		Caption: "Arrows: direction of the slope, darker where the terrain is steeper. A dot: less steep than 10⁻⁷ of the steepest place, " +
			"which seven digits cannot tell from flat.\nNoise in standard deviations of the data; the signal is not shrunk, so that distances can be compared."}
	b := render.Bounds{X0: 7.5 - 48, X1: 7.5 + 48, Y0: 22.5 - 48, Y1: 22.5 + 48}
	for _, ratio := range []float64{0, 0.3, 1, 3, 10, 80} {
		at := h.blurred(ratio)
		most := h.steepest(at)
		name := fmt.Sprintf("noise %g", ratio)
		switch ratio {
		case 0:
			name = "t = 0: no noise"
		case 80:
			name = "t = T: noise 80"
		}
		s.Panels = append(s.Panels, render.Panel{Title: name, Bounds: b, XLabel: "x₁", YLabel: "x₂",
			Note: fmt.Sprintf("felt up to %.0f units from the middle of the data", h.reach(at, unseen)),
			Layers: []render.Layer{
				render.Shade(func(x, y float64) float64 { return math.Exp(h.Truth.LogDensity([]float64{x, y}, at, -1)) }),
				render.Arrows(19, func(x, y float64) (dx, dy, weight float64) {
					slope := make([]float64, 2)
					h.Truth.Score(slope, []float64{x, y}, at, -1)
					below := (h.steepness([]float64{x, y}, at) - most) / math.Log(unseen) // 0 at the steepest, 1 where it is gone
					return slope[0], slope[1], min(max(1-below, 0), 1)
				}),
			}})
	}
	return s
}

// leastFloat32 is the least number above 0 that float32 holds, 2⁻¹⁴⁹.
const leastFloat32 = 0x1p-149

func (h hills) slopeReach() render.Sheet {
	panel := render.Panel{Grid: true, LogX: true, LogY: true, High: 0.56,
		XLabel: "distance from the middle of the data, through the dogs and on",
		YLabel: "steepness / that of the steepest place",
		Bounds: render.Bounds{X0: 0.5, X1: 4, Y0: -48, Y1: 1},
		Keys:   []render.Key{{Name: "noise: felt up to"}}}
	for i, ratio := range []float64{0, 0.3, 1, 3, 10, 80} {
		at, c := h.blurred(ratio), render.Curve{}
		most := h.steepest(at)
		for k := 0; k <= 400; k++ {
			d := math.Pow(10, 0.5+3.5*float64(k)/400)
			// Below what float64 holds only the logarithm goes on.
			c.X, c.Y = append(c.X, d), append(c.Y, math.Exp(h.steepness(h.beyond(d), at)-most))
		}
		style := render.Style{Colour: i, Width: 1.9}
		panel.Layers = append(panel.Layers, render.Line(c, style))
		panel.Keys = append(panel.Keys, render.Key{Name: fmt.Sprintf("%g: %.0f units", ratio, h.reach(at, leastFloat32)), Style: style})
	}
	flat := render.Style{Colour: -1, Width: 1.2, Dashed: true}
	panel.Layers = append(panel.Layers,
		render.Line(render.Curve{X: []float64{1, 1e4}, Y: []float64{leastFloat32, leastFloat32}}, flat),
		render.Label("below: flat in float32", 440, leastFloat32*40, render.Style{Colour: -1}))
	return render.Sheet{Title: "The broader the terrain, the farther its slope is felt", Width: 560, Panels: []render.Panel{panel},
		Caption: "Steepness of the terrain along a line away from the hills; noise in standard deviations of the data."}
}

// lostWalks lets the same broad cloud of particles walk with the exact slope, begun
// at less and less noise.
func lostWalks(ctx context.Context, o Options, h hills) (render.Sheet, error) {
	const cloud = 8 // standard deviations of the data
	dogs, cats := h.Truth.Parts()[0], h.Truth.Parts()[1]
	dogs.Weight, cats.Weight = 0.7, 0.3
	uneven, err := exact.NewMixture(dogs, cats)
	if err != nil {
		return render.Sheet{}, err
	}
	known := uneven.Affine(h.scale.Mean, h.scale.Std)
	p, err := drift.ProcessByName("edm")
	if err != nil {
		return render.Sheet{}, err
	}
	start := drift.NewBatch(o.some(1000, 200), 2)
	drift.NewNoise(o.Seed, "figure: cloud", 0).Normal(start)
	for i := range start.Data {
		start.Data[i] *= cloud
	}
	from := h.scale.Restore(start)
	s := render.Sheet{Title: "With too little noise at the start, particles lose their way", Cols: 3, Common: true,
		Classes: []string{"ends on dogs", "ends on cats"},
		Caption: fmt.Sprintf("The same particles, spread %d times as wide as the data (light dots), walk with the exact slope and noise (ddpm, 60 steps), "+
			"begun at less and less noise σ.\nIn the data 70 %% are dogs. On a hill: within 3 standard deviations of it. Grey: lost.", cloud)}
	reach := 2.6 * cloud * h.scale.Std[0]
	b := render.Bounds{X0: 7.5 - reach, X1: 7.5 + reach, Y0: 22.5 - reach*0.8, Y1: 22.5 + reach*0.8}
	for _, most := range []float64{80, 10, 3, 1, 0.3, 0.1} {
		levels, x := rampFrom(p, most, 60), start.Clone()
		if _, err := path(ctx, p, known.Denoiser(nil), solver.DDPM(), levels, x, drift.NewNoise(o.Seed, "figure: lost", 0)); err != nil {
			return s, err
		}
		labels, on := make([]int, x.N), [2]int{}
		for i := range labels {
			if labels[i] = h.hill(x.Row(i)); labels[i] >= 0 {
				on[labels[i]]++
			}
		}
		to := h.scale.Restore(x)
		panel := render.Panel{Title: fmt.Sprintf("σ from %g", most), Bounds: b, XLabel: "x₁", YLabel: "x₂", Note: shares(on, x.N),
			Layers: []render.Layer{render.Points(from, grey(from.N), 0.9, 0.12)}}
		for i := range min(70, x.N) {
			panel.Layers = append(panel.Layers, render.Line(
				render.Curve{X: []float64{from.Row(i)[0], to.Row(i)[0]}, Y: []float64{from.Row(i)[1], to.Row(i)[1]}},
				render.Style{Colour: labels[i], Width: 0.8, Alpha: 0.35}))
		}
		s.Panels = append(s.Panels, panel)
		s.Panels[len(s.Panels)-1].Layers = append(panel.Layers, render.Points(to, labels, 1.8, 0.5))
	}
	return s, nil
}

// shares says how many particles are on a hill, and how many of those with the dogs.
func shares(on [2]int, n int) string {
	all := on[0] + on[1]
	if all == 0 {
		return "0 % on a hill"
	}
	return fmt.Sprintf("%.0f %% on a hill, of these %.0f %% dogs", 100*float64(all)/float64(n), 100*float64(on[0])/float64(all))
}

func grey(n int) []int {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = -1
	}
	return labels
}

// rampFrom are the usual levels, but from a ratio of most: Karras et al. 2022,
// arXiv:2206.00364, eq. 5 with ρ = 7, from most to 0.002, and then no noise.
func rampFrom(p drift.Process, most float64, steps int) []drift.Level {
	const rho, least = 7, 0.002
	var levels []drift.Level
	for i := range steps {
		a, b := math.Pow(most, 1./rho), math.Pow(least, 1./rho)
		ratio := math.Pow(a+float64(i)/float64(steps-1)*(b-a), rho)
		levels = append(levels, p.AtLambda(-math.Log(ratio)))
	}
	return append(levels, p.AtLambda(math.Inf(1)))
}
