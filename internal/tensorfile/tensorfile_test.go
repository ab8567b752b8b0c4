package tensorfile_test

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"

	"drift/internal/safetensors"
	"drift/internal/tensorfile"
	"drift/nn"
)

func some() nn.State {
	return nn.State{
		"/model/a": {DType: "Float32", Shape: []int{2, 1}, Data: []byte{1, 2, 3, 4, 5, 6, 7, 8}},
		"/step":    {DType: "Int64", Shape: []int{}, Data: []byte{7, 0, 0, 0, 0, 0, 0, 0}},
	}
}

func TestReadsWhatWasWritten(t *testing.T) {
	var file bytes.Buffer
	if err := tensorfile.Encode(&file, some(), map[string]string{"what": "test"}); err != nil {
		t.Fatal(err)
	}
	got, err := tensorfile.Decode(file.Bytes())
	if err != nil || !reflect.DeepEqual(got, some()) {
		t.Errorf("found %v (%v), expected %v", got, err, some())
	}
	if info, err := tensorfile.Metadata(file.Bytes()); err != nil || info["what"] != "test" || info["sha256"] != tensorfile.Sum(some()) {
		t.Errorf("found metadata %v (%v)", info, err)
	}
	if err := tensorfile.Encode(&file, nn.State{"a": {DType: "Float16", Shape: []int{1}, Data: []byte{0, 0}}}, nil); err == nil || !strings.Contains(err.Error(), "Float16") {
		t.Errorf("another type: found error %v", err)
	}
}

// No flipped bit and no lost end gives other tensors without an error.
func TestNoticesDamage(t *testing.T) {
	var file bytes.Buffer
	if err := tensorfile.Encode(&file, some(), nil); err != nil {
		t.Fatal(err)
	}
	r := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		data := bytes.Clone(file.Bytes())
		data[r.IntN(len(data))] ^= 1 << r.IntN(8)
		if got, err := tensorfile.Decode(data); err == nil && !reflect.DeepEqual(got, some()) {
			t.Fatalf("a flipped bit: found %v, expected an error", got)
		}
		if _, err := tensorfile.Decode(data[:r.IntN(len(data))]); err == nil {
			t.Fatal("a lost end: found no error")
		}
	}
}

// Older files hold a scalar with the shape [1] and name it.
func TestOlderScalars(t *testing.T) {
	state := some()
	var file bytes.Buffer
	err := safetensors.Write(&file, map[string]string{"sha256": tensorfile.Sum(state), "scalars": "/step"}, []safetensors.Tensor{
		{Name: "/model/a", DType: "F32", Shape: []int{2, 1}, Data: state["/model/a"].Data},
		{Name: "/step", DType: "I64", Shape: []int{1}, Data: state["/step"].Data},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := tensorfile.Decode(file.Bytes()); err != nil || !reflect.DeepEqual(got, state) {
		t.Errorf("found %v (%v), expected %v", got, err, state)
	}
}
