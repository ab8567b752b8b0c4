package run

import (
	"fmt"
	"io"
	"slices"

	"drift"
	"drift/dataset"
	"drift/distil"
	"drift/internal/safefile"
	"drift/nn"

	"github.com/pelletier/go-toml/v2"
)

// Format is the version of run directories that this drift writes; it reads this
// one and no later.
const Format = 1

// Version is the version of drift, written into every run.
const Version = "0.1.0"

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
}

// Signature is what a network sees of the data.
func (d Data) Signature() nn.Signature {
	return nn.Signature{Shape: d.Shape, Classes: len(d.Classes)}
}

// Image says whether the samples are pictures.
func (d Data) Image() bool { return len(d.Shape) == 3 }

// ReadManifest reads and checks a manifest.
func ReadManifest(path string) (Manifest, error) {
	data, err := safefile.Read(path, 64<<20)
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
	return m, nil
}

func (m Manifest) validate() error {
	if _, err := drift.ProcessByName(m.Process); err != nil {
		return err
	}
	if _, err := drift.PredictionByName(m.Predict); err != nil {
		return err
	}
	if _, err := m.Network.Network(len(m.Data.Classes)); err != nil {
		return err
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
		if s < 1 || s > 1<<20 || dim > 1<<24/s {
			return fmt.Errorf("data.shape: found %v, expected positive sizes and at most %d values", d.Shape, 1<<24)
		}
		dim *= s
	}
	for name, v := range map[string][]float64{"mean": d.Scale.Mean, "std": d.Scale.Std} {
		if len(v) != dim && len(v) != 1 {
			return fmt.Errorf("data.scale.%s: found %d values, expected 1 or %d", name, len(v), dim)
		}
	}
	if slices.ContainsFunc(d.Scale.Std, func(s float64) bool { return !(s > 0) }) {
		return fmt.Errorf("data.scale.std: found %v, expected only values above 0", d.Scale.Std)
	}
	if len(d.Share) != len(d.Classes) {
		return fmt.Errorf("data.share: found %d values, expected one for each of %d classes", len(d.Share), len(d.Classes))
	}
	if d.Image() && len(d.Range) != 2 {
		return fmt.Errorf("data.range: found %v, expected the lowest and highest pixel", d.Range)
	}
	return nil
}

// writeTOML writes a value as a TOML file, whole or not at all.
func writeTOML(path string, value any) error {
	return safefile.Write(path, func(w io.Writer) error { return toml.NewEncoder(w).Encode(value) })
}
