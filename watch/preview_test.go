package watch

import (
	"bytes"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"testing"

	"drift/feature"
	"drift/metric"
	"drift/nn"
	"drift/run"
)

// previewed prepares looks every 15 steps, as each process does anew.
func previewed(t *testing.T, told feature.Watch) *run.Preview {
	t.Helper()
	set, err := tiny().OpenSet()
	if err != nil {
		t.Fatal(err)
	}
	engine, err := nn.Engine()
	if err != nil {
		t.Fatal(err)
	}
	p, err := Preview(t.Context(), engine, set, 15, told)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// lastState is the weights of a run and all else that training goes on with.
func lastState(t *testing.T, path string) nn.State {
	t.Helper()
	d, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	s, _, err := d.Load("last")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// previews are the FIDs in a run's metrics, by their step.
func previews(t *testing.T, path string) map[int]metric.Measure {
	t.Helper()
	d, err := run.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	events, err := d.Metrics()
	if err != nil {
		t.Fatal(err)
	}
	all := map[int]metric.Measure{}
	for _, e := range events {
		if e.FID == nil {
			continue
		}
		if _, twice := all[e.Step]; twice || e.Kind != "preview" {
			t.Errorf("%s: found %+v, expected one preview of a step", path, e)
		}
		all[e.Step] = *e.FID
	}
	return all
}

// Previews say FID with its range in the metrics and to TensorBoard, also of a run that was
// stopped and resumed, and change nothing of what is learnt.
func TestPreviewsOfAResumedRun(t *testing.T) {
	t.Setenv("DRIFT_DATA", t.TempDir())
	dir := t.TempDir()
	plain, straight, broken := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "c")
	train(t, plain, 0, nil)
	learned := false
	train(t, straight, 0, previewed(t, func(int, int, float64) { learned = true }))
	if !learned {
		t.Error("nobody was told that features are learned")
	}
	for _, stop := range []int{17, 30} { // behind a look, and at one
		p := previewed(t, func(int, int, float64) { t.Fatal("features are learned a second time") })
		if e := train(t, broken, stop, p); e.Kind != "stopped" {
			t.Fatalf("found %+v, expected a stopped run", e)
		}
	}
	train(t, broken, 0, previewed(t, nil))
	want := previews(t, straight)
	for _, step := range []int{15, 30, 40} { // the last step has one too
		f := want[step]
		if !(0 < f.Low && f.Low < f.Value && f.Value < f.High) || f.Floor == nil || !(f.Floor.Value < f.Value) {
			t.Errorf("step %d: found %+v, expected a FID within its range and above its floor", step, f)
		}
	}
	if found := previews(t, broken); len(want) != 3 || !reflect.DeepEqual(found, want) {
		t.Errorf("found previews %v, expected %v of three steps", found, want)
	}
	for _, path := range []string{straight, broken} {
		if !reflect.DeepEqual(lastState(t, path), lastState(t, plain)) {
			t.Errorf("%s ends with other weights than a run without previews", path)
		}
		data, err := os.ReadFile(filepath.Join(path, "tensorboard", eventFile))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range want {
			for tag, v := range map[string]float64{"quality/fid": f.Value, "quality/fid_low": f.Low, "quality/fid_high": f.High} {
				said := binary.LittleEndian.AppendUint32([]byte(tag+"\x15"), math.Float32bits(float32(v))) // field 2, a float, behind the tag
				if n := bytes.Count(data, said); n != 1 {
					t.Errorf("%s: found %s = %v %d times among the events, expected once", path, tag, v, n)
				}
			}
		}
	}
}
