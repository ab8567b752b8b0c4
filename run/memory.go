package run

import (
	"fmt"
	"io/fs"
	"math"
	"os"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"sync"

	"drift/train"
)

// collected is after how many percent of new memory a large training collects what it
// does not need any more. Steps hold few pieces, so that costs next to nothing, and the
// usual 100 would take twice the memory.
const collected = 10

// large is from how many bytes on a training is large.
const large = 256 << 20

// needs is about how many bytes a trainer takes, with what is not collected yet; 0 where
// nobody knows.
func needs(t *train.Trainer) uint64 { return uint64(t.Memory()) * (100 + collected) / 100 }

// leanness is how many trainings of the process are kept lean, and what was set before the
// first of them.
var leanness struct {
	sync.Mutex
	users, was int
}

// lean keeps the memory of the process near what a training needs, until it is undone, and
// so is what others of the process asked for. Whoever set less than 100 keeps it.
func lean(need uint64) (undo func()) {
	l := &leanness
	l.Lock()
	defer l.Unlock()
	if need < large || os.Getenv("GOGC") != "" {
		return func() {}
	}
	if l.users == 0 {
		if l.was = debug.SetGCPercent(collected); l.was < 100 {
			debug.SetGCPercent(l.was) // a negative number, too, is on purpose
			return func() {}
		}
	}
	l.users++
	return sync.OnceFunc(func() {
		l.Lock()
		defer l.Unlock()
		if l.users--; l.users == 0 {
			debug.SetGCPercent(l.was)
		}
	})
}

// bearing is the error of a training that needs more bytes than are free now that garbage
// is given back, such as that of reading pictures.
func bearing(need uint64) error {
	debug.FreeOSMemory()
	return fits(need, free(os.DirFS("/")))
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
			left = min(left, groupFree(system, "sys/fs/cgroup", part[2], "memory.max", "memory.current", []string{"inactive_file", "active_file", "slab_reclaimable"}))
		case part[1] == "memory":
			left = min(left, groupFree(system, "sys/fs/cgroup/memory", part[2], "memory.limit_in_bytes", "memory.usage_in_bytes", []string{"total_inactive_file", "total_active_file"}))
		}
	}
	return left
}

// groupFree is the least that a control group, or one that it is in, has left. What the
// system keeps in memory for speed, such as files, is given up when others need it: it is
// what the keys of memory.stat count.
func groupFree(system fs.FS, root, group, limit, usage string, given []string) uint64 {
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
			if key, rest, _ := strings.Cut(strings.TrimSpace(line), " "); slices.Contains(given, key) {
				kept, _ := strconv.ParseUint(rest, 10, 64)
				used -= min(used, kept)
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
