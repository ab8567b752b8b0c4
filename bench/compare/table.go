package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

// values are the numbers of one line "NAME key value key value ...", by key.
type values map[string]float64

// parse reads the lines of a program by their first word. Words that are no number and
// stand before none are passed over.
func parse(output string) map[string]values {
	lines := map[string]values{}
	for line := range strings.Lines(output) {
		words := strings.Fields(line)
		v := values{}
		for i := 1; i+1 < len(words); i++ {
			if x, err := strconv.ParseFloat(words[i+1], 64); err == nil {
				v[words[i]] = x
			}
		}
		if len(v) > 0 {
			lines[words[0]] = v
		}
	}
	return lines
}

// round is what each program printed in one turn.
type round struct {
	peak              float64 // GFLOP/s
	torch, ort, drift map[string]values

	torchMemory, driftMemory float64 // MiB that the process had at most, over all workloads
}

// check reports the first workload that is another network in drift than in PyTorch.
func (r round) check() error {
	for _, name := range sorted(r.drift) {
		d, t := r.drift[name], r.torch[name]
		for _, key := range []string{"params", "forward_gflop"} {
			if _, both := t[key]; both && d[key] != t[key] {
				return fmt.Errorf("%s: drift has %s %.10g, PyTorch %.10g; expected the same", name, key, d[key], t[key])
			}
		}
	}
	return nil
}

// spread is a list of numbers as "median (smallest–largest)".
func spread(list []float64, digits int) string {
	if len(list) == 0 {
		return "–"
	}
	list = slices.Sorted(slices.Values(list))
	f := func(x float64) string { return strconv.FormatFloat(x, 'f', digits, 64) }
	return fmt.Sprintf("%s (%s–%s)", f(list[len(list)/2]), f(list[0]), f(list[len(list)-1]))
}

// table prints the rounds in Markdown: for every workload the times of each program,
// how many times faster drift is than each, and its share of the peak. Ratios are taken
// within a round, and then their median.
func table(out io.Writer, rounds []round) {
	fmt.Fprintln(out, "| workload | drift ms | PyTorch ms | ONNX Runtime ms | drift, times PyTorch | drift, times ONNX Runtime | drift, % of peak |")
	fmt.Fprintln(out, "|---|---|---|---|---|---|---|")
	names := map[string]bool{}
	for _, r := range rounds {
		for _, lines := range []map[string]values{r.torch, r.ort, r.drift} {
			for name, v := range lines {
				if v["forward_ms"] > 0 {
					names[name] = true
				}
			}
		}
	}
	for _, name := range sorted(names) {
		for _, pass := range []struct {
			label, key string
			work       float64 // in forward passes
		}{{"forward", "forward_ms", 1}, {"train step", "train_ms", 3}, {"20 steps of sampling, 64 pictures", "sample_ms", 20 * 64 / 16}} {
			var drift, torch, ort, overTorch, overORT, share []float64
			for _, r := range rounds {
				d, t, o := r.drift[name][pass.key], r.torch[name][pass.key], r.ort[name][pass.key]
				drift, torch, ort = known(drift, d, 1), known(torch, t, 1), known(ort, o, 1)
				overTorch, overORT = known(overTorch, t, d), known(overORT, o, d)
				gflop := r.drift[name]["forward_gflop"] * pass.work
				share = known(share, 100*gflop/(d/1e3), r.peak)
			}
			if len(drift)+len(torch)+len(ort) == 0 {
				continue // it is not of this workload
			}
			fmt.Fprintf(out, "| %s %s | %s | %s | %s | %s | %s | %s |\n", name, pass.label,
				spread(drift, 2), spread(torch, 2), spread(ort, 2), spread(overTorch, 2), spread(overORT, 2), spread(share, 0))
		}
	}
	var peaks, torch, drift []float64
	for _, r := range rounds {
		peaks, torch, drift = known(peaks, r.peak, 1), known(torch, r.torchMemory, 1), known(drift, r.driftMemory, 1)
	}
	fmt.Fprintf(out, "\nMedian (smallest–largest) of %d rounds, the programs in turn. FMA peak: %s GFLOP/s.\n", len(rounds), spread(peaks, 0))
	fmt.Fprintf(out, "Peak memory of all of it in one process, MiB: drift %s, PyTorch %s.\n", spread(drift, 0), spread(torch, 0))
	for _, name := range sorted(names) {
		var compile []float64
		for _, r := range rounds {
			compile = known(compile, r.drift[name]["compile_ms"], 1)
		}
		fmt.Fprintf(out, "drift compiles the train step of %s in %s ms.\n", name, spread(compile, 0))
	}
}

// known appends a/b where both are known.
func known(list []float64, a, b float64) []float64 {
	if !(a > 0) || !(b > 0) {
		return list
	}
	return append(list, a/b)
}
