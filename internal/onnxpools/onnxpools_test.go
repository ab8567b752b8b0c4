package onnxpools

import (
	"bytes"
	"os"
	"testing"

	"google.golang.org/protobuf/encoding/protowire"
)

// nodes are those of a file's graph.
func nodes(t *testing.T, file []byte) (found []node) {
	t.Helper()
	if err := each(file, func(number protowire.Number, graph, _ []byte) error {
		if number != modelGraph {
			return nil
		}
		return each(graph, func(number protowire.Number, value, _ []byte) error {
			if number != graphNode {
				return nil
			}
			n, err := parseNode(value)
			found = append(found, n)
			return err
		})
	}); err != nil {
		t.Fatal(err)
	}
	return found
}

func read(t testing.TB, name string) []byte {
	file, err := os.ReadFile("../../feature/testdata/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return file
}

// What is rewritten means the same: package feature holds its values to ONNX Runtime's.
func TestRewritesPools(t *testing.T) {
	file := read(t, "pools.onnx")
	kept := bytes.Clone(file)
	out, err := Rewrite(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(file, kept) {
		t.Error("the file that was given has changed")
	}
	var ops string
	for _, n := range nodes(t, out) {
		ops += n.op + " "
		if n.op != "MaxPool" && n.op != "AveragePool" {
			continue
		}
		for _, name := range []string{"dilations", "count_include_pad"} {
			if _, ok := n.attributes[name]; ok {
				t.Errorf("%s of %q: found %q, expected it to be dropped", n.op, n.outputs, name)
			}
		}
		if got := n.attributes["strides"].ints; len(got) != 2 || got[0] != 1 || got[1] != 1 {
			t.Errorf("%s of %q: found strides %v, expected [1 1]", n.op, n.outputs, got)
		}
	}
	if want := "MaxPool Constant Pad AveragePool MaxPool AveragePool Concat Concat GlobalAveragePool GlobalAveragePool Concat Flatten "; ops != want {
		t.Errorf("found nodes %s, expected %s", ops, want)
	}
	again, err := Rewrite(out)
	if err != nil || &again[0] != &out[0] {
		t.Errorf("what was rewritten was rewritten again: %v", err)
	}
}

func TestLeavesOthersAlone(t *testing.T) {
	for _, name := range []string{"tiny.onnx", "nhwc.onnx"} {
		file := read(t, name)
		out, err := Rewrite(file)
		if err != nil || &out[0] != &file[0] {
			t.Errorf("%s: found a new file or an error, expected the bytes themselves: %v", name, err)
		}
	}
}

// Any bytes lead to an error or to a file that needs no rewriting.
func FuzzRewrite(f *testing.F) {
	for _, name := range []string{"tiny.onnx", "nhwc.onnx", "pools.onnx"} {
		f.Add(read(f, name))
	}
	f.Fuzz(func(t *testing.T, file []byte) {
		out, err := Rewrite(file)
		if err != nil {
			return
		}
		again, err := Rewrite(out)
		if err != nil || !bytes.Equal(again, out) {
			t.Errorf("what was rewritten was rewritten again: %v", err)
		}
	})
}
