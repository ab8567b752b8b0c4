package watch

import (
	"fmt"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"drift"
	"drift/dataset"
	"drift/figure"
	"drift/nn"
	"drift/run"
)

// A run of ten thousand classes trains, shows a bounded grid, and samples any one of them; a
// picture of very many samples of each is refused before they are made.
func TestTenThousandClasses(t *testing.T) {
	const classes, asked = 10_000, 7_777
	set := &dataset.Set{Name: "many", X: drift.RowsOf(drift.NewBatch(2*classes, 4, 4, 1)), Max: 255}
	for c := range classes {
		set.Classes = append(set.Classes, fmt.Sprintf("class %05d", c))
	}
	r := drift.Rand(1, "many")
	for i := range set.X.N {
		set.Labels = append(set.Labels, i%classes)
		for j := range set.X.Row(i) {
			set.X.Row(i)[j] = float64(r.IntN(256))
		}
	}
	c := run.DefaultConfig("many")
	c.SampleEvery, c.Network, c.Train.Steps, c.Train.Batch = 2, nn.Spec{Kind: "mlp", Width: 8, Blocks: 1}, 2, 8
	path, shown := filepath.Join(t.TempDir(), "run"), 0
	for e, err := range Train(t.Context(), path, c, run.Options{Set: set, Force: true}) { // two of a class are too few for the doctor
		if err != nil {
			t.Fatal(err)
		}
		if e.Samples != nil {
			shown += e.Samples.X.N
		}
	}
	if shown < 1 || shown > 200 {
		t.Errorf("found %d samples in the grid, expected some, and at most 200", shown)
	}
	f, err := os.Open(filepath.Join(path, "samples", "step-000002.png"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if size, err := png.DecodeConfig(f); err != nil || size.Width*size.Height > 4<<20 {
		t.Errorf("found a grid of %d×%d pixels (%v), expected at most 4 million", size.Width, size.Height, err)
	}
	d, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	m, err := d.Model(engine, "last")
	if err != nil {
		t.Fatal(err)
	}
	request := run.DefaultRequest()
	request.N, request.Steps, request.Class = 3, 3, set.Classes[asked]
	s, err := m.Sample(t.Context(), request, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, label := range s.Labels {
		if label != asked {
			t.Errorf("found label %d, expected %d", label, asked)
		}
	}
	if s.X.N != 3 || len(s.Labels) != 3 || s.X.Finite() != nil {
		t.Errorf("found %d samples with labels %v (%v), expected 3 finite ones", s.X.N, s.Labels, s.X.Finite())
	}
	request.Class, request.EachClass = "", 300
	if err := figure.SamplesFit(set.X.Shape, m.Count(request), set.Classes); err == nil {
		t.Error("a picture of three million samples: found no error")
	}
}
