package run

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"path"
	"slices"
	"strings"

	"drift"
	"drift/distil"
	"drift/internal/near"
	"drift/nn"
	"drift/solver"
	"drift/train"

	"github.com/gomlx/compute"
)

// Model is a trained network with the manifest that says what it learnt.
type Model struct {
	Manifest Manifest
	Process  drift.Process
	Run      string     // the folder of its run
	From     Checkpoint // where its weights are from
	net      *nn.Model
}

// Model loads the averaged weights of a checkpoint ("last" or "best") onto an engine.
func (d *Dir) Model(engine compute.Backend, which string) (*Model, error) {
	return d.ModelWith(engine, which, nil)
}

// ModelWith is Model for a run that was trained with the caller's own network.
func (d *Dir) ModelWith(engine compute.Backend, which string, net nn.Network) (*Model, error) {
	state, c, err := d.Load(which)
	if err != nil {
		return nil, err
	}
	task, err := d.Manifest.task(net)
	if err != nil {
		return nil, err
	}
	m, err := nn.NewModel(engine, task.Network, task.Predict, d.Manifest.Signature(), train.Averaged(state))
	if err != nil {
		return nil, fmt.Errorf("%s: on samples of shape %v, as the manifest has them: %w", c.Path, d.Manifest.Data.Shape, err)
	}
	return &Model{Manifest: d.Manifest, Process: task.Process, Run: d.Path, From: c, net: m}, nil
}

// Denoiser binds labels to the network; samples are standardised, as it learnt them.
func (m *Model) Denoiser(labels []int) drift.Denoiser {
	return m.still(nn.Condition{Labels: labels})
}

// still binds a condition to the network where it stands, without a walk.
func (m *Model) still(known nn.Condition) drift.Denoiser {
	if m.Manifest.Jumps > 0 {
		return distil.Still(m.net, known)
	}
	return m.net.Conditioned(known)
}

// walking binds a condition to the network for a walk along levels.
func (m *Model) walking(known nn.Condition, levels []drift.Level) drift.Denoiser {
	if m.Manifest.Jumps > 0 {
		return distil.Denoiser(m.net, known, levels)
	}
	return m.net.Conditioned(known)
}

// ClassDenoiser binds one class to n samples.
func (m *Model) ClassDenoiser(class, n int) drift.Denoiser {
	labels := make([]int, n)
	for i := range labels {
		labels[i] = class
	}
	return m.Denoiser(labels)
}

// Request says what to sample.
type Request struct {
	Seed      uint64 `json:"seed"`
	First     int    `json:"index"`                // index of the first sample: sample i is the same whatever else is asked for
	N         int    `json:"n"`                    // samples
	Class     string `json:"class,omitempty"`      // of all samples, or a pattern as "dog*" of those to draw from; empty to draw classes as in the training data
	EachClass int    `json:"each_class,omitempty"` // so many samples of every class in place of N: sample i is of class i modulo their number
	Labels    []int  `json:"labels,omitempty"`     // a label for each sample in place of Class, if not nil

	Given map[string]float64 `json:"given,omitempty"` // numbers that describe all samples, by their column; one that is not there is as in the mean of the data; without a Class, EachClass or Labels beside them samples are of all classes that they go with
	Small *drift.Batch       `json:"-"`               // of a run with an upscaling: the small picture of each sample, or one for all

	Solver string `json:"solver"`          // a solver.Info
	Grid   string `json:"grid,omitempty"`  // a drift.Spacing; empty for "karras"
	Steps  int    `json:"steps"`           // of the walk
	Short  bool   `json:"short,omitempty"` // end at the first training step of a process of discrete time, and leave its noise
	Batch  int    `json:"-"`               // samples in memory at once; does not change them

	Guidance         float64   `json:"guidance"`                    // weight of guidance; 1 for none
	GuidanceFrom     float64   `json:"guidance_from,omitempty"`     // guide only where Sigma/Alpha is above this
	GuidanceTo       float64   `json:"guidance_to,omitempty"`       // and at most this; 0 for no bound
	GuidanceRescale  float64   `json:"guidance_rescale,omitempty"`  // share of drift.GuidedRescaled, 0 to 1
	Worse            *Model    `json:"-"`                           // guide away from this model in place of the answer without a class: drift.Autoguided
	Clip             []float64 `json:"clip,omitempty"`              // hold answers within [lowest, highest], in the user's units; nil for no bounds
	DynamicThreshold float64   `json:"dynamic_threshold,omitempty"` // share of drift.DynamicallyClipped, above 0 and at most 1; 0 for plain bounds
}

// DefaultRequest is a good walk for points and small pictures.
func DefaultRequest() Request {
	return Request{N: 1000, Solver: "dpm++2m", Grid: drift.Spacings()[0].Name, Steps: 40, Guidance: 1, Batch: 1024}
}

// MaxSamples bounds one request; more is surely a mistake.
const MaxSamples = 100_000_000

// Samples are what came out, in the user's own units.
type Samples struct {
	X      *drift.Batch
	Labels []int // nil for a model without classes
}

// Watch is told where a walk stands; first is the index of its first sample. A nil one is not.
type Watch func(first int, p drift.Progress)

// Sample walks n samples from noise to data. Sample i depends on the run, the seed,
// its index and the walk's settings, and on nothing else.
func (m *Model) Sample(ctx context.Context, r Request, watch Watch) (*Samples, error) {
	return m.Each(r, fromNoise(ctx, watch))
}

// fromNoise brings a batch from noise to clean samples.
func fromNoise(ctx context.Context, watch Watch) func(w Walk, x *drift.Batch) error {
	return func(w Walk, x *drift.Batch) error {
		if err := w.Start(x); err != nil {
			return err
		}
		return w.Follow(ctx, x, watch)
	}
}

// Walk is one batch of a request, ready to be walked.
type Walk struct {
	drift.Sampler
	From, To int // samples From ≤ i < To of those that were asked for
}

// Follow walks x and tells watch, if it is not nil.
func (w Walk) Follow(ctx context.Context, x *drift.Batch, watch Watch) error {
	for p, err := range w.Walk(ctx, x) {
		if err != nil {
			return err
		}
		if watch != nil {
			watch(w.From, p)
		}
	}
	return nil
}

// Each goes through a request batch by batch: do brings x, which is zero, to clean
// samples as networks see them (standardised, see [Model.Standardise]). That it may do
// by other ways than from noise: package edit has some.
func (m *Model) Each(r Request, do func(w Walk, x *drift.Batch) error) (*Samples, error) {
	if err := m.Manifest.Data.CheckEachClass(r); err != nil {
		return nil, err
	}
	r.N = m.Count(r)
	known, err := m.condition(r)
	if err != nil {
		return nil, err
	}
	return m.eachGiven(r, known, do)
}

// eachGiven is Each for a condition that is made already.
func (m *Model) eachGiven(r Request, known nn.Condition, do func(w Walk, x *drift.Batch) error) (*Samples, error) {
	info, levels, err := m.plan(r)
	if err != nil {
		return nil, err
	}
	out := drift.NewBatch(r.N, m.Manifest.Data.Shape...)
	for lo := 0; lo < r.N; lo += r.Batch {
		hi := min(lo+r.Batch, r.N)
		w := Walk{From: lo, To: hi, Sampler: drift.Sampler{
			Process: m.Process, Denoiser: m.led(r, known.Slice(lo, hi), levels), Solver: info.New(), Levels: levels, Noise: drift.NewNoise(r.Seed, "sample", r.First+lo)}}
		if err := do(w, out.Slice(lo, hi)); err != nil {
			return nil, err
		}
		copy(out.Slice(lo, hi).Data, m.Manifest.Data.Scale.Restore(out.Slice(lo, hi)).Data)
	}
	return &Samples{X: out, Labels: known.Labels}, nil
}

// Standardise turns samples in the user's units into what networks see.
func (m *Model) Standardise(x *drift.Batch) (*drift.Batch, error) {
	if !slices.Equal(x.Shape, m.Manifest.Data.Shape) {
		return nil, fmt.Errorf("samples: found shape %v, expected %v", x.Shape, m.Manifest.Data.Shape)
	}
	return m.Manifest.Data.Scale.Standardise(x), nil
}

// Count is how many samples a request asks for.
func (m *Model) Count(r Request) int {
	if n := len(m.Manifest.Data.Classes); r.EachClass > 0 && n > 0 {
		return min(r.EachClass, MaxSamples) * n
	}
	return r.N
}

// CheckEachClass is an error unless a request asks for samples of every class of a run that has
// some and says nothing else of classes, or does not ask for them.
func (d Data) CheckEachClass(r Request) error {
	switch {
	case r.EachClass == 0:
		return nil
	case r.EachClass < 0:
		return fmt.Errorf("each class: found %d, expected at least 1", r.EachClass)
	case len(d.Classes) == 0:
		return fmt.Errorf("each class: found %d, expected none: the run has no classes; n (-n) says how many samples", r.EachClass)
	case r.Class != "":
		return fmt.Errorf("each class: found %d beside the class %q, expected one of them", r.EachClass, r.Class)
	case r.Labels != nil:
		return fmt.Errorf("each class: found %d beside %d labels, expected one of them", r.EachClass, len(r.Labels))
	}
	return nil
}

// plan checks a request and lays out its walk.
func (m *Model) plan(r Request) (solver.Info, []drift.Level, error) {
	info, err := solver.ByName(r.Solver)
	if err != nil {
		return info, nil, err
	}
	most := drift.MostFloats / (&drift.Batch{Shape: m.Manifest.Data.Shape}).Dim()
	if err := m.Manifest.Data.CheckEachClass(r); err != nil {
		return info, nil, err
	}
	switch {
	case r.First < 0 || r.First > math.MaxInt32:
		return info, nil, fmt.Errorf("index: found %d, expected 0 to %d", r.First, math.MaxInt32)
	case r.N < 1 || r.N > MaxSamples:
		return info, nil, fmt.Errorf("n: found %d, expected 1 to %d", r.N, MaxSamples)
	case r.N > most:
		return info, nil, fmt.Errorf("n: found %d samples of shape %v, expected at most %d at once", r.N, m.Manifest.Data.Shape, most)
	case r.Batch < 1:
		return info, nil, fmt.Errorf("batch: found %d, expected at least 1", r.Batch)
	}
	if err := m.checkGuidance(r); err != nil {
		return info, nil, err
	}
	if err := m.checkJumps(r); err != nil {
		return info, nil, err
	}
	grid, err := drift.SpacingByName(cmp.Or(r.Grid, drift.Spacings()[0].Name))
	if err != nil {
		return info, nil, err
	}
	levels, err := grid.Levels(m.Process, r.Steps)
	if err != nil || !r.Short {
		return info, levels, err
	}
	if m.Process.Steps == 0 {
		return info, nil, fmt.Errorf("short: found a process %q of continuous time, expected one of discrete time", m.Process.Name)
	}
	end := m.Process.At(1 / float64(m.Process.Steps))
	last := end.Lambda() - 1e-9 // some grids end there too
	if r.Solver == "ddim-compat" {
		last = end.Lambda() + 1e-9 // diffusers holds answers within bounds once more, without a step
	}
	levels = slices.DeleteFunc(levels, func(l drift.Level) bool { return l.Lambda() > last })
	if len(levels) == 0 {
		return info, nil, fmt.Errorf("short: found no level of grid %q before the first training step, expected another grid", grid.Name)
	}
	return info, append(levels, end), nil
}

// labels is the class of every sample: the one asked for, all in turn, or drawn as in
// the training data by the sample's own seed.
func (m *Model) labels(r Request) ([]int, error) {
	d := m.Manifest.Data
	switch {
	case r.Labels != nil:
		if len(r.Labels) != r.N {
			return nil, fmt.Errorf("labels: found %d, expected %d", len(r.Labels), r.N)
		}
		for i, c := range r.Labels {
			if c < -1 || c >= len(d.Classes) {
				return nil, fmt.Errorf("labels: found %d for sample %d, expected 0 to %d, or -1 for none", c, i, len(d.Classes)-1)
			}
		}
		return r.Labels, nil
	case len(d.Classes) == 0 && r.Class != "":
		return nil, fmt.Errorf("class: found %q, expected none: the run has no classes", r.Class)
	case len(d.Classes) == 0:
		return nil, nil
	}
	labels := make([]int, r.N)
	if r.EachClass > 0 {
		for i := range labels {
			labels[i] = (r.First + i) % len(d.Classes)
		}
		return labels, nil
	}
	among, err := d.ClassesLike(r.Class)
	if err != nil {
		return nil, err
	}
	share, all := func(c int) float64 { return d.Share[c] }, d.shareOf(among)
	switch {
	case all == 0: // they do not occur, or nobody knows how often
		share, all = func(int) float64 { return 1 }, float64(len(among))
	case len(among) == len(d.Classes):
		all = 1 // but for the rounding of the shares
	}
	for i := range labels {
		labels[i] = among[len(among)-1]
		u := all * drift.Rand(r.Seed, "sample class", uint64(r.First+i)).Float64()
		for _, c := range among {
			if u -= share(c); u < 0 {
				labels[i] = c
				break
			}
		}
	}
	return labels, nil
}

// ClassesLike are the labels of the classes that a name or a pattern names; all, if it is
// empty. A pattern is one of [path.Match] but that a slash is a letter as others are. A class
// may be called like a pattern.
func (d Data) ClassesLike(name string) (among []int, err error) {
	for c, class := range d.Classes {
		found, err := path.Match(unslashed.Replace(name), unslashed.Replace(class))
		switch {
		case class == name && name != "":
			return []int{c}, nil
		case found || name == "":
			among = append(among, c)
		case err != nil && !slices.Contains(d.Classes, name):
			return nil, fmt.Errorf("class: found %q, expected the name of a class or a pattern: %w", name, err)
		}
	}
	if len(among) > 0 {
		return among, nil
	}
	hint := near.Hint(name, d.Classes)
	if slices.ContainsFunc(d.Classes, func(class string) bool { return strings.HasPrefix(class, name) }) {
		hint = fmt.Sprintf(" (did you mean %q?)", name+"*")
	}
	return nil, fmt.Errorf("class: found %q%s, expected one of %q or a pattern such as \"dog*\"", name, hint, d.Classes[:min(len(d.Classes), 50)])
}

// unslashed replaces slashes, at which patterns of [path.Match] end.
var unslashed = strings.NewReplacer("/", "\x00")

// shareOf is how often some classes occur together, if that is known.
func (d Data) shareOf(classes []int) (sum float64) {
	for _, c := range classes {
		if c < len(d.Share) {
			sum += d.Share[c]
		}
	}
	return sum
}
