package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"

	"drift/backend/cpu"
	"drift/bench"
	"drift/internal/safefile"
	"drift/nn"

	"github.com/spf13/cobra"
)

func newBench(c *console) *cobra.Command {
	var threads, runs, profile int
	var engine, trace string
	var force bool
	cmd := &cobra.Command{
		Use:   "bench [NAME...]",
		Short: "Measure a forward pass and a training step of fixed networks",
		Long: "Measure a forward pass and a training step of fixed networks, as the programs in bench/peers measure\n" +
			"PyTorch and ONNX Runtime: " + names(bench.Workloads(), func(w bench.Workload) string { return w.Name }) + ".\n" +
			"Times are medians after a warm-up.",
		Example: example("drift bench", "drift bench --threads 1 mlp_b512", "drift bench unet64_b16 --profile 20 --trace step.json", "drift bench --engine go:ops_sequential --runs 1 unet32_b16"),
		Args:    cobra.ArbitraryArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			if threads < 1 || threads > 1024 {
				return usageError{fmt.Errorf("threads: found %d, expected 1 to 1024", threads)}
			}
			if runs < 0 || runs > 1_000_000 {
				return usageError{fmt.Errorf("runs: found %d, expected 0 to 1000000", runs)}
			}
			if profile < 0 {
				return usageError{fmt.Errorf("profile: found %d lines, expected at least 1", profile)}
			}
			workloads, err := chosen(args)
			if err != nil {
				return usageError{err}
			}
			runtime.GOMAXPROCS(threads)
			os.Setenv("DRIFT_CPU_THREADS", strconv.Itoa(threads))
			if engine != "" {
				os.Setenv("GOMLX_BACKEND", engine)
			}
			e, err := nn.Engine()
			if err != nil {
				return err
			}
			var left []string
			if e.String() == "go" && !strings.Contains(os.Getenv("GOMLX_BACKEND"), "sequential") {
				workloads, left = withoutConvolutions(workloads)
			}
			if len(args) > 0 && len(left) > 0 {
				return fmt.Errorf("%s: engine go hangs in convolutions; --engine go:ops_sequential takes minutes a step", strings.Join(left, ", "))
			}
			if profile > 0 || trace != "" {
				own, ok := e.(*cpu.Backend)
				if !ok {
					return usageError{fmt.Errorf("profile: found engine %s, expected %s, the only one that notes what steps take", e, cpu.Name)}
				}
				if trace != "" && len(workloads) != 1 {
					return usageError{fmt.Errorf("trace: found %d names, expected one for the file", len(workloads))}
				}
				if trace != "" {
					if err := safefile.Ready(trace, force); err != nil {
						return err
					}
				}
				return c.profile(cmd.Context(), own, workloads, max(1, runs), profile, trace)
			}
			return c.bench(e.String(), threads, workloads, left, func(w bench.Workload) (bench.Result, error) {
				return bench.Measure(cmd.Context(), e, w, runs, func() float64 { return cpu.Peak(threads) })
			})
		},
	}
	f := cmd.Flags()
	f.IntVar(&threads, "threads", runtime.NumCPU(), "threads to compute with")
	f.IntVar(&runs, "runs", 0, "timed runs of each (default: 50 of an MLP, 5 of a U-Net)")
	f.IntVar(&profile, "profile", 0, "do not measure, but list so many lines of where a training step's time goes; with --json use --trace")
	f.BoolVar(&force, "force", false, "overwrite an existing file")
	f.StringVar(&trace, "trace", "", "do not measure, but write when each step of a training step ran to a `file` that Chrome and Perfetto show")
	f.StringVar(&engine, "engine", "", "GoMLX backend, as GOMLX_BACKEND names it (default: drift's own)")
	cmd.ValidArgsFunction = complete(bench.Workloads(), func(w bench.Workload) string { return w.Name })
	return cmd
}

// chosen are the workloads of some names, or all.
func chosen(names []string) ([]bench.Workload, error) {
	if len(names) == 0 {
		return bench.Workloads(), nil
	}
	var workloads []bench.Workload
	for _, name := range names {
		w, err := bench.ByName(name)
		if err != nil {
			return nil, err
		}
		workloads = append(workloads, w)
	}
	return workloads, nil
}

// withoutConvolutions are the workloads that have none, and the names of the others.
func withoutConvolutions(workloads []bench.Workload) (rest []bench.Workload, left []string) {
	for _, w := range workloads {
		if w.Conv {
			left = append(left, w.Name)
		} else {
			rest = append(rest, w)
		}
	}
	return rest, left
}

// profile lists what the steps of each workload's training step take on drift's own
// engine, over so many runs after a warm-up: first their kinds, then single ones. It also
// writes them to a file, in the order in which they ran, if one is named.
func (c *console) profile(ctx context.Context, e *cpu.Backend, workloads []bench.Workload, runs, lines int, trace string) error {
	files := []string{}
	for _, w := range workloads {
		g, err := bench.Compile(e, w)
		if err != nil {
			return err
		}
		var profile *cpu.Profile
		for i := range 1 + runs {
			if err := errors.Join(ctx.Err(), g.Train()); err != nil {
				return err
			}
			if i == 0 {
				profile = e.Record()
			}
		}
		e.StopRecording()
		c.say("%s, %d training steps", w.Name, runs)
		if lines > 0 && !c.json {
			if err := profile.WriteTable(c.out, lines); err != nil {
				return err
			}
		}
		if trace != "" {
			if err := safefile.Through(trace, profile.WriteChrome); err != nil {
				return err
			}
			c.say("trace written to %s", trace)
			files = append(files, trace)
		}
	}
	c.object(map[string]any{"profiled": len(workloads), "files": files})
	return nil
}

// bench measures workloads and shows the results as they come.
func (c *console) bench(engine string, threads int, workloads []bench.Workload, left []string, measure func(bench.Workload) (bench.Result, error)) error {
	c.say("drift %s threads %d", engine, threads)
	results := []bench.Result{}
	for _, w := range workloads {
		r, err := measure(w)
		if err != nil {
			return err
		}
		c.say("%s", r)
		results = append(results, r)
	}
	if len(left) > 0 {
		c.say("left out: %s; engine go hangs in convolutions, and takes minutes a step with --engine go:ops_sequential", strings.Join(left, ", "))
	}
	c.object(map[string]any{"engine": engine, "threads": threads, "results": results, "left_out": left})
	return nil
}
