package run

import (
	"errors"
	"fmt"
	"path/filepath"

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
	if err := errors.Join(safefile.Sweep(path), safefile.Sweep(filepath.Join(path, "checkpoints"))); err != nil {
		return nil, err
	}
	d, _, err := create(path, c, m, train.Begun(weights))
	return d, err
}
