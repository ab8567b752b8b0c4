package run

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"math"
	"strings"

	"drift"
	"drift/dataset"
	"drift/internal/safefile"
	"drift/nn"
	"drift/train"

	"github.com/pelletier/go-toml/v2"
)

// Config is everything that decides a training run; config.toml holds it resolved.
type Config struct {
	Dataset         string           `toml:"dataset" json:"dataset"`                           // a name that `drift data list` shows, or a path
	LabelColumn     string           `toml:"label_column" json:"label_column"`                 // of a CSV file; empty to detect it
	Samples         int              `toml:"samples" json:"samples"`                           // size of a generated data set; 0 for its default
	Pictures        dataset.Pictures `toml:"pictures" json:"pictures"`                         // how files of pictures are read
	Process         string           `toml:"process" json:"process"`                           // a drift.Process
	Predict         string           `toml:"predict" json:"predict"`                           // a drift.Prediction
	Noise           string           `toml:"noise,omitempty" json:"noise,omitempty"`           // a drift.NoiseScale, what the network is told of its level; empty for "log-ratio"
	FullRange       bool             `toml:"full_range,omitempty" json:"full_range,omitempty"` // the range of pixels becomes -1 to 1, as in diffusers, in place of their mean and deviation 0 and 1
	Schedule        []float64        `toml:"schedule,omitempty" json:"-"`                      // λ at each training step, of process "discrete"
	Seed            uint64           `toml:"seed" json:"seed"`                                 // of data, weights and everything drawn
	Holdout         float64          `toml:"holdout" json:"holdout"`                           // share of the data kept for validation
	CheckpointEvery int              `toml:"checkpoint_every" json:"checkpoint_every"`         // steps
	SampleEvery     int              `toml:"sample_every" json:"sample_every"`                 // steps between grids of samples with fixed seeds; 0 for none
	Snapshots       int              `toml:"snapshots" json:"snapshots"`                       // most snapshots of train.ema_lengths that are kept, spread over the run
	Flip            bool             `toml:"flip" json:"flip"`                                 // mirror every other picture
	Augment         float64          `toml:"augment,omitempty" json:"augment,omitempty"`       // probability of each change that dataset.Augment makes; 0 for none
	Upscale         int              `toml:"upscale" json:"upscale"`                           // learn pictures given themselves, so many times smaller; 0 for not
	Network         nn.Spec          `toml:"network" json:"network"`
	Train           train.Config     `toml:"train" json:"train"`
	Distil          Distil           `toml:"distil,omitempty" json:"distil"` // what the run is to learn of another, if it is
}

// DefaultConfig suits points and small pictures.
func DefaultConfig(dataset string) Config {
	return Config{
		Dataset: dataset, Process: "vp", Predict: "v", Holdout: 0.05, CheckpointEvery: 500,
		Train: train.Default(),
	}
}

// DefaultConfigFor is [DefaultConfig] for samples of a shape, or for pictures, [height,
// width, channels], larger than 12×12 what suits them:
//
//   - the process "cosine", which spends more of its time than "vp" where pictures take
//     shape, and ends at pure noise;
//   - batches of 64, a rate that every such network bears, with a longer warm-up, and an
//     average that remembers a thousand steps;
//   - power averages and grids of samples to look at, about 20 of each in a run.
//
// The network is left open: [nn.Spec.Resolve] chooses it. Nothing is mirrored by default: letters and many things have only one right side.
func DefaultConfigFor(dataset string, shape []int) Config {
	c := DefaultConfig(dataset)
	if len(shape) != 3 || min(shape[0], shape[1]) <= 12 {
		return c
	}
	c.Process = "cosine"
	c.Train.Steps, c.Train.Batch, c.Train.Rate, c.Train.Warmup = 10000, 64, 5e-4, 200
	c.Train.EMA, c.Train.EMALengths, c.Train.LabelDropout = 0.999, []float64{0.05, 0.10}, 0.1
	c.Snapshots, c.SampleEvery, c.CheckpointEvery = 20, 500, 500
	return c
}

// Validate names the first field that makes no sense, if one does.
func (c Config) Validate() error {
	if c.Dataset == "" {
		return errors.New("dataset: found none, expected a name or a path")
	}
	if c.Seed > math.MaxInt64 {
		return fmt.Errorf("seed: found %d, expected at most %d, the largest that config.toml holds", c.Seed, math.MaxInt64)
	}
	m := c.manifest(Data{})
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
	if !(c.Holdout >= 0) || c.Holdout > 0.9 {
		return fmt.Errorf("holdout: found %v, expected 0 to 0.9", c.Holdout)
	}
	if c.CheckpointEvery < 1 {
		return fmt.Errorf("checkpoint_every: found %d, expected at least 1", c.CheckpointEvery)
	}
	if !(c.Augment >= 0 && c.Augment <= 1) {
		return fmt.Errorf("augment: found %v, expected a probability from 0 to 1", c.Augment)
	}
	if c.SampleEvery < 0 {
		return fmt.Errorf("sample_every: found %d, expected at least 0", c.SampleEvery)
	}
	if c.Snapshots < 0 || c.Snapshots > 1000 || len(c.Train.EMALengths) > 0 && c.Snapshots < 2 {
		return fmt.Errorf("snapshots: found %d beside train.ema_lengths %v, expected 2 to 1000", c.Snapshots, c.Train.EMALengths)
	}
	if err := c.Network.Validate(); err != nil {
		return err
	}
	if err := c.Distil.validate(); err != nil {
		return err
	}
	return c.Train.Validate()
}

// resolved is the config with what it leaves open filled in for data. net is the caller's own
// network, or nil. few is why a new run is refused, though one that was trained so goes on:
// a table with rows for some of the classes only.
func (c Config) resolved(data Data, net nn.Network) (whole Config, few, err error) {
	if c.Train.Uncertainty && c.Train.UncertaintyScale == 0 && Stepped(c.Noise) {
		c.Train.UncertaintyScale = stepUnit
	}
	if net != nil {
		return c, nil, nil
	}
	c.Network, err = c.network(data)
	if errors.As(err, new(*nn.FewRowsError)) {
		return c, err, nil
	}
	return c, nil, err
}

// goingOn is the config with what it leaves open as it was in the run that goes on, which
// began when other things were chosen. To drop a class and numbers apart is the default.
func (c Config) goingOn(was Config) Config {
	c.Train.DropApart = c.Train.DropApart && was.Train.DropApart
	c.Train.UncertaintyScale = cmp.Or(c.Train.UncertaintyScale, was.Train.UncertaintyScale)
	s, is := &c.Network, was.Network
	if s.Kind != "" && s.Kind != is.Kind || s.Preset != "" && s.Preset != is.Preset || s.Kind == "" && s.Width+s.Blocks > 0 && is.Kind != "mlp" {
		return c // another network, which is for whoever compares the two to tell
	}
	s.Kind, s.Preset = is.Kind, is.Preset
	s.Width, s.Blocks, s.NoiseScale = cmp.Or(s.Width, is.Width), cmp.Or(s.Blocks, is.Blocks), cmp.Or(s.NoiseScale, is.NoiseScale)
	s.UNet, s.DiT, s.EDM2 = cmp.Or(s.UNet, is.UNet), cmp.Or(s.DiT, is.DiT), cmp.Or(s.EDM2, is.EDM2)
	return c
}

// stepUnit brings training steps, or their like, from up to 1000 to the few units that
// frequencies suit which were chosen for drift.NoiseInput.
const stepUnit = 0.004

// Stepped says whether a network is told training steps, or their like, of its level.
func Stepped(noise string) bool { return noise != "" && noise != drift.NoiseScales()[0].Name }

// network is the network with what the config leaves open filled in. Of those that are
// told training steps, or their like, U-Net and DiT embed them as they are.
func (c Config) network(data Data) (nn.Spec, error) {
	s, err := c.Network.Resolve(data.Signature())
	if err != nil || !Stepped(c.Noise) {
		return s, err
	}
	if s.UNet != nil && c.Network.UNet == nil {
		s.UNet.FreqShift = 0
	}
	if s.DiT != nil && c.Network.DiT == nil {
		s.DiT.NoiseScale = 0
	}
	if s.EDM2 != nil && s.EDM2.NoiseScale == 0 {
		s.EDM2 = scaled(s.EDM2, stepUnit)
	}
	if s.Kind == "mlp" && s.NoiseScale == 0 {
		s.NoiseScale = stepUnit
	}
	return s, nil
}

// scaled is the settings of an EDM2 that embeds what it is told of its level times a scale.
func scaled(m *nn.EDM2, scale float64) *nn.EDM2 {
	is := *m
	is.NoiseScale = scale
	return &is
}

// begun is the config of a run as its file has it: one from before steps were brought to a few
// units for all that need it says nothing of that, and goes on with them as they are.
func (c Config) begun() Config {
	c.Network = told(c.Network, c.Noise)
	if c.Train.Uncertainty && c.Train.UncertaintyScale == 0 && Stepped(c.Noise) {
		c.Train.UncertaintyScale = 1
	}
	return c
}

// told is the network of a run as its file has it, see [Config.begun].
func told(s nn.Spec, noise string) nn.Spec {
	if !Stepped(noise) {
		return s
	}
	if s.Kind == "mlp" && s.NoiseScale == 0 {
		s.NoiseScale = 1
	}
	if s.EDM2 != nil && s.EDM2.NoiseScale == 0 {
		s.EDM2 = scaled(s.EDM2, 1)
	}
	return s
}

// manifest is that of a run that learns data as the config says.
func (c Config) manifest(data Data) Manifest {
	return Manifest{
		Format: Format, Tool: "drift " + Version, Process: c.Process, Schedule: c.Schedule, Predict: c.Predict, Noise: c.Noise,
		Apart: data.both() && c.Train.DropApart && c.Train.LabelDropout > 0, Seed: c.Seed, Network: c.Network, Jumps: c.Distil.Jumps, Walk: c.Distil.manner(), Data: data,
	}
}

// ReadConfig reads a TOML file over base: what the file does not name keeps its
// value, and a key that drift does not know is an error.
func ReadConfig(path string, base Config) (Config, error) {
	if err := readTOML(path, &base); err != nil {
		return Config{}, err
	}
	return base, nil
}

// readTOML decodes a file strictly, naming the file, line and key of a mistake.
func readTOML(path string, into any) error {
	data, err := safefile.Text(path, 1<<26) // a table of times takes some MiB
	if err != nil {
		return err
	}
	return decodeTOML(path, data, into)
}

func decodeTOML(path string, data []byte, into any) error {
	err := toml.NewDecoder(bytes.NewReader(data)).DisallowUnknownFields().Decode(into)
	var unknown *toml.StrictMissingError
	var wrong *toml.DecodeError
	switch {
	case errors.As(err, &unknown):
		var keys []string
		for _, e := range unknown.Errors {
			row, _ := e.Position()
			keys = append(keys, fmt.Sprintf("%s (line %d)", strings.Join(e.Key(), "."), row))
		}
		return fmt.Errorf("%s: unknown key %s", path, strings.Join(keys, ", "))
	case errors.As(err, &wrong):
		row, col := wrong.Position()
		return fmt.Errorf("%s: line %d, column %d: %s", path, row, col, strings.TrimPrefix(wrong.Error(), "toml: "))
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
