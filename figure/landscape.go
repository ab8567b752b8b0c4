package figure

import (
	"context"
	"io"

	"drift/render"
	"drift/solver"
)

// terrain is figure (b): the landscape at chosen times.
func terrain(_ context.Context, o Options) ([]Picture, error) {
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	return []Picture{still("terrain.png", Terrain(h.Truth, h.scale, h.process, h.bounds()))}, nil
}

// walk is figure (c): points that walk from noise to the hills of the exact truth,
// over contours and over the landscape itself.
func walk(ctx context.Context, o Options) ([]Picture, error) {
	h, err := dogsAndCats(o.Seed)
	if err != nil {
		return nil, err
	}
	levels := turning(h.process, o.some(44, 8))
	x, noise := started(levels[0], o.some(240, 60), []int{2}, o.Seed, "figure: walk")
	at, err := path(ctx, h.process, h.known.Denoiser(nil), solver.Heun(), levels, x, noise)
	if err != nil {
		return nil, err
	}
	labels := make([]int, x.N) // colours tell from the start where a point will end
	for i := range labels {
		labels[i] = max(0, h.hill(x.Row(i)))
	}
	frames := make([]render.Scatter, len(at))
	for k, x := range at {
		frames[k] = render.Scatter{Title: title(h.process, levels[k]), X: h.restored(x, levels[k]), Labels: labels, Classes: h.Classes, Density: h.density(levels[k])}
	}
	return []Picture{
		{"walk.gif", func(w io.Writer) error { return render.Walk(w, frames, h.bounds()) }},
		{"walk-3d.gif", func(w io.Writer) error { return render.TerrainWalk(w, frames, h.bounds()) }},
	}, nil
}
