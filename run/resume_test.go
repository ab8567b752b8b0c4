package run

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
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
