package dataset

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
)

// shard is the text of a file of hfparquet's tests.
func shard(t testing.TB, name string) string {
	t.Helper()
	data, err := os.ReadFile("../internal/hfparquet/testdata/" + name + ".parquet")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestParquet(t *testing.T) {
	s := open(t, "../internal/hfparquet/testdata/huggingface.parquet", Options{})
	if s.X.N != 20 || !slices.Equal(s.X.Shape, []int{4, 6, 1}) || !slices.Equal(s.Classes, []string{"eel", "cat", "dog"}) {
		t.Fatalf("%d of shape %v, classes %q", s.X.N, s.X.Shape, s.Classes)
	}
	for i, v := range values(s) {
		if v != i || s.Labels[i] != i%3 {
			t.Errorf("sample %d: value %d, label %d", i, v, s.Labels[i])
		}
	}
	s = open(t, folder(t, map[string]string{"data/train-00000-of-00002.parquet": shard(t, "huggingface"), "data/train-00001-of-00002.parquet": shard(t, "huggingface"),
		"data/test-00000-of-00001.parquet": "broken", "README.md": ""}), Options{N: 8})
	if !slices.Equal(values(s), []int{0, 5, 10, 15, 0, 5, 10, 15}) || len(s.Notes) != 1 || s.Name != "set" {
		t.Errorf("shards: %v, notes %q", values(s), s.Notes)
	}
	s = open(t, folder(t, map[string]string{"default/train/0000.parquet": shard(t, "huggingface"), "default/test/0000.parquet": "broken", "._0000.parquet": "broken"}), Options{})
	if s.X.N != 20 || !slices.Equal(s.Notes, []string{"left out default/test/0000.parquet: open it by its own path"}) {
		t.Errorf("parts in folders: %d, notes %q", s.X.N, s.Notes)
	}
	s = open(t, file(t, "a.parquet", shard(t, "plain")), Options{})
	if !slices.Equal(values(s), []int{7, 9}) || !slices.Equal(s.Classes, []string{"b"}) || len(s.Skipped) != 1 || !strings.HasPrefix(s.Skipped[0].Error(), "a.parquet, row 2: found no bytes") {
		t.Errorf("a plain table: %v of %q, left out %v", values(s), s.Classes, s.Skipped)
	}
	s = open(t, file(t, "a.parquet", shard(t, "withheld")), Options{})
	if s.Labels != nil || s.X.N != 2 || len(s.Notes) != 1 {
		t.Errorf("labels withheld: %v, notes %q", s.Labels, s.Notes)
	}
}

func TestBadParquet(t *testing.T) {
	whole := shard(t, "huggingface")
	for _, test := range []struct{ path, want string }{
		{file(t, "a.parquet", whole[:len(whole)-99]), "a.parquet: cannot open as Parquet"},
		{file(t, "a.parquet", "PAR1"), "a.parquet: cannot"},
		{file(t, "a.parquet", shard(t, "numbers")), "a.parquet: found the columns x, expected one called image"},
		{file(t, "a.parquet", shard(t, "empty")), "found no rows, expected pictures"},
		{folder(t, map[string]string{"a.parquet": whole, "b.parquet": shard(t, "plain")}), "found labels in some of the files only, or of two kinds"},
		{file(t, "a.parquet", strings.ReplaceAll(whole, "IHDR", "IHDX")), "found no picture that can be read among 20; the first: a.parquet, row 1: PNG"},
	} {
		if _, err := Open(test.path, Options{}); err == nil || !strings.Contains(err.Error(), test.want) || !strings.HasPrefix(err.Error(), test.path+": ") {
			t.Errorf("found error %q, want %q", fmt.Sprint(err), test.want)
		}
	}
}
