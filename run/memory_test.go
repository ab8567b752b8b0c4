package run

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"drift"
	"drift/dataset"
	"drift/nn"
	"drift/train"
)

// What is free is the least of the machine's, of the control group's and of those it is in.
func TestFreeMemory(t *testing.T) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	machine := file("MemTotal:       8000 kB\nMemFree: 10 kB\nMemAvailable:   5000 kB\n")
	for name, c := range map[string]struct {
		files fstest.MapFS
		want  uint64
	}{
		"nobody tells": {fstest.MapFS{}, math.MaxUint64},
		"machine":      {fstest.MapFS{"proc/meminfo": machine}, 5000 << 10},
		"group": {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("3000000\n"),
			"sys/fs/cgroup/a/b/memory.current": file("1000000\n"), "sys/fs/cgroup/a/b/memory.stat": file("anon 1\ninactive_file 400000\nactive_file 100000\nslab_reclaimable 50000\nslab 60000\n")}, 2550000},
		"outer group": {fstest.MapFS{"proc/meminfo": machine, "proc/self/cgroup": file("0::/a/b\n"), "sys/fs/cgroup/a/b/memory.max": file("max\n"),
			"sys/fs/cgroup/a/memory.max": file("70\n"), "sys/fs/cgroup/a/memory.current": file("100\n")}, 0},
		"first version, in a container": {fstest.MapFS{"proc/self/cgroup": file("5:cpu:/x\n4:memory:/docker/x\n0::/\n"),
			"sys/fs/cgroup/memory/memory.limit_in_bytes": file("500\n"), "sys/fs/cgroup/memory/memory.usage_in_bytes": file("400\n"),
			"sys/fs/cgroup/memory/memory.stat": file("inactive_file 7\nactive_file 8\ntotal_inactive_file 20\ntotal_active_file 30\n")}, 150},
		"nonsense": {fstest.MapFS{"proc/meminfo": file("MemAvailable: many\n"), "proc/self/cgroup": file("0\n")}, math.MaxUint64},
	} {
		if found := free(c.files); found != c.want {
			t.Errorf("%s: found %d, expected %d", name, found, c.want)
		}
	}
}

// Steps for which there is not enough memory, here a terabyte, are refused before they
// begin, by the doctor too, and nothing is written.
func TestStepsThatDoNotFitAreRefused(t *testing.T) {
	if free(os.DirFS("/")) == math.MaxUint64 {
		t.Skip("the system does not tell how much memory is free")
	}
	set := &dataset.Set{Name: "large", X: drift.RowsOf(drift.NewBatch(20, 64, 64, 3)), Min: -9, Max: 9}
	drift.NewNoise(1, "large", 0).Normal(set.X.Batch())
	c := DefaultConfigFor("large", set.X.Shape)
	u := nn.DefaultUNet2D() // with attention over far too many pixels
	u.BlockChannels, u.DownBlocks, u.UpBlocks = []int{4}, []string{"AttnDownBlock2D"}, []string{"AttnUpBlock2D"}
	u.NormGroups, u.LayersPerBlock, u.HeadDim = 2, 1, new(4)
	c.Network, c.Train.Batch = nn.Spec{Kind: "unet", UNet: &u}, 2048
	path := filepath.Join(t.TempDir(), "run")
	says := func(err error) bool {
		return err != nil && strings.Contains(err.Error(), "memory: found") && strings.Contains(err.Error(), "--batch")
	}
	if err := trainError(path, c, Options{Set: set}); !says(err) || Exists(path) {
		t.Errorf("found error %v, expected one that tells of memory, and no run", err)
	}
	if _, err := c.Measure(t.Context(), set); !says(err) {
		t.Errorf("measured: found error %v, expected one that tells of memory", err)
	}
}

// The memory that is told before training grows with the batch; recomputing shrinks it.
func TestPlanTellsMemory(t *testing.T) {
	set := photographs(40)
	plan := func(change func(*train.Config)) float64 {
		c := DefaultConfigFor("x", set.X.Shape)
		c.Network.Preset = "tiny"
		change(&c.Train)
		s, err := begin(t.Context(), filepath.Join(t.TempDir(), "run"), c, Options{Set: set})
		if err != nil {
			t.Fatal(err)
		}
		defer s.release()
		_, told, _ := strings.Cut(s.first.Plan, " a step, about ")
		var mib float64
		if _, err := fmt.Sscanf(told, "%g MiB of memory", &mib); err != nil {
			t.Fatalf("found %q: %v", s.first.Plan, err)
		}
		return mib
	}
	few := plan(func(c *train.Config) { c.Batch = 8 })
	many := plan(func(c *train.Config) { c.Batch = 32 })
	again := plan(func(c *train.Config) { c.Batch, c.Recompute = 32, true })
	if !(few > 10 && many > 2*few && many < 4*few && again < 0.8*many) {
		t.Errorf("found %g MiB for 8 samples, %g for 32 and %g with recomputing", few, many, again)
	}
}

// The memory of the process is kept near what trainings need as long as one of them goes on,
// in whatever order they end; whoever keeps less keeps it.
func TestLeanNests(t *testing.T) {
	t.Setenv("GOGC", "")
	set := func() int {
		n := debug.SetGCPercent(100)
		debug.SetGCPercent(n)
		return n
	}
	defer debug.SetGCPercent(debug.SetGCPercent(150))
	small, first := lean(1), lean(large)
	second := lean(2 * large)
	for i, step := range []struct {
		undo func()
		want int
	}{{small, collected}, {first, collected}, {first, collected}, {second, 150}, {second, 150}} {
		if step.undo(); set() != step.want {
			t.Errorf("%d: found %d %%, expected %d", i, set(), step.want)
		}
	}
	debug.SetGCPercent(50)
	undo := lean(large)
	if set() != 50 {
		t.Errorf("found %d %%, expected 50 as it was", set())
	}
	if undo(); set() != 50 {
		t.Errorf("undone: found %d %%, expected 50", set())
	}
}
