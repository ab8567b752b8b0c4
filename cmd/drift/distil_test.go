package main

import (
	"fmt"
	"strings"
	"testing"
)

// A student is a run like any other: it is stopped and goes on bit-exactly, is sampled
// and measured, and refuses what it did not learn.
func TestDistil(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, tiny("--out", "run", "--steps", "40")...)
	mustDrift(t, dir, "distil", "run", "--out", "straight", "--steps", "12", "--jumps", "8", "--guidance", "1.5")
	mustDrift(t, dir, "distil", "run", "--out", "halted", "--steps", "7", "--jumps", "8", "--guidance", "1.5")
	mustDrift(t, dir, "distil", "run", "--out", "again", "--steps", "12", "--jumps", "8", "--guidance", "1.5")
	a, b := files(t, dir+"/straight/checkpoints/*12-*"), files(t, dir+"/again/checkpoints/*12-*")
	if len(a) != 1 || fmt.Sprint(a) != fmt.Sprint(b) {
		t.Error("the same distillation twice gave other weights")
	}
	mustDrift(t, dir, "distil", "run", "--out", "halted", "--steps", "12", "--resume")
	for _, steps := range []string{"1", "2", "8"} {
		mustDrift(t, dir, "sample", "straight", "-n", "20", "--steps", steps, "--out", steps+".csv")
		mustDrift(t, dir, "sample", "straight", "-n", "20", "--steps", steps, "--out", steps+"b.csv", "--batch", "3")
		if s := files(t, dir+"/*.csv"); s[steps+".csv"] != s[steps+"b.csv"] || len(s[steps+".csv"]) < 100 {
			t.Errorf("%s steps: samples depend on --batch", steps)
		}
	}
	mustDrift(t, dir, "sample", "straight", "-n", "20", "--out", "four.csv")
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"sample", "straight", "--steps", "3"}, "steps: found 3"},
		{[]string{"sample", "straight", "--steps", "16"}, "steps: found 16"},
		{[]string{"sample", "straight", "--solver", "heun"}, "the run is distilled"},
		{[]string{"sample", "straight", "--guidance", "2"}, "guidance: found 2"},
		{[]string{"sample", "run", "--guidance", "2", "--autoguide", "straight"}, "autoguidance: found a distilled run"},
		{[]string{"distil", "straight"}, "found a run that was distilled itself"},
		{[]string{"distil", "run", "--jumps", "3", "--out", "x"}, "expected a power of two"},
		{[]string{"distil", "run", "--out", "straight"}, "found an existing run"},
		{[]string{"distil", "run", "--out", "straight", "--resume", "--jumps", "4"}, "distil.jumps = 4"},
		{[]string{"distil", "nothing"}, "cannot read"},
	} {
		_, errs, code := driftOn(t, dir, test.args...)
		if code == 0 || !strings.Contains(errs, test.want) {
			t.Errorf("%v: exit code %d, %q, want %q", test.args, code, errs, test.want)
		}
	}
}
