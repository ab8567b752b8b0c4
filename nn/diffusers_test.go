package nn_test

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"slices"
	"strings"
	"testing"

	"drift/nn"

	"github.com/gomlx/gomlx/core/tensors"
)

// foreign is a network of diffusers and what it answers: see make_diffusers.py.
type foreign struct {
	Name            string
	Config          json.RawMessage
	Tensors, Values int
	Shape           []int
	Y               []float64
}

func foreigners(t *testing.T) (all struct{ UNets, DiTs []foreign }) {
	t.Helper()
	data, err := os.ReadFile("testdata/diffusers.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

// foreignWeight is what make_diffusers.py calls weight.
func foreignWeight(name string, shape []int) []float32 {
	n := 1
	for _, d := range shape {
		n *= d
	}
	if len(shape) > 1 {
		return formula(name, n, 3/math.Sqrt(float64(n/shape[0])))
	}
	values := formula(name, n, 0.5)
	if strings.HasSuffix(name, ".weight") {
		for i := range values {
			values[i]++
		}
	}
	return values
}

// answer runs a network with the weights that diffusers had, which pass through
// [nn.FromDiffusers].
func (f foreign) answer(t *testing.T, net nn.Network, class []int32, vector int) []float32 {
	t.Helper()
	sees := nn.Signature{Shape: f.Shape[1:], Vector: vector}
	exec, store, state := initial(t, net, sees, f.Shape[0])
	count := 0
	for _, path := range state.Names() {
		name, theirs, err := nn.ToDiffusers(path, state[path])
		if err != nil {
			t.Fatal(err)
		}
		theirs.Data = nil
		for _, v := range foreignWeight(name, theirs.Shape) {
			theirs.Data = binary.LittleEndian.AppendUint32(theirs.Data, math.Float32bits(v))
			count++
		}
		back, ours, err := nn.FromDiffusers(name, theirs)
		if err != nil || back != path || !slices.Equal(ours.Shape, state[path].Shape) {
			t.Fatalf("%s: became %s %v: %v", path, back, ours.Shape, err)
		}
		again, same, err := nn.ToDiffusers(back, ours)
		if err != nil || again != name || string(same.Data) != string(theirs.Data) {
			t.Fatalf("%s: did not survive the way there and back: %v", name, err)
		}
		state[path] = ours
	}
	if len(state) != f.Tensors || count != f.Values {
		t.Errorf("found %d tensors of %d values, expected %d of %d", len(state), count, f.Tensors, f.Values)
	}
	if err := nn.Load(store, state); err != nil {
		t.Fatal(err)
	}
	e := sees.Example(f.Shape[0])
	copy(e.X, formula("x", len(e.X), 3))
	copy(e.Class, class)
	for i, v := range formula("t", f.Shape[0], 8) {
		e.Noise[i] = v + 10
	}
	for i, v := range formula("labels", f.Shape[0]*vector, 2) {
		e.Vector[i+i/vector+1] = v
	}
	out, err := exec.Call1(e.Tensors()...)
	if err != nil {
		t.Fatal(err)
	}
	y, err := tensors.CopyFlatData[float32](out)
	if err != nil {
		t.Fatal(err)
	}
	return y
}

func (f foreign) compare(t *testing.T, y []float32) {
	t.Helper()
	var off, norm float64
	for i, v := range y {
		off = math.Max(off, math.Abs(float64(v)-f.Y[i]))
		norm = math.Max(norm, math.Abs(f.Y[i]))
	}
	t.Logf("off by %.2g of the largest value, %.3g", off/norm, norm)
	if len(y) != len(f.Y) || !(off <= 1e-4*norm) {
		t.Errorf("%d values are off by up to %g where the largest value is %g", len(y), off, norm)
	}
}

// Networks of every kind of block answer what diffusers answers.
func TestUNet2DIsDiffusers(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range foreigners(t).UNets {
		t.Run(f.Name, func(t *testing.T) {
			net := nn.DefaultUNet2D()
			if err := json.Unmarshal(f.Config, &net); err != nil {
				t.Fatal(err)
			}
			for _, name := range append(net.DownBlocks, net.UpBlocks...) {
				seen[name] = true
			}
			class, vector := []int32{1, 5}, 0
			if net.ClassEmbeddings != nil {
				class[1] = 4
			}
			if k := net.ClassEmbedding; k != nil && *k == "identity" {
				vector = *net.TimeEmbeddingDim
			}
			f.compare(t, f.answer(t, net, class, vector))
		})
	}
	if len(seen) != 12 {
		t.Errorf("found blocks %v, expected all 12 kinds", seen)
	}
}

func TestDiTIsDiffusers(t *testing.T) {
	for _, f := range foreigners(t).DiTs {
		t.Run(f.Name, func(t *testing.T) {
			net := nn.DefaultDiT()
			if err := json.Unmarshal(f.Config, &net); err != nil {
				t.Fatal(err)
			}
			f.compare(t, f.answer(t, net, []int32{1, 5}, 0))
		})
	}
}

// A config.json that is read and written again says the same.
func TestConfigsSurvive(t *testing.T) {
	check := func(name string, config json.RawMessage, net any) {
		t.Helper()
		if err := json.Unmarshal(config, net); err != nil {
			t.Fatal(err)
		}
		data, err := json.Marshal(net)
		if err != nil {
			t.Fatal(err)
		}
		var got, want map[string]any
		if err := json.Unmarshal(data, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal(config, &want); err != nil {
			t.Fatal(err)
		}
		for key, value := range want {
			a, _ := json.Marshal(value)
			if b, _ := json.Marshal(got[key]); string(a) != string(b) {
				t.Errorf("%s: %s: found %s, expected %s", name, key, b, a)
			}
		}
		for key := range got {
			if _, ok := want[key]; !ok {
				t.Errorf("%s: %s: diffusers has no such key", name, key)
			}
		}
	}
	for _, f := range foreigners(t).UNets {
		check(f.Name, f.Config, new(nn.UNet2D))
	}
	for _, f := range foreigners(t).DiTs {
		check(f.Name, f.Config, new(nn.DiT))
	}
}
