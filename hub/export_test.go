package hub_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"drift/hub"
	"drift/internal/safetensors"
	"drift/run"
)

// What was imported and is exported has the settings and tensors, byte for byte, that
// diffusers wrote, and leads to the same schedule.
func TestExport(t *testing.T) {
	var p pipelines
	read(t, "pipelines.json", &p)
	for _, i := range []int{4, 5, len(p.Walks) - 2, len(p.Walks) - 1} { // the last but one is a flow
		w := p.Walks[i]
		dir := folder(t, p, w.Network, w.Scheduler)
		d := imported(t, dir)
		out := filepath.Join(t.TempDir(), "out")
		if err := hub.Export(d, "last", out); err != nil {
			t.Fatal(err)
		}
		if err := hub.Export(d, "last", out); err == nil || !strings.Contains(err.Error(), "found something there already") {
			t.Errorf("a second time: found error %v", err)
		}
		var config map[string]any
		text, err := os.ReadFile(filepath.Join(out, w.Network, "config.json"))
		if err == nil {
			err = json.Unmarshal(text, &config)
		}
		if err != nil {
			t.Fatal(err)
		}
		for key, want := range p.Networks[w.Network] {
			if !reflect.DeepEqual(config[key], want) && !strings.HasPrefix(key, "_") {
				t.Errorf("%s: found %v, expected %v", key, config[key], want)
			}
		}
		name := filepath.Join(w.Network, "diffusion_pytorch_model.safetensors")
		one, err := safetensors.Open(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		two, err := safetensors.Open(filepath.Join(out, name))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(one.Names(), two.Names()) {
			t.Errorf("found tensors %q, expected %q", two.Names(), one.Names())
		}
		for _, name := range one.Names() {
			a, _ := one.Bytes(name)
			b, err := two.Bytes(name)
			x, _ := one.Info(name)
			y, _ := two.Info(name)
			if err != nil || !bytes.Equal(a, b) || !slices.Equal(x.Shape, y.Shape) {
				t.Errorf("%s: found other values, or shape %v, expected %v (%v)", name, y.Shape, x.Shape, err)
			}
		}
		one.Close()
		two.Close()
		again := imported(t, out)
		if (d.Manifest.Process == "flow") != (i == len(p.Walks)-2) {
			t.Fatalf("walk %d: found the process %s", i, d.Manifest.Process)
		}
		for j, l := range d.Manifest.Schedule {
			if k := again.Manifest.Schedule[j]; !(max(k-l, l-k) <= 3e-4) && k != l {
				t.Errorf("found λ = %v at step %d after a round trip, expected %v", k, j, l)
			}
		}
		index, err := os.ReadFile(filepath.Join(out, "model_index.json"))
		pipeline := `"DDIMPipeline"` // which would make a DDIMScheduler of a flow's
		if d.Manifest.Process == "flow" {
			pipeline = `"DDPMPipeline"`
		}
		if err != nil || !strings.Contains(string(index), pipeline) {
			t.Errorf("found %s (%v), expected %s", index, err, pipeline)
		}
		if a, b := again.Manifest, d.Manifest; a.Predict != b.Predict || a.Noise != b.Noise || a.Walk.Short != b.Walk.Short || a.Walk.Grid != b.Walk.Grid || !slices.Equal(a.Walk.Clip, b.Walk.Clip) {
			t.Errorf("found %+v, expected %+v", a, b)
		}
	}
}

// What diffusers cannot hold is refused with the reason.
func TestExportRefuses(t *testing.T) {
	var p pipelines
	read(t, "pipelines.json", &p)
	d := imported(t, folder(t, p, "unet", p.Walks[0].Scheduler))
	for want, change := range map[string]func(*run.Manifest){
		"noise: found \"log-ratio\"":      func(m *run.Manifest) { m.Noise = "log-ratio" },
		"predict: found \"edm\"":          func(m *run.Manifest) { m.Predict = "edm" },
		"process: found \"edm\"":          func(m *run.Manifest) { m.Process, m.Schedule = "edm", nil },
		"train with --full-range":         func(m *run.Manifest) { m.Data.Scale.Mean = []float64{33} },
		"network.kind: found \"mlp\"":     func(m *run.Manifest) { m.Network.Kind, m.Network.UNet = "mlp", nil },
		"diffusers has no network for po": func(m *run.Manifest) { m.Data.Shape = []int{2} },
		"network.out_channels: found 6": func(m *run.Manifest) {
			net := *m.Network.UNet
			net.OutChannels = 6
			m.Network.UNet = &net
		},
		"distil: found a distilled run": func(m *run.Manifest) { m.Jumps = 8 },
		"told numbers or pic":           func(m *run.Manifest) { m.Data.Upscale = 2 },
	} {
		changed := *d
		change(&changed.Manifest)
		if err := hub.Export(&changed, "last", filepath.Join(t.TempDir(), "out")); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("found error %v, expected %q", err, want)
		}
	}
}
