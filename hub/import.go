package hub

import (
	"fmt"
	"strconv"

	"drift/dataset"
	"drift/nn"
	"drift/run"

	"github.com/gomlx/compute"
)

// ImportOptions say what a folder does not.
type ImportOptions struct {
	Name    string   // of the data
	Classes []string // their names, in order; nil for those of the folder, or numbers
	Dataset string   // what the run's config names, for evaluation and fine-tuning; may be empty
}

// half of the range of a pixel: diffusers has 0 to 255 as -1 to 1.
const half = 127.5

// Import makes a run of a folder of diffusers, in the folder path, where there must be none
// yet; the engine only checks that the weights fit the network. Names of classes that are not
// as many as the network knows, weights that are missing, too many or of another shape, and
// a run at path are errors, and nothing is a run then. It adds to the folder's notes.
func (f *Folder) Import(engine compute.Backend, path string, o ImportOptions) (*run.Dir, error) {
	classes, err := f.classes(o.Classes)
	if err != nil {
		return nil, err
	}
	c := run.DefaultConfigFor(o.Dataset, f.Shape)
	if o.Dataset != "" && dataset.OfFiles(o.Dataset) {
		c.Pictures.Size, c.Pictures.Channels = fmt.Sprintf("%dx%d", f.Shape[0], f.Shape[1]), f.Shape[2]
	}
	s := f.Scheduler
	c.Process, c.Schedule, c.Predict, c.Noise, c.Network, c.FullRange = s.Process, s.Schedule, s.Predict, s.Noise, f.Network, true
	walk := s.Walk
	if walk.Clip != nil {
		walk.Clip = []float64{half + half*walk.Clip[0], half + half*walk.Clip[1]}
	}
	m := run.Manifest{
		Process: c.Process, Schedule: c.Schedule, Predict: c.Predict, Noise: c.Noise, Network: c.Network, Walk: &walk, Source: f.Source,
		Data: run.Data{
			Name: o.Name, Shape: f.Shape, Classes: classes, Share: make([]float64, len(classes)), Range: []float64{0, 255},
			Scale: dataset.Scale{Mean: []float64{half}, Std: []float64{half}},
		},
	}
	for i := range classes {
		m.Data.Share[i] = 1 / float64(len(classes))
	}
	weights, err := f.Weights()
	if err != nil {
		return nil, err
	}
	net, err := f.Network.Network(len(classes))
	if err != nil {
		return nil, err
	}
	if err := nn.Check(engine, net, m.Data.Signature(), weights); err != nil {
		return nil, fmt.Errorf("%s: %w", f.weights, err)
	}
	return run.Import(path, c, m, weights)
}

// classes are the names of the network's classes.
func (f *Folder) classes(given []string) ([]string, error) {
	rows := f.Labels
	if net := f.Network.UNet; net != nil && net.ClassEmbedding == nil && rows > 1 && len(given) == rows-1 {
		// As drift trains it.
		f.Notes = append(f.Notes, fmt.Sprintf("classes: found %d names for %d rows; the last row is taken for that of no class", len(given), rows))
		return given, nil
	}
	if given != nil && len(given) != f.Labels {
		return nil, fmt.Errorf("classes: found %d names, expected %d, as many as the network knows", len(given), f.Labels)
	}
	if given == nil {
		given = f.Classes
	}
	for i := len(given); i < f.Labels; i++ {
		given = append(given, strconv.Itoa(i))
	}
	return given, nil
}
