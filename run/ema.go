package run

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"drift/internal/safefile"
	"drift/internal/tensorfile"
	"drift/nn"
	"drift/train"
)

// A run with train.ema_lengths keeps snapshots of its power averages in the folder
// ema: step-N.safetensors. From them and the last checkpoint any other length can be had
// (Karras et al. 2024, arXiv:2312.02696, section 3.2).

const (
	snapshotDir = "ema"
	byLength    = "ema:"       // begins the name of weights by the length of their average
	lengthHash  = "@" + byHash // stands between that and the hash of the averaged weights, if they must have one
	mostLeft    = 0.25         // of a wanted profile that may be missing from what is stored
)

// WithLength is what [Dir.Load] and [Dir.Model] call weights whose average has another
// length, a share of the run.
func WithLength(length float64) string {
	return byLength + strconv.FormatFloat(length, 'g', -1, 64)
}

// snapshotEvery is how many steps lie between snapshots.
func (c Config) snapshotEvery() int {
	if len(c.Train.EMALengths) == 0 {
		return math.MaxInt
	}
	return (c.Train.Steps + c.Snapshots - 1) / c.Snapshots
}

// snapshots lists the steps of a run's snapshots, in order.
func (d *Dir) snapshots() ([]int, error) {
	names, err := safefile.Named(d.join(snapshotDir), stepPrefix, checkpointExt)
	var steps []int
	for _, name := range names { // sorted, and steps have leading zeros
		digits := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(name), stepPrefix), checkpointExt)
		if step, err := strconv.Atoi(digits); err == nil {
			steps = append(steps, step)
		}
	}
	return steps, err
}

func (d *Dir) snapshotPath(step int) string {
	return d.join(snapshotDir, fmt.Sprintf("%s%09d%s", stepPrefix, step, checkpointExt))
}

// snapshot writes the power averages of a state, then removes those that are too many:
// each time the one whose neighbours are nearest to one another.
func (d *Dir) snapshot(state nn.State, step int) error {
	if err := os.MkdirAll(d.join(snapshotDir), 0o755); err != nil {
		return err
	}
	kept := train.PowerOnly(state)
	if err := kept.Finite(); err != nil {
		return fmt.Errorf("snapshot of step %d not written: %w", step, err)
	}
	if err := safefile.Write(d.snapshotPath(step), func(w io.Writer) error { return encode(w, kept) }); err != nil {
		return err
	}
	steps, err := d.snapshots()
	for err == nil && len(steps) > d.Config.Snapshots {
		least, gap := 0, math.MaxInt
		for i, next := range steps[1:] {
			before := 0
			if i > 0 {
				before = steps[i-1]
			}
			if next-before < gap {
				least, gap = i, next-before
			}
		}
		if err = os.Remove(d.snapshotPath(steps[least])); err == nil {
			steps, err = d.snapshots()
		}
	}
	return err
}

// forget removes snapshots after a step: a resumed run takes those steps again.
func (d *Dir) forget(step int) error {
	steps, err := d.snapshots()
	for _, s := range steps {
		if err == nil && s > step {
			err = os.Remove(d.snapshotPath(s))
		}
	}
	return err
}

// loadLength makes of the last checkpoint and the snapshots before it a state whose
// averaged weights have the profile of another length.
func (d *Dir) loadLength(text string) (nn.State, Checkpoint, error) {
	text, want, pinned := strings.Cut(text, lengthHash)
	length, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return nil, Checkpoint{}, fmt.Errorf("ema length: found %q, expected a number such as 0.08", text)
	}
	if err := train.CheckLength(length); err != nil {
		return nil, Checkpoint{}, fmt.Errorf("ema length: %w", err)
	}
	lengths := d.Config.Train.EMALengths
	if len(lengths) == 0 {
		return nil, Checkpoint{}, fmt.Errorf("run %s: found no train.ema_lengths in its config, expected a run that kept power averages: train with --ema-lengths 0.05,0.1", d.Path)
	}
	state, c, err := d.Load("last")
	if err != nil {
		return nil, c, err
	}
	steps, err := d.snapshots()
	if err != nil {
		return nil, c, err
	}
	var stored []train.Profile
	var from []int // the step of each
	for _, step := range append(steps, c.Step) {
		if step > c.Step || len(from) > 0 && step <= from[len(from)-1] {
			continue
		}
		for _, l := range lengths {
			stored, from = append(stored, train.Profile{Gamma: train.Gamma(l), Step: float64(step)}), append(from, step)
		}
	}
	w, left, err := train.Combine(stored, train.Profile{Gamma: train.Gamma(length), Step: float64(c.Step)})
	if err != nil {
		return nil, c, fmt.Errorf("run %s: %w", d.Path, err)
	}
	if left > mostLeft {
		return nil, c, fmt.Errorf("ema length: found %v, of whose profile the snapshots of run %s lack %.0f %%; expected one nearer to its %v", length, d.Path, 100*left, lengths)
	}
	sum := weighted{}
	for i := 0; i < len(from); i += len(lengths) {
		part := state
		if from[i] != c.Step {
			if part, err = ReadCheckpoint(d.snapshotPath(from[i])); err != nil {
				return nil, c, err
			}
		}
		for k := range lengths {
			if err := sum.add(train.Power(part, k), w[i+k]); err != nil {
				return nil, c, fmt.Errorf("%s: %w", d.snapshotPath(from[i]), err)
			}
		}
	}
	average := sum.state(train.Averaged(state))
	if c.Length, c.SHA256 = text, tensorfile.Sum(average); pinned && c.SHA256 != want {
		return nil, c, fmt.Errorf("run %s: found averaged weights of length %s with hash %s, expected %s: training has gone on since, or it is another run", d.Path, text, c.SHA256, want)
	}
	return train.WithAverage(state, average), c, nil
}

// weighted is a weighted sum of states, in float64.
type weighted map[string][]float64

func (s weighted) add(state nn.State, w float64) error {
	for name, t := range state {
		if s[name] == nil {
			s[name] = make([]float64, len(t.Data)/4)
		}
		if len(t.Data) != 4*len(s[name]) || t.DType != "Float32" {
			return fmt.Errorf("tensor %q: found %s %v, expected %d values", name, t.DType, t.Shape, len(s[name]))
		}
		for i := range s[name] {
			s[name][i] += w * float64(math.Float32frombits(binary.LittleEndian.Uint32(t.Data[4*i:])))
		}
	}
	return nil
}

// state is the sum as float32 tensors that are otherwise like others.
func (s weighted) state(like nn.State) nn.State {
	state := nn.State{}
	for name, t := range like {
		t.Data = make([]byte, 0, 4*len(s[name]))
		for _, v := range s[name] {
			t.Data = binary.LittleEndian.AppendUint32(t.Data, math.Float32bits(float32(v)))
		}
		state[name] = t
	}
	return state
}
