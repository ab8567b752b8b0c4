package run

import (
	"fmt"
	"slices"
	"strings"

	"drift/dataset"
	"drift/train"
)

// Following is a config for a run that starts from the weights of d: the process, what
// the network predicts and is told, the network, and the range of pixels are those of d.
// Pictures in files are brought to the size and channels of d's unless the config says
// others. set is the data, once they are open: where their classes are more or fewer, or the
// network's table has rows for some of them only, it has one for each.
func (c Config) Following(d *Dir, set *dataset.Set) Config {
	m := d.Manifest
	c.Process, c.Schedule, c.Predict, c.Noise = m.Process, m.Schedule, m.Predict, m.Noise
	c.Network, c.FullRange, c.Upscale = m.Network, d.Config.FullRange, m.Data.Upscale
	if m.Data.Image() && dataset.OfFiles(c.Dataset) {
		if c.Pictures.Size == "" {
			c.Pictures.Size = fmt.Sprintf("%dx%d", m.Data.Shape[0], m.Data.Shape[1])
		}
		if c.Pictures.Channels == 0 {
			c.Pictures.Channels = m.Data.Shape[2]
		}
	}
	if set != nil && !set.Image() {
		c.FullRange = false // which points do not have
	}
	if set == nil {
		return c
	}
	if n := len(set.Classes); n != len(m.Data.Classes) || c.Network.Knows(n) < n {
		c.Network = c.Network.WithClasses(n)
	}
	return c
}

// parent opens the run that a run on data starts from, and checks that its network can
// see them.
func parent(path string, data Data) (*Dir, error) {
	d, err := Open(path)
	if err != nil {
		return nil, err
	}
	if d.Manifest.Jumps > 0 {
		return nil, fmt.Errorf("run %s: found a run that was distilled, whose answers depend on where a jump ends, expected its teacher: --from %s", path, d.Config.Distil.Teacher)
	}
	was, is := d.Manifest.Data.Shape, data.Shape
	if slices.Equal(was, is) {
		return d, nil
	}
	misfit := func(why string) error {
		return fmt.Errorf("run %s does not fit this one: it knows samples of shape %v, found %v, %s", path, was, is, why)
	}
	switch kind := d.Manifest.Network.Kind; {
	case len(was) != len(is):
		return nil, misfit("expected points for points and pictures for pictures")
	case kind == "mlp":
		return nil, misfit("expected the same: every value is an input of an MLP")
	case was[2] != is[2]:
		return nil, misfit("expected as many channels; --channels reads pictures so")
	}
	return d, nil // other sides: a network that they do not fit says so itself
}

// startFrom takes the weights of another run for data of such classes.
func (s *session) startFrom(d *Dir, classes []string) error {
	state, _, err := d.Load("last")
	if err != nil {
		return err
	}
	changed, err := s.trainer.StartFrom(train.Parent{Weights: train.Averaged(state), Classes: d.Manifest.Data.Classes}, classes)
	if err != nil {
		return fmt.Errorf("run %s does not fit this one: %w", d.Path, err)
	}
	s.first.Note = "weights from " + d.Path
	if len(changed.Fresh) > 0 {
		s.first.Note += "; as its conditions are others, these begin anew: " + strings.Join(changed.Fresh, ", ")
	}
	if len(changed.Dropped) > 0 {
		s.first.Note += "; without such conditions these are left out: " + strings.Join(changed.Dropped, ", ")
	}
	return nil
}

// follow takes over another run's manner of sampling if the levels mean the same to both.
func (m *Manifest) follow(was Manifest) {
	if was.Jumps == 0 && was.Process == m.Process && slices.Equal(was.Schedule, m.Schedule) && was.Predict == m.Predict && slices.Equal(was.Data.Range, m.Data.Range) {
		m.Walk = was.Walk
	}
}
