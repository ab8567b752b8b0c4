// Command gomlxtests runs GoMLX's own tests on this backend, and beside it on GoMLX's
// Go backend: of the version in go.mod, from a copy of its module in a temporary
// folder. It prints the tests that fail on both, and exits with 1 if any test fails,
// is skipped or is missing here that passes there, or if those that fail there are others
// than fails.txt lists, which -update writes.
//
//	go run ./backend/cpu/gomlxtests [-update] [packages, such as ./ml/layers/...]
//
// In the copy, a module of a few lines stands in for XLA: where GoMLX's tests would
// load that, they get this backend.
package main

import (
	"bufio"
	_ "embed"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const (
	gomlx = "github.com/gomlx/gomlx"
	here  = "cpu"
	// In its default mode the Go backend's convolutions wait for each other for ever.
	there = "go:ops_sequential"
)

// standIn are the files of the module that replaces XLA's.
var standIn = map[string]string{
	"go.mod":             "module github.com/gomlx/go-xla\n\ngo 1.26\n",
	"compute/xla/xla.go": "package xla\n\nimport _ \"drift/backend/cpu\"\n\nfunc AutoInstall() error { return nil }\n",
	"installer/gpu.go":   "package installer\n\nfunc HasNvidiaGPU() bool { return false }\n",
}

// listed names the tests that are known to fail there, a line each.
//
//go:embed fails.txt
var listed string

// list is where -update writes it, from the top of the repository.
const list = "backend/cpu/gomlxtests/fails.txt"

func main() {
	update := flag.Bool("update", false, "write "+list+" anew, from all packages")
	flag.Parse()
	packages := flag.Args()
	if len(packages) == 0 {
		packages = []string{"./core/graph/...", "./core/tensors/...", "./ml/layers/...", "./ml/model/...", "./ml/train/..."}
	} else if *update {
		fmt.Fprintln(os.Stderr, "gomlxtests: -update: found packages, expected none: the list is of all")
		os.Exit(2)
	}
	ok, err := compare(packages, *update)
	if err != nil {
		fmt.Fprintln(os.Stderr, "gomlxtests:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// compare runs the tests on both backends and prints how they differ, and how those that
// fail there differ from the list, unless it writes that.
func compare(packages []string, update bool) (ok bool, err error) {
	dir, err := os.MkdirTemp("", "gomlxtests")
	if err != nil {
		return false, err
	}
	defer os.RemoveAll(dir)
	if err := prepare(dir); err != nil {
		return false, err
	}
	results := map[string]map[string]string{}
	for _, backend := range []string{there, here} {
		start := time.Now()
		if results[backend], err = run(filepath.Join(dir, "gomlx"), backend, packages); err != nil {
			return false, err
		}
		fmt.Printf("%s: %s, in %.0f s\n", backend, count(results[backend]), time.Since(start).Seconds())
	}
	names := make([]string, 0, len(results[there]))
	for name := range results[there] {
		names = append(names, name)
	}
	for name := range results[here] {
		if results[there][name] == "" {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	ok = len(results[here]) > 0
	var fails []string
	for _, name := range names {
		mine, theirs := results[here][name], results[there][name]
		switch {
		case mine == "pass" || mine == "skip" && theirs == "skip":
		case theirs == "fail":
			fmt.Printf("fails on %s, here %q: %s\n", there, mine, name)
			fails = append(fails, name)
		default:
			fmt.Printf("ONLY HERE: %s: found %q, expected %q as on %s\n", name, mine, theirs, there)
			ok = false
		}
	}
	if update {
		return ok, write(fails)
	}
	_, rest, _ := strings.Cut(listed, "\n")
	known := strings.Split(rest, "\n")
	for _, name := range names {
		if is, was := slices.Contains(fails, name), slices.Contains(known, name); is != was {
			fmt.Printf("OTHER THAN LISTED: %s: found %q here and %q on %s\n", name, results[here][name], results[there][name], there)
			ok = false
		}
	}
	return ok, nil
}

// write writes the list.
func write(fails []string) error {
	version, err := output("go", "list", "-m", gomlx)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("tests of %s that fail on %s and do not pass here: go run ./backend/cpu/gomlxtests -update", version, there)
	return os.WriteFile(list, []byte(strings.Join(append([]string{head}, fails...), "\n")+"\n"), 0o644)
}

// prepare makes the copy of GoMLX's module and the stand-in for XLA.
func prepare(dir string) error {
	drift, err := output("go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		return err
	}
	from, err := output("go", "list", "-m", "-f", "{{.Dir}}", gomlx)
	if err != nil {
		return err
	}
	compute, err := output("go", "list", "-m", "-f", "{{.Path}}@{{.Version}}", "github.com/gomlx/compute")
	if err != nil {
		return err
	}
	to := filepath.Join(dir, "gomlx")
	for _, part := range []string{"go.mod", "go.sum", "backends", "core", "internal", "ml", "support", "ui"} {
		if err := copyAll(filepath.Join(to, part), filepath.Join(from, part)); err != nil {
			return err
		}
	}
	for name, text := range standIn {
		file := filepath.Join(dir, "xla", name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			return err
		}
	}
	edit := exec.Command("go", "mod", "edit", "-require="+compute, "-require=drift@v0.0.0", "-replace=drift="+drift,
		"-replace=github.com/gomlx/go-xla="+filepath.Join(dir, "xla"))
	edit.Dir, edit.Stderr = to, os.Stderr
	return edit.Run()
}

func output(name string, args ...string) (string, error) {
	c := exec.Command(name, args...)
	c.Stderr = os.Stderr
	out, err := c.Output()
	if err != nil {
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}

// copyAll copies a file or a folder, and lets the owner write to the copy.
func copyAll(to, from string) error {
	return filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		at := filepath.Join(to, rest)
		if d.IsDir() {
			return os.MkdirAll(at, 0o755)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Dir(at), 0o755); err != nil {
			return err
		}
		return os.WriteFile(at, data, 0o644)
	})
}

// run is what became of each test on a backend: "pass", "fail" or "skip". A test that
// did not end, because it crashed its package or took too long, has failed, and the
// rest of the package is run without it.
func run(dir, backend string, packages []string) (map[string]string, error) {
	results := map[string]string{}
	crashed, err := runOnce(dir, backend, packages, "", results)
	if err != nil {
		return nil, err
	}
	for name, tests := range crashed {
		for {
			more, err := runOnce(dir, backend, []string{gomlx + "/" + name}, "^("+strings.Join(tests, "|")+")$", results)
			if err != nil {
				return nil, err
			}
			if len(more[name]) == 0 {
				break
			}
			tests = append(tests, more[name]...)
		}
	}
	return results, nil
}

// runOnce runs all tests but those that skip describes, and says which did not end.
func runOnce(dir, backend string, packages []string, skip string, results map[string]string) (crashed map[string][]string, err error) {
	args := append([]string{"test", "-mod=mod", "-json", "-count=1", "-timeout=20m", "-skip=" + skip}, packages...)
	c := exec.Command("go", args...)
	c.Dir, c.Stderr = dir, os.Stderr
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOMLX_BACKEND="+backend)
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	running, panicked := map[[2]string]bool{}, map[[2]string]bool{} // of package and test
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadBytes('\n')
		if err == io.EOF {
			break
		} else if err != nil {
			return nil, err
		}
		var e struct{ Action, Package, ImportPath, Test, Output string }
		if json.Unmarshal(line, &e) != nil {
			continue
		}
		if e.Action == "build-fail" {
			return nil, fmt.Errorf("%s: it does not build", e.ImportPath)
		}
		if e.Test == "" {
			continue
		}
		room := strings.TrimPrefix(e.Package, gomlx+"/")
		// Some tests have a subtest that is named after the backend.
		name := room + " " + strings.TrimSuffix(strings.ReplaceAll(e.Test+"/", "/"+backend+"/", "/backend/"), "/")
		top := [2]string{room, strings.Split(e.Test, "/")[0]}
		switch e.Action {
		case "run":
			results[name] = "fail"
			running[top] = true
		case "output":
			panicked[top] = panicked[top] || strings.HasPrefix(e.Output, "panic: ")
		case "pass", "fail", "skip":
			results[name] = e.Action
			if top[1] == e.Test {
				delete(running, top)
			}
		}
	}
	c.Wait() // a test that fails is no error of this program's
	crashed = map[string][]string{}
	for test := range running {
		panicked[test] = true // it never ended
	}
	for test, yes := range panicked {
		if yes {
			crashed[test[0]] = append(crashed[test[0]], test[1])
		}
	}
	return crashed, nil
}

func count(results map[string]string) string {
	n := map[string]int{}
	for _, r := range results {
		n[r]++
	}
	return fmt.Sprintf("%d tests pass, %d fail, %d are skipped", n["pass"], n["fail"], n["skip"])
}
