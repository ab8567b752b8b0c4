package run

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"drift/internal/safefile"
	"drift/internal/tensorfile"
	"drift/nn"
	"drift/train"
)

const (
	keepLast      = 3
	checkpointExt = ".safetensors"
	stepPrefix    = "step-"
	maxCheckpoint = 64 << 30 // bytes
)

// Checkpoint is one stored state of a run.
type Checkpoint struct {
	Path string
	Step int
	Held float64 // held-out loss; NaN if there was nothing held out

	SHA256 string // over all tensors, in hex; known once it was read. Where Length is not empty, over the averaged ones alone
	Length string // of averaged weights that were made of snapshots; empty otherwise
}

// name is what [Dir.Load] calls the very weights.
func (c Checkpoint) name() string {
	if c.Length != "" {
		return byLength + c.Length + lengthHash + c.SHA256
	}
	return byHash + c.SHA256
}

// checkpoints lists the checkpoints of a run by step. It trusts names, not contents.
func (d *Dir) checkpoints() ([]Checkpoint, error) {
	entries, err := os.ReadDir(d.join("checkpoints"))
	if err != nil {
		return nil, fmt.Errorf("%s: cannot list checkpoints: %w", d.Path, err)
	}
	var all []Checkpoint
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), checkpointExt)
		digits, held, ok2 := strings.Cut(strings.TrimPrefix(name, stepPrefix), "-loss-")
		step, err := strconv.Atoi(digits)
		if !ok || !ok2 || err != nil || !strings.HasPrefix(name, stepPrefix) {
			continue
		}
		loss, err := strconv.ParseFloat(held, 64)
		if err != nil {
			loss = math.NaN()
		}
		all = append(all, Checkpoint{Path: d.join("checkpoints", e.Name()), Step: step, Held: loss})
	}
	slices.SortFunc(all, func(a, b Checkpoint) int { return a.Step - b.Step })
	return all, nil
}

// save writes a checkpoint, then removes all but the last three and the best.
func (d *Dir) save(state nn.State, step int, held float64) (Checkpoint, error) {
	if err := state.Finite(); err != nil {
		return Checkpoint{}, fmt.Errorf("checkpoint of step %d not written: %w", step, err)
	}
	loss := "none"
	if !math.IsNaN(held) {
		loss = strconv.FormatFloat(held, 'f', 6, 64)
	}
	c := Checkpoint{Step: step, Held: held, Path: d.join("checkpoints", fmt.Sprintf("%s%09d-loss-%s%s", stepPrefix, step, loss, checkpointExt))}
	if err := safefile.Write(c.Path, func(w io.Writer) error { return encode(w, state) }); err != nil {
		return Checkpoint{}, err
	}
	return c, d.prune()
}

func (d *Dir) prune() error {
	all, err := d.checkpoints()
	if err != nil || len(all) <= keepLast {
		return err
	}
	best := bestOf(all)
	for _, c := range all[:len(all)-keepLast] {
		if c.Path == best.Path {
			continue
		}
		if err := os.Remove(c.Path); err != nil {
			return err
		}
	}
	return nil
}

// bestOf is the checkpoint with the lowest held-out loss, or the last one.
func bestOf(all []Checkpoint) Checkpoint {
	best := all[len(all)-1]
	for _, c := range all {
		if c.Held < best.Held || math.IsNaN(best.Held) && !math.IsNaN(c.Held) {
			best = c
		}
	}
	return best
}

// encode writes a state as safetensors with a checksum over all of it.
func encode(w io.Writer, state nn.State) error {
	return tensorfile.Encode(w, state, map[string]string{"format": strconv.Itoa(Format), "tool": "drift " + Version})
}

// ReadCheckpoint reads a checkpoint and checks every byte of it.
func ReadCheckpoint(path string) (nn.State, error) {
	state, _, err := readSummed(path)
	return state, err
}

// readSummed is ReadCheckpoint with the hash over all tensors.
func readSummed(path string) (nn.State, string, error) {
	data, err := safefile.Read(path, maxCheckpoint)
	if err != nil {
		return nil, "", err
	}
	state, sum, err := decode(data)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", path, err)
	}
	return state, sum, nil
}

// errNewer says why a format may be unknown: no damage, so nothing to delete.
var errNewer = errors.New("a newer drift may have written it")

func decode(data []byte) (nn.State, string, error) {
	info, err := tensorfile.Metadata(data)
	if err != nil {
		return nil, "", err
	}
	format, err := strconv.Atoi(info["format"])
	if err != nil {
		return nil, "", fmt.Errorf("found a safetensors file that drift did not write, expected a checkpoint of a run")
	}
	if format < 1 || format > Format {
		return nil, "", fmt.Errorf("format: found %d, expected 1 to %d; %w", format, Format, errNewer)
	}
	state, err := tensorfile.Decode(data)
	if err != nil {
		return nil, "", err
	}
	if _, err := train.StepOf(state); err != nil {
		return nil, "", err
	}
	return state, info["sha256"], nil
}

// join is a path inside the run.
func (d *Dir) join(parts ...string) string {
	return filepath.Join(append([]string{d.Path}, parts...)...)
}
