package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"drift/dataset"
	"drift/run"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// The test binary is drift itself when this variable is set, so that commands run
// as processes of their own, which can be killed.
const asDrift = "DRIFT_TEST_AS_MAIN"

func TestMain(m *testing.M) {
	if os.Getenv(asDrift) != "" {
		main()
	}
	os.Exit(m.Run())
}

func command(dir string, args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), asDrift+"=1")
	return cmd
}

// driftOn runs a command line and returns what it printed and its exit code.
func driftOn(t testing.TB, dir string, args ...string) (stdout, stderr string, code int) {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(dir, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	if strings.Contains(errs.String(), "panic:") || strings.Contains(errs.String(), "goroutine ") {
		t.Fatalf("drift %v panicked:\n%s", args, errs.String())
	}
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

func mustDrift(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, errs, code := driftOn(t, dir, args...)
	if code != 0 {
		t.Fatalf("drift %v: exit code %d: %s", args, code, errs)
	}
	return out
}

// tiny are the flags of a training that takes a moment.
func tiny(extra ...string) []string {
	return append([]string{"train", "dogcat", "--samples", "400", "--width", "16", "--blocks", "1", "--batch", "32", "--checkpoint-every", "7"}, extra...)
}

func files(t testing.TB, pattern string) map[string]string {
	t.Helper()
	names, err := filepath.Glob(pattern)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(name)] = string(data)
	}
	return found
}

// Interrupted, drift keeps everything, says how to go on and exits with 130.
func TestInterruptKeepsEverything(t *testing.T) {
	needSignals(t)
	for _, signal := range []os.Signal{os.Interrupt, terminate} {
		dir := t.TempDir()
		var out bytes.Buffer
		cmd := command(dir, tiny("--out", "run", "--steps", "1000000")...)
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { // old ones vanish meanwhile, so none is read
			names, _ := filepath.Glob(dir + "/run/checkpoints/step-*")
			return len(names) > 0
		})
		if err := cmd.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(out.String(), "--resume") {
			t.Errorf("%v: found exit code %d and %q, expected 130 and how to go on", signal, code, out.String())
		}
		mustDrift(t, dir, "sample", "run", "-n", "3", "--steps", "2", "--out", "s.csv")
	}
}

// An interrupted demo keeps what it has, says so to people and to machines, and
// leaves nothing half-written.
func TestInterruptedDemo(t *testing.T) {
	needSignals(t)
	for _, flags := range [][]string{{"--json"}, nil} {
		dir := t.TempDir()
		var out bytes.Buffer
		cmd := command(dir, append([]string{"demo", "--out", "a demo"}, flags...)...)
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		waitFor(t, func() bool { return len(files(t, dir+"/a demo/run/manifest.toml")) > 0 })
		if err := cmd.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		cmd.Wait()
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		last, says := lines[len(lines)-1], "kept in a demo"
		if flags != nil {
			says = `"event":"stopped"`
		}
		if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(last, says) {
			t.Errorf("%v: found exit code %d and %q, expected 130 and %q", flags, code, last, says)
		}
		if n := len(files(t, dir+"/a demo/run/checkpoints/step-*")); n != 1 {
			t.Errorf("found %d checkpoints, expected one of the step that was reached", n)
		}
		if left := files(t, dir+"/a demo/run/checkpoints/.tmp-*"); len(left) > 0 {
			t.Errorf("found %d temporary files", len(left))
		}
	}
}

// When nobody reads the output any more, training stops and keeps everything; a full
// disk behind the output is told.
func TestBrokenOutput(t *testing.T) {
	dir := t.TempDir()
	cmd := command(dir, tiny("--out", "run", "--steps", "1000000", "--checkpoint-every", "1000000", "--json")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, func() bool { return len(files(t, dir+"/run/manifest.toml")) > 0 })
	out.Close()
	cmd.Process.Signal(os.Interrupt) // or the next line would come after 10,000 steps
	cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 141 {
		t.Errorf("found exit code %d, expected 141", code)
	}
	if n := len(files(t, dir+"/run/checkpoints/step-*")); n != 1 {
		t.Errorf("found %d checkpoints, expected one of the step that was reached", n)
	}
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer full.Close()
	var errs bytes.Buffer
	cmd = command(dir, "solvers")
	cmd.Stdout, cmd.Stderr = full, &errs
	cmd.Run()
	if code := cmd.ProcessState.ExitCode(); code != 1 || !strings.Contains(errs.String(), "standard output: cannot write") {
		t.Errorf("found exit code %d, %q", code, errs.String())
	}
}

// A run is called by its data, without an ending that says what kind of file they are.
func TestDefaultOut(t *testing.T) {
	for data, want := range map[string]string{
		"digits": "digits", "a/points.csv": "points", "photos.ZIP": "photos", ".csv": ".csv", "photos.v1": "photos.v1", "photos.v2/": "photos.v2", "train-images-idx3-ubyte.gz": "train-images-idx3-ubyte",
	} {
		if got := defaultOut(data); got != filepath.Join("runs", want) {
			t.Errorf("%s: found %s, expected runs/%s", data, got, want)
		}
	}
}

// A run that was begun when any ending was left out is found again, by its data, and no
// other is taken for it.
func TestResumeFindsWhatRunsWereCalled(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"photos.v1", "photos.v2"} {
		photos(t, dir, 12)
		if err := os.Rename(filepath.Join(dir, "photos"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	args := func(name string, more ...string) []string {
		return append([]string{"train", name, "--width", "8", "--blocks", "1", "--batch", "8"}, more...)
	}
	mustDrift(t, dir, args("photos.v1", "--steps", "2", "--out", "runs/photos")...)
	out, errs, code := driftOn(t, dir, args("photos.v1", "--steps", "4", "--resume")...)
	if code != 0 || !strings.Contains(errs, "out: found no run in runs/photos.v1, and in runs/photos one on photos.v1") || !strings.Contains(out, "going on at step 2 of 4") {
		t.Errorf("found exit code %d, %s%s", code, errs, out)
	}
	for _, other := range [][]string{args("photos.v2", "--steps", "2", "--resume"), args("photos.v1", "--steps", "2")} {
		if out, errs, code := driftOn(t, dir, other...); code != 0 || strings.Contains(errs, "out:") || !strings.Contains(out, "next: drift sample runs/"+other[1]) {
			t.Errorf("%v: found exit code %d, %s%s", other, code, errs, out)
		}
	}
}

// The name that help gives a flag's value is that of a kind of value.
func TestFlagsAreOfSomeKind(t *testing.T) {
	var look func(cmd *cobra.Command)
	look = func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(f *pflag.Flag) {
			if name, _ := pflag.UnquoteUsage(f); strings.Contains(name, " ") {
				t.Errorf("%s --%s: found a value called %q, expected one word", cmd.CommandPath(), f.Name, name)
			}
		})
		for _, sub := range cmd.Commands() {
			look(sub)
		}
	}
	look(newRoot(&console{}))
}

func TestQuoted(t *testing.T) {
	for arg, want := range map[string]string{"runs/a-1.csv": "runs/a-1.csv", "höhe": "höhe", "a b": "'a b'", "it's": `'it'\''s'`, "": "''", "$x": "'$x'"} {
		if got := quoted(arg); got != want {
			t.Errorf("%s: found %s, expected %s", arg, got, want)
		}
	}
}

func waitFor(t *testing.T, what func() bool) {
	t.Helper()
	for range 600 {
		if what() {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatal("waited 30 s in vain")
}

// Power averages need snapshots; how many a config asks for is kept.
func TestLengthsKeepTheSnapshots(t *testing.T) {
	for was, want := range map[int]int{0: 20, 1: 20, 2: 2, 5: 5, 50: 50} {
		asked, cmd, config := training{flags: run.DefaultConfig("")}, &cobra.Command{}, run.DefaultConfig("dogcat")
		asked.configFlags(cmd)
		if err := cmd.ParseFlags([]string{"--ema-lengths", "0.05,0.1"}); err != nil {
			t.Fatal(err)
		}
		config.Snapshots = was
		override(cmd, &config, asked.flags)
		if config.Snapshots != want || len(config.Train.EMALengths) != 2 {
			t.Errorf("%d snapshots: found %d of %v, expected %d", was, config.Snapshots, config.Train.EMALengths, want)
		}
	}
}

// Samples are the same bytes for any batch size and any number of threads.
func TestSamplesAreTheSameBytes(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, tiny("--out", "run", "--steps", "30")...)
	var first string
	for i, env := range []string{"GOMAXPROCS=1", "GOMAXPROCS=2", "GOMAXPROCS=2", "GOMAXPROCS=5"} {
		name := fmt.Sprintf("s%d.csv", i)
		cmd := command(dir, "sample", "run", "-n", "300", "--seed", "4", "--solver", "ddpm", "--guidance", "2", "--steps", "5",
			"--batch", fmt.Sprint(1+i*i*37), "--out", name)
		cmd.Env = append(cmd.Env, env)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		data := files(t, filepath.Join(dir, name))[name]
		if first == "" {
			first = data
		}
		if data != first {
			t.Errorf("%s and another batch size give other samples", env)
		}
	}
}

func TestJSONEndsWithTheResult(t *testing.T) {
	dir := t.TempDir()
	out := mustDrift(t, dir, tiny("--out", "run", "--steps", "20", "--json")...)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	seen := false
	for _, line := range lines {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		_, step := v["step"]
		_, loss := v["loss"]
		seen = seen || v["event"] == "step" && step && loss
	}
	if !seen || !strings.Contains(lines[len(lines)-1], `"event":"finished"`) {
		t.Errorf("found %q, expected steps with a loss, then the result", out)
	}
	out, _, code := driftOn(t, dir, "sample", "nowhere", "--json")
	if code != 1 || !strings.HasPrefix(out, `{"error":`) {
		t.Errorf("a failing command: found %q and exit code %d", out, code)
	}
	for _, of := range []string{"run", "dogcat"} {
		out := mustDrift(t, dir, "doctor", of, "--json", "--samples", "400")
		for _, key := range []string{`"check":"start","verdict":"good"`, `"check":"classes"`, `"memory_bytes":`, `"each_ns":`} {
			if !strings.Contains(out, key) {
				t.Errorf("doctor %s reports no %s: %s", of, key, out)
			}
		}
	}
	for _, list := range []string{"processes", "grids", "solvers", "data list"} {
		out := mustDrift(t, dir, append(strings.Fields(list), "--json")...)
		if !strings.Contains(out, `"name":`) || regexp.MustCompile(`"[A-Z][A-Za-z]*":`).MatchString(out) {
			t.Errorf("%s: found keys other than small ones: %s", list, out)
		}
	}
	if out, _, code := driftOn(t, dir, "train", "--steps", "x", "--json"); code != 2 || !strings.HasPrefix(out, `{"error":`) {
		t.Errorf("a mistake before --json: found %q and exit code %d", out, code)
	}
	out = mustDrift(t, dir, "eval", "run", "-n", "200", "--json")
	for _, key := range []string{"class_accuracy", "class_mean", "class_std", "sliced_wasserstein", "sliced_wasserstein_floor",
		"denoiser_error", "conditional", "unconditional", "score_error", "seconds", "files"} {
		if !strings.Contains(out, `"`+key+`":`) {
			t.Errorf("eval reports no %s: %s", key, out)
		}
	}
}

// Mistakes are told in one clear line, with the right exit code, and nothing is
// written.
func TestMistakes(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, tiny("--out", "run", "--steps", "3")...)
	mustDrift(t, dir, "sample", "run", "-n", "3", "--out", "there.csv")
	before := files(t, dir+"/there.csv")["there.csv"]
	if err := os.WriteFile(dir+"/bad.toml", []byte("speed = 3\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		code int
		says string
	}{
		{"trian", 2, "did you mean train"},
		{"train", 2, "usage: drift train"},
		{"train dogcat --stesp 3", 2, "did you mean --steps"},
		{"train dogcat --steps x", 2, `--steps: found "x", expected a whole number`},
		{"train dogcat --seed -1", 2, `--seed: found "-1", expected a whole number from 0`},
		{"train dogcat --steps 5 --minutes 1", 2, "found both"},
		{"data lst", 2, "did you mean list"},
		{"train dogcat --out a --seed 18446744073709551615", 1, "seed: found 18446744073709551615"},
		{"train dogcat --out a --steps 0", 1, "train.steps: found 0"},
		{"train dogcat --out a --steps 1000000000", 1, "train.steps: found 1000000000"},
		{"train dogcat --out a --width 1", 1, "network.width"},
		{"train dogcat --out a --process cosine --predict eps", 1, "Alpha = 0"},
		{"train dogcat --out a --process up", 1, `expected one of ["vp"`},
		{"train dogcat --out a --predict y", 1, `expected one of ["eps"`},
		{"train dogcat --out a --train-levels all", 1, `expected one of ["uniform"`},
		{"train dogcat --out a --loss-weight heavy", 1, `expected one of ["snr+1"`},
		{"train dogcat --out a --config bad.toml", 1, "bad.toml: unknown key speed (line 1)"},
		{"train dogcat --out a --config none.toml", 1, "none.toml"},
		{"train dogcat --out a --minutes -1", 1, "minutes"},
		{"train dogcat --out a --checkpoint-every 0", 1, "checkpoint_every"},
		{"train dogcta --out a", 1, "dogcat"},
		{"train none.csv --out a", 1, "none.csv"},
		{"train dogcat --out run", 1, "--resume"},
		{"train dogcat --out bad.toml", 1, "bad.toml"},
		{"train dogcat --out a --from nowhere", 1, "nowhere"},
		{"train dogcat --out a --flip", 1, "only they can be mirrored or turned"},
		{"train dogcat --out a --upscale 2", 1, "upscale: found samples"},
		{"train dogcat --out a --label-dropout 1", 1, "--force"},
		{"train dogcat --out a --preview-every 5", 1, "found points"},
		{"train dogcat --out a --ema-lengths 0.5", 1, "train.ema_lengths: found 0.5"},
		{"train dogcat --out a --accumulate -1", 1, "train.accumulate"},
		{"train dogcat --out a --sample-every -1", 1, "sample_every"},
		{"doctor dogcat --label-dropout 1", 1, "nonsense"},
		{"doctor dogcta", 1, "did you mean dogcat"},
		{"sample run --given size=2 --out a.csv", 1, "no numbers to be asked for"},
		{"sample run --given size --out a.csv", 1, "expected NAME=NUMBER"},
		{"sample run --ema-length 0.1 --out a.csv", 1, "ema_lengths"},
		{"sample run --small there.csv --out a.csv", 1, "--upscale"},
		{"sample run --class bird --out a.csv", 1, `expected one of ["dog" "cat"]`},
		{"sample run --class dgo --out a.csv", 1, "did you mean dog?"},
		{"sample run --solver huen --out a.csv", 1, "did you mean heun?"},
		{"sample run --solver magic --out a.csv", 1, "solver"},
		{"sample run --steps 0 --out a.csv", 1, "steps"},
		{"sample run --steps 1000000000 --out a.csv", 1, "steps"},
		{"sample run -n 0 --out a.csv", 1, "n:"},
		{"sample run --out there.csv", 1, "--force"},
		{"sample run --out a.doc", 1, ".csv"},
		{"sample run --out none/a.csv -n 1", 1, "none/a.csv"},
		{"sample run --checkpoint first --out a.csv", 1, "checkpoint"},
		{"sample run --grid even --out a.csv", 1, `expected one of ["karras"`},
		{"sample run --clip low --out a.csv", 1, "clip: found \"low\""},
		{"sample run --clip 3,1 --out a.csv", 1, "clip: found [3 1]"},
		{"sample run --clip data --out a.csv", 1, "only pictures"},
		{"sample run --dynamic-threshold 0.9 --out a.csv", 1, "no bounds"},
		{"sample run --guidance 2 --guidance-from 3 --guidance-to 1 --out a.csv", 1, "interval from 3 to 1"},
		{"sample run --guidance-rescale 0.5 --out a.csv", 1, "no guidance"},
		{"sample run --guidance 2 --autoguide nowhere --out a.csv", 1, "nowhere"},
		{"sample run --autoguide run --out a.csv", 1, "no guidance"},
		{"sample bad.toml --out a.csv", 1, "manifest.toml"},
		{"eval nowhere", 1, "nowhere"},
		{"eval run -n -1", 1, "n: found -1"},
		{"sample run -n 2 --each-class 3 --out a.csv", 2, "n each-class"},
		{"data show digits --out a.gif", 2, "--out: found \"a.gif\""},
		{"eval run --out-neighbours a.png", 2, "neighbours of pictures"},
		{"compare digits", 2, "usage: drift compare REAL GENERATED"},
		{"compare moons digits", 1, "expected pictures"},
		{"compare digits moons", 1, "found shape [2] in moons"},
		{"compare digits digits --features inception", 1, "expected \"classifier\", \"random\" or the path"},
		{"compare digits digits --features none", 2, "features to compare by"},
		{"compare digits digits --features bad.onnx", 1, "bad.onnx: cannot read"},
		{"compare digits digits --out-neighbours a.doc", 2, ".png"},
		{"compare digits digits --out-best a.doc", 2, ".png"},
		{"compare digits digits --out-best a.png --best 0", 2, "at least 1"},
		{"compare digits digits --out-best a.png --out-neighbours ./a.png", 2, "for both"},
		{"edit invert run --picture dog.png --noise a.txt", 2, ".npy"},
		{"edit invert run --picture dog.png --noise a.npy --out none/../a.npy", 2, "for both"},
		{"compare digits digits --out-best there.csv.png/a.png", 1, "no folder"},
		{"compare digits digits --out-neighbours there.csv.png/a.png", 1, "no folder"},
		{"data show nothing", 1, "nothing"},
	} {
		out, errs, code := driftOn(t, dir, strings.Fields(c.args)...)
		if code != c.code || !strings.Contains(errs, c.says) || strings.Count(errs, "\n") != 1 {
			t.Errorf("drift %s: found exit code %d, stdout %q, stderr %q; expected %d and one line that says %q", c.args, code, out, errs, c.code, c.says)
		}
	}
	for _, name := range []string{"a", "a.csv", "a.doc"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was written by a command that failed", name)
		}
	}
	if after := files(t, dir+"/there.csv")["there.csv"]; after != before {
		t.Error("an existing file was overwritten without --force")
	}
	mustDrift(t, dir, "sample", "run", "-n", "4", "--out", "there.csv", "--force")
	mustDrift(t, dir, strings.Fields("sample run -n 4 --out there.csv --force --grid uniform --guidance 2 --guidance-from 0.1 --guidance-to 5 --guidance-rescale 0.7 --autoguide run --clip -5,30 --dynamic-threshold 0.9")...)
}

// Pictures are compared with a data set, by eval and on their own, with neighbours drawn.
func TestPicturesAreCompared(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, "train", "digits", "--out", "run", "--steps", "2", "--width", "16")
	for _, args := range []string{
		"eval run -n 3 --steps 2 --features random --out-neighbours a.png",
		"compare digits digits -n 300 --features random --out-neighbours b.png --out-best c.png --best 2",
	} {
		out := mustDrift(t, dir, append(strings.Fields(args), "--json")...)
		for _, key := range []string{"features", "features_sha256", "fid", "kid", "precision", "recall", "density", "coverage", "warnings", "files"} {
			if !strings.Contains(out, `"`+key+`":`) {
				t.Errorf("%s: found no %s: %s", args, key, out)
			}
		}
		if !strings.Contains(out, "random convolutions") {
			t.Errorf("%s: found no warning: %s", args, out)
		}
	}
	for _, name := range []string{"a.png", "b.png", "c.png"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Size() < 1000 {
			t.Errorf("%s: found no picture (%v)", name, err)
		}
	}
	if out := mustDrift(t, dir, "compare", "digits", "digits", "-n", "250", "--features", "random"); !strings.Contains(out, "FID") || !strings.Contains(out, "warning: FID: 250 samples are few") {
		t.Errorf("found %s", out)
	}
}

// Pictures of another range of values are brought to that of the real ones; a test set is of other pictures.
func TestPicturesBesideOthers(t *testing.T) {
	dir := t.TempDir()
	digits, err := dataset.Open("digits", dataset.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range 300 { // of 0 to 16 as PNG of 0 to 255
		class := filepath.Join(dir, "test", digits.Classes[digits.Labels[i]])
		if err := os.MkdirAll(class, 0o755); err != nil {
			t.Fatal(err)
		}
		writeTestPNG(t, filepath.Join(class, fmt.Sprintf("%03d.png", i)), 8, 8, func(x, y int) uint8 {
			return uint8(math.Round(digits.X.Row(i)[8*y+x] * 255 / 16))
		})
	}
	mustDrift(t, dir, "train", "digits", "--out", "run", "--steps", "2", "--width", "16")
	var found comparison
	for _, args := range []string{"compare digits test --features random --json", "compare digits digits -n 300 --features random --test test --json"} {
		out := mustDrift(t, dir, strings.Fields(args)...)
		if err := json.Unmarshal([]byte(out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]), &found); err != nil {
			t.Fatal(err)
		}
		if !(found.FID.Value < 3*found.FID.Floor.High) {
			t.Errorf("%s: found FID %v beside %v, expected real pictures to be like real ones", args, found.FID.Value, *found.FID.Floor)
		}
	}
	if out := mustDrift(t, dir, strings.Fields("eval run -n 10 --steps 2 --features random --test test --json")...); !strings.Contains(out, `"copies":`) {
		t.Errorf("eval with a test set: found %s, expected copies beside those of its unseen pictures", out)
	}
	if _, errs, code := driftOn(t, dir, strings.Fields("compare digits test --features random --test digits")...); code != 1 || !strings.Contains(errs, "found the pictures that were learned") {
		t.Errorf("the learned data as a test set: exit code %d, %q", code, errs)
	}
}

// Classes are the same by name, in any order, and as files have it.
func TestSameClasses(t *testing.T) {
	classes := []string{"T-shirt", "ankle boot", "bag"}
	labels, missing := sameClasses(classes, &dataset.Set{Classes: []string{"bag", "ankle-boot"}, Labels: []int{0, 1, 1}})
	if missing != "" || !slices.Equal(labels, []int{2, 1, 1}) {
		t.Errorf("found labels %v and %q missing, expected [2 1 1]", labels, missing)
	}
	alike := []string{"a b", "a-b", "a_b"}
	if labels, missing := sameClasses(alike, &dataset.Set{Classes: alike, Labels: []int{2, 1, 0}}); missing != "" || !slices.Equal(labels, []int{2, 1, 0}) {
		t.Errorf("of classes whose files have one name: found labels %v and %q missing, expected [2 1 0]", labels, missing)
	}
	if _, missing := sameClasses([]string{"a b", "a+b"}, &dataset.Set{Classes: []string{"a-b"}, Labels: []int{0}}); missing != "a-b" {
		t.Errorf("a name of two classes: found %q missing, expected it", missing)
	}
	if _, missing := sameClasses(classes, &dataset.Set{Classes: []string{"bag", "boot"}, Labels: []int{0}}); missing != "boot" {
		t.Errorf("found %q missing, expected boot", missing)
	}
}

func TestEveryCommandHasAnExample(t *testing.T) {
	root := newRoot(&console{})
	for _, cmd := range root.Commands() {
		if cmd.Example == "" || cmd.Short == "" {
			t.Errorf("%s: no example or no summary", cmd.Name())
		}
	}
	out := mustDrift(t, t.TempDir(), "completion", "bash")
	if !strings.Contains(out, "drift") {
		t.Error("no shell completion")
	}
	dir := t.TempDir()
	mustDrift(t, dir, tiny("--out", "run", "--steps", "1")...)
	for _, c := range []struct{ line, offers string }{
		{"tr", "train\t"}, {"train ", "moons\n"}, {"train dogcat --process ", "edm\n"}, {"train dogcat --predict ", "eps\n"},
		{"train dogcat --train-levels ", "log-normal\n"}, {"train dogcat --loss-weight ", "min-snr\n"},
		{"sample run --solver ", "heun\n"}, {"sample run --class ", "dog\ncat\n"}, {"sample run --grid ", "trailing\n"},
		{"eval run --clip ", "data\n"}, {"eval run --checkpoint ", "last\nbest\n"},
	} {
		if out := mustDrift(t, dir, append([]string{"__complete"}, strings.Split(c.line, " ")...)...); !strings.Contains(out, c.offers) {
			t.Errorf("completion of %q: found %q, expected %q", c.line, out, c.offers)
		}
	}
}

// needSignals skips a test where processes cannot be sent any.
func needSignals(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows has no signals")
	}
}

// What is too little to say much is said as far as it goes.
func TestFewSamples(t *testing.T) {
	dir := t.TempDir()
	mustDrift(t, dir, "train", "dogcat", "--out", "run", "--steps", "2")
	if out := mustDrift(t, dir, "bench", "mlp_b512", "--profile", "3", "--json"); strings.Count(strings.TrimSpace(out), "\n") != 0 || !strings.HasPrefix(out, "{") {
		t.Errorf("a profile for machines: found %s", out)
	}
	if out := mustDrift(t, dir, "eval", "run", "-n", "1", "--steps", "2", "--json"); !strings.Contains(out, `"class_mean":`) || strings.Contains(out, "class_std") {
		t.Errorf("one of each class: found %s", out)
	}
	mustDrift(t, dir, "train", "swissroll", "--out", "one", "--steps", "2")
	if _, errs, code := driftOn(t, dir, "sample", "one", "--each-class", "5", "--out", "a.csv"); code != 1 || !strings.Contains(errs, "the run has no classes") {
		t.Errorf("classes of a run that has none: found exit code %d, stderr %q", code, errs)
	}
}
