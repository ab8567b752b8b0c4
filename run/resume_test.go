package run

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"drift/nn"
)

// A line of the metrics that cannot be read is left out, and nothing behind it.
func TestMetricsSurviveABadLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "metrics.jsonl")
	text := `{"event":"step","step":1}` + "\n\n" + `{"event":"st\x00\x00` + "\n" + `{"event":"step","step":2}` + "\n" +
		`{"event":"step","step":9}` + "\n" + `{"event":"step","step":3}` + "\n" + `{"event":"step","st`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := openMetrics(path, 3)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	events, err := ReadMetrics(path)
	if err != nil || len(events) != 3 || events[0].Step != 1 || events[1].Step != 2 || events[2].Step != 3 {
		t.Errorf("found %+v, %v, expected steps 1, 2 and 3", events, err)
	}
}

// A run goes on with its data by whatever path they are reached, and not with others.
func TestResumeByAnotherPath(t *testing.T) {
	dir := t.TempDir()
	t.Chdir(dir)
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	table := strings.Repeat("1,2\n3,4\n5,7\n", 20)
	write("pts.csv", table)
	write("others.csv", table+"8,8\n")
	c := tiny(2)
	c.Dataset, c.Samples = "pts.csv", 0
	trainRun(t, "run", c, Options{})
	for i, path := range []string{"./pts.csv", filepath.Join(dir, "pts.csv")} {
		c.Dataset, c.Train.Steps = path, 3+i
		if last := trainRun(t, "run", c, Options{Resume: true}); last.Step != 3+i {
			t.Errorf("%s: found %+v, expected it to go on to step %d", path, last, 3+i)
		}
	}
	c.Dataset = "others.csv"
	if err := trainError("run", c, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "dataset = others.csv, expected "+filepath.Join(dir, "pts.csv")) {
		t.Errorf("other data: found error %v", err)
	}
	write("pts.csv", table+"8,8\n")
	c.Dataset = dir + "/./pts.csv"
	if err := trainError("run", c, Options{Resume: true}); err == nil || !strings.Contains(err.Error(), "has changed since the run began") {
		t.Errorf("changed data: found error %v", err)
	}
}

// A run goes on with the network that its preset was when it began.
func TestResumeWithAPresetOfItsTime(t *testing.T) {
	path, set := filepath.Join(t.TempDir(), "run"), photographs(20)
	c := DefaultConfigFor("x", set.X.Shape)
	c.Train.Steps, c.Train.Batch, c.SampleEvery = 1, 2, 0
	c.Network = nn.Spec{Kind: "unet", Preset: "tiny"}
	asked := c
	s, err := c.Network.Resolve(nn.Signature{Shape: set.X.Shape})
	if err != nil {
		t.Fatal(err)
	}
	s.UNet.AddAttention = !s.UNet.AddAttention
	c.Network = s
	trainRun(t, path, c, Options{Set: set})
	for i, spec := range []nn.Spec{asked.Network, {Kind: "unet", Preset: "tiny"}, {Preset: "tiny"}, {}} {
		asked.Network, asked.Train.Steps = spec, 2+i
		if last := trainRun(t, path, asked, Options{Set: set, Resume: true}); last.Step != 2+i {
			t.Errorf("%+v: found %+v, expected it to go on to step %d", spec, last, 2+i)
		}
	}
	for _, spec := range []nn.Spec{{Preset: "small"}, {Kind: "edm2"}, {Width: 16}} {
		asked.Network = spec
		if err := trainError(path, asked, Options{Set: set, Resume: true}); err == nil || !strings.Contains(err.Error(), "cannot resume with another configuration: found network.") {
			t.Errorf("%+v: found error %v, expected one about the network", spec, err)
		}
	}
}

// A run whose table of classes has rows for some of them only, as was possible once, goes
// on with a warning, and a new one of its weights has rows for all.
func TestTablesOfFewRowsGoOn(t *testing.T) {
	dir, set := t.TempDir(), photographs(20)
	path := filepath.Join(dir, "run")
	set.Classes, set.Labels = []string{"a", "b", "c", "d"}, make([]int, 20)
	for i := range set.Labels {
		set.Labels[i] = i % 4
	}
	c := DefaultConfigFor("x", set.X.Shape)
	c.Train.Steps, c.Train.Batch, c.SampleEvery = 1, 2, 0
	s, err := nn.Spec{Kind: "unet", Preset: "tiny"}.Resolve(nn.Signature{Shape: set.X.Shape, Classes: 2})
	if err != nil {
		t.Fatal(err)
	}
	c.Network = s
	const says = "num_class_embeds: found 3 rows for data of 4 classes"
	if err := trainError(path, c, Options{Set: set}); err == nil || !strings.Contains(err.Error(), says) || Exists(path) {
		t.Errorf("new: found error %v, expected one that says %s", err, says)
	}
	trainRun(t, path, c, Options{Set: set, Net: *s.UNet})
	d, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	d.Config.Network, d.Manifest.Network = s, s
	if err := errors.Join(writeTOML(d.join("config.toml"), d.Config), writeTOML(d.join("manifest.toml"), d.Manifest)); err != nil {
		t.Fatal(err)
	}
	warned := func(path string, c Config, o Options) {
		t.Helper()
		var told []string
		for e, err := range Train(t.Context(), path, c, o) {
			if err != nil {
				t.Fatal(err)
			}
			told = append(told, e.Warnings...)
		}
		if !strings.Contains(strings.Join(told, "\n"), says) {
			t.Errorf("found the warnings %q, expected one that says %s", told, says)
		}
	}
	c.Train.Steps = 2
	warned(path, c, Options{Set: set, Resume: true})
	found, err := c.Examine(set, nil)
	if last := found[len(found)-1]; err != nil || last.Verdict != Doubt || !strings.Contains(last.Text, says) {
		t.Errorf("found %+v and error %v, expected a doubt that says %s", last, err, says)
	}
	student, err := DistilConfig(d)
	if err != nil {
		t.Fatal(err)
	}
	student.Train.Steps = 1
	warned(filepath.Join(dir, "student"), student, Options{Set: set})
	next := filepath.Join(dir, "next")
	c = DefaultConfigFor("x", set.X.Shape).Following(d, set)
	c.Train.Steps, c.Train.Batch, c.SampleEvery = 1, 2, 0
	trainRun(t, next, c, Options{Set: set, From: path})
	if d, err := Open(next); err != nil || *d.Manifest.Network.UNet.ClassEmbeddings != 5 {
		t.Errorf("found error %v and %+v, expected a table of 5 rows", err, d.Manifest.Network.UNet)
	}
}
