package run

import (
	"fmt"
	"io"
	"math"

	"drift"
	"drift/dataset"
	"drift/distil"
	"drift/internal/safefile"
	"drift/nn"
	"drift/solver"
	"drift/train"

	"github.com/pelletier/go-toml/v2"
)

// Format is the version of run directories that this drift writes; it reads this
// one and no later.
const Format = 1

// Version is the version of drift, written into every run.
const Version = "0.1.0"

// MaxValues bounds the values of a sample.
const MaxValues = 1 << 24

// Manifest says what a run learnt: with a checkpoint, all that sampling needs.
type Manifest struct {
	Format  int     `toml:"format" json:"format"`
	Tool    string  `toml:"tool" json:"tool"`
	Process string  `toml:"process" json:"process"`
	Predict string  `toml:"predict" json:"predict"`
	Seed    uint64  `toml:"seed" json:"seed"`
	Network nn.Spec `toml:"network" json:"network"`
	Jumps   int     `toml:"jumps,omitempty" json:"jumps,omitempty"` // of a distilled run: its shortest jumps from noise to data; see package distil
	Data    Data    `toml:"data" json:"data"`

	Apart    bool      `toml:"apart,omitempty" json:"apart,omitempty"`   // the network knows a class without numbers and numbers without a class; of no meaning where data have but one of them
	Schedule []float64 `toml:"schedule,omitempty" json:"-"`              // λ at each training step, of a process named "discrete"
	Noise    string    `toml:"noise,omitempty" json:"noise,omitempty"`   // a drift.NoiseScale; empty for "log-ratio"
	Source   string    `toml:"source,omitempty" json:"source,omitempty"` // where an imported model was downloaded from, with its commit; empty otherwise
	Walk     *Manner   `toml:"walk,omitempty" json:"walk,omitempty"`     // how to sample unless told otherwise; nil for as ever
}

// Manner is how a model is meant to be sampled.
type Manner struct {
	Solver string    `toml:"solver" json:"solver"`                   // a solver.Info
	Grid   string    `toml:"grid" json:"grid"`                       // a drift.Spacing
	Steps  int       `toml:"steps" json:"steps"`                     // of the walk
	Clip   []float64 `toml:"clip,omitempty" json:"clip,omitempty"`   // lowest and highest value of answers, in the user's units; empty for no bounds
	Short  bool      `toml:"short,omitempty" json:"short,omitempty"` // the walk ends at the first training step and leaves its noise
}

// Request is a request that asks for the manner of the run, and for the rest as r does.
func (m Manifest) Request(r Request) Request {
	if w := m.Walk; w != nil {
		r.Solver, r.Grid, r.Steps, r.Clip, r.Short = w.Solver, w.Grid, w.Steps, w.Clip, w.Short
	}
	return r
}

// Path is the process from data to noise.
func (m Manifest) Path() (drift.Process, error) {
	if m.Process == discrete {
		return drift.Discrete(m.Schedule)
	}
	if len(m.Schedule) > 0 {
		return drift.Process{}, fmt.Errorf("schedule: found %d training steps, expected none but for process %q", len(m.Schedule), discrete)
	}
	return drift.ProcessByName(m.Process)
}

// discrete is the name of a process that is a table.
const discrete = "discrete"

// Prediction is the parametrisation, with the network told its level as it was trained.
func (m Manifest) Prediction() (drift.Prediction, error) {
	p, err := m.Path()
	if err != nil {
		return drift.Prediction{}, err
	}
	k, err := drift.PredictionByName(m.Predict)
	if err != nil || m.Noise == "" {
		return k, err
	}
	scale, err := drift.NoiseScaleByName(m.Noise)
	return k.Telling(scale, p), err
}

// validate names what makes no sense in a manner, if something does.
func (w Manner) validate() error {
	if _, err := solver.ByName(w.Solver); err != nil {
		return err
	}
	if _, err := drift.SpacingByName(w.Grid); err != nil {
		return err
	}
	if w.Steps < 1 || w.Steps > drift.MaxSteps {
		return fmt.Errorf("steps: found %d, expected 1 to %d", w.Steps, drift.MaxSteps)
	}
	return checkClip(w.Clip)
}

// Signature is what the network sees.
func (m Manifest) Signature() nn.Signature {
	s := m.Data.Signature()
	if m.Jumps > 0 {
		s.Vector += distil.Numbers
	}
	return s
}

// Data describes the samples that a run learnt.
type Data struct {
	Name    string        `toml:"name" json:"name"`
	Shape   []int         `toml:"shape" json:"shape"`     // of one sample
	Count   int           `toml:"count" json:"count"`     // training samples
	Columns []string      `toml:"columns" json:"columns"` // of points
	Classes []string      `toml:"classes" json:"classes"`
	Share   []float64     `toml:"share" json:"share"`   // of each class in the training samples
	Range   []float64     `toml:"range" json:"range"`   // lowest and highest pixel of pictures; empty for points
	SHA256  string        `toml:"sha256" json:"sha256"` // of the samples and labels, to notice other data on resuming
	Scale   dataset.Scale `toml:"scale" json:"scale"`   // what standardised them

	Numbers   *Numbers `toml:"numbers,omitempty" json:"numbers,omitempty"`     // that describe each sample; nil without
	Augmented int      `toml:"augmented,omitempty" json:"augmented,omitempty"` // numbers that told the network how samples were changed
	Upscale   int      `toml:"upscale,omitempty" json:"upscale,omitempty"`     // samples are made of pictures so many times smaller; 0 for not
}

// Numbers are what describes samples beside their class.
type Numbers struct {
	Columns []string      `toml:"columns" json:"columns"`
	Scale   dataset.Scale `toml:"scale" json:"scale"` // a pair for each column
}

// Signature is what a network sees of the data.
func (d Data) Signature() nn.Signature {
	s := nn.Signature{Shape: d.Shape, Classes: len(d.Classes), Vector: d.Augmented}
	if d.Numbers != nil {
		s.Vector += len(d.Numbers.Columns)
	}
	if d.Upscale != 0 {
		s.Picture = d.Shape[2]
	}
	return s
}

// both says whether samples have a class and numbers.
func (d Data) both() bool { return len(d.Classes) > 0 && d.Numbers != nil }

// Image says whether the samples are pictures.
func (d Data) Image() bool { return len(d.Shape) == 3 }

// ReadManifest reads and checks a manifest.
func ReadManifest(path string) (Manifest, error) {
	data, err := safefile.Text(path, 64<<20)
	if err != nil {
		return Manifest{}, err
	}
	return parseManifest(path, data)
}

func parseManifest(path string, data []byte) (Manifest, error) {
	// The version first: a later format may hold keys that this drift cannot know.
	var version struct {
		Format int `toml:"format"`
	}
	if err := toml.Unmarshal(data, &version); err != nil {
		return Manifest{}, decodeTOML(path, data, &Manifest{})
	}
	if version.Format == 0 {
		return Manifest{}, fmt.Errorf("%s: format: found none, expected 1 to %d: the file is damaged, or none of drift's", path, Format)
	}
	if version.Format < 1 || version.Format > Format {
		return Manifest{}, fmt.Errorf("%s: format: found %d, expected 1 to %d; %w", path, version.Format, Format, errNewer)
	}
	var m Manifest
	if err := decodeTOML(path, data, &m); err != nil {
		return Manifest{}, err
	}
	if err := m.validate(); err != nil {
		return Manifest{}, fmt.Errorf("%s: %w", path, err)
	}
	m.Network = told(m.Network, m.Noise)
	return m, nil
}

func (m Manifest) validate() error {
	p, err := m.Path()
	if err != nil {
		return err
	}
	k, err := m.Prediction()
	if err != nil {
		return err
	}
	if err := k.CheckProcess(p); err != nil {
		return err
	}
	if m.Walk != nil {
		if err := m.Walk.validate(); err != nil {
			return fmt.Errorf("walk: %w", err)
		}
	}
	if m.Network != (nn.Spec{}) { // else whoever opens it brings the network, as whoever trained it did
		if _, err := m.Network.Network(len(m.Data.Classes)); err != nil {
			return err
		}
	}
	if m.Jumps != 0 {
		if err := distil.CheckJumps(m.Jumps); err != nil {
			return err
		}
	}
	d := m.Data
	if n := len(d.Shape); n != 1 && n != 3 {
		return fmt.Errorf("data.shape: found %v, expected 1 size (points) or 3 (pictures)", d.Shape)
	}
	dim := 1
	for _, s := range d.Shape {
		if s < 1 || s > 1<<20 || dim > MaxValues/s {
			return fmt.Errorf("data.shape: found %v, expected positive sizes and at most %d values", d.Shape, MaxValues)
		}
		dim *= s
	}
	for name, v := range map[string][]float64{"mean": d.Scale.Mean, "std": d.Scale.Std} {
		if len(v) != dim && len(v) != 1 {
			return fmt.Errorf("data.scale.%s: found %d values, expected 1 or %d", name, len(v), dim)
		}
	}
	if err := d.Scale.Valid(); err != nil {
		return fmt.Errorf("data.scale.%w", err)
	}
	if err := d.checkShare(); err != nil {
		return fmt.Errorf("data.share: %w", err)
	}
	if n := d.Numbers; n != nil {
		if len(n.Columns) == 0 || len(n.Scale.Mean) != len(n.Columns) || len(n.Scale.Std) != len(n.Columns) {
			return fmt.Errorf("data.numbers: found %d columns with %d means and deviations %v, expected as many of each", len(n.Columns), len(n.Scale.Mean), n.Scale.Std)
		}
		if err := n.Scale.Valid(); err != nil {
			return fmt.Errorf("data.numbers.scale.%w", err)
		}
	}
	if d.Augmented < 0 || d.Augmented > 1<<10 {
		return fmt.Errorf("data.augmented: found %d, expected 0 to %d", d.Augmented, 1<<10)
	}
	if d.Upscale != 0 {
		if err := train.CheckUpscale(d.Shape, d.Upscale); err != nil {
			return fmt.Errorf("data.%w", err)
		}
	}
	if (d.Image() || len(d.Range) > 0) && (len(d.Range) != 2 || !(math.Abs(d.Range[0]) <= dataset.Largest && math.Abs(d.Range[1]) <= dataset.Largest && d.Range[0] <= d.Range[1])) {
		return fmt.Errorf("data.range: found %v, expected the lowest and highest pixel", d.Range)
	}
	return nil
}

// checkShare says what is wrong with how often classes occur: of each class from 0 to 1, in
// all 1, or less where samples have no class or nobody knows.
func (d Data) checkShare() error {
	if len(d.Share) != len(d.Classes) {
		return fmt.Errorf("found %d values, expected one for each of %d classes", len(d.Share), len(d.Classes))
	}
	var sum float64
	for _, s := range d.Share {
		if !(s >= 0 && s <= 1) {
			return fmt.Errorf("found %v, expected 0 to 1 of each class", s)
		}
		sum += s
	}
	if sum > 1+1e-6 { // of rounding
		return fmt.Errorf("found %v in all, expected at most 1", sum)
	}
	return nil
}

// writeTOML writes a value as a TOML file, whole or not at all.
func writeTOML(path string, value any) error {
	return safefile.Write(path, func(w io.Writer) error { return toml.NewEncoder(w).Encode(value) })
}
