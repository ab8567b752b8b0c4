package run

import (
	"math"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"testing"

	"drift"
	"drift/nn"
	"drift/train"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// A perceptron learns as well by training steps, or their like, as by what it is told
// unless a run says otherwise; it did not when it embedded them as they are.
func TestPerceptronsLearnOnEveryNoiseScale(t *testing.T) {
	for _, scale := range drift.NoiseScales() {
		path, c := filepath.Join(t.TempDir(), "run"), DefaultConfig("dogcat")
		c.Noise, c.Train.Steps, c.CheckpointEvery = scale.Name, 800, 1000
		trainRun(t, path, c, Options{})
		r := DefaultRequest()
		r.N, r.Class = 2000, "dog"
		s := sampleRun(t, path, r)
		for j := range 2 {
			var mean, square float64
			for i := range s.X.N {
				mean += s.X.Row(i)[j] / float64(s.X.N)
			}
			for i := range s.X.N {
				square += (s.X.Row(i)[j] - mean) * (s.X.Row(i)[j] - mean) / float64(s.X.N)
			}
			if std := math.Sqrt(square); math.Abs(std-1) > 0.15 {
				t.Errorf("%s: found a deviation of %.3f along axis %d, expected 1", scale.Name, std, j)
			}
		}
	}
}

// The uncertainty of the loss is about the same at each level whatever the network is told.
func TestUncertaintyKnowsLevelsOnEveryNoiseScale(t *testing.T) {
	var known []float32 // by the scale that is the default, which comes first
	for _, scale := range drift.NoiseScales() {
		path, c := filepath.Join(t.TempDir(), "run"), tiny(600)
		c.Noise, c.Train.Uncertainty, c.CheckpointEvery = scale.Name, true, 1000
		trainRun(t, path, c, Options{})
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		task, err := d.Manifest.task(nil)
		if err != nil {
			t.Fatal(err)
		}
		var noise []float32
		for i := range 41 {
			_, _, _, v := task.Predict.Precond(task.Process.At(0.01 + 0.98*float64(i)/40))
			noise = append(noise, float32(v))
		}
		u := uncertainty(t, d.Config.Train, lastState(t, path), noise)
		if known == nil {
			known = u
		}
		off := 0.0
		for i, v := range u {
			off = max(off, math.Abs(float64(v-known[i])))
		}
		if off > 0.35 { // the levels differ by 1.3
			t.Errorf("%s: found uncertainties %.2f at levels from low to high noise, expected %.2f as by default", scale.Name, u, known)
		}
	}
}

// uncertainty is what a trained run says of some levels.
func uncertainty(t *testing.T, c train.Config, state nn.State, noise []float32) (u []float32) {
	t.Helper()
	store := model.NewStore()
	weights := nn.State{}
	for name, tensor := range state {
		if regexp.MustCompile("^/uncertainty/").MatchString(name) {
			weights[name] = tensor
		}
	}
	err := nn.Guard("uncertainty", func() error {
		exec, err := model.NewExec(engine(t), store, func(_ *model.Scope, in []*graph.Node) *graph.Node {
			return nn.Uncertainty(store.Scope("/uncertainty"), in[0], c.UncertaintyScale)
		})
		if err != nil {
			return err
		}
		x := tensors.FromFlatDataAndDimensions(noise, len(noise))
		if _, err := exec.Compile(x.Shape()); err != nil {
			return err
		}
		if err := nn.Load(store, weights); err != nil {
			return err
		}
		if err := store.InitializeVariables(engine(t), nil); err != nil {
			return err
		}
		out, err := exec.Call1(x)
		if err != nil {
			return err
		}
		u, err = tensors.CopyFlatData[float32](out)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// A run from before steps were brought to a few units has neither key in its files; it is
// sampled and goes on as it was trained.
func TestRunsThatEmbedStepsAsTheyAreStaySo(t *testing.T) {
	straight, older, c := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b"), tiny(20)
	c.Noise, c.Train.Uncertainty = "timestep", true
	asTheyAre := c
	asTheyAre.Network.NoiseScale, asTheyAre.Train.UncertaintyScale = 1, 1
	trainRun(t, straight, asTheyAre, Options{})
	trainRun(t, older, asTheyAre, Options{})
	for _, name := range []string{"config.toml", "manifest.toml"} {
		path := filepath.Join(older, name)
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		less := regexp.MustCompile(`(?m)^(noise|uncertainty)_scale = .*\n`).ReplaceAll(text, nil)
		if len(less) == len(text) {
			t.Fatalf("%s: found no scale in\n%s", name, text)
		}
		if err := os.WriteFile(path, less, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	r := DefaultRequest()
	r.N, r.Steps = 8, 4
	if a, b := sampleRun(t, straight, r), sampleRun(t, older, r); !reflect.DeepEqual(a, b) {
		t.Error("found other samples of the run whose files have no scales")
	}
	for _, path := range []string{straight, older} {
		d, err := Open(path)
		if err != nil {
			t.Fatal(err)
		}
		d.Config.Train.Steps = 40
		trainRun(t, path, d.Config, Options{Resume: true})
	}
	if !reflect.DeepEqual(lastState(t, straight), lastState(t, older)) {
		t.Error("found other weights where the run whose files have no scales went on")
	}
	c.Train.Steps = 44 // which says nothing of scales, as when the older one began
	if last := trainRun(t, older, c, Options{Resume: true}); last.Step != 44 {
		t.Errorf("found %+v, expected the older one to go on to step 44", last)
	}
	c.Train.Steps = 20
	fresh := filepath.Join(t.TempDir(), "c")
	trainRun(t, fresh, c, Options{})
	if reflect.DeepEqual(lastState(t, straight), lastState(t, fresh)) {
		t.Error("found the same weights in a new run, expected one that brings steps to a few units")
	}
}

// Settings of an EDM2 that say nothing of it, as those of a run that was told a ratio and
// starts another, are told steps in a few units; a run that began so before goes on as it is.
func TestSettingsOfEDM2HearStepsInFewUnits(t *testing.T) {
	settings := func(scale float64) *nn.EDM2 {
		return &nn.EDM2{Channels: []int{8}, Blocks: 1, HeadDim: 8, NoiseScale: scale}
	}
	data := Data{Shape: []int{8, 8, 1}}
	for _, test := range []struct {
		noise            string
		given, is, older float64
	}{{"log-ratio", 0, 0, 0}, {"timestep", 0, stepUnit, 1}, {"timestep", 0.5, 0.5, 0.5}} {
		given := settings(test.given)
		c := Config{Noise: test.noise, Network: nn.Spec{Kind: "edm2", EDM2: given}}
		found, err := c.network(data)
		if err != nil {
			t.Fatal(err)
		}
		if found.EDM2.NoiseScale != test.is || c.begun().Network.EDM2.NoiseScale != test.older {
			t.Errorf("%s, %v: found %v, and %v of an older run, expected %v and %v", test.noise, test.given,
				found.EDM2.NoiseScale, c.begun().Network.EDM2.NoiseScale, test.is, test.older)
		}
		if given.NoiseScale != test.given {
			t.Errorf("%s: found the caller's settings changed", test.noise)
		}
	}
}
