package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift/internal/safetensors"
	"drift/nn"
	"drift/run"

	"github.com/spf13/cobra"
)

// tinyPipeline writes the DDPM pipeline of hub's tests for pictures of 8×8×3, with weights
// that are noise, as dir/tiny.
func tinyPipeline(t testing.TB, dir string) {
	t.Helper()
	var p struct {
		Networks map[string]map[string]any
		Tensors  map[string]map[string][]int
		Walks    []struct{ Scheduler map[string]any }
	}
	text, err := os.ReadFile("../../hub/testdata/pipelines.json")
	if err == nil {
		err = json.Unmarshal(bytes.ReplaceAll(text, []byte("-Infinity"), []byte(`"-Infinity"`)), &p)
	}
	if err != nil {
		t.Fatal(err)
	}
	r, tensors := rand.New(rand.NewPCG(3, 4)), []safetensors.Tensor{}
	for _, name := range slices.Sorted(maps.Keys(p.Tensors["unet"])) {
		shape, size := p.Tensors["unet"][name], 1
		for _, s := range shape {
			size *= s
		}
		var data []byte
		for range size {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(float32(r.NormFloat64()/10)))
		}
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: "F32", Shape: shape, Data: data})
	}
	var weights bytes.Buffer
	if err := safetensors.Write(&weights, nil, tensors); err != nil {
		t.Fatal(err)
	}
	put := func(name string, v any) {
		data, isBytes := v.([]byte)
		if !isBytes {
			if data, err = json.Marshal(v); err != nil {
				t.Fatal(err)
			}
		}
		path := filepath.Join(dir, "tiny", name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put("model_index.json", map[string]any{"_class_name": "DDPMPipeline", "unet": []string{"diffusers", "UNet2DModel"}, "scheduler": []string{"diffusers", "DDPMScheduler"}})
	put("unet/config.json", p.Networks["unet"])
	put("unet/diffusion_pytorch_model.safetensors", weights.Bytes())
	put("scheduler/scheduler_config.json", p.Walks[0].Scheduler)
}

// An imported model is fine-tuned by one command: what it is made of is its own unless
// flags say otherwise, and pictures are brought to its size.
func TestFineTuneAnImportedModel(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 12) // of 6×8 pixels, in two classes
	tinyPipeline(t, dir)
	mustDrift(t, dir, "hub", "import", "tiny", "--out", "old")
	// Its own walk adds noise, which inversion must not.
	mustDrift(t, dir, "sample", "old", "-n", "1", "--steps", "2", "--out", "made.png")
	out := mustDrift(t, dir, "edit", "invert", "old", "--picture", "made.png", "--steps", "8", "--out", "back.png", "--json")
	if found := strings.Contains(out, `"worst_error":0.`) || strings.Contains(out, `"worst_error":1.`); !found {
		t.Errorf("inversion with an imported model: found %s, expected the picture back", out)
	}
	mustDrift(t, dir, "edit", "interpolate", "old", "--index", "1,2", "-n", "2", "--steps", "2", "--out", "row.png")
	train := []string{"train", "photos", "--from", "old", "--steps", "2", "--batch", "4", "--sample-every", "0"}
	out = mustDrift(t, dir, append(train, "--out", "new")...)
	if want := "these begin anew: /model/class_embedding/weight"; !strings.Contains(out, want) {
		t.Errorf("found %s, expected %q", out, want)
	}
	old, err := run.Open(filepath.Join(dir, "old"))
	if err != nil {
		t.Fatal(err)
	}
	d, err := run.Open(filepath.Join(dir, "new"))
	if err != nil {
		t.Fatal(err)
	}
	a, b := old.Manifest, d.Manifest
	if a.Process != b.Process || len(b.Schedule) != 1000 || !slices.Equal(a.Schedule, b.Schedule) || b.Predict != "eps" || b.Noise != "timestep" || b.Walk == nil || b.Walk.Solver != "ddpm" ||
		!slices.Equal(b.Data.Shape, []int{8, 8, 3}) || b.Data.Scale.Mean[0] != 127.5 || *b.Network.UNet.ClassEmbeddings != 3 {
		t.Errorf("found %+v, expected what %+v is", b, a)
	}
	mustDrift(t, dir, "sample", "new", "-n", "2", "--class", "cats", "--steps", "3", "--out", "cats.png")
	mustDrift(t, dir, append(train, "--out", "new", "--resume", "--steps", "3")...)
	// The same classes again: their rows are kept.
	if out := mustDrift(t, dir, "train", "photos", "--from", "new", "--steps", "1", "--batch", "4", "--out", "again"); strings.Contains(out, "anew") {
		t.Errorf("the same classes: found %s", out)
	}
	// Flags win: another process has no table; a U-Net sees other sides.
	mustDrift(t, dir, append(train, "--out", "other", "--process", "vp", "--size", "12")...)
	if d, err = run.Open(filepath.Join(dir, "other")); err != nil || d.Manifest.Process != "vp" || d.Manifest.Schedule != nil || d.Manifest.Walk != nil || d.Manifest.Data.Shape[0] != 12 {
		t.Errorf("found %+v, %v", d.Manifest, err)
	}
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"photos", "--from", "old", "--size", "9"}, "found pictures of 9×9 at level 0 of 2, expected even sides"},
		{[]string{"photos", "--from", "old", "--channels", "1"}, "knows samples of shape [8 8 3], found [8 8 1], expected as many channels"},
		{[]string{"digits", "--from", "old"}, "found [8 8 1], expected as many channels"},
		{[]string{"dogcat", "--from", "old"}, "found [2], expected points for points and pictures for pictures"},
		{[]string{"photos", "--from", "nowhere"}, "run nowhere"},
	} {
		if _, errs, code := driftOn(t, dir, append([]string{"train", "--steps", "1", "--out", "bad"}, test.args...)...); code != 1 || !strings.Contains(errs, test.want) {
			t.Errorf("train %v: exit code %d: %s, expected %q", test.args, code, errs, test.want)
		}
		if run.Exists(filepath.Join(dir, "bad")) {
			t.Errorf("train %v left a run", test.args)
		}
	}
}

// The config of a run names the data of that run; the command line has the last word.
func TestDatasetWinsOverConfig(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old.toml"), []byte("dataset = \"gone.csv\"\nholdout = 0.25\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	train := []string{"train", "dogcat", "--config", "old.toml", "--samples", "64", "--steps", "2", "--batch", "4", "--width", "8", "--out", "run"}
	mustDrift(t, dir, train...)
	mustDrift(t, dir, append(train, "--resume", "--steps", "3")...)
	mustDrift(t, dir, "doctor", "dogcat", "--config", "old.toml", "--samples", "64", "--steps", "2", "--batch", "4", "--width", "8")
	mustDrift(t, dir, "doctor", "run", "--config", "old.toml")
	d, err := run.Open(filepath.Join(dir, "run"))
	if err != nil {
		t.Fatal(err)
	}
	if c := d.Config; c.Dataset != "dogcat" || c.Holdout != 0.25 || d.Manifest.Data.Name != "dogcat" {
		t.Errorf("found a run on %q and %q with holdout %v, expected dogcat and what else the file says", c.Dataset, d.Manifest.Data.Name, c.Holdout)
	}
}

// A network that is described in the config of a run on data of other classes gets a
// table for those that there are, and drift says so; it is resumed by the same command.
func TestTableOfAConfigFollowsTheData(t *testing.T) {
	dir := t.TempDir()
	photos(t, dir, 12) // of two classes
	mustDrift(t, dir, "train", "photos", "--size", "8", "--network", "unet", "--preset", "tiny", "--steps", "1", "--batch", "4", "--sample-every", "0", "--out", "old")
	config, err := os.ReadFile(filepath.Join(dir, "old", "config.toml"))
	if err != nil {
		t.Fatal(err)
	}
	const table = "num_class_embeds = 3\n"
	if !bytes.Contains(config, []byte(table)) {
		t.Fatalf("found %s without %q", config, table)
	}
	for name, rows := range map[string]string{"few": "num_class_embeds = 1\n", "none": ""} {
		if err := os.WriteFile(filepath.Join(dir, name+".toml"), bytes.Replace(config, []byte(table), []byte(rows), 1), 0o600); err != nil {
			t.Fatal(err)
		}
		train := []string{"train", "photos", "--config", name + ".toml", "--out", name}
		_, says, code := driftOn(t, dir, train...)
		if want := "and the data have 2; it has a table for these now"; code != 0 || !strings.Contains(says, want) {
			t.Errorf("%s: exit code %d: %s, expected %q", name, code, says, want)
		}
		mustDrift(t, dir, append(train, "--resume", "--steps", "2")...)
		d, err := run.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if n := d.Manifest.Network.UNet.ClassEmbeddings; n == nil || *n != 3 {
			t.Errorf("%s: found a table of %v rows, expected 3", name, n)
		}
	}
}

// What brings training steps to a few units goes where the noise that it suits goes, by a
// file or by a flag, and stays where the file says it beside its noise.
func TestScalesGoWithTheirNoise(t *testing.T) {
	steps := run.DefaultConfig("dogcat")
	steps.Noise, steps.Network.NoiseScale, steps.Train.UncertaintyScale = "timestep", 0.004, 0.004
	steps.Network.EDM2 = &nn.EDM2{NoiseScale: 0.004}
	const scaled = "noise = 'timestep'\nnetwork.noise_scale = 0.004\nnetwork.edm2.noise_scale = 0.004\ntrain.uncertainty_scale = 0.004"
	for _, test := range []struct {
		of   run.Config
		file string
		flag string
		want float64
	}{
		{run.DefaultConfig("dogcat"), scaled, "", 0.004},
		{run.DefaultConfig("dogcat"), scaled, "flow-time", 0.004},
		{run.DefaultConfig("dogcat"), scaled, "log-ratio", 0},
		{steps, "seed = 3", "", 0.004},
		{steps, "seed = 3", "log-ratio", 0},
		{steps, "noise = 'log-ratio'", "", 0},
		{steps, "noise = 'log-ratio'\nnetwork.noise_scale = 0.5\nnetwork.edm2.noise_scale = 0.5\ntrain.uncertainty_scale = 0.5", "", 0.5},
	} {
		var args []string
		if test.flag != "" {
			args = []string{"--noise", test.flag}
		}
		config := overridden(t, test.of, test.file, args...)
		if found := []float64{config.Network.NoiseScale, config.Train.UncertaintyScale, config.Network.EDM2.NoiseScale}; !slices.Equal(found, []float64{test.want, test.want, test.want}) {
			t.Errorf("%q, %v: found scales %v, expected %v", test.file, args, found, test.want)
		}
	}
	if steps.Network.EDM2.NoiseScale != 0.004 {
		t.Errorf("found %v in the run that others follow, expected what it was", steps.Network.EDM2.NoiseScale)
	}
}

// The table of a process goes with it.
func TestSchedulesGoWithTheirProcess(t *testing.T) {
	table := run.DefaultConfig("dogcat")
	table.Process, table.Schedule = "table", []float64{0.9, 0.5}
	for _, test := range []struct {
		of   run.Config
		file string
		want []float64
		args []string
	}{
		{table, "seed = 3", []float64{0.9, 0.5}, nil},
		{table, "process = 'cosine'", nil, nil},
		{table, "process = 'other'\nschedule = [0.8, 0.4]", []float64{0.8, 0.4}, nil},
		{run.DefaultConfig("dogcat"), "process = 'table'\nschedule = [0.8, 0.4]", []float64{0.8, 0.4}, nil},
		{run.DefaultConfig("dogcat"), "process = 'table'\nschedule = [0.8, 0.4]", nil, []string{"--process", "cosine"}},
	} {
		if config := overridden(t, test.of, test.file, test.args...); !slices.Equal(config.Schedule, test.want) {
			t.Errorf("%q, %v: found %v, expected %v", test.file, test.args, config.Schedule, test.want)
		}
	}
	if !slices.Equal(table.Schedule, []float64{0.9, 0.5}) {
		t.Errorf("found %v in the run that others follow, expected what it was", table.Schedule)
	}
}

// overridden is a config once the text of a file, and flags, have overridden it.
func overridden(t *testing.T, config run.Config, text string, args ...string) run.Config {
	t.Helper()
	path := filepath.Join(t.TempDir(), "c.toml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	asked, cmd := training{flags: run.DefaultConfig("")}, &cobra.Command{}
	asked.configFlags(cmd)
	if err := cmd.ParseFlags(append(args, "--config", path)); err != nil {
		t.Fatal(err)
	}
	config, err := asked.over(cmd, config)
	if err != nil {
		t.Fatal(err)
	}
	return config
}
