package run

import (
	"errors"
	"fmt"
	"math"
	"os"

	"drift/internal/safefile"
	"drift/nn"
	"drift/train"
)

// Import makes a run of weights that were trained elsewhere, variables below [nn.Scope]:
// they are its last and averaged ones at step 0. The config says what a training that
// goes on from them may begin with.
func Import(path string, c Config, m Manifest, weights nn.State) (*Dir, error) {
	m.Format, m.Tool = Format, "drift "+Version
	if err := m.validate(); err != nil {
		return nil, err
	}
	unlock, err := lock(path)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if Exists(path) {
		return nil, fmt.Errorf("run %s: found an existing run, expected none", path)
	}
	d := &Dir{Path: path, Manifest: m, Config: c}
	if err := os.MkdirAll(d.join("checkpoints"), 0o755); err != nil {
		return nil, fmt.Errorf("run %s: cannot create: %w", path, err)
	}
	if err := errors.Join(safefile.Sweep(path), safefile.Sweep(d.join("checkpoints"))); err != nil {
		return nil, err
	}
	if _, err := d.save(train.Begun(weights), 0, math.NaN()); err != nil {
		return nil, err
	}
	if err := writeTOML(d.join("config.toml"), c); err != nil {
		return nil, err
	}
	return d, writeTOML(d.join("manifest.toml"), m) // last: a folder without one is not a run yet
}
