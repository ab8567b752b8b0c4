package run

import (
	"fmt"
	"math"
	"slices"

	"drift/distil"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/compute"
)

// Distil says of whom a run learns to take few steps. The zero value is for runs that
// learn from data alone.
type Distil struct {
	Teacher  string  `toml:"teacher,omitempty" json:"teacher,omitempty"`   // folder of its run
	Weights  string  `toml:"weights,omitempty" json:"weights,omitempty"`   // of the teacher, as [Dir.Load] finds them by their hash
	Guidance float64 `toml:"guidance,omitempty" json:"guidance,omitempty"` // weight of guidance that the student has of its own; 1 for none
	Jumps    int     `toml:"jumps,omitempty" json:"jumps,omitempty"`       // shortest jumps from noise to data, a power of two
}

func (d Distil) validate() error {
	if d == (Distil{}) {
		return nil
	}
	if d.Teacher == "" || d.Weights == "" {
		return fmt.Errorf("distil: found teacher %q with weights %q, expected both", d.Teacher, d.Weights)
	}
	if math.IsNaN(d.Guidance) || math.Abs(d.Guidance) > 1000 {
		return fmt.Errorf("distil.guidance: found %v, expected -1000 to 1000", d.Guidance)
	}
	return distil.CheckJumps(d.Jumps)
}

// DistilConfig is a good configuration for a student of a run: the same data and network,
// 3000 steps, and jumps down to a 32nd of the way.
func DistilConfig(teacher *Dir) (Config, error) {
	if teacher.Manifest.Jumps > 0 {
		return Config{}, fmt.Errorf("run %s: found a run that was distilled itself, expected its teacher", teacher.Path)
	}
	if teacher.Config.Dataset == "" {
		return Config{}, fmt.Errorf("run %s: found no data set in its config, expected one to learn on; `drift hub import --data` names it", teacher.Path)
	}
	if n := teacher.Manifest.Data.Numbers; n != nil {
		return Config{}, fmt.Errorf("run %s: found a run that is told numbers %q, expected one that is told a class or a picture at most", teacher.Path, n.Columns)
	}
	_, c, err := teacher.Load("last")
	if err != nil {
		return Config{}, err
	}
	config := teacher.Config
	config.Augment = 0 // the teacher answers for unchanged pictures
	config.Distil = Distil{Teacher: teacher.Path, Weights: byHash + c.SHA256, Guidance: 1, Jumps: 32}
	config.Train.Steps, config.Train.Rate, config.Train.LabelDropout = 3000, config.Train.Rate/2, config.Train.LabelDropout/2
	config.Train.Uncertainty, config.Train.UncertaintyScale, config.Train.EMALengths = false, 0, nil
	return config, nil
}

// learnFrom gives a task its teacher, and is the teacher's weights.
func (d Distil) learnFrom(engine compute.Backend, task *train.Task, data Data) (train.Parent, error) {
	dir, err := Open(d.Teacher)
	if err != nil {
		return train.Parent{}, err
	}
	switch was := dir.Manifest.Data; {
	case was.SHA256 == "": // an imported one
		if !slices.Equal(was.Shape, data.Shape) || !slices.Equal(was.Classes, data.Classes) {
			return train.Parent{}, fmt.Errorf("run %s: found samples of shape %v and the classes %q, expected %v and %q as this teacher knows them; `drift hub import --classes` names its classes",
				d.Teacher, data.Shape, data.Classes, was.Shape, was.Classes)
		}
	case was.SHA256 != data.SHA256:
		return train.Parent{}, fmt.Errorf("run %s: the data set %q has changed since this teacher learnt from it", d.Teacher, data.Name)
	}
	if d.Guidance != 1 && len(data.Classes) == 0 {
		return train.Parent{}, fmt.Errorf("distil.guidance: found %v, expected 1: the run has no classes to be guided to", d.Guidance)
	}
	state, c, err := dir.Load(d.Weights)
	if err != nil {
		return train.Parent{}, err
	}
	weights := train.Averaged(state)
	teacher, err := nn.NewModel(engine, task.Network, task.Predict, dir.Manifest.Signature(), weights)
	if err != nil {
		return train.Parent{}, fmt.Errorf("%s: %w", c.Path, err)
	}
	task.Goal, err = distil.New(task.Process, teacher, d.Guidance, d.Jumps, task.Seed)
	return train.Parent{Weights: weights, Classes: data.Classes}, err
}

// manner is how a student is sampled: 4 steps of those that it learnt, or none where a
// run is no student.
func (d Distil) manner() *Manner {
	if d.Jumps == 0 {
		return nil
	}
	return &Manner{Solver: jumpSolver, Grid: distil.Grid, Steps: min(4, d.Jumps)}
}

// jumpSolver is the solver whose steps are jumps.
const jumpSolver = "ddim"

// checkJumps names what a distilled run cannot do.
func (m *Model) checkJumps(r Request) error {
	n := m.Manifest.Jumps
	switch {
	case n == 0:
		return nil
	case r.Solver != jumpSolver || r.Grid != distil.Grid:
		return fmt.Errorf("solver and grid: found %q and %q, expected %q and %q: the run is distilled, its steps are jumps", r.Solver, r.Grid, jumpSolver, distil.Grid)
	case r.Steps < 1 || r.Steps > n || n%r.Steps != 0:
		return fmt.Errorf("steps: found %d, expected 1, 2, 4 … %d: the run is distilled for these", r.Steps, n)
	case r.Guidance != 1:
		return fmt.Errorf("guidance: found %v, expected 1: a distilled run has the guidance that it learnt with, as its config.toml says", r.Guidance)
	}
	return nil
}
