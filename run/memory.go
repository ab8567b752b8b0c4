package run

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"strconv"
	"strings"

	"drift/train"
)

// collected is after how many percent of new memory a large training collects what it
// does not need any more. Steps hold few pieces, so that costs next to nothing, and the
// usual 100 would take twice the memory.
const collected = 10

// large is from how many bytes on a training is large.
const large = 256 << 20

// needs is about how many bytes the steps of a trainer take, with what is not collected
// yet; 0 where nobody knows.
func needs(t *train.Trainer) uint64 { return uint64(t.Memory()) * (100 + collected) / 100 }

// lean keeps the memory of the process near what a training needs, until it is undone.
func lean(need uint64) (undo func()) {
	if need < large || os.Getenv("GOGC") != "" {
		return func() {}
	}
	was := debug.SetGCPercent(collected)
	return func() { debug.SetGCPercent(was) }
}

// fits refuses a training that needs more bytes than are free.
func fits(need, free uint64) error {
	if need <= free {
		return nil
	}
	return fmt.Errorf("memory: found %s free, expected about %s for a step: take a smaller --batch (--accumulate makes steps as large of it) or --preset, add --recompute, or bring pictures to a smaller --size", inBytes(free), inBytes(need))
}

// free is how many bytes the machine, or the control group of the process, has left; the
// largest number where the system does not tell. system is its root folder.
func free(system fs.FS) uint64 {
	left := uint64(math.MaxUint64)
	for line := range strings.Lines(text(system, "proc/meminfo")) {
		if rest, ok := strings.CutPrefix(line, "MemAvailable:"); ok {
			if kib, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 10, 64); err == nil {
				left = kib << 10
			}
		}
	}
	for line := range strings.Lines(text(system, "proc/self/cgroup")) {
		// 0::/path, or 4:memory:/path of the first version.
		part := strings.SplitN(strings.TrimSpace(line), ":", 3)
		switch {
		case len(part) < 3:
		case part[1] == "":
			left = min(left, groupFree(system, "sys/fs/cgroup", part[2], "memory.max", "memory.current"))
		case part[1] == "memory":
			left = min(left, groupFree(system, "sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes", "memory.usage_in_bytes"))
		}
	}
	return left
}

// groupFree is the least that a control group, or one that it is in, has left. Files that
// the system keeps in memory for speed are given up when others need it.
func groupFree(system fs.FS, root, group, limit, usage string) uint64 {
	left := uint64(math.MaxUint64)
	for at := path.Join(root, group); strings.HasPrefix(at, root); at = path.Dir(at) {
		number := func(name string) (uint64, error) {
			return strconv.ParseUint(strings.TrimSpace(text(system, path.Join(at, name))), 10, 64)
		}
		most, err := number(limit)
		if err != nil {
			continue // there is none
		}
		used, err := number(usage)
		if err != nil {
			continue
		}
		for line := range strings.Lines(text(system, path.Join(at, "memory.stat"))) {
			if rest, ok := strings.CutPrefix(line, "inactive_file "); ok {
				files, _ := strconv.ParseUint(strings.TrimSpace(rest), 10, 64)
				used -= min(used, files)
			}
		}
		left = min(left, most-min(most, used))
	}
	return left
}

// text is that of a file, empty where it cannot be read.
func text(system fs.FS, name string) string {
	data, _ := fs.ReadFile(system, name)
	return string(data)
}

// inBytes writes an amount of memory for people.
func inBytes(n uint64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%d MiB", n>>20)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
}
