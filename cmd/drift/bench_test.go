package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drift/bench"
)

func TestBench(t *testing.T) {
	dir := t.TempDir()
	out := mustDrift(t, dir, "bench", "mlp_b512", "--runs", "1", "--threads", "2")
	if !strings.Contains(out, "threads 2\nmlp_b512 params 54274 forward_gflop 0.055 forward_ms ") {
		t.Errorf("found %q, expected the line of mlp_b512", out)
	}
	if out := mustDrift(t, dir, "bench", "mlp_b512", "--profile", "3"); !strings.Contains(out, "mlp_b512, 1 training steps\n") || !strings.Contains(out, " Product\n") {
		t.Errorf("found %q, expected what the steps of mlp_b512 take", out)
	}
	if out := mustDrift(t, dir, "bench", "mlp_b512", "--trace", "step.json"); !strings.HasSuffix(out, "trace written to step.json\n") {
		t.Errorf("found %q, expected the trace's name", out)
	}
	var trace struct {
		TraceEvents []struct {
			Name, Cat, Ph string
			TS, Dur       float64
		}
	}
	if written, err := os.ReadFile(filepath.Join(dir, "step.json")); err != nil {
		t.Error(err)
	} else if err := json.Unmarshal(written, &trace); err != nil {
		t.Error(err)
	}
	kinds := map[string]int{}
	end := 0.0
	for _, e := range trace.TraceEvents {
		if kinds[e.Cat]++; e.Ph != "X" || e.Name == "" || e.Dur < 0 || e.TS < end-1 {
			t.Errorf("found %+v after %g µs, expected a step that began later", e, end)
		}
		end = e.TS + e.Dur
	}
	if kinds["Product"] < 10 || kinds["region"] < 10 {
		t.Errorf("found %v, expected products and regions", kinds)
	}
	var last struct {
		Engine  string
		Results []bench.Result
	}
	if err := json.Unmarshal([]byte(mustDrift(t, dir, "bench", "mlp_b512", "--runs", "1", "--json")), &last); err != nil {
		t.Fatal(err)
	}
	if last.Engine == "" || len(last.Results) != 1 || !(last.Results[0].TrainMS > 0) {
		t.Errorf("found %+v, expected an engine and one result", last)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"bench", "mlp"}, 2, "mlp_b512"},
		{[]string{"bench", "--threads", "0"}, 2, "threads: found 0"},
		{[]string{"bench", "--runs", "-1"}, 2, "runs: found -1"},
		{[]string{"bench", "--profile", "-1"}, 2, "profile: found -1"},
		{[]string{"bench", "--trace", "step.json"}, 2, "trace: found 3 names, expected one"},
		{[]string{"bench", "--profile", "9", "--engine", "go"}, 2, "found engine go, expected cpu"},
		{[]string{"bench", "--engine", "nope"}, 1, "nope"},
		{[]string{"bench", "--engine", "go", "unet32_b16"}, 1, "ops_sequential"},
	} {
		_, errs, code := driftOn(t, dir, c.args...)
		if code != c.code || !strings.Contains(errs, c.says) {
			t.Errorf("drift %v: exit code %d and %q, expected %d and %q", c.args, code, errs, c.code, c.says)
		}
	}
}
