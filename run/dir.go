package run

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"drift/internal/safefile"
	"drift/nn"
	"drift/train"
)

// Dir is a run directory.
type Dir struct {
	Path     string
	Manifest Manifest
	Config   Config
}

// Open reads the manifest and config of a run.
func Open(path string) (*Dir, error) {
	d := &Dir{Path: path}
	if _, err := os.Stat(d.join("manifest.toml")); err != nil {
		if _, err := os.Stat(path); err != nil {
			return nil, fmt.Errorf("run %s: cannot read: %w", path, errors.Unwrap(err))
		}
		return nil, fmt.Errorf("run %s: found no manifest.toml, expected a folder that `drift train` wrote", path)
	}
	var err error
	if d.Manifest, err = ReadManifest(d.join("manifest.toml")); err != nil {
		return nil, err
	}
	absent := train.Config{Levels: train.Default().Levels, LossWeight: train.Default().LossWeight} // in runs from before there was a choice
	d.Config, err = ReadConfig(d.join("config.toml"), Config{Train: absent})
	d.Config = d.Config.begun()
	return d, err
}

// Exists says whether path holds a run already.
func Exists(path string) bool {
	_, err := os.Stat((&Dir{Path: path}).join("manifest.toml"))
	return err == nil
}

// strays refuses a folder with weights of which nobody knows what they learnt.
func strays(path string, n int) error {
	if n == 0 {
		return nil
	}
	return fmt.Errorf("run %s: found %d checkpoints but no manifest.toml, expected both or neither; take another folder, or put the manifest back", path, n)
}

// unborn is the manifest of a folder that is not a run yet.
const unborn = "manifest.new"

// create makes the folder of a run and writes its manifest under a name that is not yet
// its own, a checkpoint of the weights that the run begins with, if those come from
// elsewhere, and its config. Last, the manifest gets its name: a folder without one is not
// a run yet, and what a try that failed left in it is written anew.
func create(path string, c Config, m Manifest, begun nn.State) (d *Dir, first Checkpoint, err error) {
	d = &Dir{Path: path, Manifest: m, Config: c}
	if err := os.MkdirAll(d.join("checkpoints"), 0o755); err != nil {
		return nil, first, fmt.Errorf("run %s: cannot create: %w", path, err)
	}
	left, err := d.checkpoints()
	if err != nil {
		return nil, first, err
	}
	_, noManifest := os.Stat(d.join(unborn))
	_, noConfig := os.Stat(d.join("config.toml")) // which is written after the checkpoint
	if len(left) > 0 && (left[len(left)-1].Step > 0 || noManifest != nil && noConfig == nil) {
		return nil, first, strays(path, len(left))
	}
	for _, c := range left { // of a run that failed or was killed before it was one
		if err := os.Remove(c.Path); err != nil {
			return nil, first, err
		}
	}
	if err := writeTOML(d.join(unborn), m); err != nil {
		return nil, first, err
	}
	if begun != nil {
		if first, err = d.save(begun, 0, math.NaN()); err != nil {
			return nil, first, err
		}
	}
	if err := writeTOML(d.join("config.toml"), c); err != nil {
		return nil, first, err
	}
	return d, first, safefile.Publish(d.join(unborn), d.join("manifest.toml"))
}

// lock makes this process the only one that writes to the run at path.
func lock(path string) (release func(), err error) {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return nil, fmt.Errorf("run %s: cannot create: %w", path, err)
	}
	f, err := os.OpenFile((&Dir{Path: path}).join("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("run %s: cannot lock: %w", path, err)
	}
	held, err := tryLock(f)
	if err == nil && !held {
		return func() { f.Close() }, nil
	}
	f.Close()
	if held {
		return nil, fmt.Errorf("run %s: another process is writing to it", path)
	}
	return nil, fmt.Errorf("run %s: cannot lock: %w", path, err)
}

// byHash begins the name of a checkpoint by the hash of its tensors.
const byHash = "sha256:"

// Load reads a checkpoint: which is "last", "best", or "sha256:" and the hash over its
// tensors in hex; "ema:" and a length stands for the last one with averaged weights of
// that length in place of its own, where the run kept power averages; "@sha256:" and the
// hash of these may follow.
func (d *Dir) Load(which string) (nn.State, Checkpoint, error) {
	if length, ok := strings.CutPrefix(which, byLength); ok {
		return d.loadLength(length)
	}
	all, err := d.checkpoints()
	if err != nil {
		return nil, Checkpoint{}, err
	}
	if len(all) == 0 {
		return nil, Checkpoint{}, fmt.Errorf("run %s: found no checkpoint yet; training writes one every %d steps, and after %.0f minutes", d.Path, d.Config.CheckpointEvery, mostUnsaved.Minutes())
	}
	if sum, ok := strings.CutPrefix(which, byHash); ok {
		return d.loadHash(all, sum)
	}
	c := all[len(all)-1]
	switch which {
	case "last":
	case "best":
		c = bestOf(all)
	default:
		return nil, Checkpoint{}, fmt.Errorf("run %s: found checkpoint %q, expected last or best", d.Path, which)
	}
	state, sum, err := readSummed(c.Path)
	c.SHA256 = sum
	if err != nil && !errors.Is(err, errNewer) && len(all) > 1 {
		err = fmt.Errorf("%w (delete it to go on from an older checkpoint in the same folder)", err)
	}
	return state, c, err
}

// loadHash looks for a checkpoint by its hash, the newest first.
func (d *Dir) loadHash(all []Checkpoint, want string) (nn.State, Checkpoint, error) {
	for _, c := range slices.Backward(all) {
		state, sum, err := readSummed(c.Path)
		if err == nil && sum == want {
			c.SHA256 = sum
			return state, c, nil
		}
	}
	return nil, Checkpoint{}, fmt.Errorf("run %s: found no checkpoint with hash %s: training has gone on since, or it is another run", d.Path, want)
}
