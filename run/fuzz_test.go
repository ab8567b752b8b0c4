package run

import (
	"bytes"
	"testing"

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
		got, err := decode(data)
		if err != nil {
			return
		}
		var again bytes.Buffer
		if err := encode(&again, got); err != nil {
			t.Errorf("cannot write what was read: %v", err)
		}
	})
}
