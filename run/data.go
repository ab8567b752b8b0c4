package run

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"reflect"
	"slices"
	"strings"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"

	"github.com/pelletier/go-toml/v2"
)

// OpenSet opens the data set that a config names.
func (c Config) OpenSet() (*dataset.Set, error) {
	return c.OpenSetContext(context.Background(), nil)
}

// OpenSetContext is OpenSet, which stops when ctx ends, as [dataset.OpenContext] does, and
// tells watch how far it has come, if that is not nil.
func (c Config) OpenSetContext(ctx context.Context, watch func(what string, done, total int)) (*dataset.Set, error) {
	known := slices.ContainsFunc(dataset.List(), func(i dataset.Info) bool { return i.Name == c.Dataset }) // a name wins over a path
	if !known && c.Dataset != "" && Exists(c.Dataset) {
		return nil, fmt.Errorf("dataset: found %s, the folder of a run, expected data; its weights are a start with --from", c.Dataset)
	}
	return dataset.OpenContext(ctx, c.Dataset, dataset.Options{N: c.Samples, Seed: c.Seed, LabelColumn: c.LabelColumn, Pictures: c.Pictures, Watch: watch})
}

// prepare opens the data, parts them, and describes them. Nothing is copied: both
// parts are rows of the set, which are standardised as they are drawn.
func prepare(c Config, set *dataset.Set) (learnt, held train.Data, d Data, err error) {
	if set == nil {
		if set, err = c.OpenSet(); err != nil {
			return
		}
	}
	scale, err := dataset.Fit(set)
	if err != nil {
		return
	}
	if c.FullRange {
		if !set.Image() {
			err = errors.New("full_range: found points, expected pictures, whose pixels have a range")
			return
		}
		scale = dataset.Scale{Mean: []float64{(set.Min + set.Max) / 2}, Std: []float64{(set.Max - set.Min) / 2}}
	}
	learnt = train.Data{X: set.X, Labels: set.Labels, Classes: len(set.Classes), Upscale: c.Upscale, Scale: scale.StandardiseRow}
	if learnt.Augment, err = c.augment(set.X.Shape); err != nil {
		return
	}
	if set.Vectors != nil {
		if d.Numbers, learnt.Vectors, err = numbers(set); err != nil {
			return
		}
	}
	if err = learnt.Check(); err != nil {
		return
	}
	if c.Holdout > 0 && set.X.N > 1 {
		held = learnt
		if learnt.Rows, held.Rows, err = set.Parts(c.Holdout, c.Seed); err != nil {
			return
		}
	}
	d = Data{
		Numbers: d.Numbers, Upscale: c.Upscale,
		Name: set.Name, Shape: set.X.Shape, Count: learnt.Len(), Columns: set.Columns, Classes: set.Classes,
		Share: shares(learnt), SHA256: set.SHA256(), Scale: scale,
	}
	if learnt.Augment != nil {
		d.Augmented = learnt.Augment.Labels
	}
	if set.Image() {
		d.Range = []float64{set.Min, set.Max}
	}
	return
}

// numbers standardises the numbers that describe samples.
func numbers(set *dataset.Set) (*Numbers, *drift.Batch, error) {
	scale, err := dataset.Fit(&dataset.Set{Name: set.Name, X: drift.RowsOf(set.Vectors), Columns: set.VectorColumns})
	if err != nil {
		return nil, nil, err
	}
	return &Numbers{Columns: set.VectorColumns, Scale: scale}, scale.Standardise(set.Vectors), nil
}

// shares is how often each class occurs, of labels that are of one.
func shares(d train.Data) []float64 {
	share := make([]float64, d.Classes)
	if d.Labels == nil {
		return share
	}
	n := d.Len()
	for i := range n {
		if l := d.Labels[d.Row(i)]; l >= 0 {
			share[l] += 1 / float64(n)
		}
	}
	return share
}

// sameRun checks that a run can go on under a config: only the number of steps and
// how often it shows and keeps something may change, and what the data are called, which
// their hash knows.
func sameRun(d *Dir, c Config, m Manifest) error {
	was := d.Config
	was.Train.Steps, was.CheckpointEvery, was.SampleEvery = c.Train.Steps, c.CheckpointEvery, c.SampleEvery
	same := m.Data.SHA256 == d.Manifest.Data.SHA256
	if same || filepath.Clean(was.Dataset) == filepath.Clean(c.Dataset) {
		was.Dataset = c.Dataset
	}
	a, errA := toml.Marshal(was) // as the file has it: an empty list is no list there
	b, errB := toml.Marshal(c)
	if err := errors.Join(errA, errB); err != nil {
		return err
	}
	if !bytes.Equal(a, b) {
		return fmt.Errorf("run %s: cannot resume with another configuration: found %s", d.Path, difference(was, c))
	}
	if !same {
		return fmt.Errorf("run %s: the data set %q has changed since the run began; start another run, with --from %s to use its weights", d.Path, c.Dataset, d.Path)
	}
	return nil
}

// difference names the first field in which two configs differ.
func difference(was, is any) string {
	a, b := reflect.ValueOf(was), reflect.ValueOf(is)
	for i := range a.NumField() {
		x, y := a.Field(i), b.Field(i)
		if reflect.DeepEqual(x.Interface(), y.Interface()) || x.Kind() == reflect.Slice && x.Len()+y.Len() == 0 {
			continue
		}
		name, _, _ := strings.Cut(a.Type().Field(i).Tag.Get("toml"), ",")
		if x.Kind() == reflect.Pointer && !x.IsNil() && !y.IsNil() {
			x, y = x.Elem(), y.Elem()
		}
		if x.Kind() == reflect.Struct {
			return name + "." + difference(x.Interface(), y.Interface())
		}
		return fmt.Sprintf("%s = %v, expected %v as in its config.toml", name, y, x)
	}
	return "no difference"
}

// task is what the manifest says was to be learnt.
func (m Manifest) task(net nn.Network) (train.Task, error) {
	p, err := m.Path()
	if err != nil {
		return train.Task{}, err
	}
	k, err := m.Prediction()
	if err != nil {
		return train.Task{}, err
	}
	if net == nil {
		if net, err = m.Network.Network(len(m.Data.Classes)); err != nil {
			return train.Task{}, err
		}
	}
	return train.Task{Process: p, Predict: k, Network: net, Seed: m.Seed}, nil
}
