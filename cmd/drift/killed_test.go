package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// everything are the flags of a run in which all that a state may hold is: pictures with
// classes that are mirrored, turned and more, gradients of several batches, three averages, learned weights
// of the loss, grids of samples.
func everything(extra ...string) []string {
	return append([]string{"train", "digits", "--samples", "400", "--width", "16", "--blocks", "1", "--batch", "16", "--accumulate", "2",
		"--flip", "--augment", "0.3", "--ema-lengths", "0.05,0.1", "--uncertainty", "--loss-weight", "min-snr", "--checkpoint-every", "7", "--sample-every", "40"}, extra...)
}

// dropped are the flags of a U-Net that forgets a share of its values, drawn from a random
// state, and computes them again, in steps of several batches; previews look at it.
func dropped(extra ...string) []string {
	return append([]string{"train", "digits", "--samples", "200", "--config", "unet.toml", "--batch", "8", "--accumulate", "2", "--recompute",
		"--ema-lengths", "0.05,0.1", "--uncertainty", "--checkpoint-every", "2", "--preview-every", "10"}, extra...)
}

// told are the flags of an EDM2 network that is told a class and a number of each picture.
func told(extra ...string) []string {
	return append([]string{"train", "pictures", "--config", "edm2.toml", "--batch", "8", "--checkpoint-every", "2", "--sample-every", "10"}, extra...)
}

// student are the flags of a distillation.
func student(extra ...string) []string {
	return append([]string{"distil", "teacher", "--jumps", "8", "--guidance", "1.5"}, extra...)
}

const unetTOML = `network = {kind = "unet", unet = {in_channels = 1, out_channels = 1, time_embedding_type = "positional", down_block_types = ["DownBlock2D", "AttnDownBlock2D"],
	mid_block_type = "UNetMidBlock2D", up_block_types = ["AttnUpBlock2D", "UpBlock2D"], block_out_channels = [8, 8], layers_per_block = 1, mid_block_scale_factor = 1.0,
	downsample_padding = 1, downsample_type = "conv", upsample_type = "conv", dropout = 0.2, act_fn = "silu", norm_num_groups = 4, norm_eps = 1e-5,
	resnet_time_scale_shift = "default", num_class_embeds = 11}}`

const edm2TOML = `network = {kind = "edm2", edm2 = {channels = [8, 8], blocks = 1, head_dim = 8, dropout = 0.2}}`

// Runs killed with SIGKILL at twenty random moments and resumed each time end with the
// weights, snapshots, samples, grids, animation, losses and previews of the run that was left
// alone, byte for byte.
func TestKilledRunsResumeBitExactly(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	for _, c := range []struct {
		name, steps string
		flags       func(...string) []string
		kills       int
		before      []string // a command that comes first
	}{
		{"points", "400", tiny, 5, nil},
		{"everything", "160", everything, 4, nil},
		{"U-Net with dropout", "20", dropped, 4, dropped("--out", "first", "--steps", "1")}, // which learns the features of previews
		{"EDM2 with numbers", "20", told, 4, nil},
		{"student", "60", student, 3, tiny("--out", "teacher", "--steps", "20")},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			t.Setenv("DRIFT_DATA", filepath.Join(dir, "kept"))
			toldPictures(t, filepath.Join(dir, "pictures"))
			for name, text := range map[string]string{"unet.toml": unetTOML, "edm2.toml": edm2TOML} {
				if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			if c.before != nil {
				mustDrift(t, dir, c.before...)
			}
			killed(t, dir, c.flags, c.steps, c.kills)
		})
	}
}

// toldPictures is a folder of pictures of two classes, each with a number in a table.
func toldPictures(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	table := "file_name,class,shade\n"
	for i := range 60 {
		name := fmt.Sprintf("%02d.png", i)
		writeTestPNG(t, filepath.Join(dir, name), 8, 8, func(x, y int) uint8 { return uint8(4*i + i%2*x + y) })
		table += fmt.Sprintf("%s,%c,%d\n", name, "ab"[i%2], 4*i)
	}
	if err := os.WriteFile(filepath.Join(dir, "metadata.csv"), []byte(table), 0o644); err != nil {
		t.Fatal(err)
	}
}

// killed kills a run so many times: one time in four while it gets ready, else while it trains.
func killed(t *testing.T, dir string, flags func(...string) []string, steps string, most int) {
	straight := command(dir, flags("--out", "straight", "--steps", steps, "--json")...)
	ready, finished, _ := follow(t, straight, 0, 0)
	training := float64(finished - ready)
	r := rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) // really random: every run of the test kills elsewhere
	resumed := func() *exec.Cmd {
		return command(dir, flags("--out", "killed", "--steps", steps, "--resume", "--json")...)
	}
	kills, reached := 0, 0
	for kills < most || reached == 0 && kills < 3*most { // on a machine that became slow no checkpoint may have been reached yet
		early, late := time.Duration(0), time.Duration((0.4+0.8*r.Float64())*training/float64(most)*float64(1+kills/most))
		if kills%4 == 1 {
			early, late = time.Duration(1+r.Float64()*float64(ready)), 0
		}
		cmd := resumed()
		if follow(t, cmd, early, late); cmd.ProcessState.Success() {
			break // one that became fast is done
		}
		kills++
		for name := range files(t, dir+"/killed/checkpoints/step-*") {
			if !strings.HasPrefix(name, "step-000000000-") {
				reached++
			}
		}
	}
	last := resumed()
	if _, _, from := follow(t, last, 0, 0); kills < most/2 || reached == 0 {
		t.Fatalf("found %d kills and %d checkpoints behind them, expected %d kills of a run that had some", kills, reached, most)
	} else {
		t.Logf("%d kills; the run went on at step %d of %s at last", kills, from, steps)
	}
	for _, run := range []string{"straight", "killed"} {
		mustDrift(t, dir, "sample", run, "-n", "50", "--out", run+".csv", "--steps", "8")
	}
	for _, kept := range []string{"checkpoints/*" + steps + "-*", "ema/*", "samples/*", "progress.gif", "config.toml", "manifest.toml"} {
		a, b := files(t, dir+"/straight/"+kept), files(t, dir+"/killed/"+kept)
		if fmt.Sprint(a) != fmt.Sprint(b) {
			t.Errorf("%s differ after %d kills", kept, kills)
		}
		if len(a) == 0 && strings.HasPrefix(kept, "checkpoints") {
			t.Errorf("found no %s", kept)
		}
	}
	s := files(t, dir+"/*.csv")
	if len(s["straight.csv"]) < 100 || s["straight.csv"] != s["killed.csv"] {
		t.Errorf("samples differ after %d kills", kills)
	}
	if a, b := measured(t, dir+"/straight"), measured(t, dir+"/killed"); fmt.Sprint(a) != fmt.Sprint(b) {
		t.Errorf("metrics hold other held-out losses or previews after %d kills:\n%v\n%v", kills, a, b)
	}
	if left := files(t, dir+"/killed/checkpoints/.tmp-*"); len(left) > 0 {
		t.Errorf("a resumed and finished run holds temporary files: %d", len(left))
	}
}

// follow runs a command that trains and prints JSON, and kills it so long after its start, or so long
// after it began to train, if either is not 0. It is how long it took until it trained and until the
// end, and the step where it began.
func follow(t *testing.T, cmd *exec.Cmd, early, late time.Duration) (ready, finished time.Duration, step int) {
	t.Helper()
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var errs bytes.Buffer
	cmd.Stderr = &errs
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	kill := func(after time.Duration) {
		if after > 0 {
			time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
	}
	kill(early)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		var e struct {
			Event string `json:"event"`
			Step  int    `json:"step"`
		}
		if json.Unmarshal(lines.Bytes(), &e) == nil && (e.Event == "start" || e.Event == "resume") {
			ready, step = time.Since(began), e.Step
			kill(late)
		}
	}
	cmd.Wait()
	if early+late == 0 && !cmd.ProcessState.Success() {
		t.Fatalf("%v: %v: %s", cmd.Args[1:], cmd.ProcessState, errs.String())
	}
	return ready, time.Since(began), step
}

// measured is the step, held-out losses and FID of every line of a run's metrics that has some.
func measured(t *testing.T, path string) (all []string) {
	for _, line := range strings.Split(files(t, path+"/metrics.jsonl")["metrics.jsonl"], "\n") {
		var e struct {
			Step int             `json:"step"`
			Held json.RawMessage `json:"held_out"`
			FID  json.RawMessage `json:"fid"`
		}
		if json.Unmarshal([]byte(line), &e) == nil && (e.Held != nil || e.FID != nil) {
			all = append(all, fmt.Sprint(e.Step, string(e.Held), string(e.FID)))
		}
	}
	return all
}
