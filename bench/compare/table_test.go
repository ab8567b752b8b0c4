package main

import (
	"strings"
	"testing"
)

// what the programs print, in the formats of bench/peers and drift bench.
func someRound(peak, torch, ort, drift string) round {
	return round{
		peak:  parse("peak vector_bytes 32 threads 2 gflops " + peak)["peak"]["gflops"],
		torch: parse("torch 2.9.0+cpu threads 2\nunet32_b16 params 1624323 forward_gflop 12.000 forward_ms " + torch + " train_ms 600.00 train_gflops 60.0\n"),
		ort:   parse("unet32_b16 onnxruntime forward_ms " + ort + "\n"),
		drift: parse("drift cpu threads 2\nunet32_b16 params 1624323 forward_gflop 12.000 forward_ms " + drift + " train_ms 400.00 train_gflops 90.0 compile_ms 410 peak_share 0.45\n"),

		torchMemory: 1327, driftMemory: 848,
	}
}

func TestTable(t *testing.T) {
	rounds := []round{
		someRound("200.0", "150.00", "120.00", "100.00"),
		someRound("240.0", "300.00", "150.00", "100.00"),
		someRound("200.0", "200.00", "90.00", "100.00"),
	}
	for _, r := range rounds {
		if err := r.check(); err != nil {
			t.Fatal(err)
		}
	}
	var out strings.Builder
	table(&out, rounds)
	const want = `| workload | drift ms | PyTorch ms | ONNX Runtime ms | drift, times PyTorch | drift, times ONNX Runtime | drift, % of peak |
|---|---|---|---|---|---|---|
| unet32_b16 forward | 100.00 (100.00–100.00) | 200.00 (150.00–300.00) | 120.00 (90.00–150.00) | 2.00 (1.50–3.00) | 1.20 (0.90–1.50) | 60 (50–60) |
| unet32_b16 train step | 400.00 (400.00–400.00) | 600.00 (600.00–600.00) | – | 1.50 (1.50–1.50) | – | 45 (38–45) |

Median (smallest–largest) of 3 rounds, the programs in turn. FMA peak: 200 (200–240) GFLOP/s.
Peak memory of all of it in one process, MiB: drift 848 (848–848), PyTorch 1327 (1327–1327).
drift compiles the train step of unet32_b16 in 410 (410–410) ms.
`
	if out.String() != want {
		t.Errorf("found\n%s\nexpected\n%s", out.String(), want)
	}
}

func TestAnotherNetworkIsNoPeer(t *testing.T) {
	r := someRound("200.0", "150.00", "120.00", "100.00")
	r.torch["unet32_b16"]["params"]++
	if err := r.check(); err == nil || !strings.Contains(err.Error(), "unet32_b16: drift has params 1624323, PyTorch 1624324") {
		t.Errorf("found error %v, expected one that names the workload and the parameters", err)
	}
}

// A program that drift's engine cannot run is a dash, not a zero.
func TestTableWithoutDrift(t *testing.T) {
	r := someRound("200.0", "150.00", "120.00", "100.00")
	r.drift = nil
	var out strings.Builder
	table(&out, []round{r})
	if !strings.Contains(out.String(), "| unet32_b16 forward | – | 150.00 (150.00–150.00) | 120.00 (120.00–120.00) | – | – | – |") {
		t.Errorf("found\n%s", out.String())
	}
}
