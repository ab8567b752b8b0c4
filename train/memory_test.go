package train

import (
	"runtime"
	"testing"

	"drift"
	"drift/nn"
)

// What a trainer says its graphs take is what they hold once they run, within a tenth; the
// graphs themselves, some 20 MB, are not counted.
func TestMemoryIsWhatStepsHold(t *testing.T) {
	engine, err := nn.EngineByName("cpu")
	if err != nil {
		t.Fatal(err)
	}
	defer engine.Finalize()
	held := func() float64 {
		runtime.GC()
		runtime.GC() // what is kept for reuse goes with the second
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	x := drift.RowsOf(drift.NewBatch(32, 32, 32, 3))
	drift.NewNoise(1, "memory", 0).Normal(x.Batch())
	s, err := nn.Spec{Kind: "unet", Preset: "tiny"}.Resolve(nn.Signature{Shape: x.Shape})
	if err != nil {
		t.Fatal(err)
	}
	net, err := s.Network(0)
	if err != nil {
		t.Fatal(err)
	}
	process, err := drift.ProcessByName("cosine")
	if err != nil {
		t.Fatal(err)
	}
	predict, err := drift.PredictionByName("v")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*Config){
		"plain":      func(c *Config) { c.EMALengths = []float64{0.05, 0.1} },
		"recomputed": func(c *Config) { c.Recompute = true },
		"in parts":   func(c *Config) { c.Accumulate = 2 },
	} {
		c := Default()
		c.Batch, c.Steps = 16, 2
		change(&c)
		trainer, err := New(engine, Task{Process: process, Predict: predict, Network: net, Seed: 1}, c, Data{X: x})
		if err != nil {
			t.Fatal(err)
		}
		before := held()
		for _, err := range trainer.Run(t.Context()) {
			if err != nil {
				t.Fatal(err)
			}
		}
		said, found := float64(trainer.arenas), held()-before
		if found < 0.9*said || found > 1.1*said {
			t.Errorf("%s: steps hold %.1f MB, expected about %.1f", name, found/1e6, said/1e6)
		}
		before = held()
		state, err := trainer.State()
		if err != nil {
			t.Fatal(err)
		}
		found = held() - before
		runtime.KeepAlive(state)
		said = float64(trainer.Memory()) - said
		if name == "in parts" { // sums of gradients are not kept
			found += float64(Averaged(state).Bytes())
		}
		if more := said - found; more < -0.05*said || more > 0.05*said+1e6 { // a batch
			t.Errorf("%s: a checkpoint holds %.1f MB, expected about %.1f", name, found/1e6, said/1e6)
		}
	}
}
