package bench_test

import (
	"runtime"
	"strings"
	"testing"

	"drift/backend/cpu"
	"drift/bench"
	"drift/nn"
)

// The networks have the parameters and the work of PyTorch's (bench/peers/torch_unet.py
// prints them).
func TestWorkloadsAreTheirPeers(t *testing.T) {
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		name   string
		params int
		flop   int
	}{
		{"mlp_b512", 54274, 55050240},
		{"unet32_b16", 1624323, 12048400384},
		{"unet64_b16", 6472195, 48080355328},
	} {
		w, err := bench.ByName(want.name)
		if err != nil {
			t.Fatal(err)
		}
		g, err := bench.Compile(engine, w)
		if err != nil {
			t.Fatal(err)
		}
		if g.Params != want.params || g.FLOP != want.flop {
			t.Errorf("%s: found %d parameters and %d FLOP, expected %d and %d", want.name, g.Params, g.FLOP, want.params, want.flop)
		}
	}
	if _, err := bench.ByName("mlp"); err == nil || !strings.Contains(err.Error(), "mlp_b512") {
		t.Errorf("an unknown workload: found error %v, expected one that names those there are", err)
	}
}

func TestMeasure(t *testing.T) {
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	w, _ := bench.ByName("mlp_b512")
	r, err := bench.Measure(t.Context(), engine, w, 1, func() float64 { return 1000 })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := r.PeakShare, r.TrainGFLOPS/1000; got != want || !(got > 0) {
		t.Errorf("found %v of the peak, expected %v", got, want)
	}
	r = bench.Result{Name: "mlp_b512", Params: 54274, ForwardGFLOP: 0.05505, ForwardMS: 1.5, TrainMS: 4, TrainGFLOPS: 41.2875, CompileMS: 9.4, PeakShare: 0.25}
	const want = "mlp_b512 params 54274 forward_gflop 0.055 forward_ms 1.50 train_ms 4.00 train_gflops 41.3 compile_ms 9 peak_share 0.250"
	if r.String() != want {
		t.Errorf("found %q, expected %q", r, want)
	}
}

// BenchmarkStep is a training step of each workload. Convolutions need another engine
// than GoMLX's own.
func BenchmarkStep(b *testing.B) {
	each(b, func(g *bench.Graphs) (func() error, int) { return g.Train, 3 * g.FLOP })
}

// BenchmarkForward is a forward pass of each workload.
func BenchmarkForward(b *testing.B) {
	each(b, func(g *bench.Graphs) (func() error, int) { return g.Forward, g.FLOP })
}

// BenchmarkCompile is what it takes to make each workload ready to run: the graphs of a forward pass
// and of a training step, built and compiled.
func BenchmarkCompile(b *testing.B) {
	engine, err := nn.Engine()
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range bench.Workloads() {
		b.Run(w.Name, func(b *testing.B) {
			for b.Loop() {
				if _, err := bench.Compile(engine, w); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func each(b *testing.B, pick func(*bench.Graphs) (run func() error, flop int)) {
	engine, err := nn.Engine()
	if err != nil {
		b.Fatal(err)
	}
	for _, w := range bench.Workloads() {
		b.Run(w.Name, func(b *testing.B) {
			if w.Conv && engine.String() == "go" {
				b.Skip("minutes a step on engine go")
			}
			g, err := bench.Compile(engine, w)
			if err != nil {
				b.Fatal(err)
			}
			run, flop := pick(g)
			peak := cpu.Peak(runtime.GOMAXPROCS(0))
			for b.Loop() {
				if err := run(); err != nil {
					b.Fatal(err)
				}
			}
			rate := float64(flop) * float64(b.N) / b.Elapsed().Seconds() / 1e9
			b.ReportMetric(rate, "GFLOP/s")
			b.ReportMetric(100*rate/max(peak, cpu.Peak(runtime.GOMAXPROCS(0))), "%peak")
		})
	}
}
