package dataset

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"drift/internal/fetch"
)

// tarball is a packed tar archive.
func tarball(names, texts []string) string {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	for i, name := range names {
		w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(texts[i])), Typeflag: tar.TypeReg})
		w.Write([]byte(texts[i]))
	}
	w.Close()
	return zipped(out.String())
}

func hash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// small are sets as Get knows them, served by a test.
func small(url, archive string) (pictures, records remote) {
	texts := []string{idx("abcd", 1, 2, 2), idx("\x07", 1), idx("efghijkl", 2, 2, 2), idx("\x01\x02", 2)}
	var sums [4]string
	for i, text := range texts {
		sums[i] = hash(text)
	}
	pictures = remote{Info: Info{Name: "small"}, files: idxFiles([]string{url + "/"}, [4]int64{100, 100, 100, 100}, sums), train: idxNames[0], test: idxNames[2],
		classes: strings.Fields("a b c d e f g h")}
	records = remote{Info: Info{Name: "records"}, test: "test_batch.bin", unpack: []string{"data_batch_1.bin", "test_batch.bin"},
		files: []fetch.File{{Name: "r.tar.gz", SHA256: hash(archive), Bytes: int64(len(archive)), URLs: []string{url + "/r.tar.gz"}}}}
	return pictures, records
}

func TestGetByName(t *testing.T) {
	archive := tarball([]string{"x/readme", "x/data_batch_1.bin", "x/../../test_batch.bin"}, []string{"", record("\x03", 1, 2, 3), record("\x05", 4, 5, 6)})
	texts := map[string]string{"r.tar.gz": archive}
	for i, text := range []string{idx("abcd", 1, 2, 2), idx("\x07", 1), idx("efghijkl", 2, 2, 2), idx("\x01\x02", 2)} {
		texts[idxNames[i]] = zipped(text)
	}
	down := true // the third file fails at first
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if text, known := texts[filepath.Base(r.URL.Path)]; known && !(down && strings.Contains(r.URL.Path, "t10k-images")) {
			w.Write([]byte(text))
			return
		}
		http.NotFound(w, r)
	}))
	defer server.Close()
	pictures, records := small(server.URL, archive)
	defer func(all []remote) { remotes = all }(remotes)
	remotes = []remote{pictures, records}
	root := t.TempDir()
	t.Setenv("DRIFT_DATA", root)

	if _, err := Open("small-test", Options{}); err == nil || !strings.Contains(err.Error(), "data set small-test: found none in "+filepath.Join(root, "small")+", expected it there: run `drift data get small`") {
		t.Errorf("before: %v", err)
	}
	if _, err := Get(context.Background(), "small", GetOptions{}); err == nil || !strings.Contains(err.Error(), "data set small: t10k-images-idx3-ubyte.gz: cannot download") {
		t.Errorf("a file that is gone: %v", err)
	}
	if _, err := Open("small", Options{}); err == nil {
		t.Error("half a set opened")
	}
	down = false
	if dir, err := Get(context.Background(), "small", GetOptions{}); err != nil || dir != filepath.Join(root, "small") {
		t.Fatal(dir, err)
	}
	if s := open(t, "small", Options{}); s.Name != "small" || string(bytesOf(s)) != "abcd" || !slices.Equal(s.Classes, []string{"h"}) {
		t.Errorf("%s: %q of %q", s.Name, bytesOf(s), s.Classes)
	}
	if s := open(t, "small-test", Options{}); s.X.N != 2 || !slices.Equal(s.Classes, []string{"b", "c"}) {
		t.Errorf("the test part: %d of %q", s.X.N, s.Classes)
	}

	if _, err := Get(context.Background(), "records", GetOptions{}); err != nil {
		t.Fatal(err)
	}
	if s := open(t, "records", Options{}); s.X.N != 1 || !slices.Equal(s.Classes, []string{"cat"}) || s.Notes != nil {
		t.Errorf("records: %d of %q, notes %q", s.X.N, s.Classes, s.Notes)
	}
	if s := open(t, "records-test", Options{}); !slices.Equal(s.Classes, []string{"dog"}) {
		t.Errorf("records-test: %q", s.Classes)
	}
	all, err := filepath.Glob(filepath.Join(root, "*", "*"))
	if len(all) != 6 || err != nil {
		t.Errorf("left behind: %q", all)
	}
}

func TestGetFromAFolder(t *testing.T) {
	archive := tarball([]string{"data_batch_1.bin"}, []string{record("\x03", 1, 2, 3)})
	pictures, records := small("http://nowhere.invalid", archive)
	defer func(all []remote) { remotes = all }(remotes)
	remotes = []remote{pictures, records}
	files := map[string]string{"train-images-idx3-ubyte": idx("abcd", 1, 2, 2), "train-labels.idx1-ubyte": idx("\x07", 1),
		"t10k-images-idx3-ubyte.gz": zipped(idx("efghijkl", 2, 2, 2)), "t10k-labels-idx1-ubyte": idx("\x01\x02", 2)}
	root := t.TempDir()
	if _, err := Get(context.Background(), "small", GetOptions{From: folder(t, files), Root: root}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("DRIFT_DATA", root)
	if s := open(t, "small", Options{}); string(bytesOf(s)) != "abcd" {
		t.Errorf("found %q", bytesOf(s))
	}
	files["train-images-idx3-ubyte"] = idx("abcx", 1, 2, 2)
	missing := folder(t, map[string]string{"a": ""})
	for _, test := range []struct{ name, from, want string }{
		{"small", folder(t, files), "train-images-idx3-ubyte.gz: found content with the SHA-256"},
		{"small", missing, "found no file train-images-idx3-ubyte.gz, expected it there"},
		{"small", missing + "/none", "cannot read"},
		{"records", file(t, "any.tar.gz", archive), "r.tar.gz: found no test_batch.bin within"},
		{"smal", "", `found "smal" (did you mean small?), expected one of small, records`},
		{"small-test", "", `found "small-test", expected small, which brings both parts`},
	} {
		if _, err := Get(context.Background(), test.name, GetOptions{From: test.from, Root: t.TempDir()}); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("found error %v, want %q", err, test.want)
		}
	}
	if _, err := os.Stat(filepath.Join(root, "small.part")); err == nil {
		t.Error("the folder on the way is still there")
	}
}
