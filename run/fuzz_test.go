package run

import (
	"bytes"
	"image"
	"image/png"
	"testing"

	"drift/dataset"
	"drift/internal/pngtext"
	"drift/nn"

	"github.com/pelletier/go-toml/v2"
)

// Whatever the bytes, reading a manifest gives a valid one or an error.
func FuzzManifest(f *testing.F) {
	m := Manifest{Format: Format, Process: "vp", Predict: "v", Network: nn.Spec{Kind: "mlp", Width: 16, Blocks: 1}}
	m.Data.Shape = []int{2}
	m.Data.Scale.Mean, m.Data.Scale.Std = []float64{0, 0}, []float64{1, 1}
	good, err := toml.Marshal(m)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add([]byte("format = 99"))
	f.Add([]byte("[data\nshape = [2, 2"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseManifest("manifest.toml", data)
		if err == nil && m.validate() != nil {
			t.Errorf("read an invalid manifest without an error: %v", m.validate())
		}
	})
}

// Whatever the bytes, reading a checkpoint gives what was written or an error, in
// memory bounded by the file.
func FuzzCheckpoint(f *testing.F) {
	state := nn.State{
		"/model/a":     {DType: "Float32", Shape: []int{2, 1}, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		"/global_step": {DType: "Int64", Shape: []int{}, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	}
	var good bytes.Buffer
	if err := encode(&good, state); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes())
	f.Add(good.Bytes()[:20])
	f.Add([]byte("\xff\xff\xff\xff\xff\xff\xff\x7f{}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, _, err := decode(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := encode(&again, got); err != nil {
			t.Errorf("cannot write what was read: %v", err)
		}
	})
}

// Whatever the bytes, reading a recipe gives one that can be written again, or an error.
func FuzzRecipe(f *testing.F) {
	var plain, good bytes.Buffer
	if err := png.Encode(&plain, image.NewGray(image.Rect(0, 0, 2, 2))); err != nil {
		f.Fatal(err)
	}
	recipe := Recipe{Drift: Version, Run: "runs/a", Checkpoint: byHash + "ab", Request: DefaultRequest()}
	if err := recipe.WriteInto(&good, plain.Bytes()); err != nil {
		f.Fatal(err)
	}
	f.Add(good.Bytes(), `{"run": "r", "checkpoint": "sha256:c", "n": 3}`)
	f.Add(plain.Bytes(), `{"run": 7}`)
	f.Add(good.Bytes()[:40], `{"run": "r", "checkpoint": "sha256:c", "steps": 1e99}`)
	f.Fuzz(func(t *testing.T, file []byte, text string) {
		parseRecipe(file)
		file, err := pngtext.Put(plain.Bytes(), dataset.RecipeKeyword, text)
		if err != nil {
			return
		}
		c, err := parseRecipe(file)
		if err != nil {
			return
		}
		var once, twice bytes.Buffer
		if err := c.WriteInto(&once, plain.Bytes()); err != nil {
			t.Fatal(err)
		}
		again, err := parseRecipe(once.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if err := again.WriteInto(&twice, plain.Bytes()); err != nil || !bytes.Equal(once.Bytes(), twice.Bytes()) {
			t.Errorf("a recipe changed on its way: %v", err)
		}
	})
}
