// Command compare measures the machine's FMA peak, PyTorch, ONNX Runtime and drift in
// turn, several rounds, and prints a Markdown table of times and ratios, the memory that
// they took and how long drift compiles.
//
//	go run ./bench/compare -python VENV/bin/python -ort FOLDER [-rounds 5] [-threads 2]
//
// FOLDER is where npm installed onnxruntime-node; bench/peers says what the peers need.
// A peer without a path is left out. A C compiler (cc) makes the peak.
package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// options say which programs take part.
type options struct {
	python, node, ort, cc string
	peers, drift          string
	rounds, threads       int
	out                   string // scratch folder
}

func main() {
	var o options
	flag.StringVar(&o.python, "python", "", "Python that has torch, onnx and onnxscript")
	flag.StringVar(&o.ort, "ort", "", "folder whose node_modules holds onnxruntime-node")
	flag.StringVar(&o.node, "node", "node", "Node.js")
	flag.StringVar(&o.cc, "cc", "cc", "C compiler for the peak; empty for no peak")
	flag.StringVar(&o.peers, "peers", "bench/peers", "folder of torch_unet.py and what it imports, export_onnx.py, ort_unet.js and peak.c")
	flag.StringVar(&o.drift, "drift", "", "drift itself (default: built from this repository)")
	flag.IntVar(&o.rounds, "rounds", 5, "rounds")
	flag.IntVar(&o.threads, "threads", 2, "threads of each program")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := o.compare(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
}

func (o options) compare(ctx context.Context) (err error) {
	if o.rounds < 1 || o.threads < 1 {
		return fmt.Errorf("rounds and threads: found %d and %d, expected at least 1", o.rounds, o.threads)
	}
	if o.out, err = os.MkdirTemp("", "drift-compare-"); err != nil {
		return err
	}
	defer os.RemoveAll(o.out)
	if err := o.prepare(ctx); err != nil {
		return err
	}
	var rounds []round
	for i := range o.rounds {
		r, err := o.round(ctx)
		if err == nil {
			err = r.check()
		}
		if err != nil {
			return fmt.Errorf("round %d: %w", i+1, err)
		}
		rounds = append(rounds, r)
	}
	table(os.Stdout, rounds)
	return nil
}

// prepare builds the peak and drift and exports the networks.
func (o *options) prepare(ctx context.Context) error {
	if o.cc != "" {
		if _, _, err := o.run(ctx, o.cc, "-O3", "-march=native", "-pthread", filepath.Join(o.peers, "peak.c"), "-o", filepath.Join(o.out, "peak")); err != nil {
			return err
		}
	}
	if o.drift == "" {
		o.drift = filepath.Join(o.out, "drift")
		if _, _, err := o.run(ctx, "go", "build", "-o", o.drift, "./cmd/drift"); err != nil {
			return err
		}
	}
	if o.python != "" && o.ort != "" {
		_, _, err := o.run(ctx, o.python, filepath.Join(o.peers, "export_onnx.py"), o.out)
		return err
	}
	return nil
}

// round runs each program once.
func (o options) round(ctx context.Context) (r round, err error) {
	threads := strconv.Itoa(o.threads)
	turn := func(when bool, program string, args ...string) (lines map[string]values, memory float64) {
		if err == nil && when {
			var output string
			output, memory, err = o.run(ctx, program, args...)
			lines = parse(output)
		}
		return lines, memory
	}
	peak, _ := turn(o.cc != "", filepath.Join(o.out, "peak"), threads)
	r.peak = peak["peak"]["gflops"]
	r.torch, r.torchMemory = turn(o.python != "", o.python, filepath.Join(o.peers, "torch_unet.py"), threads)
	r.ort, _ = turn(o.ort != "" && o.python != "", o.node, filepath.Join(o.peers, "ort_unet.js"), o.out, threads)
	r.drift, r.driftMemory = turn(true, o.drift, "bench", "--threads", threads)
	return r, err
}

// run runs a program and returns what it printed, which people see on stderr, and how many
// MiB it had at most.
func (o options) run(ctx context.Context, program string, args ...string) (string, float64, error) {
	var printed, failed bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Stdout, cmd.Stderr = &printed, &failed
	cmd.Env = append(os.Environ(), "PYTHONDONTWRITEBYTECODE=1", "NODE_PATH="+filepath.Join(o.ort, "node_modules"))
	if err := cmd.Run(); err != nil {
		return "", 0, fmt.Errorf("%s %s: %w\n%s", program, strings.Join(args, " "), err, failed.String())
	}
	os.Stderr.Write(printed.Bytes())
	return printed.String(), mostMemory(cmd.ProcessState), nil
}

func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
