package figure

import (
	"context"
	"fmt"
	"image"
	"io"

	"drift"
	"drift/dataset"
	"drift/exact"
	"drift/internal/near"
	"drift/render"
)

// Figure is one of the figures that explain diffusion, and the files it makes.
type Figure struct {
	Name  string   `json:"name"` // as in `drift figures`
	About string   `json:"about"`
	Files []string `json:"files"`           // in the order in which they are made
	Shows string   `json:"shows,omitempty"` // what kind of trained run it can show: "pictures", "points" or none
	make  func(context.Context, Options) ([]Picture, error)
}

// Picture is one file of a figure.
type Picture struct {
	File  string
	Write func(io.Writer) error
}

// Options of figures.
type Options struct {
	Seed uint64

	// Learned gives the learned model that figures show beside the exact truth. It
	// is asked only by figures that need one.
	Learned func(context.Context) (*Learned, error)

	// Pictures is a trained model of pictures that brings back the digits in place
	// of the exact denoiser; may be nil.
	Pictures *Learned

	small bool // few samples, frames and evaluations, for tests
}

// table is every figure; a new one is a file and a row.
var table = []Figure{
	{"dissolve", "points and digits dissolve into noise and return",
		[]string{"dissolve-points.png", "dissolve-digits.png", "dissolve-points.gif", "dissolve-digits.gif"}, "pictures", dissolve},
	{"terrain", "two sharp hills flatten into a single broad one", []string{"terrain.png"}, "", terrain},
	{"walk", "points walk back from noise, over contours and over the hills", []string{"walk.gif", "walk-3d.gif"}, "", walk},
	{"slope", "why so broad at T: how far from the data the slope still points somewhere",
		[]string{"slope-field.png", "slope-field.svg", "slope-reach.png", "slope-reach.svg", "slope-lost.png", "slope-lost.svg"}, "", slope},
	{"learned", "the exact terrain, the learned one, and the error", []string{"learned.png", "learned.svg", "learned-error.png", "learned-error.svg"}, "points", learned},
	{"nfe", "error against evaluations for all solvers", []string{"nfe.png", "nfe.svg"}, "", nfe},
	{"trajectories", "several solvers from the same noise", []string{"trajectories.png", "trajectories.svg"}, "", trajectories},
	{"guidance", "what guidance makes of a density", []string{"guidance.png", "guidance.svg"}, "", guidance},
}

// All lists the figures in a fixed order.
func All() []Figure { return append([]Figure(nil), table...) }

// ByName finds a figure, or says which names there are.
func ByName(name string) (Figure, error) {
	return near.Find("figure", name, table, func(f Figure) string { return f.Name })
}

// Make computes the pictures of a figure, one for each of its files. Some are drawn
// only when they are written.
func (f Figure) Make(ctx context.Context, o Options) ([]Picture, error) {
	pictures, err := f.make(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("figure %s: %w", f.Name, err)
	}
	return pictures, nil
}

// some is n, or few where a test asks for less.
func (o Options) some(n, few int) int {
	if o.small {
		return few
	}
	return n
}

func still(file string, img image.Image) Picture {
	return Picture{file, func(w io.Writer) error { return render.EncodePNG(w, img) }}
}

// plot is a drawing as PNG and as SVG.
func plot(name string, d render.Drawing) []Picture {
	return []Picture{still(name+".png", d.Image()), {name + ".svg", d.SVG}}
}

// hills are the dogs and cats that figures are about, and their truth in
// standardised units, where solvers walk.
type hills struct {
	*dataset.Set
	scale   dataset.Scale
	known   *exact.Mixture
	process drift.Process // on which they dissolve: variance preserving
}

func dogsAndCats(seed uint64) (hills, error) {
	set, err := dataset.Open("dogcat", dataset.Options{Seed: seed, N: 2000})
	if err != nil {
		return hills{}, err
	}
	scale, err := dataset.Fit(set)
	if err != nil {
		return hills{}, err
	}
	p, err := drift.ProcessByName("vp")
	return hills{set, scale, set.Truth.Affine(scale.Mean, scale.Std), p}, err
}

// bounds are those of the data, with room for the noise that has their width.
func (h hills) bounds() render.Bounds { return render.Bounds{X0: -0.5, X1: 15.5, Y0: 14.5, Y1: 30.5} }

// hill is the hill within 3 standard deviations of a point in standardised units, or
// -1.
func (h hills) hill(x []float64) int {
	u, v := x[0]*h.scale.Std[0]+h.scale.Mean[0], x[1]*h.scale.Std[1]+h.scale.Mean[1]
	for k, p := range h.Truth.Parts() {
		if du, dv := u-p.Mean[0], v-p.Mean[1]; du*du+dv*dv <= 9*p.Cov[0] {
			return k
		}
	}
	return -1
}

// restored is a batch at a level in the user's units, as wide as the data.
func (h hills) restored(x *drift.Batch, at drift.Level) *drift.Batch {
	return h.scale.Restore(onUnit(x.Clone(), at))
}

// density is the truth's terrain at a level in the user's units.
func (h hills) density(at drift.Level) render.Density { return density(h.known, h.scale, at) }
