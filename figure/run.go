package figure

import (
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"slices"

	"drift"
	"drift/exact"
	"drift/render"
	"drift/run"
)

// columns is how many pictures stand beside one another in a grid of n.
func columns(n int) int { return int(math.Ceil(math.Sqrt(float64(n)))) }

// columnsOf is the same of pictures with labels: where all classes have equally many, as many
// as fill rows of one class each, if the grid is then not much longer than wide or wider than long.
func columnsOf(labels []int) int {
	n, counts, each := len(labels), map[int]int{}, 0
	for _, l := range labels {
		counts[l]++
		each = counts[l]
	}
	for _, c := range counts {
		if c != each {
			return columns(n)
		}
	}
	best, shape := columns(n), float64(longestGrid)
	for cols := 1; cols <= each; cols++ {
		long := float64(n) / float64(cols*cols)
		if long = max(long, 1/long); each%cols == 0 && long <= shape {
			best, shape = cols, long
		}
	}
	return best
}

// longestGrid is how many times as long as wide a grid may be, or as wide as long.
const longestGrid = 5

// SamplesFit is an error if so many pictures are too many for [Samples] to draw.
func SamplesFit(shape []int, n int, classes []string) error {
	return render.PicturesFit(shape, n, columns(n), classes)
}

// Samples shows what came out of a model: points in the plane, pictures in a grid in the
// order of their classes, where they are equally many in rows of one class each. pixels is
// the range of a pixel; empty for points.
func Samples(name string, x *drift.Batch, labels []int, classes []string, pixels []float64) (image.Image, error) {
	if len(pixels) != 2 {
		panel := render.Scatter{Title: name, X: x, Labels: labels, Classes: classes}
		return render.Strip([]render.Scatter{panel}, render.BoundsOf(0.08, x)), nil
	}
	if labels == nil {
		return render.Pictures(x, columns(x.N), pixels[0], pixels[1], nil)
	}
	order := make([]int, x.N)
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return labels[a] - labels[b] })
	sorted, captions := x.Like(), make([]string, x.N)
	for k, i := range order {
		copy(sorted.Row(k), x.Row(i))
		if labels[i] >= 0 { // else of no class
			captions[k] = classes[labels[i]]
		}
	}
	cols := columnsOf(labels)
	if render.PicturesFit(x.Shape, x.N, cols, classes) != nil {
		cols = columns(x.N)
	}
	return render.Pictures(sorted, cols, pixels[0], pixels[1], captions)
}

// Tape records a walk for an animation. It is not safe for concurrent use.
type Tape struct {
	Truth *exact.Mixture // in the user's units; draws the terrain under the points if not nil

	manifest run.Manifest
	frames   []*drift.Batch
	levels   []drift.Level
	n        int
}

// mostInTape bounds the samples that an animation shows.
const mostInTape = 400

// NewTape prepares a tape for the first samples of a walk of n.
func NewTape(m run.Manifest, n int) *Tape { return &Tape{manifest: m, n: min(n, mostInTape)} }

// Record notes where a walk stands, if the animation will show it; first is the index of
// its first sample.
func (t *Tape) Record(first int, p drift.Progress) {
	at, shown := slices.BinarySearch(render.ChosenFrames(p.Steps+1), p.Step)
	if first >= t.n || !shown {
		return
	}
	if at == len(t.frames) {
		t.frames = append(t.frames, drift.NewBatch(t.n, p.X.Shape...))
		t.levels = append(t.levels, p.At)
	}
	part := p.X.Slice(0, min(p.X.N, t.n-first))
	copy(t.frames[at].Slice(first, first+part.N).Data, onUnit(part.Clone(), p.At).Data)
}

// Write draws the tape as an animated GIF, once: it lets go of what was recorded.
func (t *Tape) Write(w io.Writer, labels []int) error {
	if len(t.frames) == 0 {
		return errors.New("animation: found no walk, expected at least one step")
	}
	d := t.manifest.Data
	p, err := t.manifest.Path()
	if err != nil {
		return err
	}
	frames := make([]*drift.Batch, len(t.frames))
	titles := make([]string, len(t.frames))
	for i, f := range t.frames {
		frames[i], t.frames[i] = d.Scale.Restore(f), nil
		titles[i] = title(p, t.levels[i])
	}
	if d.Image() {
		cols := int(math.Ceil(math.Sqrt(float64(t.n))))
		return render.PictureWalk(w, frames, titles, cols, d.Range[0], d.Range[1])
	}
	if labels != nil {
		labels = labels[:t.n]
	}
	var known *exact.Mixture
	if t.Truth != nil && len(d.Shape) == 1 && d.Shape[0] == 2 {
		known = t.Truth.Affine(d.Scale.Mean, d.Scale.Std)
	}
	panels := make([]render.Scatter, len(frames))
	for i := range frames {
		panels[i] = render.Scatter{Title: titles[i], X: frames[i], Labels: labels, Classes: d.Classes}
		if known != nil {
			panels[i].Density = density(known, d.Scale, t.levels[i])
		}
	}
	return render.Walk(w, panels, render.BoundsOf(0.05, frames[0], frames[len(frames)-1]))
}

// Loss shows how a run's loss fell, in training and on held-out data.
func Loss(events []run.Event) (image.Image, error) {
	train, held := render.Curve{Name: "training"}, render.Curve{Name: "held out"}
	for _, e := range events {
		if e.Loss > 0 {
			train.X, train.Y = append(train.X, float64(e.Step)), append(train.Y, e.Loss)
		}
		if e.HeldMean > 0 {
			held.X, held.Y = append(held.X, float64(e.Step)), append(held.Y, e.HeldMean)
		}
	}
	if len(train.X) == 0 {
		return nil, fmt.Errorf("loss: found no metrics yet, expected at least one checkpoint")
	}
	return render.Lines("Loss", "step", "loss / loss of unit Gaussian data", false, false, train, held), nil
}
