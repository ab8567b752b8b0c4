package figure

import (
	"context"
	"io"
	"slices"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/render"
	"drift/solver"
)

// journey is data that dissolve into noise, the same noise at every level, and what
// comes back from it.
type journey struct {
	set       *dataset.Set
	labels    []int
	scale     dataset.Scale
	process   drift.Process
	levels    []drift.Level // from data to noise
	out, back []*drift.Batch
}

// dissolve is figure (a): points and digits dissolving and returning.
func dissolve(ctx context.Context, o Options) ([]Picture, error) {
	points, err := dataset.Open("pinwheel", dataset.Options{Seed: o.Seed, N: o.some(1500, 300)})
	if err != nil {
		return nil, err
	}
	digits, err := dataset.Open("digits", dataset.Options{})
	if err != nil {
		return nil, err
	}
	a, err := newJourney(ctx, o, points, nil, everyIndex(points.X.N))
	if err != nil {
		return nil, err
	}
	if o.Pictures != nil {
		digits = o.Pictures.Set
	}
	b, err := newJourney(ctx, o, digits, o.Pictures, someOfEach(digits, 2))
	if err != nil {
		return nil, err
	}
	pictures, err := b.strip(5)
	if err != nil {
		return nil, err
	}
	return []Picture{
		still("dissolve-points.png", a.panels().Drawing().Image()), pictures,
		{"dissolve-points.gif", a.animatePoints}, {"dissolve-digits.gif", b.animatePictures},
	}, nil
}

func everyIndex(n int) []int {
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	return all
}

// someOfEach are the first few samples of each class in turn: 0 to 9, and again.
func someOfEach(s *dataset.Set, each int) []int {
	if s.Labels == nil {
		return everyIndex(min(20, s.X.N))
	}
	classes := min(len(s.Classes), 10)
	chosen := make([]int, 0, each*classes)
	for round := range each {
		for class := range classes {
			seen := -1
			for i, l := range s.Labels {
				if l == class {
					if seen++; seen == round {
						chosen = append(chosen, i)
						break
					}
				}
			}
		}
	}
	return chosen
}

// newJourney sends chosen samples to noise, and lets noise walk back with a learned
// denoiser or, without one, with the exact one of the set, which knows these samples
// and no others.
func newJourney(ctx context.Context, o Options, set *dataset.Set, by *Learned, chosen []int) (*journey, error) {
	j := &journey{set: set}
	var err error
	if j.scale, err = dataset.Fit(set); err != nil {
		return nil, err
	}
	if j.process, err = drift.ProcessByName("vp"); err != nil {
		return nil, err
	}
	if by != nil {
		j.process, j.scale = by.Process, by.Scale
	}
	clean := j.scale.Standardise(set.X.Pick(chosen).Batch())
	for _, i := range chosen {
		if set.Labels != nil {
			j.labels = append(j.labels, set.Labels[i])
		}
	}
	back := turning(j.process, o.some(40, 10))
	j.levels = slices.Clone(back)
	slices.Reverse(j.levels)
	for _, at := range j.levels {
		j.out = append(j.out, diffuse(clean, at, o.Seed))
	}
	var denoiser drift.Denoiser
	if by != nil {
		denoiser = by.Denoiser(j.labels)
	} else {
		all := set.Spread(drift.MostFloats / max(1, set.X.Dim()))
		data, err := exact.NewData(j.scale.Standardise(all.X.Batch()), all.Labels)
		if err != nil {
			return nil, err
		}
		denoiser = data.Denoiser(j.labels)
	}
	if j.back, err = path(ctx, j.process, denoiser, solver.Heun(), back, j.out[len(j.out)-1].Clone(), nil); err != nil {
		return nil, err
	}
	for k, at := range j.levels {
		j.out[k] = j.scale.Restore(onUnit(j.out[k], at))
	}
	for k, at := range back {
		j.back[k] = j.scale.Restore(onUnit(j.back[k], at))
	}
	return j, nil
}

// moments are six of the levels, by index from data.
func (j *journey) moments() []int {
	last := len(j.levels) - 1
	return []int{0, last / 8, last * 3 / 10, last / 2, last * 3 / 4, last}
}

// panels has a row for the way out and one for the way back.
func (j *journey) panels() render.Sheet {
	s := render.Sheet{Title: "Above: out to noise, from the left.  Below: back to data, from the right.", Cols: 6, Width: 196, Common: true, Classes: j.set.Classes}
	b := render.BoundsOf(0.06, j.out[0], j.out[len(j.out)-1])
	row := func(at func(k int) *drift.Batch, name func(title string) string) {
		for _, k := range j.moments() {
			s.Panels = append(s.Panels, render.Panel{Title: name(title(j.process, j.levels[k])), Bounds: b, XLabel: "x₁", YLabel: "x₂",
				Layers: []render.Layer{render.Points(at(k), j.labels, 1.5, 0.55)}})
		}
	}
	row(func(k int) *drift.Batch { return j.out[k] }, func(t string) string { return t + " →" })
	row(j.returned, func(t string) string { return "← " + t })
	return s
}

// returned is the way back, by index from data.
func (j *journey) returned(k int) *drift.Batch { return j.back[len(j.back)-1-k] }

// strip has a row for each of the first samples, out from the left and back to the
// right.
func (j *journey) strip(rows int) (Picture, error) {
	var moments []*drift.Batch
	var titles []string
	rows = min(rows, j.out[0].N)
	chosen := j.moments()
	for _, k := range chosen {
		moments, titles = append(moments, j.out[k].Slice(0, rows)), append(titles, title(j.process, j.levels[k]))
	}
	for i := len(chosen) - 2; i >= 0; i-- {
		moments, titles = append(moments, j.returned(chosen[i]).Slice(0, rows)), append(titles, title(j.process, j.levels[chosen[i]]))
	}
	img, err := render.PictureStrip(moments, titles, j.set.Min, j.set.Max)
	return still("dissolve-digits.png", img), err
}

// film is the way out and back, frame by frame.
func (j *journey) film() (frames []*drift.Batch, titles []string) {
	for k := range j.levels {
		frames, titles = append(frames, j.out[k]), append(titles, title(j.process, j.levels[k])+"  →")
	}
	for k := len(j.levels) - 2; k >= 0; k-- {
		frames, titles = append(frames, j.returned(k)), append(titles, "←  "+title(j.process, j.levels[k]))
	}
	return frames, titles
}

func (j *journey) animatePoints(w io.Writer) error {
	frames, titles := j.film()
	panels := make([]render.Scatter, len(frames))
	for i, x := range frames {
		panels[i] = render.Scatter{Title: titles[i], X: x, Labels: j.labels}
	}
	return render.Walk(w, panels, render.BoundsOf(0.06, j.out[0], j.out[len(j.out)-1]))
}

func (j *journey) animatePictures(w io.Writer) error {
	frames, titles := j.film()
	return render.PictureWalk(w, frames, titles, 10, j.set.Min, j.set.Max)
}
