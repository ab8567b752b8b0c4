package hub_test

import (
	"crypto/sha256"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"drift"
	"drift/dataset"
	"drift/hub"
	"drift/nn"
	"drift/run"
	"drift/train"
)

var exported = flag.String("exported", "", "write what TestExportedWalk exports and walks into a new folder; then run walk_exported.py")

// grey are pictures 8×8.
func grey(n int) *dataset.Set {
	s := &dataset.Set{Name: "grey", X: drift.RowsOf(drift.NewBatch(n, 8, 8, 1)), Max: 255}
	r := drift.Rand(5, "grey")
	for i := range n {
		for j := range s.X.Row(i) {
			s.X.Row(i)[j] = float64(r.IntN(256))
		}
	}
	return s
}

// trained is a run as training leaves it, but for its weights, which are a formula: those of
// a training differ by the instructions of a processor.
func trained(t *testing.T, c run.Config) *run.Dir {
	t.Helper()
	path := filepath.Join(t.TempDir(), "trained")
	for _, err := range run.Train(t.Context(), path, c, run.Options{Set: grey(40), Force: true}) {
		if err != nil {
			t.Fatal(err)
		}
	}
	d, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	state, _, err := d.Load("last")
	if err != nil {
		t.Fatal(err)
	}
	weights := nn.State{}
	for path, tensor := range train.Averaged(state) {
		name, theirs, err := nn.ToDiffusers(path, tensor)
		if err != nil {
			t.Fatal(err)
		}
		theirs.Data = weight(name, theirs.Shape)
		if path, tensor, err = nn.FromDiffusers(name, theirs); err != nil {
			t.Fatal(err)
		}
		weights[path] = tensor
	}
	if d, err = run.Import(filepath.Join(t.TempDir(), "run"), d.Config, d.Manifest, weights); err != nil {
		t.Fatal(err)
	}
	return d
}

// A run that drift trained is exported as the files that diffusers walked to a picture, and
// drift walks to the same from the same noise.
func TestExportedWalk(t *testing.T) {
	net := nn.DefaultUNet2D()
	net.InChannels, net.OutChannels, net.LayersPerBlock, net.BlockChannels, net.NormGroups, net.HeadDim = 1, 1, 1, []int{8, 16}, 4, new(4)
	net.DownBlocks, net.UpBlocks = []string{"DownBlock2D", "AttnDownBlock2D"}, []string{"AttnUpBlock2D", "UpBlock2D"}
	for _, c := range []struct{ process, predict, noise, grid string }{
		{"cosine", "v", "timestep", "trailing"},
		{"flow", "velocity", "flow-time", "linspace-even"},
	} {
		config := run.DefaultConfig("grey")
		config.Process, config.Predict, config.Noise, config.FullRange = c.process, c.predict, c.noise, true
		config.Network = nn.Spec{Kind: "unet", UNet: &net}
		config.Train.Steps, config.Train.Batch = 1, 4
		d := trained(t, config)
		out := filepath.Join(t.TempDir(), "model")
		if *exported != "" {
			out = filepath.Join(*exported, c.process, "model")
			if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
				t.Fatal(err)
			}
		}
		if err := hub.Export(d, "last", out); err != nil {
			t.Fatal(err)
		}
		m, err := d.Model(engine(t), "last")
		if err != nil {
			t.Fatal(err)
		}
		r, start := run.DefaultRequest(), drift.NewBatch(1, 8, 8, 1)
		r.N, r.Solver, r.Grid, r.Steps = 1, "ddim", c.grid, walkSteps
		found, err := m.Each(r, func(w run.Walk, x *drift.Batch) error {
			noise().Normal(x)
			for i := range x.Data {
				x.Data[i] *= w.Levels[0].Sigma
			}
			copy(start.Data, x.Data)
			return w.Follow(t.Context(), x, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		if *exported != "" {
			for name, x := range map[string]*drift.Batch{"noise.npy": start, "picture.npy": found.X} {
				if err := writeNPY(filepath.Join(filepath.Dir(out), name), x); err != nil {
					t.Fatal(err)
				}
			}
			continue
		}
		var want struct {
			Files   map[string]string
			Picture []float64
		}
		read(t, "exported-"+c.process+".json", &want)
		for name, hash := range want.Files {
			data, err := os.ReadFile(filepath.Join(out, filepath.FromSlash(name)))
			if sum := fmt.Sprintf("%x", sha256.Sum256(data)); err != nil || sum != hash {
				if filepath.Base(name) == "scheduler_config.json" && err == nil && runtime.GOARCH != "amd64" {
					continue // others may round a table of β in another way
				}
				t.Errorf("%s: found %s of hash %s (%v), but diffusers read one of %s", c.process, name, sum, err, hash)
			}
		}
		if len(want.Files) != 4 || len(want.Picture) != len(found.X.Data) {
			t.Fatalf("found %d files and %d pixels to compare with, expected 4 and %d", len(want.Files), len(want.Picture), len(found.X.Data))
		}
		worst := 0.0
		for i, v := range want.Picture {
			worst = max(worst, math.Abs(min(max(found.X.Data[i], 0), 255)-v))
		}
		t.Logf("%s: off by %.3g of 255", c.process, worst)
		if !(worst <= 0.01) {
			t.Errorf("%s: found a picture that is off by %.3g of 255, expected at most 0.01", c.process, worst)
		}
	}
}

func writeNPY(path string, x *drift.Batch) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	return dataset.WriteNPY(f, x)
}
