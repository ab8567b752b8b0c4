package hub_test

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"hash/crc32"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drift"
	"drift/hub"
	"drift/internal/safetensors"
	"drift/nn"
	"drift/run"

	"github.com/gomlx/compute"
)

var update = flag.Bool("update", false, "write noise.json anew; then run make_pipelines.py")

const draws, walkSteps = 9, 8

// pipelines is pipelines.json.
type pipelines struct {
	Networks map[string]map[string]any
	Tensors  map[string]map[string][]int
	Walks    []struct {
		Scheduler map[string]any
		Network   string
		Unit      bool // it begins with unit variance
		Picture   []float64
	}
}

func read(t testing.TB, file string, into any) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", file))
	if err == nil {
		// Python's word for a bound that is not there
		err = json.Unmarshal(bytes.ReplaceAll(text, []byte("-Infinity"), []byte(`"-Infinity"`)), into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func noise() *drift.Noise { return drift.NewNoise(6, "hub test", 0) }

// The walks of pipelines.json were made with drift's own noise.
func TestNoise(t *testing.T) {
	var made [][]float64
	x := drift.NewBatch(1, 8, 8, 3)
	for n := noise(); len(made) < draws; {
		n.Normal(x)
		var draw []float64
		for _, v := range x.Data {
			draw = append(draw, math.Round(v*1e6)/1e6)
		}
		made = append(made, draw)
	}
	if *update {
		text, err := json.Marshal(made)
		if err == nil {
			err = os.WriteFile("testdata/noise.json", text, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	var stored [][]float64
	read(t, "noise.json", &stored)
	for i, draw := range stored {
		for j, v := range draw {
			if !(math.Abs(v-made[i][j]) <= 2e-6) {
				t.Fatalf("draw %d: found %v at %d, but pipelines.json was made with %v", i, made[i][j], j, v)
			}
		}
	}
}

// weight is what make_pipelines.py calls so.
func weight(name string, shape []int) []byte {
	size, scale, offset := 1, 0.5, 0.0
	for _, s := range shape {
		size *= s
	}
	if len(shape) > 1 {
		scale = 3 / math.Sqrt(float64(size/shape[0]))
	} else if strings.HasSuffix(name, ".weight") {
		offset = 1
	}
	start := crc32.ChecksumIEEE([]byte(name))
	var data []byte
	for i := range size {
		v := float32((float64(start+2654435761*uint32(i))/(1<<32) - 0.5) * scale)
		data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v+float32(offset)))
	}
	return data
}

// folder writes the folder of a pipeline.
func folder(t testing.TB, p pipelines, network string, scheduler map[string]any) string {
	t.Helper()
	dir := t.TempDir()
	index := map[string]any{
		"_class_name": "DDPMPipeline", network: []string{"diffusers", p.Networks[network]["_class_name"].(string)},
		"scheduler": []string{"diffusers", scheduler["_class_name"].(string)},
	}
	put(t, dir, "model_index.json", index)
	put(t, dir, network+"/config.json", p.Networks[network])
	put(t, dir, "scheduler/scheduler_config.json", scheduler)
	var tensors []safetensors.Tensor
	for name, shape := range p.Tensors[network] {
		tensors = append(tensors, safetensors.Tensor{Name: name, DType: "F32", Shape: shape, Data: weight(name, shape)})
	}
	var out bytes.Buffer
	if err := safetensors.Write(&out, map[string]string{"format": "pt"}, tensors); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, network, "diffusion_pytorch_model.safetensors"), out.Bytes())
	return dir
}

func put(t testing.TB, dir, name string, content any) {
	t.Helper()
	text, err := json.Marshal(content)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, path, text)
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func engine(t testing.TB) compute.Backend {
	t.Helper()
	e, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// imported is a folder as a run.
func imported(t testing.TB, dir string) *run.Dir {
	t.Helper()
	f, err := hub.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	d, err := f.Import(engine(t), filepath.Join(t.TempDir(), "run"), hub.ImportOptions{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if d, err = run.Open(d.Path); err != nil {
		t.Fatal(err)
	}
	return d
}

// Every pipeline walks to the same picture, from the same noise, as in diffusers: to a
// tenth of a step of 1/255.
func TestPipelines(t *testing.T) {
	var p pipelines
	read(t, "pipelines.json", &p)
	for i, w := range p.Walks {
		name := fmt.Sprintf("%d %s", i, w.Scheduler["_class_name"])
		d := imported(t, folder(t, p, w.Network, w.Scheduler))
		m, err := d.Model(engine(t), "last")
		if err != nil {
			t.Fatal(err)
		}
		r := d.Manifest.Request(run.DefaultRequest())
		r.N, r.Steps = 1, walkSteps
		if w.Network == "transformer" {
			r.Labels = []int{3}
		}
		found, err := m.Each(r, func(walk run.Walk, x *drift.Batch) error {
			walk.Noise = noise()
			walk.Noise.Normal(x)
			if !w.Unit {
				for j := range x.Data {
					x.Data[j] *= walk.Levels[0].Sigma
				}
			}
			return walk.Follow(t.Context(), x, nil)
		})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		worst := 0.0
		for j, v := range w.Picture {
			seen := min(max(127.5+127.5*v, 0), 255)
			worst = max(worst, math.Abs(min(max(found.X.Data[j], 0), 255)-seen))
		}
		t.Logf("%s: %s on %s: off by %.3g of 255", name, r.Solver, r.Grid, worst)
		if !(worst <= 0.1) {
			t.Errorf("%s: %s on %s: found a picture that is off by %.3g of 255, expected at most 0.1", name, r.Solver, r.Grid, worst)
		}
	}
}
